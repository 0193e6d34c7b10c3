/** A batch of refunds that one payout date pays, and why others are not in it. */

export interface PayoutBatch {
  readonly batchId: string
  readonly programme: string
  readonly version: number
  /** ISO date on which the bank is to pay. */
  readonly payoutOn: string
  readonly count: number
  readonly totalKrw: number
  /** How many people other than the maker have to sign. */
  readonly checkers: number
  readonly approvals: readonly PayoutApproval[]
  readonly holds: Readonly<Partial<Record<HoldReason, number>>>
  /** Lower-case hexadecimal; what the approval signs. */
  readonly batchHash: string
  readonly state: 'prepared' | 'approved' | 'cancelled'
  readonly madeBy: string
  readonly madeAt: string
  readonly approvedAt: string | null
}

export interface PayoutApproval {
  readonly approvedBy: string
  readonly authenticated: boolean
  readonly approvedAt: string
}

/** Why a refund that somebody applied for is not in a batch. */
export type HoldReason =
  /** The account's holder was not found to be the one who is owed. */
  | 'HOLDER_NOT_VERIFIED'
  /** A person has to decide on the line first. */
  | 'REVIEW_PENDING'
  /** The decision changed after the application was judged: to be assessed anew. */
  | 'NOT_REFUNDABLE'
  | 'WITHDRAWN'
  /** The bank sent it back, and the customer has named no other account. */
  | 'ACCOUNT_TO_CORRECT'
  /** The account may not receive; a person lifts it by a review. */
  | 'BANK_HOLD'
  /** The bank's reason has to be read by a person, who lifts it by a review. */
  | 'BANK_REASON_TO_READ'
  /** The bank calls it a duplicate: it may have been paid. */
  | 'MAYBE_PAID'
  /** The bank said of one attempt that it was paid, and that it was not. */
  | 'BANK_CONTRADICTS'
  /** It came back from this very date; it goes on the next one. */
  | 'NEXT_DATE'
  /** The amount rose after it was paid. */
  | 'PAID_IN_PART'

export interface AmountBand {
  /** Up to and including; null for all above. */
  readonly uptoKrw: number | null
  readonly count: number
  readonly totalKrw: number
}

/** Upper ends of the bands of a histogram. */
export const BAND_ENDS: readonly number[] = [50_000, 100_000, 200_000, 300_000, 500_000, 1_000_000]

/** The name of the batch at the bank; a part of it has the number of the part added. */
export function messageIdOf({ programme, batchId }: PayoutBatch): string {
  return `${programme}-B${batchId}`
}
