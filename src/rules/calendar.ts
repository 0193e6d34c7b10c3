/**
 * Calendar arithmetic on ISO text and day numbers. Dates here are calendar dates without a zone,
 * and reading an age off the text took 0.1 µs where parsing it with a date library took 9 to 26 µs.
 */
import type { IsoDate, Period } from './case.js'

const MONTH_LENGTHS: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Completed years on `day`, reached on the birthday itself (facts §13.1, Civil Act Art. 158). */
export function ageOn(birthDate: IsoDate, day: IsoDate): number {
  const years = yearOf(day) - yearOf(birthDate)
  // Born on 29 February comes of age on 1 March in common years, as 02-28 < 02-29 < 03-01 (A45).
  return monthAndDay(day) < monthAndDay(birthDate) ? years - 1 : years
}

/** Whoever is born on it or before has completed `years` on `day`, and nobody born later. */
export function latestBirthDate(years: number, day: IsoDate): IsoDate {
  const date = `${String(yearOf(day) - years).padStart(4, '0')}${day.slice(4)}`
  // Where the year lacks 29 February, nobody was born between the 28th and it.
  return isRealDate(date) ? date : `${date.slice(0, 8)}28`
}

/** The last day, inclusive, of `months` that begin on `start` (facts §13.1, Art. 160; A33). */
export function lastDayOfTerm(start: IsoDate, months: number): IsoDate {
  const corresponding = addMonths(start, months)
  // The term ends the day before the corresponding day; where the last month lacks that day,
  // it ends with the month.
  return dayOf(corresponding) === dayOf(start) ? addDays(corresponding, -1) : corresponding
}

/** The corresponding day `months` later, or the last day of that month where it lacks the day. */
export function addMonths(date: IsoDate, months: number): IsoDate {
  const count = yearOf(date) * 12 + monthOf(date) - 1 + months
  const year = Math.floor(count / 12)
  const month = (count % 12) + 1
  return isoDate(year, month, Math.min(dayOf(date), monthLength(year, month)))
}

export function addDays(date: IsoDate, days: number): IsoDate {
  return dateOfDayNumber(dayNumber(date) + days)
}

export function nextMonth(period: Period): Period {
  return addMonths(firstOfMonth(period), 1).slice(0, 7)
}

export function previousMonth(period: Period): Period {
  return addMonths(firstOfMonth(period), -1).slice(0, 7)
}

/** Of the month a date lies in, or of a period. */
export function firstOfMonth(date: IsoDate): IsoDate {
  return `${date.slice(0, 7)}-01`
}

/** Of the month a date lies in, or of a period. */
export function lastOfMonth(date: IsoDate): IsoDate {
  return isoDate(yearOf(date), monthOf(date), monthLength(yearOf(date), monthOf(date)))
}

/** Whether the text is `YYYY-MM-DD` and the day exists, from 0001-01-01 to 9999-12-31. */
export function isRealDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const year = yearOf(text)
  const month = monthOf(text)
  const day = dayOf(text)
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= monthLength(year, month)
}

/** Whether the text is `YYYY-MM` and the month exists. */
export function isRealMonth(text: string): boolean {
  return isRealDate(`${text}-01`)
}

/** Days since 1970-01-01. Years run from 1 March here, so that the leap day comes last. */
export function dayNumber(date: IsoDate): number {
  const month = monthOf(date)
  const year = month > 2 ? yearOf(date) : yearOf(date) - 1
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + dayOf(date) - 1
  return daysBeforeYear(year) + dayOfYear - EPOCH
}

/** The inverse of `dayNumber`. */
export function dateOfDayNumber(number: number): IsoDate {
  const days = number + EPOCH
  // The mean year never overshoots: leap days run ahead of it by less than a day.
  let year = Math.floor(days / 365.2425)
  if (daysBeforeYear(year + 1) <= days) year += 1
  const dayOfYear = days - daysBeforeYear(year)
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  const month = ((monthFromMarch + 2) % 12) + 1
  return isoDate(month > 2 ? year : year + 1, month, day)
}

/** Days from 0000-03-01 to 1970-01-01. */
const EPOCH = 719_468

/** Days from 0000-03-01 to 1 March of `year`. */
function daysBeforeYear(year: number): number {
  return year * 365 + Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400)
}

function monthLength(year: number, month: number): number {
  if (month === 2 && isLeapYear(year)) return 29
  return MONTH_LENGTHS[month - 1] ?? 0
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

function isoDate(year: number, month: number, day: number): IsoDate {
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0')
}

function monthAndDay(text: string): number {
  return monthOf(text) * 100 + dayOf(text)
}

function yearOf(text: string): number {
  return twoDigits(text, 0) * 100 + twoDigits(text, 2)
}

function monthOf(text: string): number {
  return twoDigits(text, 5)
}

function dayOf(text: string): number {
  return twoDigits(text, 8)
}

/** Reads character codes: a slice per field would be garbage made three times a row. */
function twoDigits(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528
}
