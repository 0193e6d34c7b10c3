/** What holds of all decisions, whatever the case. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AssertionFailure } from '../../src/assert.js'
import { addDays, ageOn } from '../../src/rules/calendar.js'
import type { Case, CaseLine, Customer, Period } from '../../src/rules/case.js'
import {
  benefitsDue,
  decide,
  decideCustomer,
  decideLine,
  rulesFor,
} from '../../src/rules/decide.js'
import { BENEFITS, type Decision } from '../../src/rules/decision.js'
import type { ProgrammeVersion } from '../../src/rules/programme.js'
import { anyCase, anyDate, anyLine, anyPeriod, anyVersion } from './arbitraries.js'
import { aCase, aLine, SENIOR, V1, V2 } from './builders.js'

describe('decide', () => {
  it('answers every subject exactly once for each benefit due, in the order of benefits', () => {
    fc.assert(
      fc.property(anyVersion, anyPeriod, anyCase, (version, period, it) => {
        const due = benefitsDue(version, period)
        const { lines, customer } = decide(version, period, it)
        expect(lines.map(benefitsOf)).toEqual(it.lines.map(() => due.line))
        expect(benefitsOf(customer.map((answer) => answer.decision))).toEqual(due.customer)
      }),
    )
  })

  it('tells a line what the essence of its facts is told', () => {
    fc.assert(
      fc.property(anyVersion, anyPeriod, anyLine, (version, period, line) => {
        const facts = rulesFor(version, period).essenceOf(line.facts)
        expect(decideLine(version, period, { ...line, facts })).toEqual(
          decideLine(version, period, line),
        )
      }),
      { numRuns: 1_000 },
    )
  })

  it('leaves a dozen or two of the kinds of one plan, however many dates there are', () => {
    const days = Array.from({ length: 300 }, (_, it) => addDays('2025-10-01', it))
    const { essenceOf } = rulesFor(V1, '2026-03')
    const essences = days.flatMap((guardianConsentOn) =>
      days.map((roamingPromotionEndsOn) =>
        JSON.stringify(essenceOf(aLine({ guardianConsentOn, roamingPromotionEndsOn }).facts)),
      ),
    )
    expect(new Set(essences).size).toBe(4)
  })

  it('is the decisions of its lines and of its customer', () => {
    fc.assert(
      fc.property(anyVersion, anyPeriod, anyCase, (version, period, it) => {
        expect(decide(version, period, it)).toEqual({
          lines: it.lines.map((line) => decideLine(version, period, line)),
          customer: decideCustomer(version, period, it.customer, it.lines),
        })
      }),
    )
  })

  it('gives the reasons that the contract, written out as conditions, gives', () => {
    fc.assert(
      fc.property(anyVersion, anyPeriod, anyCase, (version, period, it) => {
        const { lines, customer } = decide(version, period, it)
        expect(lines.map(reasonsOf)).toEqual(it.lines.map((line) => contractReasons(period, line)))
        expect(reasonsOf(customer.map((answer) => answer.decision))).toEqual([
          contractInsurance(version, period, it),
        ])
      }),
      { numRuns: 3_000 },
    )
  })

  it('does not depend on the order of lines, but for the carrier', () => {
    fc.assert(
      fc.property(anyVersion, anyPeriod, anyCase, fc.nat(), (version, period, it, turn) => {
        const by = turn % it.lines.length
        const rotate = <Item>(items: readonly Item[]) => [...items.slice(by), ...items.slice(0, by)]
        const straight = decide(version, period, it)
        const turned = decide(version, period, { ...it, lines: rotate(it.lines) })
        expect(turned.lines).toEqual(rotate(straight.lines))
        expect(turned.customer.map((answer) => answer.decision)).toEqual(
          straight.customer.map((answer) => answer.decision),
        )
      }),
    )
  })

  it('lets the first eligible line carry what a customer is granted', () => {
    fc.assert(
      fc.property(anyVersion, anyPeriod, anyCase, (version, period, it) => {
        for (const { decision, carrier } of decide(version, period, it).customer) {
          expect(carrier >= 0).toBe(decision.outcome === 'granted')
          if (carrier >= 0) expect(carrier).toBe(it.lines.findIndex(canCarry))
        }
      }),
    )
  })

  it('decides a line without looking at the customer’s other lines', () => {
    fc.assert(
      fc.property(anyPeriod, anyCase, anyLine, (period, it, other) => {
        const more = decide(V1, period, { ...it, lines: [...it.lines, other] })
        expect(more.lines.slice(0, -1)).toEqual(decide(V1, period, it).lines)
      }),
    )
  })

  it('differs between the versions in insurance alone', () => {
    fc.assert(
      fc.property(anyPeriod, anyLine, (period, line) => {
        expect(decideLine(V2, period, line)).toEqual(decideLine(V1, period, line))
      }),
    )
  })

  it('grants no pass and no insurance that another month holds', () => {
    fc.assert(
      fc.property(anyVersion, anyPeriod, anyCase, (version, period, it) => {
        const { lines, customer } = decide(version, period, it)
        for (const [index, { pass }] of it.lines.entries()) {
          if (pass === null || pass.grantedIn === null) continue
          const decision = lines[index]?.find(({ benefit }) => benefit === 'ott_pass')
          expect(decision?.outcome).toBe('refused')
        }
        const isHeld = (it.customer.insurance?.grantedIn ?? null) !== null
        for (const { decision } of customer) {
          expect(isHeld && decision.outcome === 'granted').toBe(false)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('tells customers without insurance facts the same between two birth bounds', () => {
    fc.assert(
      fc.property(anyVersion, anyPeriod, anyCase, anyDate, (version, period, it, other) => {
        const { birthDate } = it.customer
        fc.pre(birthDate !== null)
        const { birthBounds } = rulesFor(version, period)
        fc.pre(birthBounds.every((bound) => birthDate > bound === other > bound))
        const born = (date: string) =>
          decideCustomer(
            version,
            period,
            { ...it.customer, birthDate: date, insurance: null },
            it.lines,
          )
        expect(born(other)).toEqual(born(birthDate))
      }),
    )
  })

  it('hands out the same frozen decision for equal facts', () => {
    fc.assert(
      fc.property(anyPeriod, anyLine, (period, line) => {
        const again = decideLine(V1, period, structuredClone(line))
        for (const [index, decision] of decideLine(V1, period, line).entries()) {
          expect(decision).toBe(again[index])
          expect(Object.isFrozen(decision)).toBe(true)
          expect(decision.outcome === 'refused' || Object.isFrozen(decision.grant)).toBe(true)
        }
      }),
    )
  })

  it('hands out the same frozen decision to customers of equal facts', () => {
    fc.assert(
      fc.property(anyPeriod, anyCase, (period, it) => {
        const [first] = decide(V1, period, it).customer
        const [again] = decide(V1, period, structuredClone(it)).customer
        expect(first?.decision).toBe(again?.decision)
        expect(Object.isFrozen(first?.decision)).toBe(true)
      }),
    )
  })

  it('prepares the rules of a period once', () => {
    expect(rulesFor(V1, '2026-02')).toBe(rulesFor(V1, '2026-02'))
    expect(rulesFor(V1, '2026-02')).not.toBe(rulesFor(V2, '2026-02'))
  })

  it('refuses as a bug a period outside the programme', () => {
    for (const period of ['2026-01', '2026-08', '']) {
      expect(() => decide(V1, period, aCase(SENIOR, {}))).toThrow(AssertionFailure)
      expect(() => decideLine(V1, period, aLine())).toThrow(AssertionFailure)
    }
  })
})

describe('benefitsDue', () => {
  it.each<[Period, readonly string[], readonly string[]]>([
    ['2026-02', ['data', 'membership', 'ott_pass'], ['insurance']],
    ['2026-03', ['data', 'roaming_bonus', 'ott_pass'], ['insurance']],
    ['2026-04', ['data', 'ott_pass'], ['insurance']],
    ['2026-05', ['data', 'ott_pass'], ['insurance']],
    ['2026-06', ['data', 'ott_pass'], ['insurance']],
    ['2026-07', ['data', 'ott_pass'], ['insurance']],
  ])('in %s are %j for lines and %j for customers', (period, line, customer) => {
    expect(benefitsDue(V1, period)).toEqual({ line, customer })
    expect(benefitsDue(V2, period)).toEqual({ line, customer })
  })

  it('are listed in the order of benefits', () => {
    for (const period of V1.periods) {
      const { line } = benefitsDue(V1, period)
      expect(BENEFITS.filter((benefit) => line.includes(benefit))).toEqual(line)
    }
  })
})

function benefitsOf(decisions: readonly Decision[]) {
  return decisions.map((decision) => decision.benefit)
}

function reasonsOf(decisions: readonly Decision[]) {
  return decisions.map((decision) => decision.reason)
}

/** Contracts §3 once more, as plain conditions and with the consent days written out. */
function contractReasons(period: Period, line: CaseLine): string[] {
  const [data, pass] = [contractData(period, line), contractPass(line)]
  if (period === '2026-02') return [data, contractMembership(line), pass]
  if (period === '2026-03') return [data, contractRoaming(line), pass]
  return [data, pass]
}

