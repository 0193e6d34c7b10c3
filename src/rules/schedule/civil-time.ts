/** From local civil time to an instant: by the zone's own offset, never by the host's. */
import { assert } from '../../assert.js'
import { isRealDate } from '../calendar.js'
import type { CivilTime } from './schedule.js'

const CIVIL = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d$/

/**
 * ISO 8601 in UTC with milliseconds. Korea has had no other offset since 1988, and no daylight
 * saving time.
 */
export function instantOf(civil: CivilTime, zone: 'Asia/Seoul'): string {
  const [, date = ''] = CIVIL.exec(civil) ?? []
  assert(zone === 'Asia/Seoul' && isRealDate(date), 'a civil time of a day that exists')
  return new Date(`${civil}:00+09:00`).toISOString()
}

/** ISO 8601 in UTC, so many minutes later. */
export function minutesAfter(instant: string, minutes: number): string {
  return new Date(Date.parse(instant) + minutes * 60_000).toISOString()
}
