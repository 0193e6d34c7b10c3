/**
 * What was done by hand, or by a scheduler of before a restore: the work itself tells, in the
 * tables it was recorded in.
 */
import { errorCodeOf } from '../db/database.js'
import type { Pool } from '../db/database.js'
import type { Occurrence } from '../rules/schedule/schedule.js'

/**
 * The keys of those that need not be done any more: a forecast that somebody approved or whose
 * period was run, a period that was run, a daily run after which its period was run again, a
 * payout date with an approved batch or with a file. Whoever may not look at such work takes it for
 * undone: its own task finds nothing to do.
 */
export async function doneElsewhere(
  pool: Pool,
  occurrences: readonly Pick<
    Occurrence,
    'key' | 'programme' | 'task' | 'period' | 'date' | 'dueAt'
  >[],
): Promise<ReadonlySet<string>> {
  const ofPeriods = occurrences.filter((it) => it.period !== null)
  const ofPayouts = occurrences.filter((it) => it.task.startsWith('payout_'))
  const done = [
    ...(await keysFrom(pool, PERIODS_DONE, ofPeriods)),
    ...(await keysFrom(pool, PAYOUTS_DONE, ofPayouts)),
  ]
  return new Set(done)
}

async function keysFrom(
  pool: Pool,
  statement: string,
  occurrences: readonly Partial<Occurrence>[],
): Promise<readonly string[]> {
  if (occurrences.length === 0) return []
  try {
    const { rows } = await pool.query<{ key: string }>(statement, [asked(occurrences)])
    return rows.map((it) => it.key)
  } catch (error) {
    // insufficient_privilege
    if (errorCodeOf(error) === '42501') return []
    throw error
  }
}

function asked(occurrences: readonly Partial<Occurrence>[]): string {
  return JSON.stringify(occurrences.map((it) => ({ ...it, due_at: it.dueAt })))
}

const ASKED = `jsonb_to_recordset($1::jsonb)
  as asked (key text, programme text, task text, period text, date date, due_at timestamptz)`

const PERIODS_DONE = `
  select key from ${ASKED}
  where exists (
    select from run
    where run.programme = asked.programme and run.period = asked.period and state = 'closed'
      and (task <> 'daily_run' or started_at >= due_at))
  or task = 'forecast' and exists (
    select from plan join approval using (plan_id)
    where plan.programme = asked.programme and plan.period = asked.period
      and tolerance is not null)`

const PAYOUTS_DONE = `
  select key from ${ASKED}
  where exists (
    select from payout_batch b
    where b.programme = asked.programme and b.payout_on = asked.date and b.state = 'approved'
      and (task = 'payout_prepare'
        or exists (select from payout_export e where e.batch_id = b.batch_id)))`

/** What was missed, or has failed, and was done by hand since. Returns the keys. */
export async function settleByHand(
  pool: Pool,
  programme: string,
  at: string,
): Promise<readonly string[]> {
  const { rows } = await pool.query<Occurrence>(
    `select key, programme, task, period, date, due_at as "dueAt" from scheduled_task
     where programme = $1 and state in ('missed', 'failed')`,
    [programme],
  )
  const done = await doneElsewhere(pool, rows)
  if (done.size === 0) return []
  const settled = await pool.query<{ key: string }>(
    `update scheduled_task
     set state = 'done', needs = null, result = result || '{"by_hand": true}', changed_at = $2
     where key = any ($1) and state in ('missed', 'failed')
     returning key`,
    [[...done], at],
  )
  return settled.rows.map((it) => it.key)
}