const CONSENT_BY: Readonly<Record<Period, string>> = {
  '2026-02': '2026-01-20',
  '2026-03': '2026-02-20',
  '2026-04': '2026-03-20',
  '2026-05': '2026-04-20',
  '2026-06': '2026-05-20',
  '2026-07': '2026-06-20',
}

function contractData(period: Period, { facts, statusAtStart }: CaseLine): string {
  const consentBy = CONSENT_BY[period] ?? ''
  if (facts.network === 'mvno') return 'MVNO'
  if (facts.lineKind === 'iot') return 'IOT'
  if (facts.lineKind !== 'handset') return 'SECOND_DEVICE'
  if (facts.payment === 'prepaid') return 'PREPAID'
  if (facts.statusAtBase === 'suspended') return 'SUSPENDED_AT_BASE'
  if (facts.planRestriction === 'minor' && (facts.guardianConsentOn ?? '9999') > consentBy) {
    return 'GUARDIAN_CONSENT_MISSING'
  }
  if (statusAtStart === 'terminated') return 'TERMINATED'
  return statusAtStart === 'suspended' ? 'SUSPENDED' : 'ELIGIBLE'
}

function contractMembership({ facts, statusAtStart }: CaseLine): string {
  if (facts.network === 'mvno') return 'MVNO'
  if (facts.lineKind === 'iot') return 'IOT'
  if (facts.lineKind !== 'handset') return 'SECOND_DEVICE'
  return statusAtStart === 'terminated' ? 'TERMINATED' : 'ELIGIBLE'
}

