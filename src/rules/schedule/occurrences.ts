/** What is due when: computed from periods, dates and rounds alone. */
import { assert } from '../../assert.js'
import { addDays, firstOfMonth, lastOfMonth, previousMonth } from '../calendar.js'
import type { IsoDate, Period } from '../case.js'
import { instantOf } from './civil-time.js'
import type { CivilTime, Occurrence, Schedule, ScheduleEntry, Task } from './schedule.js'

/**
 * Due after `from` and at `to` or before, in order of time, then of key. Two windows that meet
 * hold together what one over both holds.
 * @param from ISO 8601 instants; undefined for all from the beginning on
 */
export function occurrencesBetween(
  schedule: Schedule,
  from: string | undefined,
  to: string,
): readonly Occurrence[] {
  // Written the same way, instants are in order as texts are; to parse each takes far longer.
  const after = from === undefined ? '' : new Date(from).toISOString()
  const until = new Date(to).toISOString()
  return allOccurrences(schedule).filter(({ dueAt }) => dueAt > after && dueAt <= until)
}

/** All there ever are: some hundreds a programme. */
export function allOccurrences(schedule: Schedule): readonly Occurrence[] {
  const known = computed.get(schedule)
  if (known !== undefined) return known
  const all = schedule.entries
    .flatMap((entry) => slotsOf(entry).map((slot) => occurrenceOf(schedule, entry.task, slot)))
    .toSorted((a, b) => order(a.dueAt, b.dueAt) || order(a.key, b.key))
  assert(new Set(all.map((it) => it.key)).size === all.length, 'a key for each occurrence')
  computed.set(schedule, all)
  return all
}

const computed = new WeakMap<Schedule, readonly Occurrence[]>()

interface Slot {
  /** What it is for; the last part of the key. */
  readonly of: string
  readonly at: CivilTime
  readonly period?: Period
  readonly date?: IsoDate
  readonly round?: number
  readonly campaign?: string
}

function slotsOf(entry: ScheduleEntry): readonly Slot[] {
  switch (entry.task) {
    case 'forecast':
    case 'run':
      return entry.periods.map((period) => {
        const { month, day, time } = entry.on.value
        const date = dayOfMonth(month === 'period' ? period : previousMonth(period), day)
        return { of: period, period, at: `${date}T${time}` }
      })
    case 'daily_run':
    case 'verify':
    case 'event_notices':
      return daysOf(entry.window.value).flatMap((date) => {
        const at = `${date}T${entry.time.value}`
        if (entry.periods === undefined) return [{ of: date, date, at }]
        const period = addDays(date, -1).slice(0, 7)
        const isBinding = date === firstOfMonth(date) && entry.periods.includes(date.slice(0, 7))
        return isBinding || !entry.periods.includes(period) ? [] : [{ of: date, date, period, at }]
      })
    case 'payout_prepare':
    case 'payout_export':
      return entry.dates.map((date) => {
        const { daysBefore, time } = entry.on.value
        return { of: date, date, at: `${addDays(date, -daysBefore)}T${time}` }
      })
    case 'reminder_prepare':
    case 'reminder_send':
      return entry.rounds.map(({ value: { round, at } }) => ({ of: String(round), round, at }))
    case 'notice':
      return [{ of: entry.campaign, campaign: entry.campaign, at: entry.at.value }]
  }
}

function occurrenceOf({ programme, zone }: Schedule, task: Task, slot: Slot): Occurrence {
  return {
    key: `${programme}/${task}/${slot.of}`,
    programme,
    task,
    period: slot.period ?? null,
    date: slot.date ?? null,
    round: slot.round ?? null,
    campaign: slot.campaign ?? null,
    dueAt: instantOf(slot.at, zone),
  }
}

function dayOfMonth(period: Period, day: number): IsoDate {
  const last = lastOfMonth(period)
  return day >= Number(last.slice(8)) ? last : `${period}-${String(day).padStart(2, '0')}`
}

function daysOf({
  from,
  to,
}: {
  readonly from: IsoDate
  readonly to: IsoDate
}): readonly IsoDate[] {
  const days: IsoDate[] = []
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day)
  return days
}

function order(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
