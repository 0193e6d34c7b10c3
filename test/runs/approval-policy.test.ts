/** What policy says of plans, by examples: people needed, figures that hold, forecasts. */
import { describe, expect, it, test } from 'vitest'
import fc from 'fast-check'
import type { GuardRail } from '../../src/rules/programme.js'
import { KT_2026 } from '../../src/rules/programmes/kt-2026.js'
import {
  breachesOf,
  holdsOf,
  isForecast,
  percentOf,
  tellOff,
  whyTwoPeople,
} from '../../src/runs/approval-policy.js'
import type { BenefitTally, Tallies } from '../../src/runs/tally.js'

const { approval } = KT_2026.versions[0]!
const RAILS = approval.guardRails

/** A first plan grants, a correction finds unchanged or reverses. */
function data(tally: Partial<BenefitTally>): Tallies {
  const { grants = 0, unchanged = 0, reversals = 0, refused = 0 } = tally
  const quantity = tally.quantity ?? 102_400 * (grants - reversals)
  return { data: { grants, unchanged, reversals, refused, quantity, reasons: {} } }
}

describe('a plan takes two people', () => {
  const policy = {
    twoPeopleAboveEntries: { value: 100, source: 'test' },
    twoPeoplePeriods: { value: ['2026-03'], source: 'test' },
    guardRails: [],
  }

  test.each([
    { period: '2026-02', entries: 0, because: undefined },
    { period: '2026-02', entries: 100, because: undefined },
    { period: '2026-02', entries: 101, because: '101 entries take two people, up to 100 take one' },
    { period: '2026-03', entries: 0, because: '2026-03 takes two people' },
  ])('$period with $entries entries: $because', ({ because, ...plan }) => {
    expect(whyTwoPeople(policy, plan)).toBe(because)
  })

  it('of kt-2026 from 5,000,001 entries on, in any period', () => {
    for (const period of KT_2026.versions[0]!.periods) {
      expect(whyTwoPeople(approval, { period, entries: 5_000_000 })).toBeUndefined()
      expect(whyTwoPeople(approval, { period, entries: 5_000_001 })).toContain('5000001 entries')
    }
  })
})

describe('a plan is a forecast', () => {
  test.each([
    ['2026-02', '2026-01-31T23:59:59+09:00', true],
    ['2026-02', '2026-02-01T00:00:00+09:00', false],
    ['2026-02', '2026-01-31T14:59:59.999Z', true],
    ['2026-02', '2026-01-31T15:00:00.000Z', false],
    ['2026-07', '2026-02-01T00:00:00+09:00', true],
    ['2026-02', '2026-11-22T10:00:00Z', false],
  ])('of %s at %s: %s', (period, now, forecast) => {
    expect(isForecast(period, now)).toBe(forecast)
  })
})

