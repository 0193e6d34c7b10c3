/**
 * Processes that are killed while they work on a run, and the proof that they did. A victim is
 * known in PostgreSQL by its application_name; before it is killed it is stopped for a look, so
 * that a kill counts only when the run was open and the victim had worked on chunks of it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { spawnRedress } from '../support/cli.js'
import type { CliEnvironment, RunningCli } from '../support/cli.js'
import { until } from '../support/processes.js'

export interface Victim {
  readonly name: string
  readonly cli: RunningCli
  readonly startedAt: number
}

export interface Kill {
  readonly victim: string
  /** From the victim's start until it was first seen inside a chunk's transaction. */
  readonly workedAfterMs: number
  /** Whether it was inside one at the moment of its death. */
  readonly insideChunk: boolean
  readonly postedBefore: number
  readonly postedAfter: number
}

export interface RunCounts {
  readonly state: string
  readonly open: number
  readonly posted: number
}

export class Scene {
  readonly #client: pg.Client
  readonly #url: string
  readonly #environment: CliEnvironment
  readonly #victims: Victim[] = []

  constructor(url: string, environment: CliEnvironment) {
    this.#url = url
    this.#environment = environment
    this.#client = new pg.Client({ connectionString: url })
    this.#client.on('error', () => undefined)
  }

  async open(): Promise<void> {
    await this.#client.connect()
  }

  async close(): Promise<void> {
    this.killAll()
    await this.#client.end()
  }

  start(kind: string, args: readonly string[], more: CliEnvironment = {}): Victim {
    const name = `${kind}-${this.#victims.length + 1}`
    const url = new URL(this.#url)
    // In the URL it goes before the name that the command gives itself.
    url.searchParams.set('application_name', name)
    const environment = { ...this.#environment, ...more, DATABASE_URL: url.href }
    const victim = { name, cli: spawnRedress(args, environment), startedAt: performance.now() }
    this.#victims.push(victim)
    return victim
  }

  /** So that a test that fails leaves nobody behind. */
  killAll(): void {
    for (const { cli } of this.#victims) cli.process.kill('SIGKILL')
  }

  /** Who posted the chunks of the runs. */
  async workers(): Promise<readonly string[]> {
    const { rows } = await this.#client.query<{ worker: string }>(
      'select distinct worker from run_chunk where worker is not null',
    )
    return rows.map((it) => it.worker)
  }

  /** Of all plans, oldest first. */
  async planStates(): Promise<readonly string[]> {
    const { rows } = await this.#client.query<{ state: string }>(
      'select state from plan order by plan_id',
    )
    return rows.map((it) => it.state)
  }

  /** Whether the victim executes a statement that holds `text`. */
  async isAt(victim: Victim, text: string): Promise<boolean> {
    const { rowCount } = await this.#client.query(
      `select from pg_stat_activity where application_name = $1 and state = 'active'
         and position($2 in query) > 0`,
      [victim.name, text],
    )
    if (!victim.cli.isRunning()) throw new Error(`${victim.name} ended before «${text}»`)
    return (rowCount ?? 0) > 0
  }

  /** Of the newest run, or undefined while there is none. */
  async counts(): Promise<RunCounts | undefined> {
    const { rows } = await this.#client.query<RunCounts>(
      `select r.state, (count(*) filter (where c.state = 'open'))::int as open,
         (count(*) filter (where c.state = 'posted'))::int as posted
       from run r join run_chunk c using (run_id)
       group by r.run_id order by r.run_id desc limit 1`,
    )
    return rows[0]
  }

  /**
   * Only applyChunk() locks rows of both run and run_chunk in one transaction, and it keeps those
   * locks until its commit.
   */
  async isInsideChunk(victim: Victim): Promise<boolean> {
    const { rows } = await this.#client.query<{ inside: boolean }>(
      `select exists (
         select from pg_stat_activity a
         where a.application_name = $1 and a.datname = current_database()
           and (select count(*) from pg_locks l
                where l.pid = a.pid and l.mode = 'RowShareLock' and l.granted
                  and l.relation in ('run'::regclass, 'run_chunk'::regclass)) = 2
       ) as inside`,
      [victim.name],
    )
    return rows[0]?.inside === true
  }

  /** False when the victim ended, or the run did, before it came to a chunk. */
  async untilInsideChunk(victim: Victim, timeoutMs: number): Promise<boolean> {
    const seen = await until(
      `${victim.name} works on a chunk`,
      async () => {
        if (await this.isInsideChunk(victim)) return 'inside'
        if (!victim.cli.isRunning()) return 'ended'
        return undefined
      },
      { timeoutMs, everyMs: 3 },
    )
    return seen === 'inside'
  }

  /** Undefined when it came too late: the run had ended, or the victim had. */
  async kill(victim: Victim, delayMs: number, timeoutMs: number): Promise<Kill | undefined> {
    if (!(await this.untilInsideChunk(victim, timeoutMs))) return undefined
    const workedAfterMs = Math.round(performance.now() - victim.startedAt)
    await sleep(delayMs)
    victim.cli.process.kill('SIGSTOP')
    const before = await this.counts()
    const insideChunk = await this.isInsideChunk(victim)
    const wasAlive = victim.cli.isRunning()
    const { signal } = await victim.cli.kill('SIGKILL')
    await this.#untilForgotten(victim)
    const after = await this.counts()
    const counts = wasAlive && signal === 'SIGKILL' && before?.state === 'open' && before.open > 0
    if (!counts || after === undefined) return undefined
    return {
      victim: victim.name,
      workedAfterMs,
      insideChunk,
      postedBefore: before.posted,
      postedAfter: after.posted,
    }
  }

  // PostgreSQL notices a killed client when it next reads or writes; until then its locks stay.
  async #untilForgotten(victim: Victim): Promise<void> {
    await until(
      `${victim.name} is gone from PostgreSQL`,
      async () => {
        const { rowCount } = await this.#client.query(
          'select 1 from pg_stat_activity where application_name = $1',
          [victim.name],
        )
        return rowCount === 0
      },
      { everyMs: 3 },
    )
  }
}
