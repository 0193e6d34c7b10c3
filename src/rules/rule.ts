/**
 * A benefit made ready for one version and period: its guards, and what is granted when none
 * applies. All decisions a rule can give are made once and frozen, so that deciding 13.5 million
 * lines only hands out references, and equal decisions are one object.
 */
import { firstOfMonth, lastDayOfTerm, lastOfMonth } from './calendar.js'
import type { IsoDate, Period } from './case.js'
import type { Benefit, Decision, Grant } from './decision.js'
import { firstRefusal, type Facts, type Guard } from './guard.js'
import type { GrantTerms } from './programme.js'
import type { ReasonCode } from './reason-codes.js'

export type Granted = Extract<Decision, { outcome: 'granted' }>

export interface RefusingGuard<View> extends Guard<View> {
  readonly refusal: Decision
}

/** What is granted to a view that no guard refuses, and the facts that tell grants apart. */
export interface Award<View> {
  readonly grantTo: (view: View) => Granted
  readonly facts: (view: View) => Facts
  readonly sources: (view: View) => readonly string[]
}

export interface Rule<View> {
  readonly benefit: Benefit
  readonly guards: readonly RefusingGuard<View>[]
  readonly award: Award<View>
  /**
   * Birth dates after which decisions may be others: customers of one kind without insurance facts,
   * born between two of them, are told the same. None where birth dates do not matter.
   */
  readonly birthBounds: readonly IsoDate[]
  /** Of the dates of a line's facts that the rule looks at: the last day that counts as early. */
  readonly dateBounds: DateBounds
}

/** Dates of a line's facts that are the same to a rule on either side of a day. */
export interface DateBounds {
  readonly guardianConsentOn?: IsoDate
  readonly roamingPromotionEndsOn?: IsoDate
}

export function decideBy<View>(rule: Rule<View>, view: View): Decision {
  const guard = firstRefusal(rule.guards, view)
  return guard === undefined ? rule.award.grantTo(view) : guard.refusal
}

export function ruleOf<View>(
  benefit: Benefit,
  guards: readonly Guard<View>[],
  award: Award<View>,
  bounds: { readonly births?: readonly IsoDate[]; readonly dates?: DateBounds } = {},
): Rule<View> {
  return {
    benefit,
    guards: guards.map(({ reason, source, applies, facts }) => ({
      reason,
      source,
      applies,
      facts,
      refusal: Object.freeze({ outcome: 'refused', benefit, reason } as const),
    })),
    award,
    birthBounds: bounds.births ?? [],
    dateBounds: bounds.dates ?? {},
  }
}

export function granted(benefit: Benefit, reason: ReasonCode, grant: Grant): Granted {
  return Object.freeze({ outcome: 'granted', benefit, reason, grant })
}

/** The grant that the terms promise for a period. */
export function grantOf(terms: GrantTerms<ReasonCode>, period: Period): Grant {
  const validity = terms.validity.value
  const dates =
    validity.kind === 'period_month'
      ? { validFrom: firstOfMonth(period), validTo: lastOfMonth(period) }
      : { validFrom: validity.from, validTo: lastDayOfTerm(validity.from, validity.months) }
  return Object.freeze({
    quantity: terms.quantity.value,
    unit: terms.unit,
    option: null,
    ...dates,
  })
}

/** A grant of months as such, its last day by Art. 160 (facts §13.1). */
export function monthsFrom(validFrom: IsoDate, months: number, option: string | null): Grant {
  const validTo = lastDayOfTerm(validFrom, months)
  return Object.freeze({ quantity: months, unit: 'months', option, validFrom, validTo })
}

/** The award of a benefit whose grant is the same for all. */
export function sameForAll<View>(grant: Granted, terms: GrantTerms<ReasonCode>): Award<View> {
  const sources = grantSources(terms)
  return { grantTo: () => grant, facts: () => ({}), sources: () => sources }
}

export function grantSources(terms: GrantTerms<ReasonCode>): readonly string[] {
  return [terms.quantity.source, terms.validity.source]
}
