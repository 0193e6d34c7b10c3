/** Applications into a real database: sealed accounts, corrections, withdrawals, ids used again. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importApplicationsFile } from '../../src/intake/import-refund-files.js'
import { quarantineReport } from '../../src/intake/quarantine-store.js'
import { Cipher } from '../../src/privacy/cipher.js'
import { openRefundAccount } from '../../src/privacy/refund-account.js'
import type { SealedRefundAccount } from '../../src/privacy/refund-account.js'
import { intakeSetting } from './intake-setting.js'
import type { IntakeSetting } from './intake-setting.js'

let setting: IntakeSetting
beforeAll(async () => {
  setting = await intakeSetting()
})
afterAll(async () => {
  await setting.close()
})

const PLAIN = {
  application_id: '',
  line_id: '101',
  channel: 'web',
  applied_at: '2026-01-15T10:00:00+09:00',
  bank_code: '088',
  account_number: '110-000-123456',
  account_holder: '김하늘',
  holder_check: 'match',
  withdrawn_at: '',
}
type Application = Partial<Record<keyof typeof PLAIN, string>> & { application_id: string }
const HEADER = Object.keys(PLAIN).join(',')
const row = (changes: Application): string =>
  Object.values({ ...PLAIN, ...changes })
    .map((it) => `"${it.replaceAll('"', '""')}"`)
    .join(',')
const text = (...rows: readonly Application[]): string => [HEADER, ...rows.map(row), ''].join('\n')

interface Told {
  readonly counts: readonly number[]
  readonly importId: string
  /** Of quarantined rows: line, column and reason. */
  readonly faults: readonly string[]
}
async function imported(...applications: readonly Application[]): Promise<Told> {
  const options = { ...setting.optionsFor(text(...applications)), budget: { rows: 99, percent: 0 } }
  const { read, accepted, quarantined, duplicate, importId } = await importApplicationsFile(options)
  const { rows } = await quarantineReport(setting.pool, importId)
  const faults = rows.map((it) => `${it.lineNo} ${it.column} ${it.reason}`)
  return { counts: [read, accepted, quarantined, duplicate], importId, faults }
}

interface Stored extends SealedRefundAccount {
  readonly applicationId: string
  readonly lineId: string
  readonly bankCode: string
  readonly lastFour: string
  readonly check: string
  readonly withdrawnAt: string | null
}
async function storedOf(applicationId: string): Promise<readonly Stored[]> {
  const rows = await setting.query(
    `select application_id as "applicationId", line_id as "lineId", bank_code as "bankCode",
       account_sealed as "accountSealed", account_digest as "accountDigest",
       holder_sealed as "holderSealed", holder_digest as "holderDigest",
       account_last4 as "lastFour", holder_check as "check", withdrawn_at as "withdrawnAt"
     from refund_application where application_id = $1 order by application_no`,
    [applicationId],
  )
  return rows as unknown as readonly Stored[]
}
const versionsOf = async (applicationId: string): Promise<readonly string[]> =>
  (await storedOf(applicationId)).map((it) => {
    const { number, holder } = openRefundAccount(setting.cipher, it, it)
    return `${it.bankCode} ${number} ${holder} ${it.check} ${it.withdrawnAt?.slice(5, 10) ?? '-'}`
  })

/** Says that an application's money is on its way, as payouts will. */
async function pay(applicationId: string): Promise<void> {
  await setting.query(
    `create or replace function application_is_paid(application_id text) returns boolean
     language sql stable security definer set search_path = public, pg_temp as
     $$ select $1 = any (string_to_array('${applicationId}', ';')) $$`,
  )
}

const W1 = '2026-01-20T09:00:00+09:00'
const W2 = '2026-01-21T09:00:00+09:00'

test('account and holder are stored sealed, the rest as it came', async () => {
  const odd = 'a "b\\N", \\. 주식회사'
  const { importId, counts } = await imported({ application_id: odd, account_holder: odd })
  expect(counts).toEqual([1, 1, 0, 0])
  const [whole] = await setting.query(
    `select *, to_jsonb(it)::text as said from refund_application it where import_id = $1`,
    [importId],
  )
  expect(whole).toMatchObject({
    application_id: odd,
    line_id: '101',
    channel: 'web',
    applied_at: '2026-01-15T01:00:00.000Z',
    bank_code: '088',
    account_last4: '3456',
    holder_check: 'match',
    withdrawn_at: null,
    key_version: 1,
  })
  expect(whole!['said']).not.toContain('110000123456')
  expect(whole!['said']).not.toContain(Buffer.from('110000123456').toString('hex'))
  expect(await versionsOf(odd)).toEqual([`088 110000123456 ${odd} match -`])
})

