/**
 * What the rules leave to people: a hardship, a lifted hold, a waived exclusion, an application
 * that came late. One proposes with a reason, another approves; the next assessment goes by it.
 */
import { errorCodeOf } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import type { RefundTerms } from '../rules/refunds/refund-terms.js'
import * as store from './review-store.js'
import type { ProposedReview, RefundReview } from './review-store.js'

/** @throws RedressError USAGE, REFUND_LINE_UNKNOWN */
export async function proposeReview(
  pool: Pool,
  terms: RefundTerms,
  proposed: ProposedReview,
): Promise<RefundReview> {
  const { kind, lineId, applicationId, exclusion } = proposed
  const isOfApplication = kind === 'hold_lifted' || kind === 'late_accepted'
  refuse(isOfApplication !== (applicationId !== undefined), `--application: with ${OF_APPLICATION}`)
  refuse((kind === 'exclusion_waived') !== (exclusion !== undefined), `--exclusion: with ${WAIVED}`)
  const waivable = terms.waivable.value
  refuse(
    exclusion !== undefined && !waivable.includes(exclusion),
    `--exclusion: not to be waived; expected one of ${waivable.join(', ')}`,
  )
  if (!(await store.isKnownToRefunds(pool, lineId, applicationId))) {
    throw new RedressError('REFUND_LINE_UNKNOWN', {
      line: lineId,
      problem: isOfApplication ? 'no such application' : 'no termination and no application known',
      expected: 'a line or application that was imported',
    })
  }
  return await store.insertReview(pool, proposed)
}

const OF_APPLICATION = 'hold_lifted and late_accepted, and with these alone'
const WAIVED = 'exclusion_waived, and with it alone'

function refuse(isWrong: boolean, problem: string): void {
  if (isWrong) throw new RedressError('USAGE', { problem })
}

/**
 * As another person than the one who proposed it. Approved already, it stays as it is.
 * @throws RedressError REVIEW_UNKNOWN, REVIEW_REFUSED
 */
export async function approveReview(
  pool: Pool,
  reviewId: string,
  { by, at }: { readonly by: string; readonly at: string },
): Promise<{ readonly review: RefundReview; readonly already: boolean }> {
  const before = await known(pool, reviewId)
  if (before.approved_at !== null) return { review: before, already: true }
  if (before.proposed_by === by) throw ownProposal(reviewId)
  try {
    await store.markApproved(pool, reviewId, at)
  } catch (error) {
    if (errorCodeOf(error) === store.REVIEW_REFUSED_BY_DATABASE) throw ownProposal(reviewId)
    throw error
  }
  return { review: await known(pool, reviewId), already: false }
}

async function known(pool: Pool, reviewId: string): Promise<RefundReview> {
  const review = await store.readReview(pool, reviewId)
  if (review !== undefined) return review
  throw new RedressError('REVIEW_UNKNOWN', { review: reviewId })
}

function ownProposal(reviewId: string): RedressError {
  return new RedressError('REVIEW_REFUSED', {
    review: reviewId,
    problem: 'proposed by the person who would approve it',
    expected: 'another person',
  })
}
