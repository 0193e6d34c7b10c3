/** `redress scheduler`: does what is due by itself, until stopped. */
import { once } from 'node:events'
import type { Command } from 'commander'
import { isOutage } from '../../db/database.js'
import { RedressError } from '../../errors.js'
import type { Ticks } from '../../jobs/bullmq-schedule.js'
import { findSchedule } from '../../rules/programmes/schedules.js'
import type { ProgrammeVersion } from '../../rules/programme.js'
import type { Schedule } from '../../rules/schedule/schedule.js'
import { tickPatterns } from '../../rules/schedule/tick-patterns.js'
import type { Reminder } from '../../schedule/schedule-store.js'
import type { Tasks } from '../../schedule/task.js'
import { Scheduler, workDue } from '../../schedule/work-due.js'
import type { WorkDueOptions } from '../../schedule/work-due.js'
import type { Act } from '../act.js'
import type { Context } from '../context.js'
import { lateGateway, reportRoutes } from '../gateways.js'
import type { LateGateway } from '../gateways.js'
import { noticesOptions } from '../notice-sending.js'
import { noticeTasks } from '../scheduled-notices.js'
import { scheduledTasks } from '../scheduled-tasks.js'
import type { StatusService } from '../serve-status.js'
import { versionOf } from './plans.js'

interface SchedulerFlags {
  readonly programme: string
  readonly once?: boolean
}

/** Beside a command's own: a lock for each group of tasks, and what each of them works with. */
const CONNECTIONS = 16

export function addScheduler(program: Command, act: Act): void {
  program
    .command('scheduler')
    .description('do what is due by the schedule, until stopped')
    .option('--programme <name>', 'programme, or programme and version', 'kt-2026')
    .option('--once', 'one look and what is due by then, without waiting for more')
    .action(act(scheduler, { connections: CONNECTIONS }))
}

/** @throws RedressError PROGRAMME_UNKNOWN */
export function scheduleOf(programme: string): Schedule {
  const schedule = findSchedule(programme)
  if (schedule !== undefined) return schedule
  throw new RedressError('PROGRAMME_UNKNOWN', { programme, expected: 'one with a schedule' })
}

async function scheduler(context: Context, flags: SchedulerFlags): Promise<void> {
  const version = versionOf(flags.programme)
  const schedule = scheduleOf(version.programme)
  const gateway = lateGateway(context)
  const options = optionsOf(context, schedule, version, gateway)
  try {
    if (flags.once === true) return await workDue(options)
    await serveWithStatus(context, gateway, (status) =>
      serve(context, new Scheduler(options), schedule, status),
    )
  } finally {
    await gateway.close()
  }
}

/** Answers how it is doing from its first moment to its last. */
async function serveWithStatus(
  context: Context,
  gateway: LateGateway,
  work: (status: StatusService) => Promise<void>,
): Promise<void> {
  const { serveStatus } = await import('../serve-status.js')
  const hasPort = context.settings.httpPort !== undefined
  const status = await serveStatus({
    context,
    backend: () => context.jobs(),
    ...(hasPort && { routes: reportRoutes(await gateway.open()) }),
  })
  try {
    await work(status)
  } finally {
    await status.close()
  }
}

function optionsOf(
  context: Context,
  schedule: Schedule,
  version: ProgrammeVersion,
  gateway: LateGateway,
): WorkDueOptions {
  const { pool, log, clock, signal, workerName: name } = context
  return {
    pool,
    schedule,
    name,
    signal,
    now: clock.now,
    tasks: tasksOf(context, schedule, version, gateway),
    onPerformed: ({ key, recorded }) => {
      const state = recorded?.state ?? 'taken over'
      log.info({ task: key, state, needs: recorded?.needs }, 'scheduled task')
      context.out.note(`${key}: ${state}${recorded?.needs ? `, ${recorded.needs}` : ''}`)
    },
    onReminders: (reminders) => remind(context, reminders),
    onMissed: (count) => {
      log.warn({ count }, 'missed while nobody looked')
      context.out.note(`${count} missed while nobody looked: \`redress schedule missed\``)
    },
    onError: (error) => {
      log.warn({ error: labelOf(error) }, 'the schedule will be looked at again')
      // An embedded server that was stopped comes back when somebody asks for it.
      if (isOutage(error)) void context.revive().catch(() => undefined)
    },
  }
}

