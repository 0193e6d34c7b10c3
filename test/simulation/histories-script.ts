/**
 * When a random history is told to the engine: moments at which files come in, and the plans that
 * are run between them. Drawn before the events, so that some of these can fall on a plan's very
 * instant.
 */
import { DateTime } from 'luxon'
import type { Chance } from '../support/processes.js'

export const ZONE = 'Asia/Seoul'
export const PERIODS = ['2026-02', '2026-03', '2026-04', '2026-05', '2026-06', '2026-07'] as const
export type PeriodName = (typeof PERIODS)[number]

/** A plan that is run at once, from the snapshot of that number. */
export interface RunStep {
  readonly period: PeriodName
  readonly snapshot: number
  /** ISO 8601 instant. */
  readonly now: string
}

export interface Moment {
  /** When the files of the moment are written. */
  readonly at: string
  /** The number of the snapshot that comes in with them. */
  readonly snapshot: number | undefined
  readonly runs: readonly RunStep[]
}

/** Each corrects the one before it of the same version. */
export const SNAPSHOTS = [
  { version: 1, asOf: '2026-01-13' },
  { version: 1, asOf: '2026-01-13' },
  { version: 2, asOf: '2026-01-31' },
  { version: 2, asOf: '2026-01-31' },
] as const

/** Some are two on one day, so that plans of a day see what happened between them. */
const MOMENTS: readonly { readonly at: string; readonly snapshot?: number }[] = [
  { at: '2026-01-31T20', snapshot: 0 },
  { at: '2026-02-04T20' },
  { at: '2026-02-10T08' },
  { at: '2026-02-10T16' },
  { at: '2026-02-27T20' },
  { at: '2026-03-02T20' },
  { at: '2026-03-12T20', snapshot: 1 },
  { at: '2026-03-31T20' },
  { at: '2026-04-08T20', snapshot: 2 },
  { at: '2026-04-20T20' },
  { at: '2026-05-19T08' },
  { at: '2026-05-19T16' },
  { at: '2026-06-03T20', snapshot: 3 },
  { at: '2026-06-30T20' },
  { at: '2026-07-02T20' },
  { at: '2026-07-20T20' },
  { at: '2026-08-03T20' },
]

export const LAST_MOMENT = MOMENTS.length - 1
export const LAST_SNAPSHOT = SNAPSHOTS.length - 1

/** The last moment ends with every period corrected twice: see `lastSweep`. */
export function scriptOf(chance: Chance): readonly Moment[] {
  let newest = 0
  return MOMENTS.map(({ at: hour, snapshot }, index) => {
    newest = snapshot ?? newest
    const at = `${hour}:00:00+09:00`
    if (index === LAST_MOMENT) return { at, snapshot, runs: [...sweepOn(4), ...sweepOn(5)] }
    // The first run of all is at the very instant at which the window opens.
    if (index === 0)
      return { at, snapshot, runs: [{ period: '2026-02', snapshot: 0, now: startOf('2026-02') }] }
    return { at, snapshot, runs: runsAfter(chance, at, newest) }
  })
}

/**
 * A grant in one period stands in the way of another's until it is reversed there: only when all
 * periods have been corrected once does correcting them again depend on nothing that was before.
 */
export function lastSweep(): readonly RunStep[] {
  return sweepOn(5)
}

function sweepOn(day: number): readonly RunStep[] {
  return PERIODS.map((period, index) => ({
    period,
    snapshot: LAST_SNAPSHOT,
    now: `2026-08-0${day}T0${index}:00:00+09:00`,
  }))
}

/**
 * The month that has begun, or the one that begins next, and corrections of it or of those before;
 * sometimes the last of these twice.
 */
function runsAfter(chance: Chance, at: string, newest: number): readonly RunStep[] {
  const time = DateTime.fromISO(at, { zone: ZONE })
  const next = time.plus({ hours: 4 })
  const current = PERIODS.indexOf(next.toFormat('yyyy-MM') as PeriodName)
  const started = PERIODS.slice(0, current + 1)
  const periods = [started.at(-1)!]
  if (chance.next() < 0.5) periods.unshift(chance.pick(started))
  if (chance.next() < 0.2) periods.push(chance.pick(started))
  const runs = periods.map((period, index) => ({
    period,
    snapshot: chance.next() < 0.15 ? Math.floor(chance.next() * (newest + 1)) : newest,
    now: iso(next.startOf('hour').plus({ minutes: 20 * index })),
  }))
  return chance.next() < 0.2 ? [...runs, runs.at(-1)!] : runs
}

export function startOf(period: string): string {
  return `${period}-01T00:00:00+09:00`
}

export function iso(time: DateTime): string {
  return time.setZone(ZONE).toISO({ suppressMilliseconds: true }) ?? ''
}

/** Milliseconds since 1970. */
export function millis(instant: string): number {
  return DateTime.fromISO(instant).toMillis()
}
