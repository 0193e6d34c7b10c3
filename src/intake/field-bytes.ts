/**
 * Checks a field's bytes and writes it for COPY in one go: no string is made of a field. Each
 * function returns the new end of `out`, or the negative index of a reason in `REASONS`.
 */
import { REASONS } from './column.js'
import type { Reason } from './column.js'

export type Fault = number

export const fault = (reason: Reason): Fault => -REASONS.indexOf(reason) - 1
/** The reason behind a negative result. */
export const reasonOf = (it: Fault): Reason => REASONS[-it - 1] as Reason

const NOT_AN_ID = fault('NOT_AN_ID')
const NOT_A_DATE = fault('NOT_A_DATE')
const DATE_TOO_EARLY = fault('DATE_TOO_EARLY')
const DATE_TOO_LATE = fault('DATE_TOO_LATE')
const NOT_AN_INSTANT = fault('NOT_AN_INSTANT')
const NOT_DIGITS = fault('NOT_DIGITS')
const NOT_A_CODE = fault('NOT_A_CODE')
const NOT_AN_ACCOUNT = fault('NOT_AN_ACCOUNT')
const NOT_A_NAME = fault('NOT_A_NAME')

const ZERO = 0x30
const DASH = 0x2d
const PLUS = 0x2b
const COLON = 0x3a
const DOT = 0x2e
const LETTER_T = 0x54
const LETTER_Z = 0x5a
const BACKSLASH = 0x5c
const SPACE = 0x20
const DELETE = 0x7f
const MAX_ID_DIGITS = 18

export function putId(bytes: Buffer, start: number, end: number, out: Buffer, at: number): number {
  if (end - start > MAX_ID_DIGITS || bytes[start] === ZERO) return NOT_AN_ID
  return putDigits(bytes, start, end, out, at) < 0 ? NOT_AN_ID : at + end - start
}

export function putDigits(
  bytes: Buffer,
  start: number,
  end: number,
  out: Buffer,
  at: number,
): number {
  let to = at
  for (let from = start; from < end; from += 1) {
    const byte = bytes[from] as number
    if (byte < ZERO || byte > ZERO + 9) return NOT_DIGITS
    out[to] = byte
    to += 1
  }
  return to
}

/** `earliest` and `latest` are dates as numbers, 20260113. */
export function putDate(
  bytes: Buffer,
  start: number,
  end: number,
  out: Buffer,
  at: number,
  earliest: number,
  latest: number,
): number {
  const date = end - start === 10 ? dateAt(bytes, start) : 0
  if (date === 0) return NOT_A_DATE
  if (date < earliest) return DATE_TOO_EARLY
  if (date > latest) return DATE_TOO_LATE
  return copy(bytes, start, end, out, at)
}

/** `2026-01-14T09:00:00.123456+09:00`; seconds and fraction may be left out, `Z` is an offset. */
export function putInstant(
  bytes: Buffer,
  start: number,
  end: number,
  out: Buffer,
  at: number,
): number {
  if (end - start < 17 || end - start > 32) return NOT_AN_INSTANT
  const date = dateAt(bytes, start)
  if (date === 0 || bytes[start + 10] !== LETTER_T) return NOT_AN_INSTANT
  const hour = twoDigits(bytes, start + 11)
  const minute = twoDigits(bytes, start + 14)
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return NOT_AN_INSTANT
  if (bytes[start + 13] !== COLON) return NOT_AN_INSTANT
  const zone = endOfSeconds(bytes, start + 16, end)
  if (zone < 0) return NOT_AN_INSTANT
  if (!isOffset(bytes, zone, end)) return NOT_AN_INSTANT
  // The offset must not carry the instant out of the years that have four digits.
  if (date === 10101 && bytes[zone] === PLUS) return NOT_AN_INSTANT
  if (date === 99991231 && bytes[zone] === DASH) return NOT_AN_INSTANT
  return copy(bytes, start, end, out, at)
}

/**
 * Text of at most `most` characters in UTF-8, none of them a control character: what is printed in
 * a report moves no cursor.
 */
export function putTextId(
  bytes: Buffer,
  start: number,
  end: number,
  out: Buffer,
  at: number,
  most: number,
): number {
  if (end - start > most * 4) return NOT_AN_ID
  let characters = 0
  let to = at
  for (let from = start; from < end; from += 1) {
    const byte = bytes[from] as number
    if (byte < SPACE || byte === DELETE) return NOT_AN_ID
    // U+0080 to U+009F are control characters as well.
    if (byte === 0xc2 && (bytes[from + 1] as number) < 0xa0) return NOT_AN_ID
    if ((byte & 0xc0) !== 0x80) characters += 1
    to = putEscaped(byte, out, to)
  }
  return characters > most ? NOT_AN_ID : to
}

export function putCode(
  bytes: Buffer,
  start: number,
  end: number,
  out: Buffer,
  at: number,
  most: number,
): number {
  if (end - start > most) return NOT_A_CODE
  let to = at
  for (let from = start; from < end; from += 1) {
    const byte = bytes[from] as number
    if (byte <= SPACE || byte >= DELETE) return NOT_A_CODE
    to = putEscaped(byte, out, to)
  }
  return to
}

