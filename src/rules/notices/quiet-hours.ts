/** When no message leaves: it waits for the morning and is never dropped (facts §13.2, A47). */
import { assert } from '../../assert.js'
import { addDays } from '../calendar.js'
import type { LocalTime } from './campaign.js'

/** Local times of day as `HH:mm`. They may span midnight; `from` is within, `to` is not. */
export interface QuietHours {
  readonly from: string
  readonly to: string
}

/**
 * The moment until which a message waits, or null where it may leave now. `now` is local civil time
 * in the programme's zone, `YYYY-MM-DDTHH:mm` with or without seconds and their fraction.
 * @throws AssertionFailure on a text that is no such time.
 */
export function heldUntil({ from, to }: QuietHours, now: string): LocalTime | null {
  assert(LOCAL.test(now), 'a local time as YYYY-MM-DDTHH:mm:ss')
  assert(TIME_OF_DAY.test(from) && TIME_OF_DAY.test(to), 'quiet hours as HH:mm')
  const day = now.slice(0, 10)
  // As text, 20:59:59.9 lies before 21:00, and 21:00:00 does not.
  const time = now.slice(11)
  if (from <= to) return time >= from && time < to ? `${day}T${to}` : null
  if (time >= from) return `${addDays(day, 1)}T${to}`
  return time < to ? `${day}T${to}` : null
}

const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d$/
const LOCAL = /^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?$/
