/** Membership discounts for six months (facts §7). */
import type { CaseLine, Period } from '../case.js'
import { guardsOf } from '../guard.js'
import { LINE_CHECKS } from '../line-guards.js'
import type { MembershipTerms } from '../programme.js'
import { granted, grantOf, ruleOf, sameForAll, type Rule } from '../rule.js'

export function membershipRule(terms: MembershipTerms, period: Period): Rule<CaseLine> {
  const grant = granted('membership', 'ELIGIBLE', grantOf(terms, period))
  return ruleOf('membership', guardsOf(terms.exclusions, LINE_CHECKS), sameForAll(grant, terms))
}
