/**
 * What a person decided about a line, proposed by one and approved by another. It never changes a
 * fact: it only lets the guards go on where they stopped, or stop for good.
 */
import type { RefundExclusion, RefundTerms } from './refund-terms.js'
import { isLateByHardship } from './refund-guards.js'
import type { Termination } from './termination.js'

export type ReviewOutcome = 'granted' | 'denied'

/** Of a line: the newest approved one of its kind and exclusion. */
export type Review =
  | { readonly kind: 'hardship'; readonly outcome: ReviewOutcome }
  | {
      readonly kind: 'exclusion_waived'
      readonly outcome: ReviewOutcome
      /** Null for all exclusions that the programme lets a person waive. */
      readonly exclusion: RefundExclusion | null
    }

/** Whether an exclusion that applies is passed over, stops for good, or stands as it is. */
export type Verdict = 'passed_over' | 'refused' | 'stands'

export function verdictOn(
  terms: RefundTerms,
  exclusion: RefundExclusion,
  termination: Termination,
  reviews: readonly Review[],
): Verdict {
  for (const review of reviews) {
    const verdict =
      review.kind === 'hardship'
        ? byHardship(terms, exclusion, termination, review.outcome)
        : byWaiver(terms, exclusion, review.outcome, review.exclusion)
    if (verdict !== 'stands') return verdict
  }
  return 'stands'
}

/**
 * Whoever is not believed is outside the window like anybody else. Whoever is believed is not, as
 * long as billing has not restated the line in a way that has nothing to do with that hardship.
 */
function byHardship(
  terms: RefundTerms,
  exclusion: RefundExclusion,
  termination: Termination,
  outcome: ReviewOutcome,
): Verdict {
  if (exclusion === 'HARDSHIP_REVIEW') return 'passed_over'
  if (exclusion !== 'OUTSIDE_WINDOW' || outcome === 'denied') return 'stands'
  const isLate = isLateByHardship(terms.hardship, terms.terminated.value, termination)
  return isLate ? 'passed_over' : 'stands'
}

function byWaiver(
  terms: RefundTerms,
  exclusion: RefundExclusion,
  outcome: ReviewOutcome,
  waived: RefundExclusion | null,
): Verdict {
  if (!terms.waivable.value.includes(exclusion)) return 'stands'
  if (waived !== null && waived !== exclusion) return 'stands'
  return outcome === 'granted' ? 'passed_over' : 'refused'
}
