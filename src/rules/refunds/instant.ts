/**
 * Instants as ISO text with any offset, compared as what they mean. Microseconds are kept, because
 * the database keeps them and a deadline is a deadline.
 */
import { assert } from '../../assert.js'
import { dateOfDayNumber } from '../calendar.js'
import type { IsoDate } from '../case.js'

const MICROS_A_DAY = 86_400_000_000
/** Korea has had no other since 1988, and the programmes know no other zone. */
const SEOUL_OFFSET_MICROS = 9 * 3_600_000_000

/**
 * Since 1970-01-01T00:00:00Z.
 * @throws AssertionFailure on a text that is no instant: whoever read it has checked it.
 */
export function microsOf(instant: string): number {
  const millis = Date.parse(instant)
  assert(!Number.isNaN(millis), 'an instant in ISO 8601 with its offset')
  return millis * 1_000 + microsAfterMillis(instant)
}

/** The day in Seoul on which an instant falls. */
export function dayOfInstant(instant: string): IsoDate {
  return dateOfDayNumber(Math.floor((microsOf(instant) + SEOUL_OFFSET_MICROS) / MICROS_A_DAY))
}

/** `Date.parse` drops what follows the third digit of a second. */
function microsAfterMillis(instant: string): number {
  const point = instant.indexOf('.')
  if (point < 0) return 0
  const [, digits = ''] = /^\d{3}(\d{1,3})/.exec(instant.slice(point + 1)) ?? []
  return digits === '' ? 0 : Number(digits.padEnd(3, '0'))
}
