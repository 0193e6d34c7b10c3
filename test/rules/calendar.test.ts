/** The calendar against hand-picked days of the law and against luxon. */
import fc from 'fast-check'
import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import {
  addDays,
  addMonths,
  ageOn,
  dateOfDayNumber,
  dayNumber,
  firstOfMonth,
  isRealDate,
  isRealMonth,
  lastDayOfTerm,
  lastOfMonth,
  nextMonth,
  previousMonth,
} from '../../src/rules/calendar.js'
import { anyDate } from './arbitraries.js'

const anyMonths = fc.integer({ min: 0, max: 600 })

describe('ageOn', () => {
  it.each([
    ['1961-01-13', '2026-01-12', 64],
    ['1961-01-13', '2026-01-13', 65],
    ['1961-01-14', '2026-01-13', 64],
    ['1961-01-31', '2026-01-31', 65],
    ['1961-02-01', '2026-01-31', 64],
    ['2026-01-13', '2026-01-13', 0],
    ['1960-12-31', '2026-01-01', 65],
  ])('gives someone born on %s on %s the age of %i', (birthDate, day, age) => {
    expect(ageOn(birthDate, day)).toBe(age)
  })

  it.each([
    ['2012-02-29', '2026-02-28', 13],
    ['2012-02-29', '2026-03-01', 14],
    ['1964-02-29', '2029-02-28', 64],
    ['1964-02-29', '2029-03-01', 65],
    ['1964-02-29', '2028-02-28', 63],
    ['1964-02-29', '2028-02-29', 64],
  ])('lets the leap-day birth %s come of age: on %s it is %i (A45)', (birthDate, day, age) => {
    expect(ageOn(birthDate, day)).toBe(age)
  })

  it('agrees with luxon for all who were not born on 29 February', () => {
    const born = anyDate.filter((date) => !date.endsWith('-02-29'))
    fc.assert(
      fc.property(born, anyDate, (birthDate, day) => {
        fc.pre(birthDate <= day)
        const years = utc(day).diff(utc(birthDate), 'years').years
        expect(ageOn(birthDate, day)).toBe(Math.floor(years))
      }),
    )
  })

  it('gives leap-day births the age of those born the day after, in common years', () => {
    fc.assert(
      fc.property(fc.constantFrom('1904', '1960', '1964', '2000', '2012'), anyDate, (year, day) => {
        fc.pre(day >= `${year}-03-01` && !utc(day).isInLeapYear)
        expect(ageOn(`${year}-02-29`, day)).toBe(ageOn(`${year}-03-01`, day))
      }),
    )
  })
})

describe('a term of months (Civil Act Art. 160)', () => {
  it.each([
    ['2026-03-01', 24, '2028-02-29'],
    ['2026-02-01', 6, '2026-07-31'],
    ['2026-03-01', 6, '2026-08-31'],
    ['2026-03-31', 6, '2026-09-30'],
    ['2026-03-30', 6, '2026-09-29'],
    ['2026-03-15', 6, '2026-09-14'],
    ['2026-08-31', 6, '2027-02-28'],
    ['2026-08-29', 6, '2027-02-28'],
    ['2026-08-28', 6, '2027-02-27'],
    ['2024-02-29', 12, '2025-02-28'],
    ['2024-02-29', 48, '2028-02-28'],
    ['2026-01-31', 1, '2026-02-28'],
    ['2026-01-01', 1, '2026-01-31'],
    ['2026-12-01', 1, '2026-12-31'],
  ])('that begins on %s and lasts %i months ends on %s', (start, months, lastDay) => {
    expect(lastDayOfTerm(start, months)).toBe(lastDay)
  })

  it('ends the day before luxon finds the corresponding day, or with a month that lacks it', () => {
    fc.assert(
      fc.property(anyDate, anyMonths, (start, months) => {
        const shifted = utc(start).plus({ months })
        const lacksDay = shifted.day !== utc(start).day
        const lastDay = lacksDay ? shifted : shifted.minus({ days: 1 })
        expect(lastDayOfTerm(start, months)).toBe(text(lastDay))
      }),
    )
  })

  it('leaves no gap: the day after a term of whole months from a 1st is a 1st', () => {
    fc.assert(
      fc.property(anyDate, fc.integer({ min: 1, max: 60 }), (date, months) => {
        const start = firstOfMonth(date)
        expect(addDays(lastDayOfTerm(start, months), 1)).toBe(addMonths(start, months))
      }),
    )
  })
})