function tasksOf(
  context: Context,
  schedule: Schedule,
  version: ProgrammeVersion,
  gateway: LateGateway,
): Tasks {
  const { pool, settings, cipher, log, workerName } = context
  return scheduledTasks({
    pool,
    schedule,
    version,
    settings,
    cipher,
    log,
    name: workerName,
    lanes: settings.lanes,
    backend: () => context.jobs(),
    revive: context.revive,
    notices: noticeTasks({
      context,
      version,
      gateway: gateway.open,
      sending: (opened) => noticesOptions(context, opened, version.programme),
    }),
  })
}

/** Of what was missed the count is enough: it may be hundreds. */
function remind({ log }: Context, reminders: readonly Reminder[]): void {
  const missed = reminders.filter((it) => it.state === 'missed').length
  if (missed > 0) log.warn({ count: missed }, 'missed, and nobody has decided')
  for (const { key, state, needs } of reminders) {
    if (state !== 'missed') log.warn({ task: key, state, needs }, 'waits for a person')
  }
}

/** Until stopped; then the task at hand is finished, or brought to a good place and handed back. */
async function serve(
  context: Context,
  working: Scheduler,
  schedule: Schedule,
  status: StatusService,
): Promise<void> {
  const { log, signal } = context
  const clocks = new Clocks(context, schedule, working)
  const { lookMinutes, zone } = schedule
  const lookMs = lookMinutes.value * 60_000
  await clocks.open()
  status.started()
  await working.look()
  const timer = setInterval(() => {
    // A queue that was away, or was emptied, is asked again; the look does not depend on it.
    void clocks.open()
    void working.look()
  }, lookMs)
  context.out.note(
    `scheduler ${context.workerName} of ${schedule.programme} looks at each time of ${zone} and ` +
      `every ${lookMinutes.value} minutes; Ctrl-C stops it after the work at hand`,
  )
  if (!signal.aborted) await once(signal, 'abort')
  clearInterval(timer)
  log.info({ programme: schedule.programme }, 'scheduler stops')
  await clocks.close()
  await working.settled()
}

class Clocks {
  readonly #context: Context
  readonly #schedule: Schedule
  readonly #working: Scheduler
  #ticks: Ticks | undefined
  #opening: Promise<void> | undefined

  constructor(context: Context, schedule: Schedule, working: Scheduler) {
    this.#context = context
    this.#schedule = schedule
    this.#working = working
  }

  async open(): Promise<void> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined
    })
    await this.#opening
  }

  async close(): Promise<void> {
    await this.#opening
    await this.#ticks?.close()
  }

  async #open(): Promise<void> {
    const { log, workerName: name } = this.#context
    const warn = (error: unknown): void =>
      log.warn({ error: labelOf(error) }, 'no ticks: only the slow look goes on')
    try {
      if (this.#ticks !== undefined) return await this.#ticks.repair()
      const { openTicks } = await import('../../jobs/bullmq-schedule.js')
      this.#ticks = await openTicks(await this.#context.jobs(), {
        programme: this.#schedule.programme,
        patterns: tickPatterns(this.#schedule),
        zone: this.#schedule.zone,
        name,
        onTick: () => this.#working.look(),
        onError: warn,
      })
    } catch (error) {
      warn(error)
    }
  }
}

function labelOf(error: unknown): string {
  if (error instanceof RedressError) return error.code
  return error instanceof Error ? error.name : 'unknown'
}
