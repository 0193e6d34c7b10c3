/** What a person decides on occurrences that were missed, failed, or wait: run, skip, merge. */
import { withTransaction } from '../db/database.js'
import type { Client, Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import { allOccurrences } from '../rules/schedule/occurrences.js'
import { CUMULATIVE } from '../rules/schedule/schedule.js'
import type { Schedule } from '../rules/schedule/schedule.js'
import { mergeTargets } from '../rules/schedule/standing.js'
import type { TaskState } from '../rules/schedule/standing.js'
import { unrecorded } from './look.js'
import { markDue, markMerged, markSkipped } from './resolution-store.js'
import type { Resolution } from './resolution-store.js'
import { insertNoticed, lockTasks, readTasks } from './schedule-store.js'
import type { ScheduledTask } from './task.js'

const MAY: Readonly<Record<Resolution['decision'], readonly TaskState[]>> = {
  run: ['missed', 'failed', 'waiting_for_input', 'waiting_for_approval'],
  skip: ['missed', 'failed', 'waiting_for_input', 'waiting_for_approval', 'due'],
  merge: ['missed', 'failed'],
}

/**
 * All of them or none. Merged ones go into the newest of their task: the one of these, or a later
 * one that has its turn already; what does not accumulate is not merged.
 * @param named keys, or `PROGRAMME/TASK` for all of a task that were missed
 * @returns the tasks as they stand then
 * @throws RedressError SCHEDULE_UNKNOWN, SCHEDULE_STATE
 */
export async function resolveTasks(
  pool: Pool,
  schedule: Schedule,
  named: readonly string[],
  resolution: Resolution,
): Promise<readonly ScheduledTask[]> {
  // What was missed while no scheduler has looked since is recorded first.
  const past = allOccurrences(schedule).filter(
    (it) => Date.parse(it.dueAt) <= Date.parse(resolution.at),
  )
  const missing = await unrecorded(pool, schedule, past, resolution.at)
  return await withTransaction(pool, async ({ client }) => {
    await insertNoticed(
      client,
      missing.filter((it) => it.state === 'missed'),
      resolution.at,
    )
    const keys = await keysOf(client, schedule, named)
    const tasks = await lockTasks(client, keys)
    for (const it of tasks) refuseState(it, resolution)
    if (resolution.decision === 'run') await markDue(client, keys, resolution)
    if (resolution.decision === 'skip') await markSkipped(client, keys, resolution)
    if (resolution.decision === 'merge') await merge(client, schedule, tasks, resolution)
    return await lockTasks(client, keys)
  })
}

async function merge(
  client: Client,
  schedule: Schedule,
  tasks: readonly ScheduledTask[],
  resolution: Resolution,
): Promise<void> {
  const all = await readTasks(client, schedule.programme, 'all')
  const given = new Set(tasks.map((it) => it.key))
  const taking: readonly TaskState[] = ['due', 'running', 'done']
  const targets = mergeTargets(all.filter((it) => given.has(it.key) || taking.includes(it.state)))
  const merged = new Map([...targets].filter(([source]) => given.has(source)))
  const left = tasks.filter((it) => !merged.has(it.key)).map((it) => it.key)
  // The target of what is merged is recorded before what points at it.
  await markDue(client, left, resolution)
  await markMerged(client, merged, resolution)
}

async function keysOf(
  client: Client,
  schedule: Schedule,
  named: readonly string[],
): Promise<readonly string[]> {
  const all = await readTasks(client, schedule.programme, 'all')
  const keys = named.flatMap((name) => {
    const ofTask = all.filter((it) => name === `${it.programme}/${it.task}`)
    const missed = ofTask.filter((it) => it.state === 'missed').map((it) => it.key)
    if (missed.length > 0) return missed
    if (all.some((it) => it.key === name)) return [name]
    if (allOccurrences(schedule).some((it) => it.key === name)) throw refused(name, 'not due')
    const expected = 'a key from `redress schedule missed` or `redress schedule list`'
    throw new RedressError('SCHEDULE_UNKNOWN', { key: keyForMessage(name), expected })
  })
  return [...new Set(keys)]
}

function refuseState(it: ScheduledTask, { decision }: Resolution): void {
  if (decision === 'merge' && !CUMULATIVE.includes(it.task)) {
    const problem = `each ${it.task} is for itself`
    const expected = '--run or --skip'
    throw new RedressError('SCHEDULE_STATE', { key: it.key, problem, expected })
  }
  if (!MAY[decision].includes(it.state)) throw refused(it.key, it.state.replaceAll('_', ' '))
}

function refused(key: string, state: string): RedressError {
  const expected = 'one that was missed, has failed, or waits'
  return new RedressError('SCHEDULE_STATE', { key, problem: `is ${state}`, expected })
}

function keyForMessage(name: string): string {
  return /^[\w./-]{1,150}$/.test(name) ? name : 'given'
}
