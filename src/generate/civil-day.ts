/**
 * Days as numbers from 1900-01-01 on, and back to text. Drawing a date is then one addition; 18
 * million rows hold some 60 million dates, far too many to print one by one.
 */
import { RedressError } from '../errors.js'

/** No date: prints as an empty field. */
export const NO_DAY = -1

const FIRST_YEAR = 1900
const LAST_YEAR = 2040
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

const TEXTS: readonly string[] = allDays()
const NUMBERS: ReadonlyMap<string, number> = new Map(TEXTS.map((text, day) => [text, day]))

/** The ten ASCII bytes of each day, one after the other. */
export const DAY_BYTES: Uint8Array = Buffer.from(TEXTS.join(''), 'latin1')

export function textOfDay(day: number): string {
  return day === NO_DAY ? '' : (TEXTS[day] ?? '')
}

/** @throws RedressError USAGE when `text` is not a real date between 1900 and 2040. */
export function dayOf(text: string): number {
  const day = NUMBERS.get(text)
  if (day === undefined) {
    const expected = `a day YYYY-MM-DD between ${FIRST_YEAR} and ${LAST_YEAR}`
    const problem = `date ${JSON.stringify(text)}; expected ${expected}`
    throw new RedressError('USAGE', { problem })
  }
  return day
}

function allDays(): string[] {
  const texts: string[] = []
  for (let year = FIRST_YEAR; year <= LAST_YEAR; year += 1) {
    const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
    for (const [month, days] of MONTH_DAYS.entries()) {
      const last = days + (leap && month === 1 ? 1 : 0)
      for (let day = 1; day <= last; day += 1) {
        texts.push(`${year}-${two(month + 1)}-${two(day)}`)
      }
    }
  }
  return texts
}

export function two(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}

/** The same day of the month `years` earlier; of 29 February the 28th where there is none. */
export function yearsBefore(day: number, years: number): number {
  const text = textOfDay(day)
  const year = String(Number(text.slice(0, 4)) - years)
  const found = NUMBERS.get(year + text.slice(4)) ?? NUMBERS.get(`${year}-02-28`)
  return found ?? NO_DAY
}
