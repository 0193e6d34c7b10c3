/**
 * SQL of reviews: what a person proposes about a line, and another approves. Who it was is filled
 * in by the database, whose triggers refuse whatever else is tried.
 */
import { assert } from '../assert.js'
import type { Pool } from '../db/database.js'
import type { RefundExclusion } from '../rules/refunds/refund-terms.js'
import type { ReviewOutcome } from '../rules/refunds/review.js'
import type { ReviewKind } from './refund-case.js'

/** SQLSTATE of an approval that the database refuses; its text says why. */
export const REVIEW_REFUSED_BY_DATABASE = 'RD002'

export interface ProposedReview {
  readonly lineId: string
  /** Of a lifted hold and a late application; undefined for what is about the line. */
  readonly applicationId?: string | undefined
  readonly kind: ReviewKind
  /** Of a waiver. */
  readonly exclusion?: RefundExclusion | undefined
  readonly outcome: ReviewOutcome
  readonly reason: string
  /** ISO 8601 instant. */
  readonly at: string
}

export interface RefundReview {
  readonly review_id: string
  readonly line_id: string
  readonly application_id: string | null
  readonly kind: ReviewKind
  readonly exclusion: RefundExclusion | null
  readonly outcome: ReviewOutcome
  readonly reason: string
  readonly proposed_by: string
  readonly proposed_at: string
  readonly approved_by: string | null
  readonly approved_at: string | null
  readonly authenticated: boolean | null
}

const COLUMNS = `review_id, line_id, application_id, kind, exclusion, outcome, reason, proposed_by,
  proposed_at, approved_by, approved_at, authenticated`

/** Whether a file told of the line, or of this application for it. */
export async function isKnownToRefunds(
  pool: Pool,
  lineId: string,
  applicationId?: string,
): Promise<boolean> {
  const { rows } = await pool.query<{ known: boolean }>(
    `select case when $2::text is null
       then exists (select from termination where line_id = $1)
         or exists (select from refund_application where line_id = $1)
       else exists (select from refund_application where line_id = $1 and application_id = $2)
       end as known`,
    [lineId, applicationId ?? null],
  )
  return rows[0]?.known === true
}

export async function insertReview(pool: Pool, it: ProposedReview): Promise<RefundReview> {
  const { rows } = await pool.query<RefundReview>(
    `insert into refund_review (line_id, application_id, kind, exclusion, outcome, reason,
       proposed_at)
     values ($1, $2, $3, $4, $5, $6, $7) returning ${COLUMNS}`,
    [
      it.lineId,
      it.applicationId ?? null,
      it.kind,
      it.exclusion ?? null,
      it.outcome,
      it.reason,
      it.at,
    ],
  )
  assert(rows[0] !== undefined, 'the row inserted')
  return rows[0]
}

export async function readReview(pool: Pool, reviewId: string): Promise<RefundReview | undefined> {
  const { rows } = await pool.query<RefundReview>(
    `select ${COLUMNS} from refund_review where review_id = $1`,
    [reviewId],
  )
  return rows[0]
}

/** Nothing happens to a review that is approved already. */
export async function markApproved(pool: Pool, reviewId: string, at: string): Promise<void> {
  await pool.query(
    `update refund_review set approved_at = $2 where review_id = $1 and approved_at is null`,
    [reviewId, at],
  )
}

/** The newest first. */
export async function listReviews(
  pool: Pool,
  filter: { readonly lineId?: string | undefined; readonly openOnly?: boolean | undefined },
): Promise<readonly RefundReview[]> {
  const { rows } = await pool.query<RefundReview>(
    `select ${COLUMNS} from refund_review
     where ($1::bigint is null or line_id = $1) and ($2 or approved_at is null)
     order by review_id desc`,
    [filter.lineId ?? null, filter.openOnly !== true],
  )
  return rows
}