describe('guard rails', () => {
  const told = (is: Tallies, was: Tallies): readonly string[] =>
    holdsOf(RAILS, is, was, 'previous period').map(tellOff)

  test.each<{ what: string; was: Tallies; is: Tallies; says: readonly string[] }>([
    {
      what: 'nothing changed',
      was: data({ grants: 20_000, refused: 5_000 }),
      is: data({ grants: 20_000, refused: 5_000 }),
      says: [],
    },
    {
      what: 'a tenth exactly',
      was: data({ grants: 20_000 }),
      is: data({ grants: 18_000 }),
      says: [],
    },
    {
      what: 'more than a tenth less',
      was: data({ grants: 20_000 }),
      is: data({ grants: 17_900 }),
      says: [
        'data grants 17,900 instead of 20,000 (-10.5 %)',
        'data quantity 1,832,960,000 instead of 2,048,000,000 (-10.5 %)',
      ],
    },
    {
      what: 'more than a tenth more refused',
      was: data({ grants: 20_000, refused: 10_000 }),
      is: data({ grants: 20_000, refused: 11_001 }),
      says: ['data refused 11,001 instead of 10,000 (+10.01 %)'],
    },
    {
      what: 'half of few: 1,000 subjects exactly',
      was: data({ grants: 2_000 }),
      is: data({ grants: 1_000 }),
      says: [],
    },
    {
      what: 'half of few and one more',
      was: data({ grants: 2_000 }),
      is: data({ grants: 999 }),
      says: [
        'data grants 999 instead of 2,000 (-50.05 %)',
        'data quantity 102,297,600 instead of 204,800,000 (-50.05 %)',
      ],
    },
    {
      what: 'twice as much for each',
      was: data({ grants: 20_000 }),
      is: data({ grants: 20_000, quantity: 2 * 20_000 * 102_400 }),
      says: ['data quantity 4,096,000,000 instead of 2,048,000,000 (+100 %)'],
    },
    {
      what: 'something where there was nothing',
      was: data({ refused: 20_000 }),
      is: data({ grants: 2_000, refused: 18_000 }),
      says: [
        'data grants 2,000 instead of 0 (+100 %)',
        'data quantity 204,800,000 instead of 0 (+100 %)',
      ],
    },
    {
      what: 'a correction: what was granted before stands',
      was: data({ grants: 20_000 }),
      is: data({ grants: 10, unchanged: 19_500, reversals: 5 }),
      says: [],
    },
    {
      what: 'a correction that takes too much back',
      was: data({ grants: 20_000 }),
      is: data({ unchanged: 15_000, reversals: 5_000, refused: 5_000 }),
      says: [
        'data grants 15,000 instead of 20,000 (-25 %)',
        'data quantity 1,536,000,000 instead of 2,048,000,000 (-25 %)',
        'data refused 5,000 instead of 0 (+100 %)',
      ],
    },
    {
      what: 'two corrections, of which nobody knows what one grant is worth',
      was: data({ unchanged: 20_000 }),
      is: data({ unchanged: 10_000 }),
      says: ['data grants 10,000 instead of 20,000 (-50 %)'],
    },
    { what: 'a benefit that was not due before', was: {}, is: data({ grants: 20_000 }), says: [] },
    { what: 'a benefit that is no longer due', was: data({ grants: 20_000 }), is: {}, says: [] },
  ])('$what', ({ was, is, says }) => expect(told(is, was)).toEqual(says))

  it('of no benefit let everything pass', () => {
    expect(holdsOf([], data({}), data({ grants: 1_000_000 }), 'forecast')).toEqual([])
  })

  it('hold exactly what is off by more than both measures', () => {
    const count = fc.integer({ min: 0, max: 100_000 })
    fc.assert(
      fc.property(count, count, count, (was, is, atLeast) => {
        const rail: GuardRail = {
          benefit: 'data',
          figure: 'refused',
          share: 0.5,
          atLeast,
          source: '',
        }
        const off = 2 * Math.abs(is - was) > was && Math.abs(is - was) > atLeast
        const holds = holdsOf([rail], data({ refused: is }), data({ refused: was }), 'forecast')
        expect(holds.map((it) => [it.was, it.is])).toEqual(off ? [[was, is]] : [])
      }),
    )
  })
})

describe('a forecast', () => {
  const forecast: Tallies = {
    ...data({ grants: 1_000, refused: 50 }),
    membership: {
      grants: 10,
      unchanged: 0,
      reversals: 0,
      refused: 0,
      quantity: 60,
      reasons: {},
    },
  }
  const withData = (tally: Partial<BenefitTally>): Tallies => ({ ...forecast, ...data(tally) })

  test.each<{ what: string; is: Tallies; tolerance: number; outside: readonly string[] }>([
    { what: 'met', is: forecast, tolerance: 0, outside: [] },
    {
      what: 'missed by one, without tolerance',
      is: withData({ grants: 1_001, refused: 50 }),
      tolerance: 0,
      outside: ['granted', 'quantity'],
    },
    {
      what: 'missed by 2 % exactly',
      is: withData({ grants: 980, refused: 51 }),
      tolerance: 0.02,
      outside: [],
    },
    {
      what: 'missed by more in one number',
      is: withData({ grants: 1_000, refused: 52 }),
      tolerance: 0.02,
      outside: ['refused'],
    },
    {
      what: 'of no reversal met by one',
      is: withData({ unchanged: 1_000, refused: 50, reversals: 1 }),
      tolerance: 0.1,
      outside: ['reversals'],
    },
    {
      what: 'met by a correction: what stands counts',
      is: withData({ grants: 5, unchanged: 994, refused: 51 }),
      tolerance: 0.02,
      outside: [],
    },
  ])('$what', ({ is, tolerance, outside }) => {
    expect(breachesOf(is, forecast, tolerance).map((it) => it.figure)).toEqual(outside)
  })

  it('is missed by a benefit that it does not know, and by one that is gone', () => {
    expect(breachesOf(forecast, data({ grants: 1_000, refused: 50 }), 0.5).map(tellOff)).toEqual([
      'membership granted 10 instead of 0 (+100 %)',
      'membership quantity 60 instead of 0 (+100 %)',
    ])
    expect(breachesOf(data({ grants: 1_000, refused: 50 }), forecast, 0.5).map(tellOff)).toEqual([
      'membership granted 0 instead of 10 (-100 %)',
      'membership quantity 0 instead of 60 (-100 %)',
    ])
  })
})

test('a share is told without the noise of binary fractions', () => {
  expect([0.02, 0.07, 0.123456, 1, 0].map(percentOf)).toEqual([
    '2 %',
    '7 %',
    '12.3456 %',
    '100 %',
    '0 %',
  ])
})
