/** Payout dates: the matrix, the dates after it, exceptions, and how long a refund can be paid. */
import fc from 'fast-check'
import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import { addDays } from '../../../src/rules/calendar.js'
import {
  exceptionPayoutDate,
  nextPayoutDate,
  payableUntil,
  payoutDate,
  payoutDates,
} from '../../../src/rules/refunds/payout-date.js'
import { TERMS } from './refund-builders.js'

describe('the payout matrix', () => {
  it.each([
    ['2025-09-01', '2026-01-14', '2026-01-22'],
    ['2025-12-30', '2026-01-18', '2026-01-22'],
    ['2025-12-31', '2026-01-18', '2026-01-22'],
    ['2025-12-31', '2026-01-19', '2026-02-05'],
    ['2025-09-01', '2026-01-31', '2026-02-05'],
    ['2026-01-01', '2026-01-14', '2026-02-19'],
    ['2026-01-01', '2026-01-31', '2026-02-19'],
    ['2026-01-13', '2026-01-14', '2026-02-19'],
    ['2026-01-13', '2026-01-31', '2026-02-19'],
    ['2026-01-14', '2026-01-31', null],
    ['2026-03-12', '2026-03-13', null],
  ])('left on %s and applied on %s: paid on %s', (terminatedOn, appliedOn, expected) => {
    expect(payoutDate(TERMS, terminatedOn, appliedOn)).toBe(expected)
  })
})

describe('the dates after it (A3)', () => {
  it('are the three, then the Thursdays until 26 March', () => {
    const dates = payoutDates(TERMS.payout)
    expect(dates).toEqual([
      '2026-01-22',
      '2026-02-05',
      '2026-02-19',
      '2026-02-26',
      '2026-03-05',
      '2026-03-12',
      '2026-03-19',
      '2026-03-26',
    ])
    expect(dates.map((date) => DateTime.fromISO(date).weekday)).toEqual(dates.map(() => 4))
  })

  it('follow each other: the next is the first after a day, and none is left at the end', () => {
    for (const [index, date] of payoutDates(TERMS.payout).entries()) {
      expect(nextPayoutDate(TERMS, addDays(date, -1))).toBe(date)
      expect(nextPayoutDate(TERMS, date)).toBe(payoutDates(TERMS.payout)[index + 1] ?? null)
    }
    expect(nextPayoutDate(TERMS, '2025-01-01')).toBe('2026-01-22')
    expect(nextPayoutDate(TERMS, '2026-03-27')).toBeNull()
  })
})

describe('an exception (A4)', () => {
  it('is paid on the second Thursday after the approval', () => {
    fc.assert(
      fc.property(fc.integer({ min: -20_000, max: 40_000 }), (days) => {
        const approved = DateTime.fromISO('2026-01-01', { zone: 'utc' }).plus({ days })
        let day = approved
        for (let thursdays = 0; thursdays < 2;) {
          day = day.plus({ days: 1 })
          if (day.weekday === 4) thursdays += 1
        }
        const date = exceptionPayoutDate(TERMS, approved.toFormat('yyyy-MM-dd'))
        expect(date).toBe(day.toFormat('yyyy-MM-dd'))
      }),
    )
  })
})

it('a refund that nobody claims stays payable for five years (A49)', () => {
  expect(payableUntil(TERMS, '2026-01-22')).toBe('2031-01-21')
  expect(payableUntil(TERMS, '2026-03-26')).toBe('2031-03-25')
})
