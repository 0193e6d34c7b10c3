/** `redress schedule list|missed|resolve`: what is to come, what waits, what was missed. */
import type { Command } from 'commander'
import { EXIT, RedressError } from '../../errors.js'
import type { Occurrence } from '../../rules/schedule/schedule.js'
import { resolveTasks } from '../../schedule/resolve-tasks.js'
import { totalOf, viewMissed, viewSchedule } from '../../schedule/tell-schedule.js'
import type { Missed } from '../../schedule/tell-schedule.js'
import type { ScheduledTask } from '../../schedule/task.js'
import type { Act } from '../act.js'
import { formatCount, formatDuration, formatWon } from '../chart.js'
import type { Context } from '../context.js'
import { table } from '../text-table.js'
import { reasonOf } from './approve.js'
import { personNamed } from './plans.js'
import { scheduleOf } from './scheduler.js'

interface ScheduleFlags {
  readonly programme: string
}

interface ListFlags extends ScheduleFlags {
  readonly next: string
}

interface ResolveFlags extends ScheduleFlags {
  readonly run?: boolean
  readonly skip?: boolean
  readonly merge?: boolean
  readonly reason: string
}

export function addSchedule(program: Command, act: Act): void {
  const schedule = program.command('schedule').description('what a scheduler does by itself')
  withProgramme(schedule.command('list').description('what is open, what waits, what comes next'))
    .option('--next <count>', 'how many that are to come', '10')
    .action(act(list))
  withProgramme(
    schedule
      .command('missed')
      .description('what came due while no scheduler looked, with its count and cost'),
  ).action(act(missed))
  withProgramme(
    schedule
      .command('resolve <keys...>')
      .description('decide on what was missed, failed or waits; PROGRAMME/TASK for all missed'),
  )
    .option('--run', 'do it now, in order')
    .option('--skip', 'leave it undone')
    .option('--merge', 'daily ones into the newest, which is done')
    .requiredOption('--reason <text>', 'why; no personal data')
    .action(act(resolve))
}

function withProgramme(command: Command): Command {
  return command.option('--programme <name>', 'the programme', 'kt-2026')
}

async function list(context: Context, flags: ListFlags): Promise<void> {
  const schedule = scheduleOf(flags.programme)
  const view = await viewSchedule(context.pool, schedule, context.clock.now(), countOf(flags.next))
  const document = {
    programme: schedule.programme,
    looked_at: view.lookedAt,
    open: view.open.map(documentOf),
    missed: view.missed,
    next: view.next.map((it) => ({ ...occurrenceOf(it), state: 'upcoming' })),
  }
  context.out.result(document, () =>
    [
      view.lookedAt === null
        ? 'no scheduler has looked yet; `redress scheduler` does'
        : `a scheduler looked last at ${localTime(view.lookedAt)}`,
      ...(view.missed === 0
        ? []
        : [`${view.missed} missed: \`redress schedule missed\` tells which, and what they cost`]),
      ...(view.open.length === 0 ? [] : ['', openTable(view.open)]),
      '',
      table(
        ['next', 'due at'],
        view.next.map((it) => [it.key, localTime(it.dueAt)]),
      ),
    ].join('\n'),
  )
}

async function missed(context: Context, flags: ScheduleFlags): Promise<void> {
  const schedule = scheduleOf(flags.programme)
  const found = await viewMissed(context.pool, schedule, context.clock.now())
  const tasks = [...new Set(found.map((it) => it.occurrence.task))]
  const document = {
    programme: schedule.programme,
    count: found.length,
    cost: totalOf(found.map((it) => it.estimate)),
    tasks: Object.fromEntries(
      tasks.map((task) => {
        const ofTask = found.filter((it) => it.occurrence.task === task)
        const cost = totalOf(ofTask.map((it) => it.estimate))
        return [task, { count: ofTask.length, cost, how: ofTask[0]?.estimate.how }]
      }),
    ),
    missed: found.map((it) => ({ ...occurrenceOf(it.occurrence), cost: it.estimate })),
  }
  context.out.result(document, () =>
    found.length === 0 ? 'nothing was missed' : describeMissed(tasks, found),
  )
}