test('equal accounts and names have equal digests, however they are written', async () => {
  const composed = '각'.normalize('NFC')
  await imported(
    { application_id: 'd-1', account_number: '1100-0012-3456', account_holder: composed },
    { application_id: 'd-2', line_id: '102', account_holder: composed.normalize('NFD') },
    { application_id: 'd-3', bank_code: '004', account_number: '110000123457' },
  )
  const [[one], [two], [three]] = [
    await storedOf('d-1'),
    await storedOf('d-2'),
    await storedOf('d-3'),
  ]
  expect(two!.accountDigest).toEqual(one!.accountDigest)
  expect(two!.holderDigest).toEqual(one!.holderDigest)
  expect(two!.accountSealed).not.toEqual(one!.accountSealed)
  expect(three!.accountDigest).not.toEqual(one!.accountDigest)
})

test('a sealed account that is moved to another row does not open', async () => {
  const [own] = await storedOf('d-1')
  for (const moved of [{ lineId: '102' }, { bankCode: '004' }, { applicationId: 'd-3' }]) {
    const open = (): unknown => openRefundAccount(setting.cipher, { ...own!, ...moved }, own!)
    expect(open).toThrow('setting REDRESS_DATA_KEY')
  }
})

test('the same content is a duplicate, in any file, though it is sealed anew', async () => {
  const it = { application_id: 'same' }
  expect((await imported(it, it)).counts).toEqual([2, 1, 0, 1])
  const again = { ...it, applied_at: '2026-01-15T01:00:00Z', account_number: '110000-123456' }
  expect((await imported(again, { application_id: 'same-2' })).counts).toEqual([2, 1, 0, 1])
})

test('while unpaid a correction is an update; later it is not', async () => {
  const id = { application_id: 'corrected' }
  const other = { account_number: '3333-00-1234567', bank_code: '090', account_holder: '이바다' }
  expect((await imported(id)).counts).toEqual([1, 1, 0, 0])
  const told = await imported(
    { ...id, holder_check: 'mismatch' },
    { ...id, ...other, holder_check: 'unchecked' },
    { ...id, ...other },
    id,
  )
  expect(told.counts).toEqual([4, 4, 0, 0])
  expect(await versionsOf('corrected')).toEqual([
    '088 110000123456 김하늘 match -',
    '088 110000123456 김하늘 mismatch -',
    '090 3333001234567 이바다 unchecked -',
    '090 3333001234567 이바다 match -',
    '088 110000123456 김하늘 match -',
  ])
  await pay('corrected')
  const late = await imported(
    { ...id, bank_code: '004' },
    { ...id, account_number: '110000123457' },
    { ...id, account_holder: '이바다' },
    { ...id, holder_check: 'mismatch' },
    id,
    { ...id, withdrawn_at: W1 },
  )
  await pay('nobody')
  expect(late.counts).toEqual([6, 1, 4, 1])
  expect(late.faults).toEqual([
    '2 bank_code ID_REUSED',
    '3 account_number ID_REUSED',
    '4 account_holder ID_REUSED',
    '5 holder_check ID_REUSED',
  ])
})

test('a first withdrawal is an update; what was said before it is a duplicate', async () => {
  const id = { application_id: 'withdrawn' }
  const told = await imported(
    id,
    { ...id, withdrawn_at: W1 },
    id,
    { ...id, withdrawn_at: W2 },
    { ...id, withdrawn_at: W1 },
    { ...id, holder_check: 'mismatch' },
  )
  expect(told.counts).toEqual([6, 2, 2, 2])
  expect(told.faults).toEqual(['5 withdrawn_at ID_REUSED', '7 withdrawn_at ID_REUSED'])
  expect((await imported(id, { application_id: 'w-1' })).counts).toEqual([2, 1, 0, 1])
})

test('an application that came withdrawn stays so', async () => {
  const id = { application_id: 'came-withdrawn', withdrawn_at: W1 }
  const told = await imported(id, { ...id, withdrawn_at: '' }, { ...id, withdrawn_at: W2 })
  expect(told.counts).toEqual([3, 1, 2, 0])
})

test('a withdrawal and a correction at once are neither', async () => {
  const id = { application_id: 'both' }
  const told = await imported(id, { ...id, withdrawn_at: W1, account_holder: '이바다' })
  expect(told.faults).toEqual(['3 account_holder ID_REUSED'])
})

