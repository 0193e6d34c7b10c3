/**
 * The rival of `payouts prepare` and `payouts export`: the SQL that somebody would write who knows
 * the tables. It makes the same transfers in an equal table by one statement, and has the same
 * columns written by COPY, as `\copy` of psql does. Nothing is held with its reason, hashed, signed
 * or logged; accounts stay sealed, and no XML is written.
 */
import { open } from 'node:fs/promises'
import { copyOut } from '../../src/db/copy.js'
import { withClient, withTransaction } from '../../src/db/database.js'
import type { Bench } from './redress-tasks.js'
import { ASSESSED_AT, PAYOUT_ON } from './task.js'
import type { Outcome } from './task.js'
import { usageOf } from './usage.js'

export const PLAIN_TRANSFER = 'plain_transfer'

export async function benchPlainPrepare(bench: Bench): Promise<Outcome> {
  const { pool, postmaster } = bench
  // Keys, checks and indexes included.
  await pool.query(`create table ${PLAIN_TRANSFER} (like payout_transfer including all)`)
  let written = 0
  const usage = await usageOf(pool, postmaster, async () => {
    await withTransaction(pool, async ({ client }) => {
      // As Redress has it: no statistics tell how few rows `distinct on` leaves out.
      await client.query('set local enable_nestloop = off')
      const { rowCount } = await client.query(PREPARE, [PAYOUT_ON, ASSESSED_AT])
      written = rowCount ?? 0
    })
  })
  return { usage, lines: written, written, lastCustomerId: null }
}

const PREPARE = `
  insert into ${PLAIN_TRANSFER} (batch_id, seq, line_id, attempt_no, application_id,
    application_no, amount_krw, end_to_end_id, row_hash)
  select 1, row_number() over (order by line_id), line_id, 1, application_id, application_no,
    amount_krw, 'kt-2026-' || line_id || '-1', ''
  from (
    select distinct on (line_id) line_id, decision, amount_krw
    from refund_decision order by line_id, decision_no desc
  ) decided
  join (
    select distinct on (application_id) application_id, line_id, state, payout_on
    from application_state order by application_id, state_no desc
  ) stated using (line_id)
  join (
    select distinct on (application_id) application_id, application_no, holder_check, withdrawn_at
    from refund_application order by application_id, application_no desc
  ) newest using (application_id)
  where decision = 'refundable' and state = 'accepted' and payout_on <= $1::date
    and holder_check = 'match' and (withdrawn_at is null or withdrawn_at >= $2::timestamptz)
    and not exists (select from payout_transfer paid where paid.line_id = decided.line_id)
  order by line_id`

export async function benchPlainExport(bench: Bench, file: string): Promise<Outcome> {
  const { pool, postmaster } = bench
  let written = 0
  const usage = await usageOf(pool, postmaster, async () => {
    const handle = await open(file, 'w')
    await withClient(pool, async (client) => {
      for await (const piece of copyOut(client, EXPORT)) {
        await handle.write(piece)
        for (const byte of piece) if (byte === LINE_FEED) written += 1
      }
    })
    await handle.close()
  })
  return { usage, lines: written, written, lastCustomerId: null }
}

const LINE_FEED = 10
const EXPORT = `copy (
    select end_to_end_id, amount_krw, bank_code, account_sealed, holder_sealed
    from payout_transfer join refund_application using (application_no)
    order by seq
  ) to stdout (format csv)`
