/**
 * Whether a terminated line is owed a refund, and how much (contracts §3). The first guard that
 * applies is the reason. Pure, and made for millions: what the terms settle is settled once.
 */
import { firstRefusal, guardsOf, type Guard } from '../guard.js'
import { amountsBy, type RefundAmounts } from './refund-amount.js'
import { refundChecks } from './refund-guards.js'
import type { RefundReason } from './refund-reasons.js'
import type { RefundExclusion, RefundTerms } from './refund-terms.js'
import { verdictOn, type Review } from './review.js'
import type { Termination } from './termination.js'

export interface RefundDecision {
  readonly decision: 'refundable' | 'review' | 'refused'
  readonly reason: RefundReason
  /** Whole won; 0 unless refundable. */
  readonly amountKrw: number
}

/** `reviews` are the approved ones of the line. */
export function decideRefund(
  terms: RefundTerms,
  termination: Termination,
  reviews: readonly Review[],
): RefundDecision {
  const rule = refundRuleFor(terms)
  const guard =
    reviews.length === 0
      ? firstRefusal(rule.guards, termination)
      : firstStanding(rule, termination, reviews)
  if (guard === undefined) {
    const amountKrw = rule.amounts.owedKrw(termination)
    return { decision: 'refundable', reason: 'REFUNDABLE', amountKrw }
  }
  const isRefused =
    reviews.length > 0 && verdictOn(terms, guard.reason, termination, reviews) === 'refused'
  return isRefused ? guard.refused : guard.decided
}

export interface RefundGuard extends Guard<Termination, RefundExclusion> {
  readonly decided: RefundDecision
  /** The same once a person has looked and said no. */
  readonly refused: RefundDecision
}

/** The terms of a programme made ready to decide by. */
export interface RefundRule {
  readonly terms: RefundTerms
  readonly guards: readonly RefundGuard[]
  readonly amounts: RefundAmounts
}

/** Made once for each programme version: a pure function's memory. */
const prepared = new WeakMap<RefundTerms, RefundRule>()

export function refundRuleFor(terms: RefundTerms): RefundRule {
  let rule = prepared.get(terms)
  if (rule === undefined) {
    const guards = guardsOf(terms.exclusions, refundChecks(terms)).map((it) => answering(it, terms))
    rule = { terms, guards, amounts: amountsBy(terms) }
    prepared.set(terms, rule)
  }
  return rule
}

/** The guards that apply and that no review passes over, in their order. */
export function standingGuards(
  { terms, guards }: RefundRule,
  termination: Termination,
  reviews: readonly Review[],
): readonly RefundGuard[] {
  return guards.filter(
    (guard) =>
      guard.applies(termination) &&
      verdictOn(terms, guard.reason, termination, reviews) !== 'passed_over',
  )
}

function firstStanding(
  rule: RefundRule,
  termination: Termination,
  reviews: readonly Review[],
): RefundGuard | undefined {
  return standingGuards(rule, termination, reviews)[0]
}

function answering(guard: Guard<Termination, RefundExclusion>, terms: RefundTerms): RefundGuard {
  const { reason } = guard
  const refused = Object.freeze({ decision: 'refused', reason, amountKrw: 0 } as const)
  const decided = terms.reviewed.value.includes(reason)
    ? Object.freeze({ decision: 'review', reason, amountKrw: 0 } as const)
    : refused
  return { ...guard, decided, refused }
}
