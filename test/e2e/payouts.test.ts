/** `redress payouts …` under the logins of finance, and what other roles may not do. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { payoutSetting, reportOf } from '../integration/payout-setting.js'
import type { PayoutSetting } from '../integration/payout-setting.js'
import { redress } from '../support/cli.js'
import type { CliResult } from '../support/cli.js'
import { loginsOf } from '../support/logins.js'
import type { Logins, Role } from '../support/logins.js'

let it: PayoutSetting
let logins: Logins
let said = ''
const REFUSED = '42501'
const SIGN = `insert into payout_approval (batch_id, batch_hash, approved_at)
  values (1, sha256(''), now())`

beforeAll(async () => {
  it = await payoutSetting()
  logins = await loginsOf(it.database)
  const owner = { DATABASE_URL: it.database.url, REDRESS_HOME: it.folder }
  expect((await redress(['migrate'], owner)).exitCode).toBe(0)
  for (const line of [1, 2, 3]) await it.apply(line)
  await it.assess([{ line: 1 }, { line: 2 }, { line: 3, state: 'held' }])
})
afterAll(async () => {
  await logins?.drop()
  await it?.close()
})

async function as(role: Role, ...args: readonly string[]): Promise<CliResult> {
  const result = await redress(['payouts', ...args, '--json', '--now', '2026-01-20T10:00:00Z'], {
    DATABASE_URL: logins.urlOf(role),
    REDRESS_HOME: it.folder,
    REDRESS_DATA_KEY: Buffer.alloc(32, 7).toString('base64'),
    REDRESS_PAYER: '020:10000000000001:주식회사 케이티',
  })
  said += result.stdout + result.stderr
  return result
}

async function ok(role: Role, ...args: readonly string[]): Promise<object> {
  const result = await as(role, ...args)
  expect({ args, code: result.exitCode, said: result.exitCode === 0 ? '' : result.stderr }).toEqual(
    {
      args,
      code: 0,
      said: '',
    },
  )
  return result.json
}

async function refused(role: Role, exitCode: number, ...args: readonly string[]): Promise<string> {
  const result = await as(role, ...args)
  expect({ args, code: result.exitCode }).toEqual({ args, code: exitCode })
  return result.stderr
}

test('a batch goes from the maker to the checker, to the bank, and into the books', async () => {
  await refused('finance_checker', 2, 'prepare', '2026-01-22')
  await refused('operator', 2, 'prepare', '2026-01-22')
  expect(await refused('finance_maker', 2, 'prepare', '2026-01-21')).toContain('2026-01-22')
  expect(await ok('finance_maker', 'prepare', '2026-01-22')).toMatchObject({
    batch_id: '1',
    date: '2026-01-22',
    count: 2,
    total_krw: 300_000,
    state: 'prepared',
    holds: { HOLDER_NOT_VERIFIED: 1 },
    histogram: [{ upto_krw: 200_000, count: 2, total_krw: 300_000 }],
  })
  const out = join(it.folder, 'bank.xml')
  await refused('finance_maker', 4, 'export', '1', '--out', out)
  expect(await refused('finance_maker', 4, 'approve', '1')).toContain('another person')
  await refused('operator', 2, 'approve', '1')
  expect(await ok('finance_checker', 'approve', '1')).toMatchObject({ state: 'approved' })
  await refused('finance_maker', 4, 'cancel', '1')
  await refused('operator', 2, 'export', '1', '--out', out)
  await refused('finance_checker', 2, 'export', '1', '--out', out)
  await ok('finance_maker', 'export', '1', '--out', out)
  expect(readFileSync(out, 'utf8')).toContain('11000000001')

  const file = join(it.folder, 'answer.xml')
  const answers = [
    { id: 'kt-2026-1-1', status: 'ACSC' },
    { id: 'kt-2026-2-1', status: 'RJCT', reason: 'AC01' },
    { id: 'kt-2026-7-1', status: 'ACSC' },
  ]
  writeFileSync(file, reportOf(answers, { at: '2026-01-22T18:00:00+09:00' }))
  await refused('finance_checker', 2, 'import-status', file)
  const booked = { settled: 1, rejected: 1, pending: 0, unknown: 1, repeated: 0 }
  expect(await ok('finance_maker', 'import-status', file)).toMatchObject(booked)
  const again = { settled: 0, rejected: 0, repeated: 2, unknown: 1, already: true }
  expect(await ok('finance_maker', 'import-status', file)).toMatchObject(again)

  expect(await ok('finance_checker', 'list')).toMatchObject({ batches: [{ batch_id: '1' }] })
  expect(await ok('auditor', 'show', '1')).toMatchObject({
    transfers: { settled: { count: 1 }, rejected: { count: 1 } },
    exports: [{ format: 'pain.001.001.12', made_by: logins.nameOf('finance_maker') }],
  })
  expect(await ok('auditor', 'reconcile', 'all')).toMatchObject({
    ok: true,
    problems: [],
    trial_balance: { refund_expense: 450_000, settled: -150_000, returned: -150_000 },
  })
  await refused('auditor', 2, 'reconcile', '9')
  const [csv, html] = [join(it.folder, 'report.csv'), join(it.folder, 'report.html')]
  await ok('auditor', 'report', '--out-csv', csv, '--out-html', html)
  expect(readFileSync(csv, 'utf8')).toContain(
    'batch,1,2026-01-22,approved,held,HOLDER_NOT_VERIFIED,1,',
  )
  said += readFileSync(csv, 'utf8') + readFileSync(html, 'utf8')
  await refused('auditor', 2, 'report')
  await refused('finance_maker', 4, 'unclaimed')
})

test('what the bank contradicts is resolved by two people', async () => {
  const file = join(it.folder, 'contradiction.xml')
  const answers = [{ id: 'kt-2026-2-1', status: 'ACSC' }]
  writeFileSync(file, reportOf(answers, { at: '2026-01-22T19:00:00+09:00' }))
  const contradicted = { contradicts: 1, contradicted: ['kt-2026-2-1'] }
  expect(await ok('finance_maker', 'import-status', file)).toMatchObject(contradicted)
  const resolve = ['resolve', 'kt-2026-2-1', '--reason', 'the bank was asked']
  await refused('finance_maker', 2, ...resolve)
  await refused('finance_maker', 2, ...resolve, '--settled', '--returned')
  await refused('finance_checker', 2, ...resolve, '--settled')
  await refused('finance_maker', 2, 'resolve', 'kt-2026-9-1', '--settled', '--reason', 'x')
  await refused('finance_maker', 4, 'resolve', 'kt-2026-1-1', '--settled', '--reason', 'x')
  const proposed = { resolution_id: '1', outcome: 'settled', approved_by: null }
  expect(await ok('finance_maker', ...resolve, '--settled')).toMatchObject(proposed)
  const approve = ['resolution', 'approve', '1']
  expect(await refused('finance_maker', 4, ...approve)).toContain('another person')
  await refused('operator', 2, ...approve)
  expect(await ok('finance_checker', ...approve)).toMatchObject({
    approved_by: logins.nameOf('finance_checker'),
    already: false,
  })
  expect(await ok('auditor', 'resolution', 'list')).toMatchObject({
    resolutions: [{ outcome: 'settled', proposed_by: logins.nameOf('finance_maker') }],
  })
  expect(await ok('auditor', 'resolution', 'list', '--open')).toEqual({ resolutions: [] })
  expect(await ok('auditor', 'reconcile', 'all')).toMatchObject({
    trial_balance: { settled: -300_000, returned: 0 },
  })
})

test.each<[Role, string, string]>([
  ['finance_checker', `update payout_resolution set outcome = 'returned'`, REFUSED],
  ['finance_maker', `update payout_resolution set approved_at = now()`, REFUSED],
  ['finance_maker', `select account_holding('kt-2026-1-1')`, REFUSED],
  ['finance_maker', SIGN, REFUSED],
  ['finance_maker', `update payout_batch set approved_at = now()`, REFUSED],
  ['finance_maker', `update payout_batch set state = 'cancelled'`, 'RD001'],
  ['finance_maker', `update payout_transfer set released = true where line_id = 1`, 'RD001'],
  ['finance_maker', `update payout_transfer set amount_krw = 1`, REFUSED],
  ['finance_maker', `delete from journal`, REFUSED],
  ['finance_checker', `insert into journal (event) values ('settled')`, REFUSED],
  ['finance_checker', SIGN, 'RD002'],
  ['finance_checker', `select account_sealed from refund_application`, REFUSED],
  ['auditor', `select account_sealed from refund_application`, REFUSED],
  ['operator', `select * from journal`, REFUSED],
  ['agent', `select * from payout_transfer`, REFUSED],
])('%s may not: %s', async (role, statement, code) => {
  expect(await logins.refusalOf(role, statement)).toBe(code)
})

test('nothing that was said holds an account or a name', () => {
  expect(said).not.toMatch(/1100000000\d|10000000000001|김하늘/)
})
