/** What an estimate is made of, as far as whoever asks may see it. */
import { errorCodeOf } from '../db/database.js'
import type { Pool } from '../db/database.js'
import type { EstimateFacts } from '../rules/schedule/estimate.js'

export async function estimateFacts(pool: Pool, programme: string): Promise<EstimateFacts> {
  return {
    lines: await numberFrom(pool, LINES, []),
    linesPerSecond: await numberFrom(pool, RATE, [programme]),
    unapplied: await numberFrom(pool, UNAPPLIED, []),
  }
}

const LINES = `select lines as it from snapshot where sealed_at is not null
  order by snapshot_id desc limit 1`

// From the first to the last chunk of the newest run that has more than one.
const RATE = `select sum(c.lines) / extract(epoch from max(c.posted_at) - min(c.posted_at)) as it
  from run_chunk c join run using (run_id)
  where run.programme = $1 and run.state = 'closed'
  group by run_id having max(c.posted_at) > min(c.posted_at)
  order by run_id desc limit 1`

const UNAPPLIED = `
  select count(*) filter (where decision = 'refundable' and not exists (
      select from (
        select distinct on (application_id) state from application_state a
        where a.line_id = d.line_id order by application_id, state_no desc) last
      where last.state in ('accepted', 'held'))) as it
  from (
    select distinct on (line_id) line_id, decision from refund_decision
    order by line_id, decision_no desc) d
  where exists (select from refund_assessment where assessment_hash is not null)
  having count(*) > 0`

/** Null where nothing is known, or for whoever may not know it: insufficient_privilege. */
async function numberFrom(
  pool: Pool,
  statement: string,
  values: readonly unknown[],
): Promise<number | null> {
  try {
    const { rows } = await pool.query<{ it: string | null }>(statement, [...values])
    const it = rows[0]?.it ?? null
    return it === null ? null : Number(it)
  } catch (error) {
    if (errorCodeOf(error) === '42501') return null
    throw error
  }
}
