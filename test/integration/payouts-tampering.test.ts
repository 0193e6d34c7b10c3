/** One row altered or deleted by hand: the reconciliation refuses and says where. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { reconcile, reconcileWithin, tellProblem } from '../../src/payouts/reconcile.js'
import { setAside } from '../../src/payouts/set-aside.js'
import { payoutSetting, termsOf } from './payout-setting.js'
import type { PayoutSetting } from './payout-setting.js'

let it: PayoutSetting
beforeAll(async () => {
  it = await payoutSetting()
  for (const line of [1, 2, 3, 4]) await it.apply(line)
  await it.apply(5, { check: 'mismatch' })
  await it.assess([
    { line: 1 },
    { line: 2 },
    { line: 3 },
    { line: 4, payoutOn: '2026-02-05' },
    { line: 5, state: 'held' },
  ])
  await it.assess([{ line: 3, krw: 120_000 }])
  const { batch } = await it.prepare()
  await it.approve(batch.batchId)
  await it.exported(batch.batchId)
  await it.answered([
    { id: 'kt-2026-1-1', status: 'ACSC' },
    { id: 'kt-2026-2-1', status: 'RJCT', reason: 'AC01' },
    { id: 'kt-2026-3-1', status: 'PDNG' },
  ])
  await it.apply(2, { account: '22000000001' })
  await it.prepare('2026-02-05')
  await setAside(it.pool, termsOf, '2026-04-01T00:00:00.000Z')
})
afterAll(async () => {
  await it.close()
})

test('untouched books are in order', async () => {
  expect(await reconcile(it.pool, null)).toMatchObject({ ok: true, problems: [] })
  expect(await reconcile(it.pool, '1')).toMatchObject({ ok: true })
})

// What is changed, in which table, and what has to be named.
test.each([
  ['journal', `delete from journal where event_key = 'settled:kt-2026-1-1'`, /line 1: .*settled/],
  ['journal', `delete from journal where event_key = 'assessed:3:1'`, /line 3: assessed:3:1/],
  ['journal', `delete from journal where event_key = 'reversed:3:2'`, /line 3: reversed:3:2/],
  ['journal', `delete from journal where event = 'corrected'`, /line 2: .*corrected/],
  ['journal', `delete from journal where event = 'unclaimed'`, /line 5: .*unclaimed/],
  [
    'journal',
    `update journal set amount_krw = 1 where event_key = 'instructed:kt-2026-3-1'`,
    /line 3/,
  ],
  ['journal', `update journal set line_id = 9 where event_key = 'assessed:4:1'`, /line 4|line 9/],
  ['journal', `update journal set at = at + '1 s' where event_key = 'assessed:4:1'`, /line 4/],
  ['payout_transfer', `delete from payout_transfer where line_id = 3`, /line 3/],
  ['payout_transfer', `delete from payout_transfer where attempt_no = 2`, /line 2|transfer 1 of/],
  ['payout_transfer', `update payout_transfer set application_no = 9 where line_id = 3`, /line 3/],
  ['payout_transfer', `update payout_transfer set released = true where line_id = 1`, /line 1/],
  ['payout_batch', `update payout_batch set total_krw = 1 where batch_id = 1`, /batch 1/],
  ['payout_batch', `delete from payout_batch where batch_id = 2`, /line 2: batch 2/],
  ['payout_hold', `delete from payout_hold where batch_id = 1`, /batch 1/],
  ['payout_approval', `delete from payout_approval`, /batch 1, approvals/],
  ['payout_export_part', `update payout_export_part set total_krw = 1`, /batch 1, export 1/],
  ['bank_status', `delete from bank_status where end_to_end_id = 'kt-2026-2-1'`, /line 2/],
  ['bank_status', `delete from bank_status where outcome = 'pending'`, /answer 3 of bank file 1/],
  ['bank_status', `update bank_status set meaning = 'settled' where outcome = 'pending'`, /line 3/],
  ['bank_status_file', `update bank_status_file set answers = 2`, /bank file 1/],
  ['refund_decision', `update refund_decision set amount_krw = 1 where line_id = 4`, /line 4/],
  ['refund_decision', `delete from refund_decision where line_id = 2`, /line 2/],
  ['unclaimed_refund', `delete from unclaimed_refund where line_id = 5`, /line 5/],
])('in %s: %s', async (table, statement, named) => {
  const client = await it.pool.connect()
  await client.query('begin')
  await client.query(`alter table ${table} disable trigger user`)
  const done = await client.query(statement)
  const { ok, problems } = await reconcileWithin(client, null)
  await client.query('rollback')
  client.release()
  expect(done.rowCount).toBe(1)
  expect(ok).toBe(false)
  expect(problems.map(tellProblem).join('\n')).toMatch(named)
})

test('triggers refuse the same while they stand', async () => {
  for (const [table, column] of [
    ['journal', 'amount_krw'],
    ['payout_transfer', 'amount_krw'],
    ['payout_batch', 'total_krw'],
    ['payout_hold', 'line_id'],
    ['payout_approval', 'batch_id'],
    ['bank_status', 'seq'],
    ['bank_status_file', 'answers'],
    ['unclaimed_refund', 'amount_krw'],
    ['payout_export', 'transfers_per_file'],
  ] as const) {
    await expect(it.query(`update ${table} set ${column} = ${column}`)).rejects.toThrow(/refused/)
    await expect(it.query(`delete from ${table}`)).rejects.toThrow(/refused/)
    await expect(it.query(`truncate ${table} cascade`)).rejects.toThrow(/refused/)
  }
})
