/** An explanation says what the decision says, and why. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AssertionFailure } from '../../src/assert.js'
import type { CaseLine } from '../../src/rules/case.js'
import { decide } from '../../src/rules/decide.js'
import { BENEFITS } from '../../src/rules/decision.js'
import { explainLine, type Explanation } from '../../src/rules/explain.js'
import { REASONS } from '../../src/rules/reason-codes.js'
import { anyCase, anyPeriod, anyVersion } from './arbitraries.js'
import { aCase, anApplicant, aPass, aPerson, SENIOR, V1 } from './builders.js'

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
        expect(benefits).toEqual(BENEFITS)
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
      remedies: [
        { reason: 'MVNO', remedy: null },
        { reason: 'SECOND_DEVICE', remedy: null },
        { reason: 'PREPAID', remedy: null },
        { reason: 'SUSPENDED_AT_BASE', remedy: null },
        {
          reason: 'GUARDIAN_CONSENT_MISSING',
          remedy: REASONS.GUARDIAN_CONSENT_MISSING.remedy,
        },
        { reason: 'SUSPENDED', remedy: REASONS.SUSPENDED.remedy },
      ],
      duePeriods: V1.periods,
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
      granted_in: null,
      age_at_base_date: 75,
      applications: 0,
      window_from: '2026-02-01',
      window_to: '2026-07-31',
      carried_by_this_line: true,
    })
  })

  it('adds to a customer’s refusals that nobody applied', () => {
    const it = aCase(aPerson('2000-01-01'), { statusAtStart: 'terminated' })
    const { reason, allReasons } = explained(explainLine(V1, '2026-02', it, 0), 'insurance')
    expect([reason, allReasons]).toEqual(['TERMINATED', ['TERMINATED', 'NO_APPLICATION']])
  })

  it('shows the choice, the code and the day of issue of a pass', () => {
    const it = aCase(SENIOR, { pass: aPass({ choice: 'disney_plus', issuedOn: '2026-02-09' }) })
    expect(explained(explainLine(V1, '2026-02', it, 0), 'ott_pass')).toMatchObject({
      outcome: 'granted',
      allReasons: ['CHOSEN'],
      remedies: [],
      factsUsed: {
        status_at_start: 'active',
        granted_in: null,
        option: 'disney_plus',
        window_from: '2026-02-01',
        window_to: '2026-07-31',
        code_left: true,
        issued_on: '2026-02-09',
      },
      sources: ['facts §6, A27', 'facts §6'],
    })
  })

  it('says of a line that chose nothing no word about codes', () => {
    const pass = aPass({ choice: null, hasCode: false })
    const told = explained(explainLine(V1, '2026-02', aCase(SENIOR, { pass }), 0), 'ott_pass')
    expect([told.allReasons, told.remedies]).toEqual([
      ['NO_CHOICE'],
      [{ reason: 'NO_CHOICE', remedy: REASONS.NO_CHOICE.remedy }],
    ])
  })

  it.each([
    ['the application that counts', '2026-02-03/none; 2026-03-01/consent', '2026-03-01', true],
    ['the last where none counts', '2026-02-03/none; 2026-03-02/none', '2026-03-02', false],
  ])('shows of several applications %s, by age', (_, applied, day, consent) => {
    const it = aCase(anApplicant('2015-03-02', applied), {})
    const { factsUsed } = explained(explainLine(V1, '2026-03', it, 0), 'insurance')
    expect(factsUsed).toMatchObject({
      applications: 2,
      applied_on: day,
      age_at_application: consent ? 10 : 11,
      guardian_consent: consent,
    })
  })

  it('never shows a birth date', () => {
    fc.assert(
      fc.property(anyVersion, anyPeriod, anyCase, (version, period, it) => {
        const { birthDate } = it.customer
        // A birth date that is also a day of the case could not be told from it.
        fc.pre(birthDate !== null && birthDate < '2026-01-01')
        const told = JSON.stringify(
          explainLine(version, period, { ...it, lines: it.lines.map(plain) }, 0),
        )
        expect(told).not.toContain(birthDate)
      }),
    )
  })

  it('gives a remedy or its want for each refusal, and none for a grant', () => {
    fc.assert(
      fc.property(anyVersion, anyPeriod, anyCase, (version, period, it) => {
        for (const told of explainLine(version, period, it, 0)) {
          const refusals = told.outcome === 'refused' ? told.allReasons : []
          expect(told.remedies.map(({ reason }) => reason)).toEqual(refusals)
          for (const { reason, remedy } of told.remedies) {
            expect(remedy).toBe(REASONS[reason].remedy)
          }
        }
      }),
    )
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
      remedies: [],
      duePeriods: ['2026-02'],
      factsUsed: {},
      sources: ['facts §7'],
      grant: null,
    })
  })

  it('refuses as a bug a line that is not of the case', () => {
    expect(() => explainLine(V1, '2026-02', aCase(SENIOR, {}), 1)).toThrow(AssertionFailure)
  })
})

/** Without the day of issue, which random passes may have in any year. */
function plain(line: CaseLine): CaseLine {
  return { ...line, pass: null }
}

function explained(explanations: readonly Explanation[], benefit: string): Explanation {
  const found = explanations.find((explanation) => explanation.benefit === benefit)
  if (found === undefined) throw new Error(`${benefit} is not explained`)
  return found
}
