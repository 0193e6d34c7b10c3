/**
 * Codes are settled right after an import and a run, when the database guesses how many lines want
 * one: a guess of one line must not make it compare all lines that want a code with all codes.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPool, withTransaction } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import type { SettleQuery } from '../../src/runs/settle-query.js'
import { prepareWholeJoins } from '../../src/runs/settle-store.js'
import type { ChoosingKind } from '../../src/runs/settle-store.js'
import { settleVouchers } from '../../src/runs/settle-vouchers-store.js'
import { testDatabase } from '../support/database.js'
import type { TestDatabase } from '../support/database.js'

const LINES = 8_000
const CODES = 60_000
const GIVEN = 25_000
/** Less than half a second is usual; comparing each line with each code took over twenty. */
const LIMIT_MS = 5_000

const QUERY: SettleQuery = {
  snapshotId: 1,
  baseDate: '2026-01-13',
  period: '2026-02',
  zone: 'Asia/Seoul',
  now: '2026-02-20T00:00:00.000Z',
  inputs: ['1', '2', '3', '4', '5', '6', '7'],
  ledgerRuns: ['1', '2'],
  passWindow: { from: '2026-02-01', to: '2026-07-31' },
  applicationWindow: undefined,
}

const KINDS: readonly ChoosingKind[] = (['active', 'suspended'] as const).flatMap((status) =>
  (['handset', 'tablet', 'watch', 'iot'] as const).flatMap((lineKind) =>
    (['postpaid', 'prepaid'] as const).map((payment) => ({
      network: 'kt',
      lineKind,
      payment,
      statusAtBase: status,
      statusAtStart: status,
    })),
  ),
)

let database: TestDatabase
let pool: Pool

beforeAll(async () => {
  database = await testDatabase()
  pool = openPool({ url: database.url, max: 2, name: 'test' })
  await pool.query('alter table voucher_code set (autovacuum_enabled = false)')
  await pool.query('alter table voucher_issue set (autovacuum_enabled = false)')
  await pool.query(
    `insert into voucher_code (option, code_digest, code_sealed, expires_on, import_id)
     select 'tving', sha256(n::text::bytea), '', '2026-12-31', 1
     from generate_series(1, ${CODES}) as n`,
  )
  // Lines of another time were given theirs, so the pool is neither new nor used up.
  await pool.query(
    `insert into voucher_issue (code_id, line_id, run_id)
     select code_id, 1000000 + code_id, 1 from voucher_code order by code_id limit ${GIVEN}`,
  )
})
afterAll(async () => {
  await pool?.end()
  await database?.drop()
})

test('takes time by lines and codes, not by their product', { timeout: 90_000 }, async () => {
  await withTransaction(pool, async ({ client }) => {
    await prepareWholeJoins(client, QUERY)
    await client.query(
      `create temp table settled_line on commit drop as
       select n::bigint as customer_id, n::bigint as line_id, null::line_status as status_at_start,
         'kt'::network as network,
         (array['handset', 'tablet', 'watch', 'iot'])[1 + n % 4]::line_kind as line_kind,
         (array['postpaid', 'prepaid'])[1 + n % 2]::payment as payment,
         (array['active', 'suspended'])[1 + n / 4 % 2]::line_status as base_status,
         case when n <= ${LINES} then 'tving' end as option,
         '2026-02-02'::timestamptz as chosen_at, false as held
       from generate_series(1, ${LINES * 4}) as n`,
    )
    await client.query('analyze settled_line')
    const startedAt = performance.now()
    await settleVouchers(client, QUERY, KINDS)
    expect(performance.now() - startedAt).toBeLessThan(LIMIT_MS)
    const { rows } = await client.query<{ given: string; from: string; to: string }>(
      `select count(code_id) as given, min(code_id) as from, max(code_id) as to
       from settled_voucher`,
    )
    const first = GIVEN + 1
    expect(rows).toEqual([{ given: String(LINES), from: String(first), to: String(GIVEN + LINES) }])
  })
})
