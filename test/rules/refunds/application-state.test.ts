/** What holds of all applications for a line, whatever they are, and of instants. */
import fc from 'fast-check'
import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import { AssertionFailure } from '../../../src/assert.js'
import {
  applicationStates,
  type RefundApplication,
  type StatedApplication,
} from '../../../src/rules/refunds/application-state.js'
import { dayOfInstant, microsOf } from '../../../src/rules/refunds/instant.js'
import { anyApplications, inOffset } from './refund-arbitraries.js'
import { anApplication, NOW, OWED, seoulDay, TERMS } from './refund-builders.js'

const RUNS = { numRuns: 1_000 }
const stated = (applications: readonly RefundApplication[]) =>
  applicationStates(TERMS, OWED, applications, NOW)

describe('of the applications for a line', () => {
  it('one at most is accepted or held, and one is where any is valid', () => {
    fc.assert(
      fc.property(anyApplications, (applications) => {
        const states = stated(applications)
        const alone = applications.flatMap((each) => stated([each]))
        const isValid = ({ state }: StatedApplication) => state === 'accepted' || state === 'held'
        expect(states.filter(isValid).length).toBe(alone.some(isValid) ? 1 : 0)
        // Alone, a duplicate would have been valid; the others are told the same alone.
        states.forEach((each, index) => {
          const own = alone[index]
          if (own === undefined) throw new Error('one answer each')
          if (each.state === 'duplicate') expect(isValid(own)).toBe(true)
          else expect(each).toEqual(own)
        })
      }),
      RUNS,
    )
  })

  it('the valid one is the earliest, then that of the lower id', () => {
    fc.assert(
      fc.property(anyApplications, (applications) => {
        const states = stated(applications)
        const counted = states.findIndex(({ state }) => state === 'accepted' || state === 'held')
        const winner = applications[counted]
        if (winner === undefined) return
        for (const [index, each] of applications.entries()) {
          if (states[index]?.state !== 'duplicate') continue
          const apart = microsOf(each.appliedAt) - microsOf(winner.appliedAt)
          expect(apart > 0 || (apart === 0 && each.applicationId > winner.applicationId)).toBe(true)
        }
      }),
      RUNS,
    )
  })

  it('neither the order of the rows nor the offset of an instant decides', () => {
    const anyOffset = fc.integer({ min: -12, max: 14 })
    fc.assert(
      fc.property(anyApplications, anyOffset, fc.nat(), (applications, offset, seed) => {
        const shuffled = applications
          .map((each) => toldIn(each, offset))
          .toSorted(
            (a, b) =>
              ((Number(a.applicationId) * seed) % 97) - ((Number(b.applicationId) * seed) % 97),
          )
        expect(sorted(stated(shuffled))).toEqual(sorted(stated(applications)))
      }),
      RUNS,
    )
  })

  it('a payout date is told of accepted ones alone, and is never before it was applied for', () => {
    fc.assert(
      fc.property(anyApplications, (applications) => {
        stated(applications).forEach(({ state, payoutOn }, index) => {
          if (state !== 'accepted') expect(payoutOn).toBeNull()
          const appliedOn = seoulDay(applications[index]?.appliedAt ?? '')
          if (payoutOn !== null) expect(payoutOn > appliedOn).toBe(true)
        })
      }),
      RUNS,
    )
  })

  it('none is paid where nothing is owed or nobody knows the line', () => {
    const refund = { decision: 'refused', reason: 'MVNO', amountKrw: 0 } as const
    fc.assert(
      fc.property(anyApplications, (applications) => {
        for (const line of [null, { ...OWED, refund }]) {
          const states = applicationStates(TERMS, line, applications, NOW).map(({ state }) => state)
          expect(states.filter((it) => /accepted|held|duplicate/.test(it))).toEqual([])
        }
      }),
    )
  })

  it('none is asked of no application', () => expect(stated([])).toEqual([]))
})

describe('instants', () => {
  it('are compared as what they mean, to the microsecond', () => {
    const at = (text: string) => microsOf(text)
    expect(at('2026-01-14T09:00:00+09:00')).toBe(at('2026-01-14T00:00:00Z'))
    expect(at('2026-01-14T00:00:00.000001Z') - at('2026-01-14T00:00:00Z')).toBe(1)
    expect(at('2026-01-14T00:00:00.5Z') - at('2026-01-14T00:00:00Z')).toBe(500_000)
    expect(at('2026-01-14T00:00:00.1234Z') - at('2026-01-14T00:00:00Z')).toBe(123_400)
    expect(at('2026-01-14T00:00:00.123456+09:00') % 1_000_000).toBe(123_456)
  })

  it('fall on the day that it is in Seoul', () => {
    const anyMinute = fc.integer({ min: 0, max: 20_000_000 })
    fc.assert(
      fc.property(anyMinute, fc.integer({ min: -12, max: 14 }), (minutes, offset) => {
        const start = DateTime.fromISO('2000-01-01T00:00:00', { zone: 'utc' })
        const instant = `${start.plus({ minutes }).toFormat("yyyy-MM-dd'T'HH:mm")}:59Z`
        expect(dayOfInstant(inOffset(instant, offset))).toBe(seoulDay(instant))
      }),
    )
    expect(dayOfInstant('2025-12-31T15:00:00Z')).toBe('2026-01-01')
    expect(dayOfInstant('2025-12-31T14:59:59.999999Z')).toBe('2025-12-31')
  })

  it('are a bug where they are none', () => {
    expect(() => stated([anApplication({ appliedAt: 'soon' })])).toThrow(AssertionFailure)
  })
})

function sorted(states: readonly StatedApplication[]): readonly StatedApplication[] {
  return states.toSorted((a, b) => a.applicationId.localeCompare(b.applicationId))
}

function toldIn(application: RefundApplication, offset: number): RefundApplication {
  const told = (instant: string | null | undefined) =>
    instant === null || instant === undefined ? null : inOffset(instant, offset)
  return {
    ...application,
    appliedAt: inOffset(application.appliedAt, offset),
    withdrawnAt: told(application.withdrawnAt),
    batchApprovedAt: told(application.batchApprovedAt),
    lateAcceptedAt: told(application.lateAcceptedAt),
    holdLiftedAt: told(application.holdLiftedAt),
    correctedAt: told(application.correctedAt),
  }
}
