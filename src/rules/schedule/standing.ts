/** How an occurrence stands at an instant, by what is known of it and by the clock alone. */
import { minutesAfter } from './civil-time.js'
import { CUMULATIVE } from './schedule.js'
import type { Occurrence, Schedule } from './schedule.js'

/** Of an occurrence that some scheduler or person has dealt with. */
export type TaskState =
  | 'due'
  | 'running'
  | 'waiting_for_input'
  | 'waiting_for_approval'
  | 'done'
  | 'failed'
  | 'missed'
  | 'skipped'
  | 'merged'

export type Standing = TaskState | 'upcoming'

/** Nothing more will happen to it. */
export const FINAL_STATES: readonly TaskState[] = ['done', 'skipped', 'merged']

/**
 * What is recorded counts, whatever the clock says. Else it is to come, due, or missed: its time
 * passed longer ago than the grace without a scheduler that saw it.
 * @param known by key
 * @param now ISO 8601 instant
 */
export function standing(
  schedule: Schedule,
  occurrence: Occurrence,
  known: ReadonlyMap<string, TaskState>,
  now: string,
): Standing {
  const recorded = known.get(occurrence.key)
  if (recorded !== undefined) return recorded
  if (Date.parse(occurrence.dueAt) > Date.parse(now)) return 'upcoming'
  const until = minutesAfter(occurrence.dueAt, schedule.graceMinutes.value)
  return Date.parse(now) > Date.parse(until) ? 'missed' : 'due'
}

/**
 * Into which of these each one may be merged: cumulative ones into the newest of their task. The
 * newest itself, and what does not accumulate, is not in the answer.
 */
export function mergeTargets(
  occurrences: readonly Pick<Occurrence, 'key' | 'task' | 'dueAt'>[],
): ReadonlyMap<string, string> {
  const newest = new Map<string, Pick<Occurrence, 'key' | 'dueAt'>>()
  for (const it of occurrences) {
    const found = newest.get(it.task)
    if (found === undefined || Date.parse(it.dueAt) > Date.parse(found.dueAt)) {
      newest.set(it.task, it)
    }
  }
  return new Map(
    occurrences.flatMap(({ key, task }) => {
      const target = newest.get(task)
      if (!CUMULATIVE.includes(task) || target === undefined || target.key === key) return []
      return [[key, target.key] as const]
    }),
  )
}
