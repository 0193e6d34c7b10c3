/** All that is known of one line's refund: what the rules look at, and what was recorded last. */
import type { IsoDate } from '../rules/case.js'
import type { RefundApplication } from '../rules/refunds/application-state.js'
import type { RefundDecision } from '../rules/refunds/refund-decision.js'
import type { ApplicationState } from '../rules/refunds/refund-reasons.js'
import type { RefundExclusion } from '../rules/refunds/refund-terms.js'
import type { ReviewOutcome } from '../rules/refunds/review.js'
import type { Termination } from '../rules/refunds/termination.js'

export interface RefundCase {
  readonly lineId: string
  /** Null where only applications name the line. */
  readonly termination: Termination | null
  /** Null where it was never assessed. */
  readonly recorded: RecordedDecision | null
  /** The approved ones, the newest last. */
  readonly reviews: readonly ApprovedReview[]
  /** By application id. */
  readonly applications: readonly CaseApplication[]
}

export interface RecordedDecision extends RefundDecision {
  readonly decisionNo: number
}

export interface RecordedState {
  readonly stateNo: number
  readonly state: ApplicationState
  readonly payoutOn: IsoDate | null
}

/** An application as it was last told, before reviews are taken into account. */
export interface CaseApplication extends Omit<RefundApplication, 'lateAcceptedAt'> {
  /** The version that says where the money goes; a review of a hold is about one of them. */
  readonly accountNo: string
  /**
   * Since when the check of the holder says what it says; null where it did from the first file on
   * that told of the application.
   */
  readonly checkedAt: string | null
  readonly recorded: RecordedState | null
}

export type ReviewKind = 'hardship' | 'exclusion_waived' | 'hold_lifted' | 'late_accepted'

export interface ApprovedReview {
  readonly kind: ReviewKind
  readonly outcome: ReviewOutcome
  readonly exclusion: RefundExclusion | null
  readonly applicationId: string | null
  readonly applicationNo: string | null
  /** ISO 8601 instant. */
  readonly approvedAt: string
}
