/** A scheduler on a real database, with a clock and tasks of the test's own. */
import { openPool } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import { KT_2026_SCHEDULE } from '../../src/rules/programmes/kt-2026-schedule.js'
import { allOccurrences } from '../../src/rules/schedule/occurrences.js'
import type { Schedule, Task } from '../../src/rules/schedule/schedule.js'
import type { TaskState } from '../../src/rules/schedule/standing.js'
import { readTasks } from '../../src/schedule/schedule-store.js'
import type { ScheduledTask, PerformTask, Tasks } from '../../src/schedule/task.js'
import { Scheduler } from '../../src/schedule/work-due.js'
import type { WorkDueOptions } from '../../src/schedule/work-due.js'
import { rehearse, testDatabase } from '../support/database.js'

export const SCHEDULE = KT_2026_SCHEDULE

/** 09:00 on a day in Seoul, or at another time there. */
export function seoul(day: string, time = '09:00'): string {
  return new Date(`${day}T${time}:00+09:00`).toISOString()
}

/** The keys that are due after one instant and up to another. */
export function keysBetween(from: string, to: string, schedule: Schedule = SCHEDULE): string[] {
  return allOccurrences(schedule)
    .filter((it) => it.dueAt > from && it.dueAt <= to)
    .map((it) => it.key)
    .toSorted()
}

export class ScheduleSetting {
  readonly pool: Pool
  /** The time for every scheduler of the setting. */
  now = seoul('2026-02-10')
  /** Keys in the order in which they were performed. */
  readonly performed: string[] = []
  readonly reminded: string[] = []
  readonly errors: unknown[] = []
  readonly #url: string
  readonly #drop: () => Promise<void>
  readonly #pools: Pool[] = []

  private constructor(url: string, drop: () => Promise<void>) {
    this.#url = url
    this.#drop = drop
    this.pool = this.poolOf('kim')
  }

  static async open(): Promise<ScheduleSetting> {
    const database = await testDatabase()
    await rehearse(database.url)
    const setting = new ScheduleSetting(database.url, () => database.drop())
    // Thousands of looks: to wait for the disk each time would be for nothing here.
    await setting.query(`do $$ begin execute
      format('alter database %I set synchronous_commit = off', current_database()); end $$`)
    return setting
  }

  poolOf(person: string): Pool {
    const pool = openPool({ url: this.#url, max: 12, name: 'schedule tests', actor: person })
    this.#pools.push(pool)
    return pool
  }

  /** Tasks that are done at once and remembered, but those that the test does otherwise. */
  tasks(others: Partial<Record<Task, PerformTask>> = {}): Tasks {
    const remember: PerformTask = ({ key }) => {
      this.performed.push(key)
      return Promise.resolve({ outcome: 'done', result: { count: 1 } })
    }
    const names = new Set(allOccurrences(SCHEDULE).map((it) => it.task))
    const all = Object.fromEntries([...names].map((it) => [it, remember]))
    return { ...(all as unknown as Tasks), ...others }
  }

  scheduler(more: Partial<WorkDueOptions> = {}): Scheduler {
    return new Scheduler({
      pool: this.pool,
      schedule: SCHEDULE,
      name: 'first',
      now: () => this.now,
      tasks: this.tasks(),
      signal: new AbortController().signal,
      onError: (error) => this.errors.push(error),
      onReminders: (reminders) => this.reminded.push(...reminders.map((it) => it.key)),
      ...more,
    })
  }

  /** One look of a scheduler at an instant, and all that it starts. */
  async lookAt(scheduler: Scheduler, instant: string): Promise<void> {
    this.now = instant
    await scheduler.look()
    await scheduler.settled()
  }

  async all(): Promise<readonly ScheduledTask[]> {
    return await readTasks(this.pool, SCHEDULE.programme, 'all')
  }

  async keysIn(state: TaskState): Promise<string[]> {
    const tasks = await this.all()
    return tasks
      .filter((it) => it.state === state)
      .map((it) => it.key)
      .toSorted()
  }

  async task(key: string): Promise<ScheduledTask> {
    const found = (await this.all()).find((it) => it.key === key)
    if (found === undefined) throw new Error(`${key} is not recorded`)
    return found
  }

  async query(sql: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    return (await this.pool.query<Record<string, unknown>>(sql, [...values])).rows
  }

  /** Nothing is recorded any more, as of before the programme. */
  async clear(): Promise<void> {
    this.performed.length = 0
    this.reminded.length = 0
    this.errors.length = 0
    for (const table of ['scheduled_task', 'scheduled_task_event']) {
      await this.query(`alter table ${table} disable trigger user`)
      await this.query(`truncate ${table}`)
      await this.query(`alter table ${table} enable trigger user`)
    }
    await this.query('truncate schedule_tick')
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map((it) => it.end()))
    await this.#drop()
  }
}
