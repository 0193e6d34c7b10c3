/** The year on the demo's page: what every task came to, what was given, paid and told. */
import pc from 'picocolors'
import { nameOfRound } from '../../reminders/notice-round.js'
import { formatCount, formatDuration } from '../chart.js'
import { table } from '../text-table.js'
import { isGood } from './year-figures.js'
import type { TaskFigures, YearFigures } from './year-figures.js'

type Section = readonly [title: string, lines: readonly string[]]

export function yearSections(year: YearFigures): readonly Section[] {
  return [
    [`A whole year in ${Math.round(year.seconds)} seconds`, beginning(year)],
    ['What fell due in the year', [tasks(year.tasks)]],
    [`40 days without a scheduler, from ${year.outage.from.slice(0, 10)}`, outage(year)],
    ['What the months gave', [months(year)]],
    ['What was paid back', [payouts(year)]],
    ['Whom the year told what', [campaigns(year)]],
    ['The year, proved', proof(year)],
  ]
}

function beginning({ lines, from, to, schedulers, looks, shares }: YearFigures): readonly string[] {
  return [
    `${formatCount(lines)} lines; ${from.slice(0, 10)} to ${to.slice(0, 10)} by a clock that is ` +
      'told. The tasks are those of `redress scheduler`.',
    `${schedulers} schedulers looked ${formatCount(looks)} times, always at once; they did ` +
      `${shares.map(formatCount).join(' and ')} tasks.`,
  ]
}

function tasks(all: readonly TaskFigures[]): string {
  return table(
    [
      'task',
      'due',
      'done',
      'merged',
      'skipped',
      'missed',
      'waited to be signed',
      'longest',
      'seconds',
    ],
    all.map((it) => [
      it.task,
      ...[it.due, it.done, it.merged, it.skipped, it.missed, it.waited].map(formatCount),
      it.waited === 0 ? '' : hours(it.longestWaitMinutes),
      it.seconds.toFixed(1),
    ]),
  )
}

/** 200 minutes are 3 h 20. */
function hours(minutes: number): string {
  const rest = String(Math.round(minutes) % 60).padStart(2, '0')
  return `${Math.floor(Math.round(minutes) / 60)} h ${rest}`
}

function outage({ outage: it }: YearFigures): readonly string[] {
  const by = Object.entries(it.byTask).map(([task, count]) => `${count} ${task}`)
  const cost = it.seconds === null ? '' : `, ${formatDuration(it.seconds * 1_000)} of work in all`
  return [
    `\`schedule missed\` named ${it.missed}${cost}: ${by.join(', ')}.`,
    `A person had ${it.run} of them run, ${it.merged} done at once by the newest of their kind, ` +
      `and skipped ${it.skipped}.`,
  ]
}

function months({ months: all }: YearFigures): string {
  return table(
    ['month', 'runs', 'entries granted', 'reversed'],
    all.map((it) => [it.period, ...[it.runs, it.granted, it.reversed].map(formatCount)]),
  )
}

function payouts({ payouts: { batches } }: YearFigures): string {
  return table(
    ['date', 'sent', 'KRW', 'paid', 'KRW', 'came back', 'KRW'],
    batches.map((it) => [
      it.payoutOn,
      ...[it.due, it.paid, it.bounced].flatMap((of) => [
        formatCount(of.count),
        formatCount(of.totalKrw),
      ]),
    ]),
  )
}

function campaigns({ campaigns: all }: YearFigures): string {
  return table(
    ['campaign', 'audience', 'messages', 'sent', 'not any more', 'applied in 24 h', '72 h'],
    all.map(({ campaign, round, result, counts, effect }) => [
      nameOfRound(campaign, round),
      formatCount(result.audience),
      formatCount(counts.messages),
      formatCount(counts.sent),
      formatCount(sum(Object.values(counts.suppressed_at_send))),
      // Other campaigns do not ask anybody to apply.
      ...(campaign.startsWith('refund_')
        ? [formatCount(effect.applied_within_24h), formatCount(effect.applied_within_72h)]
        : ['', '']),
    ]),
  )
}

function proof(year: YearFigures): readonly string[] {
  const waiting = year.tasks.reduce((total, it) => total + it.open, 0)
  const line = (ok: boolean, yes: string, no: string): string =>
    ok ? `${pc.green('✔')} ${yes}` : `${pc.red('✘')} ${no}`
  return [
    line(
      year.doubled === 0 && waiting === 0,
      'Each task was done once, or merged or skipped by a decision; none is left.',
      `${year.doubled} tasks were done twice, ${waiting} are left.`,
    ),
    line(
      year.sent === year.spooled,
      `${formatCount(year.sent)} messages were sent, and as many files lie in the spool.`,
      `${year.sent} messages were sent, but ${year.spooled} files lie in the spool.`,
    ),
    line(year.booksOk, 'The books balance.', 'The books do not fit.'),
    line(
      year.verified,
      'The ledger was read back and every decision made again: it is what the rules say.',
      'The ledger and the rules differ.',
    ),
    ...year.errors.slice(0, 5).map((it) => pc.red(it)),
  ]
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, it) => total + it, 0)
}

/** The same as data, for `--json`. */
export function yearDocument(year: YearFigures): object {
  const { from, to, lines, schedulers, looks, seconds, shares, doubled, outage: off } = year
  return {
    ok: isGood(year),
    from,
    to,
    lines,
    seconds: Math.round(seconds * 10) / 10,
    schedulers,
    looks,
    done_by_scheduler: shares,
    doubled,
    tasks: year.tasks.map(({ waitedMinutes, longestWaitMinutes, ...it }) => ({
      ...it,
      waited_minutes: waitedMinutes,
      longest_wait_minutes: longestWaitMinutes,
    })),
    outage: { ...off, byTask: undefined, by_task: off.byTask },
    months: year.months,
    payouts: year.payouts.batches.map((it) => ({
      date: it.payoutOn,
      state: it.state,
      due: it.due,
      paid: it.paid,
      bounced: it.bounced,
    })),
    campaigns: year.campaigns.map(({ campaign, round, result, counts, effect }) => ({
      campaign,
      round: round === 0 ? null : round,
      ...result,
      messages: counts.messages,
      sent: counts.sent,
      suppressed_at_send: counts.suppressed_at_send,
      effect,
    })),
    sent: year.sent,
    spooled: year.spooled,
    books_ok: year.booksOk,
    verified: year.verified,
    errors: year.errors,
  }
}
