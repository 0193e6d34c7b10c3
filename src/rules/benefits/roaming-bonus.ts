/** Half as much data again on roaming; a promotion still running goes on as this one (facts §5). */
import { addDays } from '../calendar.js'
import type { CaseLine, Period } from '../case.js'
import { guardsOf } from '../guard.js'
import { LINE_CHECKS } from '../line-guards.js'
import type { RoamingBonusTerms } from '../programme.js'
import { granted, grantOf, grantSources, ruleOf, type Award, type Rule } from '../rule.js'

export function roamingBonusRule(terms: RoamingBonusTerms, period: Period): Rule<CaseLine> {
  const grant = grantOf(terms, period)
  const eligible = granted('roaming_bonus', 'ELIGIBLE', grant)
  const extended = granted('roaming_bonus', 'PROMOTION_EXTENDED', grant)
  const stillRunsOn = terms.promotionStillRunsOn.value
  const sources = [...grantSources(terms), terms.promotionStillRunsOn.source]
  const award: Award<CaseLine> = {
    grantTo: ({ facts }) =>
      facts.roamingPromotionEndsOn !== null && facts.roamingPromotionEndsOn >= stillRunsOn
        ? extended
        : eligible,
    facts: ({ facts }) => ({ roaming_promotion_ends_on: facts.roamingPromotionEndsOn }),
    sources: () => sources,
  }
  return ruleOf('roaming_bonus', guardsOf(terms.exclusions, LINE_CHECKS), award, {
    dates: { roamingPromotionEndsOn: addDays(stillRunsOn, -1) },
  })
}