describe('days and months', () => {
  it('shifts months as luxon does, backwards too', () => {
    fc.assert(
      fc.property(anyDate, fc.integer({ min: -600, max: 600 }), (date, months) => {
        expect(addMonths(date, months)).toBe(text(utc(date).plus({ months })))
      }),
    )
  })

  it('numbers days as luxon does, and back', () => {
    fc.assert(
      fc.property(anyDate, (date) => {
        expect(dayNumber(date)).toBe(utc(date).toMillis() / 86_400_000)
        expect(dateOfDayNumber(dayNumber(date))).toBe(date)
      }),
    )
  })

  it('numbers every day of the real calendar, from year 1 to year 9999', () => {
    expect(dateOfDayNumber(dayNumber('0001-01-01'))).toBe('0001-01-01')
    expect(dateOfDayNumber(dayNumber('9999-12-31'))).toBe('9999-12-31')
    const wrong: number[] = []
    for (let number = dayNumber('0001-01-01'); number <= dayNumber('9999-12-31'); number += 1) {
      const date = dateOfDayNumber(number)
      if (dayNumber(date) !== number || !isRealDate(date)) wrong.push(number)
    }
    expect(wrong).toEqual([])
  })

  it('shifts days across months and years', () => {
    expect(addDays('2026-03-10', 14)).toBe('2026-03-24')
    expect(addDays('2028-02-28', 1)).toBe('2028-02-29')
    expect(addDays('2026-01-01', -1)).toBe('2025-12-31')
  })

  it('knows the first and last day of a month, given a date or a period', () => {
    expect(firstOfMonth('2026-02-17')).toBe('2026-02-01')
    expect(firstOfMonth('2026-02')).toBe('2026-02-01')
    expect(lastOfMonth('2028-02')).toBe('2028-02-29')
    fc.assert(
      fc.property(anyDate, (date) => {
        expect(lastOfMonth(date)).toBe(text(utc(date).endOf('month')))
      }),
    )
  })

  it('goes to the next month and back', () => {
    expect(nextMonth('2026-07')).toBe('2026-08')
    expect(nextMonth('2026-12')).toBe('2027-01')
    expect(previousMonth('2026-01')).toBe('2025-12')
  })
})

describe('isRealDate', () => {
  it.each(['2026-02-28', '2028-02-29', '2000-02-29', '0001-01-01', '9999-12-31'])(
    'accepts %s',
    (date) => expect(isRealDate(date)).toBe(true),
  )

  it.each([
    '',
    '2026-02-29',
    '1900-02-29',
    '2026-00-10',
    '2026-13-01',
    '2026-04-31',
    '2026-01-00',
    '2026-1-1',
    '0000-01-01',
    '2026/01/01',
    '2026-01-01 ',
    '2026-01-01\n',
    ' 2026-01-01',
    '2026-01-01T00:00:00',
    '20260101',
    '２０２６-01-01',
    '2026-02-3a',
  ])('refuses %j', (wrong) => expect(isRealDate(wrong)).toBe(false))

  it('agrees with luxon on everything that looks like a date', () => {
    const part = (max: number) => fc.integer({ min: 0, max }).map((it) => pad(it, 2))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_999 }), part(20), part(40), (year, month, day) => {
        const date = `${pad(year, 4)}-${month}-${day}`
        expect(isRealDate(date)).toBe(DateTime.fromISO(date, { zone: 'utc' }).isValid)
      }),
    )
  })

  it('knows real months', () => {
    expect(isRealMonth('2026-02')).toBe(true)
    expect(['2026-13', '2026-00', '2026-2', '2026', '2026-02-01'].some(isRealMonth)).toBe(false)
  })
})

function utc(date: string): DateTime {
  return DateTime.fromISO(date, { zone: 'utc' })
}

function text(date: DateTime): string {
  return date.toFormat('yyyy-MM-dd')
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