/** The digits, without the hyphens that group them. */
export function putAccount(
  bytes: Buffer,
  start: number,
  end: number,
  out: Buffer,
  at: number,
  least: number,
  most: number,
): number {
  let to = at
  for (let from = start; from < end; from += 1) {
    const byte = bytes[from] as number
    if (byte === DASH) continue
    if (byte < ZERO || byte > ZERO + 9 || to - at === most) return NOT_AN_ACCOUNT
    out[to] = byte
    to += 1
  }
  return to - at < least ? NOT_AN_ACCOUNT : to
}

/**
 * As `putTextId`, but neither blank nor with characters that no message to a bank can carry:
 * U+FFFE and U+FFFF.
 */
export function putName(
  bytes: Buffer,
  start: number,
  end: number,
  out: Buffer,
  at: number,
  most: number,
): number {
  const to = putTextId(bytes, start, end, out, at, most)
  if (to < 0) return NOT_A_NAME
  let isBlank = true
  for (let from = start; from < end; from += 1) {
    isBlank &&= bytes[from] === SPACE
    if (bytes[from] !== 0xef || bytes[from + 1] !== 0xbf) continue
    if ((bytes[from + 2] as number) >= 0xbe) return NOT_A_NAME
  }
  return isBlank ? NOT_A_NAME : to
}

function putEscaped(byte: number, out: Buffer, at: number): number {
  out[at] = byte
  if (byte !== BACKSLASH) return at + 1
  out[at + 1] = BACKSLASH
  return at + 2
}

/** An instant that `putInstant` took, as whole seconds of UTC and the microseconds beyond them. */
export function instantAt(
  bytes: Buffer,
  start: number,
  end: number,
): readonly [seconds: number, microseconds: number] {
  const text = bytes.toString('latin1', start, end)
  const [, minute = '', second = '00', fraction = '', zone = ''] =
    /^(.{16})(?::(\d\d)(?:\.(\d+))?)?(.*)$/.exec(text) ?? []
  const seconds = Date.parse(`${minute}:${second}${zone}`) / 1_000
  return [seconds, Number(fraction.padEnd(6, '0'))]
}

/** Index of the value that equals the field, or -1. */
export function indexOfValue(
  bytes: Buffer,
  start: number,
  end: number,
  values: readonly Buffer[],
): number {
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as Buffer
    if (value.length !== end - start) continue
    let at = 0
    while (at < value.length && value[at] === bytes[start + at]) at += 1
    if (at === value.length) return index
  }
  return -1
}

export function copy(bytes: Buffer, start: number, end: number, out: Buffer, at: number): number {
  let to = at
  for (let from = start; from < end; from += 1) {
    out[to] = bytes[from] as number
    to += 1
  }
  return to
}

/** The date in ten bytes as a number, 20260113; 0 when it is none. */
function dateAt(bytes: Buffer, start: number): number {
  const century = twoDigits(bytes, start)
  const years = twoDigits(bytes, start + 2)
  const month = twoDigits(bytes, start + 5)
  const day = twoDigits(bytes, start + 8)
  if (century < 0 || years < 0 || month < 1 || month > 12 || day < 1) return 0
  if (bytes[start + 4] !== DASH || bytes[start + 7] !== DASH) return 0
  const year = century * 100 + years
  if (year === 0 || day > daysIn(month, year)) return 0
  return year * 10_000 + month * 100 + day
}

function twoDigits(bytes: Buffer, at: number): number {
  const tens = (bytes[at] as number) - ZERO
  const ones = (bytes[at + 1] as number) - ZERO
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) return -1
  return tens * 10 + ones
}

function daysIn(month: number, year: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** `:ss` and up to six digits of a fraction from `at`; -1 when broken. */
function endOfSeconds(bytes: Buffer, at: number, end: number): number {
  if (bytes[at] !== COLON) return at
  const second = twoDigits(bytes, at + 1)
  if (second < 0 || second > 59 || at + 3 >= end) return -1
  if (bytes[at + 3] !== DOT) return at + 3
  let from = at + 4
  while (from < end && (bytes[from] as number) >= ZERO && (bytes[from] as number) <= ZERO + 9) {
    from += 1
  }
  const digits = from - at - 4
  return digits >= 1 && digits <= 6 ? from : -1
}

/** `Z`, or `±hh:mm` within what any place on earth keeps. */
function isOffset(bytes: Buffer, at: number, end: number): boolean {
  if (bytes[at] === LETTER_Z) return at + 1 === end
  if (bytes[at] !== PLUS && bytes[at] !== DASH) return false
  if (end - at !== 6 || bytes[at + 3] !== COLON) return false
  const hours = twoDigits(bytes, at + 1)
  const minutes = twoDigits(bytes, at + 4)
  return hours >= 0 && minutes >= 0 && minutes <= 59 && hours * 60 + minutes <= 14 * 60
}
