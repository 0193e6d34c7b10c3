/**
 * SQL of the schedule: what was noticed, taken, performed. The time is always handed in; a time far
 * ahead of it was written by a clock that has been set back since, and counts as past.
 */
import { assert } from '../assert.js'
import type { Client, Pool } from '../db/database.js'
import { CUMULATIVE } from '../rules/schedule/schedule.js'
import type { Occurrence, Schedule, Task } from '../rules/schedule/schedule.js'
import type { TaskState } from '../rules/schedule/standing.js'
import type { ScheduledTask, TaskResult } from './task.js'

type Queryable = Pick<Pool, 'query'> | Pick<Client, 'query'>

const COLUMNS = `key, programme, task, period, date, round, campaign, due_at as "dueAt", state,
  attempts, next_try_at as "nextTryAt", lease_until as "leaseUntil", needs, result, forced,
  resolution, resolved_by as "resolvedBy", authenticated, resolved_at as "resolvedAt", reason,
  merged_into as "mergedInto", reminded_at as "remindedAt", reminders, changed_at as "changedAt"`

/** No lease and no pause is nearly as long: whatever lies further ahead is of another clock. */
const PASSED = (column: string): string => `(${column} <= $2 or ${column} > $2 + interval '1 day')`

/** As the index of what is open has it. */
const OPEN = `state not in ('done', 'skipped', 'merged')`

const TAKEABLE = `${OPEN} and due_at <= $2 and (
  state in ('due', 'waiting_for_input', 'waiting_for_approval')
    and (next_try_at is null or ${PASSED('next_try_at')})
  or state = 'running' and ${PASSED('lease_until')})`

export interface Noticed {
  readonly occurrence: Occurrence
  readonly state: TaskState
  readonly result: TaskResult
}

/** What is known already stays as it is. Returns the keys that are new. */
export async function insertNoticed(
  on: Queryable,
  noticed: readonly Noticed[],
  at: string,
): Promise<readonly string[]> {
  if (noticed.length === 0) return []
  const rows = noticed.map(({ occurrence: it, state, result }) => ({
    ...it,
    due_at: it.dueAt,
    state,
    result,
  }))
  const inserted = await on.query<{ key: string }>(
    `insert into scheduled_task (key, programme, task, period, date, round, campaign, due_at,
       state, result, changed_at)
     select key, programme, task, period, date, round, campaign, due_at, state, result, $2
     from jsonb_to_recordset($1::jsonb) as it (key text, programme text, task text, period text,
       date date, round smallint, campaign text, due_at timestamptz, state text, result jsonb)
     on conflict (key) do nothing
     returning key`,
    [JSON.stringify(rows), at],
  )
  return inserted.rows.map((it) => it.key)
}

/** Of these keys, those that are recorded. */
export async function knownKeys(
  on: Queryable,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await on.query<{ key: string }>(
    'select key from scheduled_task where key = any ($1)',
    [keys],
  )
  return new Set(rows.map((it) => it.key))
}

export interface Reminder {
  readonly key: string
  readonly state: TaskState
  readonly needs: string | null
}

export interface LookResult {
  /** Of which something can be taken now. */
  readonly tasks: readonly Task[]
  readonly reminders: readonly Reminder[]
  /** Something cumulative waits that a newer one does as well. */
  readonly overtaken: boolean
  /** Something is missed or failed that may have been done by hand meanwhile. */
  readonly unresolved: boolean
}

/** How far two schedulers' clocks may lie apart before one takes back what the other recorded. */
const SKEW = `interval '5 minutes'`

/**
 * Leaves a sign of life, takes back what a clock recorded that ran ahead, reminds of what waits for
 * a person, and tells what there is to do: one statement, as it is made all day long.
 */
export async function recordLook(
  pool: Pool,
  { programme, remindHours }: Schedule,
  at: string,
  scheduler: string,
): Promise<LookResult> {
  // Named, so that a connection plans it once: to plan it takes longer than to do it.
  const text = `with tick as (
       insert into schedule_tick (programme, looked_at, scheduler) values ($1, $2, $3)
       on conflict (programme) do update set looked_at = excluded.looked_at,
         scheduler = excluded.scheduler, looks = schedule_tick.looks + 1
     ), ahead as (
       delete from scheduled_task
       where programme = $1 and ${OPEN} and state in ('due', 'missed') and attempts = 0
         and resolution is null and due_at > $2::timestamptz + ${SKEW}
     ), reminded as (
       update scheduled_task set reminded_at = $2, reminders = reminders + 1
       where programme = $1 and ${OPEN} and due_at <= $2
         and state in ('waiting_for_approval', 'waiting_for_input', 'failed', 'missed')
         -- What waits is looked at again and again; only the rest stays as it was changed.
         and coalesce(reminded_at,
             case when state in ('failed', 'missed') then changed_at else due_at end)
           <= $2::timestamptz - make_interval(hours => $4::integer)
       returning key, state, needs
     ), waiting as (
       select task, due_at from scheduled_task
       where programme = $1 and task = any ($5) and ${OPEN}
         and state in ('waiting_for_approval', 'waiting_for_input')
     )
     select
       array(select distinct task from scheduled_task where programme = $1 and ${TAKEABLE})
         as tasks,
       coalesce((select jsonb_agg(to_jsonb(reminded) order by key) from reminded), '[]')
         as reminders,
       exists (select from waiting join scheduled_task newer using (task)
         where newer.programme = $1 and newer.due_at > waiting.due_at
           and newer.state not in ('missed', 'failed', 'skipped', 'merged')) as overtaken,
       exists (select from scheduled_task
         where programme = $1 and ${OPEN} and state in ('missed', 'failed')) as unresolved`
  const values = [programme, at, scheduler, remindHours.value, CUMULATIVE]
  const { rows } = await pool.query<LookResult>({ name: 'schedule look', text, values })
  assert(rows[0] !== undefined, 'one row')
  return rows[0]
}

