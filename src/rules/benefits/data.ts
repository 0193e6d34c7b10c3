/** The monthly data grant (facts §4). */
import { previousMonth } from '../calendar.js'
import type { CaseLine, IsoDate, Period } from '../case.js'
import { guardsOf, type Check } from '../guard.js'
import { LINE_CHECKS } from '../line-guards.js'
import type { DataTerms } from '../programme.js'
import { granted, grantOf, ruleOf, sameForAll, type Rule } from '../rule.js'

export function dataRule(terms: DataTerms, period: Period): Rule<CaseLine> {
  const lastDay = lastConsentDay(terms, period)
  const guards = guardsOf(terms.exclusions, {
    ...LINE_CHECKS,
    GUARDIAN_CONSENT_MISSING: consentMissingAfter(lastDay),
  })
  const grant = granted('data', 'ELIGIBLE', grantOf(terms, period))
  return ruleOf('data', guards, sameForAll(grant, terms), {
    dates: { guardianConsentOn: lastDay },
  })
}

/** Consent up to the cut-off day of a month counts from the following month (A17). */
function lastConsentDay(terms: DataTerms, period: Period): IsoDate {
  return `${previousMonth(period)}-${String(terms.consentCutoffDay.value).padStart(2, '0')}`
}

/** Plans that block data for children and teenagers need the guardian first (A17). */
function consentMissingAfter(lastDay: IsoDate): Check<CaseLine> {
  return {
    applies: ({ facts }) =>
      facts.planRestriction === 'minor' &&
      (facts.guardianConsentOn === null || facts.guardianConsentOn > lastDay),
    facts: ({ facts }) => ({
      plan_restriction: facts.planRestriction,
      guardian_consent_on: facts.guardianConsentOn,
      guardian_consent_by: lastDay,
    }),
  }
}
