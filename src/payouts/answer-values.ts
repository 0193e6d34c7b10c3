/** Values of a bank's answer, made sure of before anybody relies on them. */

/** Shorter than an account number. */
const CODE = /^[A-Za-z0-9._-]{1,8}$/
const DATE_TIME =
  /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/
/** A bank that gives no offset means its own clocks. */
const SEOUL = '+09:00'

/** A reason's code; `NARR` for a text, which may hold a name or an account. */
export function answerReason(text: string): string {
  return CODE.test(text) ? text : 'NARR'
}

/** With its offset; undefined when it is no instant that exists. */
export function answerInstant(text: string): string | undefined {
  const [, day, offset] = DATE_TIME.exec(text) ?? []
  if (day === undefined) return undefined
  const instant = offset === undefined ? text + SEOUL : text
  const time = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(time) || Number.isNaN(Date.parse(instant))) return undefined
  // The 30th of February is parsed as a day of March.
  return new Date(time).toISOString().startsWith(day) ? instant : undefined
}

/** Whole won, or null: an amount of another currency or with a part of a won is not ours. */
export function wonOf(amount: string, currency: string | undefined): number | null {
  if (currency !== 'KRW' || !/^\+?\d{1,18}(\.0*)?$/.test(amount)) return null
  const krw = Number(amount)
  return Number.isSafeInteger(krw) ? krw : null
}
