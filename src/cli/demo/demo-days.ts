/** The days on which the demo's story plays: its clock is told, never read. */
import { fixedClock } from '../../config/clock.js'
import type { Context } from '../context.js'

/** Written alike and in one zone, so that they compare as text with those of generated files. */
export const DAYS = {
  sealed: '2026-01-14T09:00:00+09:00',
  forecast: '2026-01-25T09:00:00+09:00',
  february: '2026-02-01T00:10:00+09:00',
  passes: '2026-02-15T09:00:00+09:00',
  codes: '2026-02-20T09:00:00+09:00',
  march: '2026-03-01T00:10:00+09:00',
  correction: '2026-03-10T09:00:00+09:00',
} as const

export type DemoDay = keyof typeof DAYS

/** As of which the made-up snapshot is. */
export const AS_OF = '2026-01-13'

/** The same parts, at that moment of the story. */
export function onDay(context: Context, day: DemoDay): Context {
  return { ...context, clock: fixedClock(DAYS[day]) }
}

/** `02-15`, as the report names the days. */
export function shortDay(day: DemoDay): string {
  return DAYS[day].slice(5, 10)
}