function describeMissed(tasks: readonly string[], found: readonly Missed[]): string {
  const rows = tasks.map((task) => {
    const ofTask = found.filter((it) => it.occurrence.task === task)
    const [first, last] = [ofTask[0], ofTask.at(-1)]
    const { seconds, krw } = totalOf(ofTask.map((it) => it.estimate))
    return [
      task,
      formatCount(ofTask.length),
      first === undefined ? '' : localTime(first.occurrence.dueAt),
      last === undefined ? '' : localTime(last.occurrence.dueAt),
      krw === null ? (seconds === null ? '' : formatDuration(seconds * 1_000)) : formatWon(krw),
      first?.estimate.how ?? '',
    ]
  })
  return [
    table(['missed', 'count', 'from', 'to', 'cost in all', 'each'], rows),
    '',
    ...found.map((it) => it.occurrence.key),
    '',
    '`redress schedule resolve KEY… --run|--skip|--merge --reason TEXT` decides',
  ].join('\n')
}

async function resolve(
  context: Context,
  keys: readonly string[],
  flags: ResolveFlags,
): Promise<number> {
  const schedule = scheduleOf(flags.programme)
  const decisions = (['run', 'skip', 'merge'] as const).filter((it) => flags[it] === true)
  const [decision] = decisions
  if (decision === undefined || decisions.length > 1) {
    throw new RedressError('USAGE', {
      problem: 'schedule resolve: expected one of --run, --skip and --merge',
    })
  }
  const tasks = await resolveTasks(context.pool, schedule, keys, {
    decision,
    reason: reasonOf(flags.reason) ?? '',
    at: context.clock.now(),
  })
  context.out.result({ decision, resolved: tasks.map(documentOf) }, () =>
    [
      table(
        ['key', 'state', 'into'],
        tasks.map((it) => [it.key, wordsOf(it.state), it.mergedInto ?? '']),
      ),
      `decided by ${personNamed(context.actor, context.authenticated)}`,
    ].join('\n'),
  )
  return EXIT.done
}

function occurrenceOf(it: Occurrence): Readonly<Record<string, unknown>> {
  return {
    key: it.key,
    task: it.task,
    period: it.period,
    date: it.date,
    round: it.round,
    campaign: it.campaign,
    due_at: it.dueAt,
  }
}

function documentOf(it: ScheduledTask): Readonly<Record<string, unknown>> {
  return {
    ...occurrenceOf(it),
    state: it.state,
    needs: it.needs,
    attempts: it.attempts,
    next_try_at: it.nextTryAt,
    result: it.result,
    reminded_at: it.remindedAt,
    reminders: it.reminders,
    merged_into: it.mergedInto,
    resolution: it.resolution,
    resolved_by: it.resolvedBy,
    authenticated: it.authenticated,
    resolved_at: it.resolvedAt,
    reason: it.reason,
  }
}

function openTable(open: readonly ScheduledTask[]): string {
  return table(
    ['open', 'due at', 'state', 'needs', 'reminded'],
    open.map((it) => [
      it.key,
      localTime(it.dueAt),
      wordsOf(it.state),
      it.needs ?? '',
      it.remindedAt === null ? '' : `${localTime(it.remindedAt)} (${it.reminders})`,
    ]),
  )
}

function wordsOf(state: string): string {
  return state.replaceAll('_', ' ')
}

/** As it reads in the programme's zone, which knows one offset only. */
function localTime(instant: string): string {
  const there = new Date(Date.parse(instant) + 9 * 3_600_000).toISOString()
  return there.slice(0, 16).replace('T', ' ')
}

/** @throws RedressError USAGE */
function countOf(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text)
  throw new RedressError('USAGE', { problem: '--next: unusable; expected a count' })
}
