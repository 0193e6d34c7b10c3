/** An explanation says what the decision says, and why. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AssertionFailure } from '../../src/assert.js'
import { decide } from '../../src/rules/decide.js'
import { explainLine, type Explanation } from '../../src/rules/explain.js'
import { REASONS } from '../../src/rules/reason-codes.js'
import { anyCase, anyPeriod, anyVersion } from './arbitraries.js'
import { aCase, aPerson, SENIOR, V1 } from './builders.js'

describe('explainLine', () => {
  it('gives for every benefit the outcome, reason and grant that decide gives', () => {
    fc.assert(
      fc.property(anyVersion, anyPeriod, anyCase, fc.nat(), (version, period, it, any) => {
        const index = any % it.lines.length
        const { lines, customer } = decide(version, period, it)
        const decisions = [...(lines[index] ?? []), ...customer.map((answer) => answer.decision)]
        const explained = explainLine(version, period, it, index)
        expect(
          explained
            .filter(({ outcome }) => outcome !== 'not_due')
            .map(({ benefit, outcome, reason, grant }) => ({ benefit, outcome, reason, grant })),
        ).toEqual(decisions.map((decision) => ({ grant: null, ...decision })))
      }),
    )
  })

  it('lists every benefit of the programme once, due or not', () => {
    fc.assert(
      fc.property(anyPeriod, anyCase, (period, it) => {
        const benefits = explainLine(V1, period, it, 0).map(({ benefit }) => benefit)
        expect(benefits).toEqual(['data', 'roaming_bonus', 'membership', 'insurance'])
      }),
    )
  })

  it('names the decision’s reason first, then only others of the same kind, with sources', () => {
    fc.assert(
      fc.property(anyVersion, anyPeriod, anyCase, (version, period, it) => {
        for (const explanation of explainLine(version, period, it, 0)) {
          const { outcome, reason, allReasons, sources } = explanation
          expect(allReasons[0] ?? null).toBe(reason)
          expect(allReasons.every((code) => REASONS[code].outcome === outcome)).toBe(true)
          expect(new Set(allReasons).size).toBe(allReasons.length)
          expect(sources.length).toBeGreaterThan(0)
        }
      }),
    )
  })

  it('shows all refusals of a line, in the order of the guards', () => {
    const it = aCase(SENIOR, {
      network: 'mvno',
      lineKind: 'watch',
      payment: 'prepaid',
      statusAtBase: 'suspended',
      planRestriction: 'minor',
      guardianConsentOn: '2026-01-21',
      statusAtStart: 'suspended',
    })
    expect(explained(explainLine(V1, '2026-02', it, 0), 'data')).toEqual({
      benefit: 'data',
      outcome: 'refused',
      reason: 'MVNO',
      allReasons: [
        'MVNO',
        'SECOND_DEVICE',
        'PREPAID',
        'SUSPENDED_AT_BASE',
        'GUARDIAN_CONSENT_MISSING',
        'SUSPENDED',
      ],
      factsUsed: {
        network: 'mvno',
        line_kind: 'watch',
        payment: 'prepaid',
        status_at_base: 'suspended',
        plan_restriction: 'minor',
        guardian_consent_on: '2026-01-21',
        guardian_consent_by: '2026-01-20',
        status_at_start: 'suspended',
      },
      sources: ['A20', 'A16', 'facts §4', 'facts §4, A19', 'A17', 'A19'],
      grant: null,
    })
  })

  it('shows the promotion on which a roaming bonus rests', () => {
    const it = aCase(SENIOR, { roamingPromotionEndsOn: '2026-02-01' })
    expect(explained(explainLine(V1, '2026-03', it, 0), 'roaming_bonus')).toMatchObject({
      outcome: 'granted',
      allReasons: ['PROMOTION_EXTENDED'],
      factsUsed: { roaming_promotion_ends_on: '2026-02-01', status_at_start: 'active' },
      sources: ['facts §5', 'facts §5, contracts §3'],
    })
  })

  it('tells which line carries the insurance, the age, and no birth date', () => {
    const it = aCase(SENIOR, { network: 'mvno' }, {}, {})
    const insurance = [0, 1, 2].map((index) =>
      explained(explainLine(V1, '2026-02', it, index), 'insurance'),
    )
    expect(insurance.map(({ factsUsed }) => factsUsed['carried_by_this_line'])).toEqual([
      false,
      true,
      false,
    ])
    expect(insurance[1]?.factsUsed).toEqual({
      lines_of_network_kt: 2,
      lines_not_iot: 2,
      customer_kind: 'individual',
      lines_in_service: 2,
      age_at_base_date: 75,
      carried_by_this_line: true,
    })
  })

  it('adds to a customer’s refusals that nobody applied', () => {
    const it = aCase(aPerson('2000-01-01'), { statusAtStart: 'terminated' })
    const { reason, allReasons } = explained(explainLine(V1, '2026-02', it, 0), 'insurance')
    expect([reason, allReasons]).toEqual(['TERMINATED', ['TERMINATED', 'NO_APPLICATION']])
  })

  it.each([
    ['budget operators’ lines', { network: 'mvno', lineKind: 'iot' }, ['MVNO']],
    ['IoT lines', { lineKind: 'iot', statusAtStart: 'terminated' }, ['IOT']],
  ] as const)('draws no conclusions from lines a customer of %s lacks', (_, line, reasons) => {
    const insurance = explained(explainLine(V1, '2026-02', aCase(SENIOR, line), 0), 'insurance')
    expect(insurance.allReasons).toEqual(reasons)
  })

  it('says of a benefit that is not due only where its months are written', () => {
    expect(explained(explainLine(V1, '2026-04', aCase(SENIOR, {}), 0), 'membership')).toEqual({
      benefit: 'membership',
      outcome: 'not_due',
      reason: null,
      allReasons: [],
      factsUsed: {},
      sources: ['facts §7'],
      grant: null,
    })
  })

  it('refuses as a bug a line that is not of the case', () => {
    expect(() => explainLine(V1, '2026-02', aCase(SENIOR, {}), 1)).toThrow(AssertionFailure)
  })
})

function explained(explanations: readonly Explanation[], benefit: string): Explanation {
  const found = explanations.find((explanation) => explanation.benefit === benefit)
  if (found === undefined) throw new Error(`${benefit} is not explained`)
  return found
}
