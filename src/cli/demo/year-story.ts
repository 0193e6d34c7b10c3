/**
 * The demo's year: two schedulers do what is due from the first notice to the last benefit, by the
 * tasks of `redress scheduler`, while files come in, people sign, and a bank answers. The clock
 * walks from one instant at which something happens to the next.
 */
import { join } from 'node:path'
import { RedressError } from '../../errors.js'
import { importApplicationsFile, importTerminationsFile } from '../../intake/import-refund-files.js'
import { importRestrictionsFile } from '../../intake/import-restrictions-file.js'
import { importSnapshotFile } from '../../intake/import-snapshot-file.js'
import {
  importChoicesFile,
  importConsentsFile,
  importStatusFile,
  importVouchersFile,
} from '../../intake/import-staged-file.js'
import { setAside } from '../../payouts/set-aside.js'
import { batchesOn } from '../../payouts/batch-store.js'
import { allOccurrences } from '../../rules/schedule/occurrences.js'
import type { Schedule, Task } from '../../rules/schedule/schedule.js'
import type { ProgrammeVersion } from '../../rules/programme.js'
import type { Performed } from '../../schedule/perform-task.js'
import type { PerformTask, Tasks } from '../../schedule/task.js'
import { Scheduler } from '../../schedule/work-due.js'
import { formatCount } from '../chart.js'
import { importOptionsOf } from '../commands/imports.js'
import { versionOf } from '../commands/plans.js'
import { scheduleOf } from '../commands/scheduler.js'
import type { Context } from '../context.js'
import { lateGateway } from '../gateways.js'
import type { LateGateway } from '../gateways.js'
import { noticesOptions } from '../notice-sending.js'
import { termsOf } from '../payout-settings.js'
import { noticeTasks } from '../scheduled-notices.js'
import { scheduledTasks } from '../scheduled-tasks.js'
import { bankDaysOf } from './bank-days.js'
import { AS_OF } from './demo-days.js'
import { YearClock } from './year-clock.js'
import { generateYear } from './year-files.js'
import type { Arrival } from './year-files.js'
import type { OutageFigures } from './year-figures.js'
import { answerTime, decideOnMissed, signWhatWaits } from './year-people.js'
import type { Person } from './year-people.js'

export const YEAR = { from: '2025-12-30T16:00:00+09:00', to: '2026-08-31T12:00:00+09:00' } as const

/** Nobody looks: the schedulers are off. */
const OUTAGE = { from: '2026-05-20T12:00:00+09:00', to: '2026-06-29T09:00:00+09:00' } as const

const IMPORTS = {
  status: importStatusFile,
  consents: importConsentsFile,
  choices: importChoicesFile,
  vouchers: importVouchersFile,
  terminations: importTerminationsFile,
  applications: importApplicationsFile,
  restrictions: importRestrictionsFile,
}

const SCHEDULERS = ['first', 'second'] as const

export interface YearOptions {
  readonly lines: number
  readonly seed: number
  /** Signs what the schedulers' own person has made. */
  readonly colleague: Person
}

/** What the year leaves behind beside its database. */
export interface PlayedYear {
  readonly schedule: Schedule
  readonly version: ProgrammeVersion
  readonly looks: number
  readonly outage: OutageFigures
  readonly waits: Waits
  /** By scheduler, the keys it has done. */
  readonly done: readonly (readonly string[])[]
  /** That the tasks took, all tries together. */
  readonly seconds: ReadonlyMap<Task, number>
  readonly errors: readonly string[]
}

/** By key, from when to when a task waited for a signature. */
export type Waits = ReadonlyMap<string, { readonly from: string; to: string }>

export async function playYear(context: Context, options: YearOptions): Promise<PlayedYear> {
  const folder = join(context.settings.home, 'files')
  const arrivals = await generateYear(folder, options)
  const year = new Year({ ...context, clock: new YearClock(YEAR.from) }, options, folder)
  return await year.play(arrivals)
}

