/** What the commands of payouts take from options, the environment and the programmes. */
import type { Settings } from '../config/settings.js'
import { RedressError } from '../errors.js'
import type { BankAccount, BankFormat } from '../payouts/bank-format.js'
import { FIXED_WIDTH } from '../payouts/fixed-width.js'
import { PAIN_001 } from '../payouts/pain001.js'
import { findVersion } from '../rules/programmes/registry.js'
import type { RefundTerms } from '../rules/refunds/refund-terms.js'

/** @throws RedressError PROGRAMME_UNKNOWN */
export function termsOf(programme: string, version: number): RefundTerms {
  const name = `${programme}@${version}`
  const terms = findVersion(name)?.refunds
  if (terms !== undefined) return terms
  throw new RedressError('PROGRAMME_UNKNOWN', { programme: name, expected: 'one with refunds' })
}

const FORMATS: ReadonlyMap<string, BankFormat> = new Map([
  ['pain001', PAIN_001],
  ['fixed', FIXED_WIDTH],
])

/** @throws RedressError USAGE */
export function bankFormatNamed(name: string): BankFormat {
  const format = FORMATS.get(name)
  if (format !== undefined) return format
  const expected = [...FORMATS.keys()].join(' or ')
  throw new RedressError('USAGE', { problem: `--format: unknown; expected ${expected}` })
}

/** @throws RedressError USAGE */
export function splitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw new RedressError('USAGE', {
    problem: '--split: unusable; expected a number of transfers from 1 to 9999999',
  })
}

/** Stands in files of a rehearsal, which no bank is to get. */
const REHEARSED: BankAccount = { name: 'REHEARSAL', bankCode: '000', account: '0000000000' }

/** @throws RedressError SETTING_INVALID where a database is given and no payer */
export function payerOf({ payer, databaseUrl }: Settings): BankAccount {
  const [, bankCode = '', account = '', name = ''] = /^(\d{3}):(\d+):(.+)$/u.exec(payer ?? '') ?? []
  if (name !== '') return { bankCode, account, name }
  if (databaseUrl === undefined) return REHEARSED
  throw new RedressError('SETTING_INVALID', {
    name: 'REDRESS_PAYER',
    problem: 'is not set',
    expected: 'BANK_CODE:ACCOUNT:NAME of the account that pays',
  })
}
