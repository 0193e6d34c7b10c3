/** Estimates of penalties: the examples of facts §2.3 to the won, exact arithmetic as oracle. */
import fc from 'fast-check'
import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import { AssertionFailure } from '../../../src/assert.js'
import {
  estimateClawback,
  isFarFromBill,
  linearClawback,
  type ClawbackContract,
} from '../../../src/rules/refunds/clawback.js'
import { TERMS } from './refund-builders.js'

const { clawback: CLAWBACK } = TERMS
const RUNS = { numRuns: 2_000 }

/** From a first of March, so that 24 months are 730 days and 12 months 365. */
function ofDay(
  months: 12 | 24,
  usedDays: number,
  receivedKrw: readonly number[],
): ClawbackContract {
  return { ...contract(months, usedDays), receivedKrw }
}

function contract(months: 12 | 24, usedDays: number): ClawbackContract {
  const startedOn = '2024-03-01'
  const end = DateTime.fromISO(startedOn, { zone: 'utc' }).plus({ days: usedDays })
  const terminatedOn = end.toFormat('yyyy-MM-dd')
  return { months, startedOn, terminatedOn, suspendedDays: 0, receivedKrw: [] }
}

function monthly(count: number, krw = 17_250): readonly number[] {
  return Array.from({ length: count }, () => krw)
}

describe('the discount, linear (facts §2.3)', () => {
  it.each([
    [24, 90, 3, 51_750],
    [24, 180, 6, 103_500],
    [24, 274, 9, 128_716],
    [24, 365, 12, 137_372],
    [24, 548, 18, 102_747],
    [24, 700, 23, 21_640],
    [12, 90, 3, 51_750],
    [12, 182, 6, 68_874],
    [12, 335, 11, 20_700],
  ] as const)('%i months, day %i, %i discounts: KRW %i', (months, day, discounts, expected) => {
    const it = ofDay(months, day, monthly(discounts))
    expect(estimateClawback(CLAWBACK, 'discount', 'linear', it)).toBe(expected)
  })

  it.each([
    [24, 181, 6, 103_311],
    [24, 729, 23, 721],
    [24, 730, 24, 0],
    [24, 900, 24, 0],
    [12, 91, 3, 51_561],
    [12, 364, 11, 690],
    [12, 365, 12, 0],
    [24, 0, 0, 0],
  ] as const)('%i months, day %i, at an edge: KRW %i', (months, day, discounts, expected) => {
    const it = ofDay(months, day, monthly(discounts))
    expect(estimateClawback(CLAWBACK, 'discount', 'linear', it)).toBe(expected)
  })

  it('does not count the days of a suspension as used', () => {
    const of = (usedDays: number, suspendedDays: number) =>
      estimateClawback(CLAWBACK, 'discount', 'linear', {
        ...ofDay(24, usedDays, monthly(9)),
        suspendedDays,
      })
    expect(of(304, 30)).toBe(of(274, 0))
    expect(of(200, 20)).toBe(155_250)
    expect(of(760, 30)).toBe(0)
    expect(of(759, 30)).toBe(282)
    expect(of(10, 30)).toBe(155_250)
  })

  it('counts the days of the contract on the calendar, the leap day too (A7)', () => {
    const leap = { startedOn: '2023-03-01', months: 12, suspendedDays: 0 } as const
    const receivedKrw = [276_000]
    const of = (terminatedOn: string) =>
      estimateClawback(CLAWBACK, 'discount', 'linear', { ...leap, receivedKrw, terminatedOn })
    expect(of('2024-02-29')).toBe(1_000)
    expect(of('2024-03-01')).toBe(0)
    expect(of('2023-08-28')).toBe(Math.floor((276_000 * 186) / 276))
  })
})

describe('the device subsidy (facts §2.3)', () => {
  it.each([
    [100, 500_000],
    [180, 500_000],
    [181, 499_090],
    [365, 331_818],
    [548, 165_454],
    [700, 27_272],
    [729, 909],
    [730, 0],
  ])('KRW 500,000, day %i: KRW %i', (day, expected) => {
    const it = ofDay(24, day, [500_000])
    expect(estimateClawback(CLAWBACK, 'subsidy', 'linear', it)).toBe(expected)
  })

  it('has no stepped form', () => {
    const it = ofDay(24, 300, [500_000])
    expect(() => estimateClawback(CLAWBACK, 'subsidy', 'stepped', it)).toThrow(AssertionFailure)
  })
})

