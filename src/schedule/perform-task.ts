/**
 * One task, taken, performed and recorded. Whoever performs it renews a lease meanwhile; when it
 * dies the lease ends, and another performs the task again, which does only what is left.
 */
import { AssertionFailure } from '../assert.js'
import { errorCodeOf, isOutage, withClient } from '../db/database.js'
import { RedressError } from '../errors.js'
import { minutesAfter } from '../rules/schedule/civil-time.js'
import type { Schedule, Task } from '../rules/schedule/schedule.js'
import type { LookOptions } from './look.js'
import { lockGroup, recordTask, renewLease, takeNext, unlockGroup } from './schedule-store.js'
import type { Lease, TaskRecord } from './schedule-store.js'
import type { ScheduledTask, TaskOutcome, Tasks } from './task.js'

export interface PerformOptions extends LookOptions {
  readonly tasks: Tasks
  /** Aborted to stop: the task at hand gets to a good place and is handed back. */
  readonly signal: AbortSignal
}

export interface Performed {
  readonly key: string
  /** What was recorded; undefined where somebody else had taken it over. */
  readonly recorded: TaskRecord | undefined
}

/** One after the other, until nothing of the group can be taken; another process may be at it. */
export async function performGroup(
  options: PerformOptions,
  group: string,
  tasks: readonly Task[],
  onPerformed: (performed: Performed) => void,
): Promise<void> {
  const { pool, schedule, signal } = options
  await withClient(pool, async (client) => {
    if (!(await lockGroup(client, schedule.programme, group))) return
    try {
      while (!signal.aborted) {
        const task = await takeNext(client, schedule.programme, tasks, leaseOf(options))
        if (task === undefined) return
        onPerformed(await perform(options, task))
      }
    } finally {
      await unlockGroup(client, schedule.programme, group)
    }
  })
}

async function perform(options: PerformOptions, task: ScheduledTask): Promise<Performed> {
  const { pool, schedule, name, tasks, signal } = options
  const lost = new AbortController()
  const renewing = renewEvery(options, task.key, lost)
  let record: TaskRecord
  try {
    const outcome = await tasks[task.task](task, {
      now: options.now,
      signal: AbortSignal.any([signal, lost.signal]),
      forced: task.forced,
      earlier: task.result,
    })
    record = recordOf(outcome, schedule, options.now())
  } catch (error) {
    record =
      signal.aborted || lost.signal.aborted
        ? { state: 'due', attempts: task.attempts - 1 }
        : recordOfFailure(error, task, schedule, options.now())
  } finally {
    await renewing.stop()
  }
  const isOurs = await recordTask(pool, task.key, name, record, options.now())
  return { key: task.key, recorded: isOurs ? record : undefined }
}

function recordOf(it: TaskOutcome, schedule: Schedule, now: string): TaskRecord {
  if (it.outcome === 'done') return { state: 'done', result: it.result }
  if (it.outcome === 'merged') return { state: 'merged', mergedInto: it.into, result: it.result }
  const nextTryAt = minutesAfter(now, schedule.waitMinutes.value)
  return { state: it.outcome, needs: it.needs, nextTryAt, result: it.result, attempts: 0 }
}

/** What can pass is tried again, with pauses that double; the rest has failed. */
function recordOfFailure(
  error: unknown,
  task: ScheduledTask,
  schedule: Schedule,
  now: string,
): TaskRecord {
  const { attempts, firstPauseMinutes } = schedule.retries.value
  const needs = sentenceOf(error)
  const result = { ...task.result, error: codeOf(error) }
  const isFinal =
    error instanceof AssertionFailure || (error instanceof RedressError && !error.retryable)
  if (isFinal || task.attempts >= attempts) return { state: 'failed', needs, result }
  const nextTryAt = minutesAfter(now, firstPauseMinutes * 2 ** (task.attempts - 1))
  return { state: 'due', needs, nextTryAt, result }
}

/** Texts of others may quote what they were working on. */
function sentenceOf(error: unknown): string {
  if (error instanceof RedressError) return error.message
  return isOutage(error) ? 'the database was away' : `unexpected: ${codeOf(error)}`
}

function codeOf(error: unknown): string {
  if (error instanceof RedressError) return error.code
  return errorCodeOf(error) ?? (error instanceof Error ? error.name : 'unknown')
}

function leaseOf({ now, schedule, name }: LookOptions): Lease {
  const at = now()
  return { at, until: minutesAfter(at, schedule.leaseMinutes.value), scheduler: name }
}

/**
 * Thrice a lease, so that one that is late, or finds the database away, costs nothing. Not over the
 * connection of the lock, which may be gone. A task that was taken over is given up.
 */
function renewEvery(
  options: PerformOptions,
  key: string,
  lost: AbortController,
): { stop(): Promise<void> } {
  let underWay = Promise.resolve()
  const renew = async (): Promise<void> => {
    const isOurs = await renewLease(options.pool, key, leaseOf(options)).catch(() => true)
    if (!isOurs) lost.abort()
  }
  const everyMs = (options.schedule.leaseMinutes.value * 60_000) / 3
  const timer = setInterval(() => {
    underWay = underWay.then(renew)
  }, everyMs)
  return {
    stop: async () => {
      clearInterval(timer)
      await underWay
    },
  }
}
