/**
 * The same guards as `decideRefund` runs, with all that apply, the facts they looked at, where the
 * rule is written, and what would have to change for a yes.
 */
import type { Facts } from '../guard.js'
import type { Sentence } from '../reason-codes.js'
import {
  decideRefund,
  refundRuleFor,
  standingGuards,
  type RefundDecision,
  type RefundGuard,
} from './refund-decision.js'
import { REFUND_REASONS, type RefundReason } from './refund-reasons.js'
import type { AccountRule, RefundExclusion, RefundTerms } from './refund-terms.js'
import type { Review } from './review.js'
import type { Termination } from './termination.js'

export interface RefundExplanation extends RefundDecision {
  /** All that stand in the way, in their order; of a refund that is owed, its one reason. */
  readonly allReasons: readonly RefundReason[]
  /** Those that apply and that a person let pass. */
  readonly passedOver: readonly RefundExclusion[]
  /** One for each reason that stands in the way. */
  readonly remedies: readonly RefundRemedy[]
  readonly factsUsed: Facts
  readonly sources: readonly string[]
  /** In whose name the account may be, for a customer of this kind. */
  readonly accounts: readonly AccountRule[]
}

export interface RefundRemedy {
  readonly reason: RefundReason
  /** Null where nothing can change it. */
  readonly remedy: Sentence | null
}

export function explainRefund(
  terms: RefundTerms,
  termination: Termination,
  reviews: readonly Review[],
): RefundExplanation {
  const rule = refundRuleFor(terms)
  const decision = decideRefund(terms, termination, reviews)
  const standing = standingGuards(rule, termination, reviews)
  const applying = rule.guards.filter((guard) => guard.applies(termination))
  const isOwed = decision.decision === 'refundable'
  const guardFacts = rule.guards.map((guard) => guard.facts(termination))
  const sources = isOwed ? amountSources(terms) : standing.map(({ source }) => source)
  return {
    ...decision,
    allReasons: isOwed ? [decision.reason] : standing.map(reasonOf),
    passedOver: applying.filter((guard) => !standing.includes(guard)).map(reasonOf),
    remedies: standing.map((guard) => ({
      reason: guard.reason,
      remedy: remedyOf(guard, decision),
    })),
    factsUsed: Object.assign({}, ...guardFacts, amountFacts(termination)) as Facts,
    sources: [...new Set(sources)],
    accounts: terms.applications.accounts
      .map(({ value }) => value)
      .filter(({ customerKind }) => customerKind === termination.customerKind),
  }
}

function reasonOf({ reason }: RefundGuard): RefundExclusion {
  return reason
}

/** Where a person has looked and said no, looking again is no remedy. */
function remedyOf(guard: RefundGuard, { decision, reason }: RefundDecision): Sentence | null {
  const waitsForPerson = guard.decided.decision === 'review'
  const isAnswered = waitsForPerson && decision === 'refused' && reason === guard.reason
  return isAnswered ? null : REFUND_REASONS[guard.reason].remedy
}

/** Also where no guard of the programme looks at them: the amount goes by them. */
function amountFacts(termination: Termination): Facts {
  return {
    subsidy_clawback_krw: termination.subsidyClawbackKrw,
    discount_clawback_krw: termination.discountClawbackKrw,
    paid_krw: termination.paidKrw,
    already_waived_krw: termination.alreadyWaivedKrw,
  }
}

function amountSources({ baseDate, terminated, components, priorWaivers }: RefundTerms) {
  return [baseDate, terminated, components, priorWaivers].map(({ source }) => source)
}