describe('the discount, stepped (facts §2.3)', () => {
  it.each([
    [24, 179, 6, 103_500],
    [24, 300, 10, 144_900],
    [24, 365, 12, 165_600],
    [24, 480, 16, 189_750],
    [24, 548, 18, 184_575],
    [24, 600, 20, 179_400],
    [24, 700, 23, 158_700],
    [24, 730, 24, 0],
    [12, 182, 6, 103_500],
    [12, 274, 9, 129_375],
    [12, 335, 11, 129_375],
    [12, 365, 12, 0],
  ] as const)('%i months, day %i, %i discounts: KRW %i', (months, day, discounts, expected) => {
    const it = ofDay(months, day, monthly(discounts))
    expect(estimateClawback(CLAWBACK, 'discount', 'stepped', it)).toBe(expected)
  })

  it('drops a fraction once, not by the month, and is never below 0', () => {
    // By the month it would be 7 × 0.
    const of = (receivedKrw: readonly number[]) =>
      estimateClawback(CLAWBACK, 'discount', 'stepped', ofDay(24, 500, receivedKrw))
    expect(of([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1])).toBe(3)
    expect(of([...monthly(20, 1), 900_000])).toBe(0)
  })
})

describe('every estimate', () => {
  const anyContract = fc.record({
    months: fc.constantFrom(12 as const, 24 as const),
    startedOn: fc.integer({ min: 0, max: 2_000 }).map(dayAfter2022),
    used: fc.integer({ min: 0, max: 900 }),
    suspendedDays: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 200 })),
    receivedKrw: fc.array(fc.integer({ min: 0, max: 900_000 }), { maxLength: 24 }),
  })
  const toContract = ({ used, ...rest }: { used: number; startedOn: string } & object) => ({
    ...rest,
    terminatedOn: DateTime.fromISO(rest.startedOn, { zone: 'utc' })
      .plus({ days: used })
      .toFormat('yyyy-MM-dd'),
  })

  it('is whole, at least 0, and no more than what was received', () => {
    const anyForm = fc.constantFrom(
      ['discount', 'linear'] as const,
      ['discount', 'stepped'] as const,
      ['subsidy', 'linear'] as const,
    )
    fc.assert(
      fc.property(anyContract, anyForm, (draft, [kind, form]) => {
        const it = toContract(draft) as ClawbackContract
        const krw = estimateClawback(CLAWBACK, kind, form, it)
        const receivedKrw = it.receivedKrw.reduce((sum, each) => sum + each, 0)
        expect(Number.isInteger(krw) && krw >= 0 && krw <= receivedKrw).toBe(true)
      }),
      RUNS,
    )
  })

  it('falls by the day, and is what exact arithmetic floors once', () => {
    const anyReceived = fc.integer({ min: 0, max: 1_000_000_000_000 })
    const anyForm = fc.constantFrom([730, 180], [731, 180], [365, 90], [366, 90])
    fc.assert(
      fc.property(anyReceived, anyForm, fc.integer({ min: 0, max: 760 }), (received, form, day) => {
        const [contractDays = 0, fullDays = 0] = form
        const of = (usedDays: number) =>
          linearClawback({ receivedKrw: received, contractDays, fullDays, usedDays })
        const used = BigInt(Math.min(contractDays, Math.max(fullDays, day)))
        const exact =
          (BigInt(received) * (BigInt(contractDays) - used)) /
          (BigInt(contractDays) - BigInt(fullDays))
        expect(BigInt(of(day))).toBe(exact)
        expect(of(day + 1)).toBeLessThanOrEqual(of(day))
      }),
      RUNS,
    )
  })

  it('of the stepped form is the sum of the bands, floored once', () => {
    const PERCENT = {
      12: [100, 100, 100, 100, 100, 100, 50, 50, 50, 0, 0, 0],
      24: [100, 100, 100, 100, 100, 100, 60, 60, 60, 60, 60, 60, 35, 35, 35, 35].concat([
        -15, -15, -15, -15, -40, -40, -40, -40,
      ]),
    }
    fc.assert(
      fc.property(anyContract, (draft) => {
        const it = { ...contract(draft.months, 30), receivedKrw: draft.receivedKrw }
        const hundredths = it.receivedKrw
          .map((krw, index) => BigInt(krw) * BigInt(PERCENT[draft.months][index] ?? 0))
          .reduce((sum, each) => sum + each, 0n)
        const exact = hundredths < 0n ? 0n : hundredths / 100n
        expect(BigInt(estimateClawback(CLAWBACK, 'discount', 'stepped', it))).toBe(exact)
      }),
      RUNS,
    )
  })
})

it.each([
  [100_000, 100_000, false],
  [101_000, 100_000, false],
  [99_000, 100_000, false],
  [101_001, 100_000, true],
  [10_100, 10_000, false],
  [10_101, 10_000, true],
  [301_000, 300_000, false],
  [301_001, 300_000, true],
  [1, 0, true],
  [0, 0, false],
])('an estimate of %i for a bill of %i is worth a look: %s (A6)', (estimate, billed, expected) => {
  expect(isFarFromBill(CLAWBACK, estimate, billed)).toBe(expected)
})

function dayAfter2022(days: number): string {
  return DateTime.fromISO('2022-01-01', { zone: 'utc' }).plus({ days }).toFormat('yyyy-MM-dd')
}
