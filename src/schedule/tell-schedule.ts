/** What there is to see of a schedule: what is open, what comes next, what was missed. */
import type { Pool } from '../db/database.js'
import { allOccurrences } from '../rules/schedule/occurrences.js'
import { estimateOf } from '../rules/schedule/estimate.js'
import type { Estimate } from '../rules/schedule/estimate.js'
import type { Occurrence, Schedule } from '../rules/schedule/schedule.js'
import { standing } from '../rules/schedule/standing.js'
import { doneElsewhere } from './evidence-store.js'
import { estimateFacts } from './estimate-store.js'
import { lastLook, readTasks } from './schedule-store.js'
import type { ScheduledTask } from './task.js'

export interface ScheduleView {
  /** ISO 8601 instant; null where no scheduler has ever looked. */
  readonly lookedAt: string | null
  /** Due, under way, failed, or waiting for something; in order of time. */
  readonly open: readonly ScheduledTask[]
  readonly missed: number
  readonly next: readonly Occurrence[]
}

/** @param coming how many occurrences that are not due yet */
export async function viewSchedule(
  pool: Pool,
  schedule: Schedule,
  now: string,
  coming: number,
): Promise<ScheduleView> {
  const tasks = await readTasks(pool, schedule.programme, 'open')
  const missed = await viewMissed(pool, schedule, now)
  const look = await lastLook(pool, schedule.programme)
  const at = Date.parse(now)
  return {
    lookedAt: look?.lookedAt ?? null,
    open: tasks.filter((it) => it.state !== 'missed' && Date.parse(it.dueAt) <= at),
    missed: missed.length,
    next: allOccurrences(schedule)
      .filter((it) => Date.parse(it.dueAt) > at)
      .slice(0, coming),
  }
}

export interface Missed {
  readonly occurrence: Occurrence
  readonly estimate: Estimate
}

/**
 * What a person has to decide on, also while no scheduler has looked again. What was done by hand
 * meanwhile is not in it.
 */
export async function viewMissed(
  pool: Pool,
  schedule: Schedule,
  now: string,
): Promise<readonly Missed[]> {
  const tasks = await readTasks(pool, schedule.programme, 'all')
  const known = new Map(tasks.map((it) => [it.key, it.state]))
  const missed = allOccurrences(schedule).filter((it) => {
    const isPast = Date.parse(it.dueAt) <= Date.parse(now)
    return isPast && standing(schedule, it, known, now) === 'missed'
  })
  const done = await doneElsewhere(pool, missed)
  const facts = await estimateFacts(pool, schedule.programme)
  return missed
    .filter((it) => !done.has(it.key))
    .map((occurrence) => ({ occurrence, estimate: estimateOf(schedule, occurrence.task, facts) }))
}

/** Added up; null where nothing could be estimated. */
export function totalOf(estimates: readonly Estimate[]): Omit<Estimate, 'how'> {
  const sum = (name: 'seconds' | 'messages' | 'krw'): number | null => {
    const known = estimates.flatMap((it) => it[name] ?? [])
    return known.length === 0 ? null : known.reduce((total, it) => total + it, 0)
  }
  return { seconds: sum('seconds'), messages: sum('messages'), krw: sum('krw') }
}
