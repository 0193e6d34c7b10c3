/** What people do in the demo's year: one signs what waits, and decides on what was missed. */
import type { Pool } from '../../db/database.js'
import { approveBatch } from '../../payouts/approve-batch.js'
import { addDays } from '../../rules/calendar.js'
import { CUMULATIVE } from '../../rules/schedule/schedule.js'
import type { Occurrence, Schedule } from '../../rules/schedule/schedule.js'
import { approvePlan } from '../../runs/approve-plan.js'
import { resolveTasks } from '../../schedule/resolve-tasks.js'
import type { Resolution } from '../../schedule/resolution-store.js'
import { readTasks } from '../../schedule/schedule-store.js'
import { totalOf, viewMissed } from '../../schedule/tell-schedule.js'
import { termsOf } from '../payout-settings.js'
import type { OutageFigures } from './year-figures.js'

export interface Person {
  readonly name: string
  readonly pool: Pool
}

/** By how much a month may differ from its forecast and go by itself. */
export const YEAR_TOLERANCE = 0.05

const REASON = 'a demonstration'

/** Signs whatever waits for a signature now. Returns what was signed, in words. */
export async function signWhatWaits(
  { name, pool }: Person,
  schedule: Schedule,
  at: string,
): Promise<readonly string[]> {
  const open = await readTasks(pool, schedule.programme, 'open')
  const signed: string[] = []
  for (const it of open.filter((task) => task.state === 'waiting_for_approval')) {
    const { plan_id: planId, batch_id: batchId } = it.result
    const what = it.key.replace(`${schedule.programme}/`, '')
    if (it.task === 'payout_export') continue
    if (typeof batchId === 'string') await approveBatch(pool, termsOf, batchId, at)
    else if (typeof planId === 'string') {
      const tolerance = it.task === 'forecast' ? YEAR_TOLERANCE : undefined
      await approvePlan(pool, planId, { by: name, at, reason: REASON, tolerance })
    }
    signed.push(what)
  }
  return signed
}

/** Within working hours, within the hour; what comes at night is found in the morning. */
export function answerTime(now: string): string {
  const there = new Date(Date.parse(now) + 9 * 3_600_000).toISOString()
  const [day = '', time = ''] = there.split('T')
  if (time < '09:00') return `${day}T09:20:00+09:00`
  if (time > '20:00') return `${addDays(day, 1)}T09:20:00+09:00`
  return new Date(Date.parse(now) + 40 * 60_000).toISOString()
}

/** Looks at what was missed and what it costs, and decides on all of it. */
export async function decideOnMissed(
  { pool }: Person,
  schedule: Schedule,
  outage: Pick<OutageFigures, 'from' | 'to'>,
): Promise<OutageFigures> {
  const at = outage.to
  const missed = await viewMissed(pool, schedule, at)
  const byTask: Record<string, number> = {}
  const decided = { run: 0, skip: 0, merge: 0 }
  for (const { occurrence } of missed) {
    byTask[occurrence.task] = (byTask[occurrence.task] ?? 0) + 1
  }
  for (const decision of ['run', 'skip', 'merge'] as const) {
    const keys = missed
      .filter((it) => decisionOn(it.occurrence, at) === decision)
      .map((it) => it.occurrence.key)
    if (keys.length === 0) continue
    await resolveTasks(pool, schedule, keys, { decision, reason: REASON, at })
    decided[decision] = keys.length
  }
  return {
    ...outage,
    missed: missed.length,
    byTask,
    seconds: totalOf(missed.map((it) => it.estimate)).seconds,
    run: decided.run,
    skipped: decided.skip,
    merged: decided.merge,
  }
}

/** Days go into the newest; a forecast of a month that has begun is of no use; the rest is done. */
function decisionOn({ task, period }: Occurrence, at: string): Resolution['decision'] {
  if (CUMULATIVE.includes(task)) return 'merge'
  const isTooLate = task === 'forecast' && `${period}-01` <= at.slice(0, 10)
  return isTooLate ? 'skip' : 'run'
}
