/** The OTT pass at each of its boundaries (facts §6), and who needs a code for one. */
import fc from 'fast-check'
import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import { AssertionFailure } from '../../src/assert.js'
import type { PassFacts } from '../../src/rules/case.js'
import { benefitsDue, decideLine, passNeedsCode } from '../../src/rules/decide.js'
import { findVersion } from '../../src/rules/programmes/registry.js'
import { anyDate, anyLine, anyPass, anyPeriod, anyVersion } from './arbitraries.js'
import { aLine, aPass, lineDecision, V1, type LineDraft } from './builders.js'

const chosen = (pass: Partial<PassFacts> = {}, period = '2026-02', draft: LineDraft = {}) =>
  lineDecision('ott_pass', period, { ...draft, pass: aPass(pass) })

describe('the OTT pass', () => {
  it('is six months of the chosen service from the day of issue', () => {
    expect(chosen({ choice: 'disney_plus', issuedOn: '2026-03-31' }, '2026-03')).toEqual({
      outcome: 'granted',
      benefit: 'ott_pass',
      reason: 'CHOSEN',
      grant: {
        quantity: 6,
        unit: 'months',
        option: 'disney_plus',
        validFrom: '2026-03-31',
        validTo: '2026-09-30',
      },
    })
  })

  it('falls due in every month of the programme', () => {
    const due = V1.periods.filter((it) => benefitsDue(V1, it).line.includes('ott_pass'))
    expect(due).toEqual(V1.periods)
  })

  it.each([
    ['2026-02-01', '2026-07-31'],
    ['2026-02-28', '2026-08-27'],
    ['2026-03-01', '2026-08-31'],
    ['2026-03-31', '2026-09-30'],
    ['2026-05-31', '2026-11-30'],
    ['2026-07-31', '2027-01-30'],
    ['2026-08-31', '2027-02-28'],
    ['2027-08-31', '2028-02-29'],
  ])('issued on %s is valid to %s, the last day inclusive (Art. 160)', (issuedOn, validTo) => {
    expect(chosen({ issuedOn })).toHaveProperty('grant.validFrom', issuedOn)
    expect(chosen({ issuedOn })).toHaveProperty('grant.validTo', validTo)
  })

  it('ends on the day that luxon gives, whenever it is issued', () => {
    fc.assert(
      fc.property(anyDate, anyPeriod, (issuedOn, period) => {
        const start = DateTime.fromISO(issuedOn, { zone: 'utc' })
        const corresponding = start.plus({ months: 6 })
        const last =
          corresponding.day === start.day ? corresponding.minus({ days: 1 }) : corresponding
        expect(chosen({ issuedOn }, period)).toHaveProperty('grant.validTo', last.toISODate())
      }),
    )
  })

  it.each<[string, LineDraft, string]>([
    ['a budget operator', { network: 'mvno' }, 'MVNO'],
    ['an IoT line', { lineKind: 'iot' }, 'IOT'],
    ['a tablet', { lineKind: 'tablet' }, 'SECOND_DEVICE'],
    ['a watch', { lineKind: 'watch' }, 'SECOND_DEVICE'],
    ['a line terminated at the start', { statusAtStart: 'terminated' }, 'TERMINATED'],
  ])('is refused to %s, although it chose and a code is there', (_, draft, reason) => {
    const expected = { outcome: 'refused', benefit: 'ott_pass', reason }
    expect(chosen({}, '2026-02', draft)).toEqual(expected)
  })

  it.each<[string, PassFacts | null, string]>([
    ['that never chose', null, 'NO_CHOICE'],
    ['whose choice was withdrawn', aPass({ choice: null, hasCode: false }), 'NO_CHOICE'],
    ['for which no code is left', aPass({ hasCode: false }), 'NO_CODE_LEFT'],
    ['that holds one of another month', aPass({ grantedIn: '2026-03' }), 'ALREADY_GRANTED'],
    [
      'that holds one and chose again',
      aPass({ grantedIn: '2026-02', choice: 'disney_plus', hasCode: false }),
      'ALREADY_GRANTED',
    ],
    [
      'that holds one and whose choice no longer counts',
      aPass({ grantedIn: '2026-02', choice: null }),
      'ALREADY_GRANTED',
    ],
  ])('is refused to a line %s', (_, pass, reason) => {
    const expected = { outcome: 'refused', benefit: 'ott_pass', reason }
    expect(lineDecision('ott_pass', '2026-04', { pass })).toEqual(expected)
  })

  it.each<[string, LineDraft]>([
    ['a prepaid line', { payment: 'prepaid' }],
    ['a suspended line', { statusAtBase: 'suspended', statusAtStart: 'suspended' }],
    ['a plan for minors without consent', { planRestriction: 'minor' }],
  ])('is granted to %s', (_, draft) => {
    expect(chosen({}, '2026-02', draft).reason).toBe('CHOSEN')
  })

  it('is never granted for what the programme does not offer', () => {
    expect(() => chosen({ choice: 'radio' })).toThrow(AssertionFailure)
  })

  it('is one frozen decision for each option and day of issue', () => {
    const first = chosen({ choice: 'tving', issuedOn: '2026-02-09' })
    expect(chosen({ choice: 'tving', issuedOn: '2026-02-09' })).toBe(first)
    expect(chosen({ choice: 'tving', issuedOn: '2026-02-10' })).not.toBe(first)
    expect(chosen({ choice: 'disney_plus', issuedOn: '2026-02-09' })).not.toBe(first)
    expect(Object.isFrozen(first)).toBe(true)
  })
})

describe('a line needs a code', () => {
  it('exactly when it is granted with one and refused for want of it without', () => {
    fc.assert(
      fc.property(anyVersion, anyPeriod, anyLine, anyPass, (version, period, line, pass) => {
        const reasonWith = (hasCode: boolean) =>
          decideLine(version, period, { ...line, pass: { ...pass, hasCode } }).find(
            (it) => it.benefit === 'ott_pass',
          )?.reason
        const needsCode = passNeedsCode(version, period)
        const needs = needsCode({ ...line, pass })
        expect(needs).toBe(reasonWith(true) === 'CHOSEN')
        expect(needs).toBe(reasonWith(false) === 'NO_CODE_LEFT')
        expect(needsCode({ ...line, pass: null })).toBe(false)
      }),
      { numRuns: 1_000 },
    )
  })

  it.each<[string, LineDraft, boolean]>([
    ['that chose', { pass: aPass({ hasCode: false }) }, true],
    ['that has one already', { pass: aPass() }, true],
    ['that chose nothing', { pass: null }, false],
    ['that holds a pass', { pass: aPass({ grantedIn: '2026-02', hasCode: false }) }, false],
    ['that left', { pass: aPass({ hasCode: false }), statusAtStart: 'terminated' }, false],
    ['of a watch', { pass: aPass({ hasCode: false }), lineKind: 'watch' }, false],
  ])('asked of a line %s', (_, draft, needs) => {
    expect(passNeedsCode(V1, '2026-04')(aLine(draft))).toBe(needs)
  })

  it('never where the programme has no pass', () => {
    const other = findVersion('skt-2025')
    expect(other && passNeedsCode(other, '2025-08')(aLine({ pass: aPass() }))).toBe(false)
  })
})