/** What waits and is cumulative goes into the newest of its task that was not passed over. */
export async function mergeOvertaken(pool: Pool, programme: string, at: string): Promise<void> {
  await pool.query(
    `update scheduled_task old
     set state = 'merged', merged_into = newest.key, next_try_at = null, needs = null,
       changed_at = $2
     from (
       select distinct on (task) task, key, due_at from scheduled_task
       where programme = $1 and task = any ($3) and due_at <= $2
         and state not in ('missed', 'failed', 'skipped', 'merged')
       order by task, due_at desc
     ) newest
     where old.programme = $1 and old.task = newest.task and old.due_at < newest.due_at
       and old.state in ('waiting_for_approval', 'waiting_for_input')`,
    [programme, at, CUMULATIVE],
  )
}

/** One group of tasks is worked on by one process at a time; the lock ends with the connection. */
export async function lockGroup(
  client: Client,
  programme: string,
  group: string,
): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    `select pg_try_advisory_lock(hashtext('redress schedule'), hashtext($1)) as locked`,
    [`${programme}/${group}`],
  )
  return rows[0]?.locked === true
}

/** A connection that is gone has taken its lock with it. */
export async function unlockGroup(client: Client, programme: string, group: string): Promise<void> {
  const statement = `select pg_advisory_unlock(hashtext('redress schedule'), hashtext($1))`
  await client.query(statement, [`${programme}/${group}`]).catch(() => undefined)
}

export interface Lease {
  readonly at: string
  readonly until: string
  readonly scheduler: string
}

/**
 * The earliest that can be taken of a group whose lock is held. None while a lease of the group
 * lives on: its holder may have lost the lock with its connection, and still be at work.
 */
export async function takeNext(
  client: Client,
  programme: string,
  tasks: readonly Task[],
  { at, until, scheduler }: Lease,
): Promise<ScheduledTask | undefined> {
  const { rows } = await client.query<ScheduledTask>(
    `update scheduled_task
     set state = 'running', attempts = attempts + 1, lease_until = $4, scheduler = $5,
       next_try_at = null, changed_at = $2
     where key = (
         select key from scheduled_task
         where programme = $1 and task = any ($3) and ${TAKEABLE}
         order by due_at, key limit 1 for update)
       and not exists (
         select from scheduled_task
         where programme = $1 and task = any ($3) and state = 'running'
           and not ${PASSED('lease_until')})
     returning ${COLUMNS}`,
    [programme, at, tasks, until, scheduler],
  )
  return rows[0]
}

/** False when somebody else has taken the task over. */
export async function renewLease(
  on: Queryable,
  key: string,
  { until, scheduler }: Lease,
): Promise<boolean> {
  const { rowCount } = await on.query(
    `update scheduled_task set lease_until = $3
     where key = $1 and scheduler = $2 and state = 'running'`,
    [key, scheduler, until],
  )
  return rowCount === 1
}

export interface TaskRecord {
  readonly state: Exclude<TaskState, 'running' | 'missed' | 'skipped'>
  readonly needs?: string
  readonly nextTryAt?: string
  /** Absent: what was recorded before stays. */
  readonly result?: TaskResult
  readonly mergedInto?: string
  /** Absent: as they are. */
  readonly attempts?: number
}

/** Ends a try. False when somebody else has taken the task over: theirs is what counts. */
export async function recordTask(
  pool: Pool,
  key: string,
  scheduler: string,
  it: TaskRecord,
  at: string,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update scheduled_task
     set state = $3, needs = $4, next_try_at = $5, result = coalesce($6::jsonb, result),
       merged_into = $7, attempts = coalesce($8, attempts), lease_until = null, changed_at = $9
     where key = $1 and scheduler = $2 and state = 'running'`,
    [
      key,
      scheduler,
      it.state,
      it.needs?.slice(0, 500) ?? null,
      it.nextTryAt ?? null,
      it.result === undefined ? null : JSON.stringify(it.result),
      it.mergedInto ?? null,
      it.attempts ?? null,
      at,
    ],
  )
  return rowCount === 1
}

/** What is not final, or all; in order of time. */
export async function readTasks(
  on: Queryable,
  programme: string,
  which: 'open' | 'all',
): Promise<readonly ScheduledTask[]> {
  const { rows } = await on.query<ScheduledTask>(
    `select ${COLUMNS} from scheduled_task
     where programme = $1 and ($2 or state not in ('done', 'skipped', 'merged'))
     order by due_at, key`,
    [programme, which === 'all'],
  )
  return rows
}

/** As they are recorded, locked until the transaction ends. */
export async function lockTasks(
  client: Client,
  keys: readonly string[],
): Promise<readonly ScheduledTask[]> {
  const { rows } = await client.query<ScheduledTask>(
    `select ${COLUMNS} from scheduled_task where key = any ($1) order by due_at, key for update`,
    [keys],
  )
  return rows
}

/** The last sign of life of any scheduler; undefined where none has ever looked. */
export async function lastLook(
  on: Queryable,
  programme: string,
): Promise<{ readonly lookedAt: string; readonly scheduler: string } | undefined> {
  const { rows } = await on.query<{ lookedAt: string; scheduler: string }>(
    `select looked_at as "lookedAt", scheduler from schedule_tick where programme = $1`,
    [programme],
  )
  return rows[0]
}
