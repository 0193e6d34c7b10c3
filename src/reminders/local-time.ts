/** Between instants and the civil time of a zone whose offset never changes (NoticeTerms). */
import { assert } from '../assert.js'
import type { LocalTime, ZoneOffset } from '../rules/notices/campaign.js'

/** `YYYY-MM-DDTHH:mm:ss.sss` there at an ISO 8601 instant. */
export function localTimeAt(instant: string, offset: ZoneOffset): string {
  return new Date(Date.parse(instant) + minutesOf(offset) * 60_000).toISOString().slice(0, 23)
}

/** The instant, in UTC, at which it is `local` there. */
export function instantOf(local: LocalTime, offset: ZoneOffset): string {
  return new Date(`${local}:00${offset}`).toISOString()
}

/** `milliseconds` after an ISO 8601 instant. */
export function instantAfter(instant: string, milliseconds: number): string {
  return new Date(Date.parse(instant) + milliseconds).toISOString()
}

function minutesOf(offset: ZoneOffset): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(offset) ?? []
  assert(hours !== undefined && minutes !== undefined, 'an offset as +HH:mm')
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}
