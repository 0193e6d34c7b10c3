/** A line's refund and the states of its applications, by the rules and by what people decided. */
import type { RefundApplication, StatedApplication } from '../rules/refunds/application-state.js'
import { applicationStates } from '../rules/refunds/application-state.js'
import { microsOf } from '../rules/refunds/instant.js'
import { decideRefund } from '../rules/refunds/refund-decision.js'
import type { RefundDecision } from '../rules/refunds/refund-decision.js'
import type { RefundTerms } from '../rules/refunds/refund-terms.js'
import type { Review } from '../rules/refunds/review.js'
import type { ApprovedReview, CaseApplication, RefundCase } from './refund-case.js'

export interface JudgedCase {
  /** Null where no termination of the line is known. */
  readonly refund: RefundDecision | null
  /** In the order of the case's applications. */
  readonly states: readonly StatedApplication[]
}

/** `now` is an ISO 8601 instant. */
export function judgeRefundCase(terms: RefundTerms, it: RefundCase, now: string): JudgedCase {
  const { termination, applications } = it
  const refund =
    termination === null ? null : decideRefund(terms, termination, lineReviews(it.reviews))
  if (applications.length === 0) return { refund, states: [] }
  const line =
    termination === null || refund === null
      ? null
      : {
          refund,
          terminatedOn: termination.terminatedOn,
          reviewGrantedAt: lineGrantedAt(it.reviews, now),
        }
  const asked = applications.map((application) => asOf(terms, application, it.reviews, now))
  return { refund, states: applicationStates(terms, line, asked, now) }
}

/** Those of the line itself that count: the newest of each kind and exclusion. */
export function lineReviews(reviews: readonly ApprovedReview[]): readonly Review[] {
  return countingOfLine(reviews).map(({ kind, outcome, exclusion }) =>
    kind === 'hardship' ? { kind, outcome } : { kind: 'exclusion_waived', outcome, exclusion },
  )
}

const NO_REVIEWS: readonly ApprovedReview[] = []

function countingOfLine(reviews: readonly ApprovedReview[]): readonly ApprovedReview[] {
  // Nearly all lines: a million are asked.
  if (reviews.length === 0) return NO_REVIEWS
  const newest = new Map<string, ApprovedReview>()
  for (const it of reviews) {
    if (it.applicationId === null) newest.set(`${it.kind} ${it.exclusion}`, it)
  }
  return [...newest.values()]
}

function lineGrantedAt(reviews: readonly ApprovedReview[], now: string): string | null {
  let last: string | null = null
  for (const { outcome, approvedAt } of countingOfLine(reviews)) {
    if (outcome === 'granted') last = later(last, notAfter(approvedAt, now))
  }
  return last
}

function asOf(
  terms: RefundTerms,
  it: CaseApplication,
  reviews: readonly ApprovedReview[],
  now: string,
): RefundApplication {
  const { checkedAt, holderCheck, accountNo } = it
  const isChecked = terms.applications.payableChecks.value.includes(holderCheck)
  const lifted = newestOf(reviews, 'hold_lifted', it)
  const isLifted = lifted?.outcome === 'granted' && lifted.applicationNo === accountNo
  const late = newestOf(reviews, 'late_accepted', it)
  const settledAt = isChecked ? checkedAt : isLifted ? lifted.approvedAt : null
  return {
    ...it,
    holdLiftedAt: settledAt === null ? null : notAfter(settledAt, now),
    lateAcceptedAt: late?.outcome === 'granted' ? notAfter(late.approvedAt, now) : null,
  }
}

function newestOf(
  reviews: readonly ApprovedReview[],
  kind: ApprovedReview['kind'],
  { applicationId }: CaseApplication,
): ApprovedReview | undefined {
  return reviews.findLast((it) => it.kind === kind && it.applicationId === applicationId)
}

/** What counts at `now` was settled by then, whatever clock wrote it down. */
function notAfter(instant: string, now: string): string {
  return microsOf(instant) > microsOf(now) ? now : instant
}

function later(a: string | null, b: string): string {
  return a === null || microsOf(b) > microsOf(a) ? b : a
}
