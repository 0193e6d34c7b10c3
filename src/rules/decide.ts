/**
 * START HERE. A case goes in, decisions come out: one for each line and benefit of a line that can
 * fall due in the period, and one for each benefit of the customer. Pure: the same arguments give
 * the same decisions, so whoever calls may keep them by equal facts.
 */
import { assert } from '../assert.js'
import { dataRule } from './benefits/data.js'
import { customerView, insuranceRule, type CustomerView } from './benefits/insurance.js'
import { membershipRule } from './benefits/membership.js'
import { ottPassRule, passesButForCode } from './benefits/ott-pass.js'
import { roamingBonusRule } from './benefits/roaming-bonus.js'
import type { Case, CaseLine, Customer, IsoDate, Period, LineFacts } from './case.js'
import {
  BENEFITS,
  type Benefit,
  type CaseDecisions,
  type CustomerDecision,
  type Decision,
} from './decision.js'
import { versionName, type ProgrammeVersion } from './programme.js'
import { decideBy, type DateBounds, type Rule } from './rule.js'

export function decide(version: ProgrammeVersion, period: Period, it: Case): CaseDecisions {
  const rules = rulesFor(version, period)
  return {
    lines: it.lines.map(rules.decideLine),
    customer: rules.decideCustomer(it.customer, it.lines),
  }
}

/** One decision per benefit of a line that can fall due, in the order of `BENEFITS`. */
export function decideLine(
  version: ProgrammeVersion,
  period: Period,
  line: CaseLine,
): readonly Decision[] {
  return rulesFor(version, period).decideLine(line)
}

/** One decision per benefit of a customer that can fall due; `lines` are all it has. */
export function decideCustomer(
  version: ProgrammeVersion,
  period: Period,
  customer: Customer,
  lines: readonly CaseLine[],
): readonly CustomerDecision[] {
  return rulesFor(version, period).decideCustomer(customer, lines)
}

/** The benefits that can fall due in the period, by the kind of their subject. */
export function benefitsDue(version: ProgrammeVersion, period: Period): BenefitsDue {
  return rulesFor(version, period).due
}

export interface BenefitsDue {
  readonly line: readonly Benefit[]
  readonly customer: readonly Benefit[]
}

/**
 * Tells of a line whether it would be granted an OTT pass if a code were there: whoever keeps codes
 * for lines keeps them for these. Never so in a period in which no pass falls due.
 */
export function passNeedsCode(
  version: ProgrammeVersion,
  period: Period,
): (line: CaseLine) => boolean {
  const rule = rulesFor(version, period).lineRules.find(({ benefit }) => benefit === 'ott_pass')
  return rule === undefined ? () => false : (line) => passesButForCode(rule, line)
}

/** The rules of a version made ready for a period. */
export interface PeriodRules {
  readonly due: BenefitsDue
  readonly lineRules: readonly Rule<CaseLine>[]
  readonly customerRules: readonly Rule<CustomerView>[]
  /** Ascending; see `Rule.birthBounds`. */
  readonly birthBounds: readonly IsoDate[]
  /**
   * Facts that are told the same, with each date set to one that stands for all on its side of the
   * bounds: of millions of lines some dozen kinds are left.
   */
  readonly essenceOf: (facts: LineFacts) => LineFacts
  readonly decideLine: (line: CaseLine) => readonly Decision[]
  readonly decideCustomer: (
    customer: Customer,
    lines: readonly CaseLine[],
  ) => readonly CustomerDecision[]
}

/** Made once per version and period: a pure function's memory, bounded by the versions' periods. */
const prepared = new WeakMap<ProgrammeVersion, Map<Period, PeriodRules>>()

export function rulesFor(version: ProgrammeVersion, period: Period): PeriodRules {
  let byPeriod = prepared.get(version)
  if (byPeriod === undefined) {
    byPeriod = new Map()
    prepared.set(version, byPeriod)
  }
  let rules = byPeriod.get(period)
  if (rules === undefined) {
    rules = prepare(version, period)
    byPeriod.set(period, rules)
  }
  return rules
}

function prepare(version: ProgrammeVersion, period: Period): PeriodRules {
  assert(version.periods.includes(period), `${period} is a period of ${versionName(version)}`)
  const lineRules = inOrder(lineRulesDue(version, period))
  const customerRules = inOrder(customerRulesDue(version, period))
  return {
    due: { line: lineRules.map(benefitOf), customer: customerRules.map(benefitOf) },
    lineRules,
    customerRules,
    birthBounds: [...new Set(customerRules.flatMap((rule) => rule.birthBounds))].toSorted(),
    essenceOf: essenceBy(lineRules.map((rule) => rule.dateBounds)),
    decideLine: (line) => lineRules.map((rule) => decideBy(rule, line)),
    decideCustomer: (customer, lines) => {
      assert(lines.length > 0, 'a customer of the snapshot has a line')
      const view = customerView(customer, lines)
      return customerRules.map((rule) => carried(decideBy(rule, view), view))
    },
  }
}

/** After every bound there is. */
const LATE: IsoDate = '9999-12-31'

function essenceBy(bounds: readonly DateBounds[]): (facts: LineFacts) => LineFacts {
  const consents = boundsOf(bounds.map((it) => it.guardianConsentOn))
  const promotions = boundsOf(bounds.map((it) => it.roamingPromotionEndsOn))
  return (facts) => ({
    ...facts,
    guardianConsentOn: standIn(facts.guardianConsentOn, consents),
    roamingPromotionEndsOn: standIn(facts.roamingPromotionEndsOn, promotions),
  })
}

function boundsOf(days: readonly (IsoDate | undefined)[]): readonly IsoDate[] {
  return days.filter((it) => it !== undefined).toSorted()
}

/** The first bound that the date does not pass; null where no rule looks at such a date. */
function standIn(date: IsoDate | null, bounds: readonly IsoDate[]): IsoDate | null {
  if (date === null || bounds.length === 0) return null
  return bounds.find((bound) => date <= bound) ?? LATE
}

function lineRulesDue({ benefits }: ProgrammeVersion, period: Period): readonly Rule<CaseLine>[] {
  const { data, roaming_bonus: roamingBonus, membership, ott_pass: ottPass } = benefits
  return [
    ...(isDue(data, period) ? [dataRule(data, period)] : []),
    ...(isDue(roamingBonus, period) ? [roamingBonusRule(roamingBonus, period)] : []),
    ...(isDue(membership, period) ? [membershipRule(membership, period)] : []),
    ...(isDue(ottPass, period) ? [ottPassRule(ottPass)] : []),
  ]
}

function customerRulesDue(
  { benefits, baseDate }: ProgrammeVersion,
  period: Period,
): readonly Rule<CustomerView>[] {
  const { insurance } = benefits
  return isDue(insurance, period) ? [insuranceRule(insurance, period, baseDate)] : []
}

function isDue<Terms extends { readonly duePeriods: { readonly value: readonly Period[] } }>(
  terms: Terms | undefined,
  period: Period,
): terms is Terms {
  return terms !== undefined && terms.duePeriods.value.includes(period)
}

function inOrder<View>(rules: readonly Rule<View>[]): readonly Rule<View>[] {
  return rules.toSorted((a, b) => BENEFITS.indexOf(a.benefit) - BENEFITS.indexOf(b.benefit))
}

function benefitOf(rule: { readonly benefit: Benefit }): Benefit {
  return rule.benefit
}

function carried(decision: Decision, view: CustomerView): CustomerDecision {
  return { decision, carrier: decision.outcome === 'granted' ? view.carrier : -1 }
}