function contractRoaming({ facts, statusAtStart }: CaseLine): string {
  if (facts.network === 'mvno') return 'MVNO'
  if (facts.lineKind === 'iot') return 'IOT'
  if (statusAtStart === 'terminated') return 'TERMINATED'
  return (facts.roamingPromotionEndsOn ?? '') >= '2026-02-01' ? 'PROMOTION_EXTENDED' : 'ELIGIBLE'
}

function contractPass({ facts, statusAtStart, pass }: CaseLine): string {
  if (facts.network === 'mvno') return 'MVNO'
  if (facts.lineKind === 'iot') return 'IOT'
  if (facts.lineKind !== 'handset') return 'SECOND_DEVICE'
  if (statusAtStart === 'terminated') return 'TERMINATED'
  if (pass?.grantedIn) return 'ALREADY_GRANTED'
  if (!pass?.choice) return 'NO_CHOICE'
  return pass.hasCode ? 'CHOSEN' : 'NO_CODE_LEFT'
}

function contractInsurance(
  { baseDate }: ProgrammeVersion,
  period: Period,
  { customer, lines }: Case,
): string {
  const onKt = lines.filter(({ facts }) => facts.network === 'kt')
  const rest = onKt.filter(({ facts }) => facts.lineKind !== 'iot')
  if (onKt.length === 0) return 'MVNO'
  if (rest.length === 0) return 'IOT'
  if (customer.kind === 'corporate') return 'CORPORATE'
  if (rest.every(({ statusAtStart }) => statusAtStart === 'terminated')) return 'TERMINATED'
  if (customer.insurance?.grantedIn) return 'ALREADY_GRANTED'
  if (period === '2026-02' && isSenior(customer, baseDate)) return 'AGE_65'
  const applications = customer.insurance?.applications ?? []
  if (applications.length === 0) return 'NO_APPLICATION'
  const isGood = applications.some(
    (it) => it.guardianConsent || ageOn(customer.birthDate ?? '', it.appliedOn) >= 14,
  )
  return isGood ? 'APPLIED' : 'GUARDIAN_CONSENT_MISSING'
}

function isSenior({ birthDate }: Customer, baseDate: string): boolean {
  return birthDate !== null && ageOn(birthDate, baseDate) >= 65
}

function canCarry({ facts, statusAtStart }: CaseLine): boolean {
  return facts.network === 'kt' && facts.lineKind !== 'iot' && statusAtStart !== 'terminated'
}