class Year {
  readonly #context: Context & { readonly clock: YearClock }
  readonly #options: YearOptions
  readonly #folder: string
  readonly #schedule: Schedule
  readonly #version: ProgrammeVersion
  readonly #waits = new Map<string, { readonly from: string; to: string }>()
  readonly #done: string[][] = SCHEDULERS.map(() => [])
  readonly #errors: string[] = []
  readonly #seconds = new Map<Task, number>()
  #looks = 0
  #isOff = false
  #isVisitPlanned = false
  #outage: OutageFigures | undefined

  constructor(
    context: Context & { readonly clock: YearClock },
    options: YearOptions,
    folder: string,
  ) {
    this.#context = context
    this.#options = options
    this.#folder = folder
    this.#version = versionOf('kt-2026@1')
    this.#schedule = scheduleOf(this.#version.programme)
  }

  async play(arrivals: readonly Arrival[]): Promise<PlayedYear> {
    const { clock, signal } = this.#context
    const gateway = lateGateway(this.#context)
    const schedulers = SCHEDULERS.map((name, index) => this.#scheduler(name, index, gateway))
    this.#planYear(arrivals)
    try {
      await clock.walk(signal, async () => {
        if (this.#isOff) return
        this.#looks += schedulers.length
        await Promise.all(schedulers.map((it) => it.look()))
        await Promise.all(schedulers.map((it) => it.settled()))
      })
    } finally {
      await gateway.close()
    }
    if (this.#outage === undefined)
      throw new RedressError('INTERRUPTED', { command: 'redress demo' })
    return {
      schedule: this.#schedule,
      version: this.#version,
      looks: this.#looks,
      outage: this.#outage,
      waits: this.#waits,
      done: this.#done,
      seconds: this.#seconds,
      errors: this.#errors,
    }
  }

  #planYear(arrivals: readonly Arrival[]): void {
    const { clock, pool } = this.#context
    const nothing = (): Promise<void> => Promise.resolve()
    clock.plan(YEAR.from, nothing)
    for (const it of arrivals) clock.plan(it.at, () => this.#takeIn(it))
    for (const { dueAt } of allOccurrences(this.#schedule)) clock.plan(dueAt, nothing)
    clock.plan('2026-03-27T09:00:00+09:00', async () => {
      const { count } = await setAside(pool, termsOf, clock.now())
      this.#note(`${formatCount(count)} refunds that nobody claimed are set aside`)
    })
    clock.plan(OUTAGE.from, async () => {
      this.#isOff = true
      this.#note('the schedulers are off')
      return await nothing()
    })
    clock.plan(OUTAGE.to, () => this.#endOutage())
    clock.plan(YEAR.to, nothing)
  }

  async #takeIn({ kind, path }: Arrival): Promise<void> {
    const options = importOptionsOf(this.#context, path, {})
    if (kind === 'snapshot') await importSnapshotFile({ ...options, asOf: AS_OF })
    else await IMPORTS[kind](options)
  }

  async #endOutage(): Promise<void> {
    const { colleague } = this.#options
    this.#isOff = false
    this.#outage = await decideOnMissed(colleague, this.#schedule, OUTAGE)
    const { missed, run, skipped, merged } = this.#outage
    this.#note(
      `after 40 days they are on again: ${missed} missed; ${colleague.name} runs ${run}, merges ` +
        `${merged} and skips ${skipped}`,
    )
  }

  #scheduler(name: string, index: number, gateway: LateGateway): Scheduler {
    const { pool, clock, signal } = this.#context
    return new Scheduler({
      pool,
      schedule: this.#schedule,
      name,
      signal,
      now: clock.now,
      tasks: this.#timed(scheduledTasks({ ...this.#parts(name), notices: this.#notices(gateway) })),
      onPerformed: (it) => this.#performed(index, it),
      onError: (error) => this.#errors.push(error instanceof Error ? error.name : 'unknown'),
    })
  }

  #timed(tasks: Tasks): Tasks {
    const timed = (Object.entries(tasks) as [Task, PerformTask][]).map(([task, perform]) => {
      const measured: PerformTask = async (occurrence, context) => {
        const startedAt = performance.now()
        try {
          return await perform(occurrence, context)
        } finally {
          const seconds = (performance.now() - startedAt) / 1_000
          this.#seconds.set(task, (this.#seconds.get(task) ?? 0) + seconds)
        }
      }
      return [task, measured]
    })
    return Object.fromEntries(timed) as Tasks
  }

  #parts(name: string): Parameters<typeof scheduledTasks>[0] {
    const { pool, settings, cipher, log, revive } = this.#context
    const { lanes } = settings
    const backend = (): ReturnType<Context['jobs']> => this.#context.jobs()
    const [schedule, version] = [this.#schedule, this.#version]
    return { pool, schedule, version, settings, cipher, log, name, lanes, backend, revive }
  }

  #notices(gateway: LateGateway): ReturnType<typeof noticeTasks> {
    const [context, version] = [this.#context, this.#version]
    return noticeTasks({
      context,
      version,
      gateway: gateway.open,
      sending: (opened) => noticesOptions(context, opened, version.programme),
    })
  }

  #performed(index: number, { key, recorded }: Performed): void {
    const { clock } = this.#context
    const now = clock.now()
    const waited = this.#waits.get(key)
    if (waited !== undefined) waited.to = now
    if (recorded === undefined) return
    if (recorded.state === 'waiting_for_approval') {
      if (waited === undefined) this.#waits.set(key, { from: now, to: now })
      this.#planVisit(now)
    }
    if (recorded.state === 'failed') this.#errors.push(`${key}: ${recorded.needs}`)
    if (recorded.state !== 'done') return
    this.#done[index]?.push(key)
    this.#tell(key, recorded.result ?? {})
    const [, task, date = ''] = key.split('/')
    if (task === 'payout_export') this.#planBank(date)
  }

  #planVisit(now: string): void {
    if (this.#isVisitPlanned) return
    this.#isVisitPlanned = true
    this.#context.clock.plan(answerTime(now), async () => {
      this.#isVisitPlanned = false
      const { colleague } = this.#options
      const signed = await signWhatWaits(colleague, this.#schedule, this.#context.clock.now())
      if (signed.length > 0) this.#note(`${colleague.name} signs ${signed.join(', ')}`)
    })
  }

  /** The bank has the file at once; what it says of it comes in by and by. */
  #planBank(date: string): void {
    const { clock, pool } = this.#context
    clock.plan(clock.now(), async () => {
      const { seed } = this.#options
      for (const batch of await batchesOn(pool, this.#version.programme, date)) {
        if (batch.state !== 'approved' || batch.count === 0) continue
        for (const day of await bankDaysOf(this.#context, this.#folder, seed, batch)) {
          clock.plan(day.at, day.take)
        }
      }
    })
  }

  /** Nightly proofs and days on which nothing came are not told. */
  #tell(key: string, result: Readonly<Record<string, unknown>>): void {
    const [, task = '', of = ''] = key.split('/')
    const count = (name: string): string => formatCount(Number(result[name] ?? 0))
    if (task === 'run') this.#note(`${of} runs: ${count('entries')} entries`)
    if (task === 'payout_export' && Number(result['transfers'] ?? 0) > 0) {
      this.#note(`the payout of ${of} goes to the bank: ${count('transfers')} transfers`)
    }
    if (task === 'reminder_send') this.#note(`reminder round ${of}: ${count('sent')} sent`)
    if (task === 'notice') this.#note(`${of}: ${count('sent')} sent`)
  }

  #note(text: string): void {
    const there = new Date(Date.parse(this.#context.clock.now()) + 9 * 3_600_000).toISOString()
    this.#context.out.note(`${there.slice(0, 10)}  ${text}`)
  }
}