test.each([
  ['line_id', { line_id: '102' }],
  ['channel', { channel: 'store' }],
  ['applied_at', { applied_at: '2026-01-15T10:00:00.000001+09:00' }],
  ['line_id', { line_id: '102', account_holder: '이바다', withdrawn_at: W1 }],
])('of a known id another %s is the first difference', async (column, changes) => {
  const application_id = `differs ${JSON.stringify(changes)}`.replaceAll(/[",]/g, '').slice(0, 64)
  expect((await imported({ application_id })).counts).toEqual([1, 1, 0, 0])
  const told = await imported({ application_id, ...changes })
  expect(told.faults).toEqual([`2 ${column} ID_REUSED`])
})

test('other data keys than those of the stored rows are refused', async () => {
  const options = setting.optionsFor(text({ application_id: 'foreign' }))
  const foreign = { ...options, cipher: new Cipher(Buffer.alloc(32, 9)) }
  await expect(importApplicationsFile(foreign)).rejects.toMatchObject({ code: 'SETTING_INVALID' })
  const rotated = new Cipher({
    keys: new Map([
      [1, Buffer.alloc(32, 7)],
      [2, Buffer.alloc(32, 8)],
    ]),
    version: 2,
    digestKey: Buffer.alloc(32, 1),
  })
  const refused = importApplicationsFile({ ...options, cipher: rotated })
  await expect(refused).rejects.toThrow('gives other digests than those that are stored')
  expect(await storedOf('foreign')).toEqual([])
  expect(await setting.leftovers()).toEqual([])
})

test('two imports at a time do not both take their row for the first', async () => {
  const files = ['web', 'store'].map((channel) =>
    setting.optionsFor(text({ application_id: 'at-once', channel })),
  )
  const reports = await Promise.all(files.map(importApplicationsFile))
  expect(reports.reduce((sum, it) => sum + it.accepted, 0)).toBe(1)
  expect(reports.reduce((sum, it) => sum + it.quarantined, 0)).toBe(1)
})

test('one id 10,000 times is judged row by row', async () => {
  const rows = Array.from({ length: 10_000 }, (_, it) => ({
    application_id: 'again-and-again',
    holder_check: it % 2 === 0 ? 'match' : 'mismatch',
  }))
  const report = await importApplicationsFile(setting.optionsFor(text(...rows)))
  expect(report).toMatchObject({ read: 10_000, accepted: 10_000 })
})

/** What a clerk with a card index would do, card by card; written from the contract. */
class CardIndex {
  readonly #cards = new Map<string, Required<Application>[]>()
  #paid: ReadonlySet<string> = new Set()

  /** Only what has a card can be paid. */
  openFile(paid: readonly string[]): void {
    this.#paid = new Set(paid.filter((it) => this.#cards.has(it)))
  }

  take(row: Required<Application>): string {
    const cards = this.#cards.get(row.application_id) ?? []
    this.#cards.set(row.application_id, cards)
    const top = cards.at(-1)
    const differing = (card: Required<Application>): readonly string[] =>
      (Object.keys(PLAIN) as (keyof typeof PLAIN)[]).filter((it) => card[it] !== row[it])
    if (top === undefined) {
      cards.push(row)
      return 'accepted'
    }
    const columns = differing(top)
    if (columns.length === 0) return 'duplicate'
    const isWithdrawal = columns.join() === 'withdrawn_at' && top.withdrawn_at === ''
    const isCorrection = columns.every((it) => /^(bank_code|account_|holder_check)/.test(it))
    if (isWithdrawal || (isCorrection && !this.#paid.has(row.application_id))) {
      cards.push(row)
      return 'accepted'
    }
    const beforeWithdrawal = cards.findLast((it) => it.withdrawn_at === '')
    const isKnown = beforeWithdrawal !== undefined && differing(beforeWithdrawal).length === 0
    return isKnown && top.withdrawn_at !== '' ? 'duplicate' : 'reused'
  }
}

test('random files in a row end as card by card', async () => {
  let history = 0
  const drawn = fc.record({
    application_id: fc.constantFrom('a', 'b', 'c'),
    channel: fc.constantFrom('web', 'web', 'web', 'store'),
    bank_code: fc.constantFrom('088', '088', '004'),
    account_holder: fc.constantFrom('김하늘', '김하늘', '이바다'),
    withdrawn_at: fc.constantFrom('', '', W1, W2),
  })
  const files = fc.array(fc.array(drawn, { minLength: 1, maxLength: 10 }), {
    minLength: 1,
    maxLength: 3,
  })
  await fc.assert(
    fc.asyncProperty(files, async (drafts) => {
      history += 1
      const paid = [`${history}-a`]
      await pay(paid.join(';'))
      const index = new CardIndex()
      for (const [file, draft] of drafts.entries()) {
        const rows = draft.map((it) => ({
          ...PLAIN,
          ...it,
          application_id: `${history}-${it.application_id}`,
        }))
        index.openFile(paid)
        const verdicts = rows.map((it) => index.take(it))
        const told = await imported(...rows, { application_id: `${history}-file-${file}` })
        const count = (verdict: string): number => verdicts.filter((it) => it === verdict).length
        const read = rows.length + 1
        const expected = [read, count('accepted') + 1, count('reused'), count('duplicate')]
        expect({ rows, counts: told.counts }).toEqual({ rows, counts: expected })
      }
    }),
    { numRuns: 60 },
  )
  await pay('nobody')
})
