/** What a scheduled task waits for, asked of where it is recorded. */
import type { Pool } from '../db/database.js'
import type { Period } from '../rules/case.js'
import type { TaskState } from '../rules/schedule/standing.js'

/**
 * Whether a file of status changes was imported since an instant: what changed up to it is in then,
 * as upstream sends what there is.
 */
export async function statusImportedSince(pool: Pool, instant: string): Promise<boolean> {
  const { rows } = await pool.query<{ found: boolean }>(
    `select exists (
       select from import
       where kind = 'status' and state = 'accepted' and started_at >= $1) as found`,
    [instant],
  )
  return rows[0]?.found === true
}

/** The newest forecast of a period that a second person approved with a tolerance. */
export async function approvedForecastOf(
  pool: Pool,
  programme: string,
  period: Period,
): Promise<string | undefined> {
  const { rows } = await pool.query<{ plan_id: string }>(
    `select plan_id from plan join approval using (plan_id)
     where programme = $1 and period = $2 and tolerance is not null
     order by plan_id desc limit 1`,
    [programme, period],
  )
  return rows[0]?.plan_id
}

/** Undefined where nobody has dealt with it. */
export async function stateOfTask(pool: Pool, key: string): Promise<TaskState | undefined> {
  const { rows } = await pool.query<{ state: TaskState }>(
    'select state from scheduled_task where key = $1',
    [key],
  )
  return rows[0]?.state
}
