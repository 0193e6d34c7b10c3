/** A batch is prepared right after an import, when the database has not counted the rows yet. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { NOW, payoutSetting } from './payout-setting.js'
import type { PayoutSetting } from './payout-setting.js'

const COUNT = 20_000
const TABLES = ['refund_application', 'application_state', 'refund_decision']
/** Half a second is usual; comparing all applications with all took twenty. */
const LIMIT_MS = 6_000

let it: PayoutSetting

beforeAll(async () => {
  it = await payoutSetting()
  for (const table of TABLES) {
    await it.query(`alter table ${table} set (autovacuum_enabled = false)`)
  }
  await it.apply(1)
  await it.query(
    `insert into refund_application (application_id, line_id, channel, applied_at, bank_code,
       account_sealed, account_last4, account_digest, holder_sealed, holder_digest, holder_check,
       key_version, import_id)
     select 'A' || n, n, channel, applied_at, bank_code, account_sealed, account_last4,
       account_digest, holder_sealed, holder_digest, holder_check, key_version, import_id
     from refund_application, generate_series(2, ${COUNT}) as n order by n`,
  )
  await it.query(
    `insert into refund_assessment (programme, version, now_at, inputs, rules_version,
       made_by, made_at) values ('kt-2026', 1, '${NOW}', '{}', '1', '', '${NOW}')`,
  )
  await it.query(
    `insert into refund_decision (line_id, decision_no, decision, reason, amount_krw,
       assessment_id)
     select n, 1, 'refundable', 'REFUNDABLE', 1000, 1 from generate_series(1, ${COUNT}) as n`,
  )
  await it.query(
    `insert into application_state (application_id, state_no, line_id, state, payout_on,
       assessment_id)
     select 'A' || n, 1, n, 'accepted', '2026-01-22', 1 from generate_series(1, ${COUNT}) as n`,
  )
  await it.query(`update refund_assessment set result = '{}', assessment_hash = sha256('')`)
}, 60_000)
afterAll(async () => {
  await it?.close()
})

test('takes time by the refunds there are, not by their square', { timeout: 90_000 }, async () => {
  const counted = await it.query(
    `select relname from pg_class where relname = any ($1) and reltuples >= 0`,
    [TABLES],
  )
  expect(counted).toEqual([])
  const startedAt = performance.now()
  const { batch } = await it.prepare()
  expect(performance.now() - startedAt).toBeLessThan(LIMIT_MS)
  expect([batch.count, batch.totalKrw]).toEqual([COUNT, COUNT * 1_000])
})
