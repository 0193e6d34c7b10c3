/** What the demo's chapter of refunds finds out, and its report tells. */
import type { Bounced } from '../../generate/bank-answers.js'
import type { OutcomeCounts } from '../../payouts/bank-status-store.js'
import type { PayoutBatch } from '../../payouts/payout-batch.js'
import type { PayoutReport } from '../../payouts/payout-report.js'
import type { Reconciliation } from '../../payouts/reconcile.js'
import type { UnclaimedPass } from '../../payouts/set-aside.js'
import type { PreparedRound, RoundPreview } from '../../reminders/prepare-round.js'
import type { Effect, RoundCounts } from '../../reminders/show-store.js'
import type { Assessment } from '../../refunds/assess-refunds.js'

export const REFUND_DATES = ['2026-01-22', '2026-02-05', '2026-02-19'] as const
export type RefundDate = (typeof REFUND_DATES)[number]

/** One payout date, from what came in to what the bank has said of it. */
export interface DemoPayout {
  readonly date: RefundDate
  readonly assessment: Assessment
  readonly batch: PayoutBatch
  readonly signedBy: readonly string[]
  /** Applications that name another account, since the bank had refused the first. */
  readonly corrections: number
  /** Answers of the bank by what they did, all its files together. */
  readonly answers: OutcomeCounts
  readonly answerFiles: number
  readonly bounced: readonly Bounced[]
  /** Blocked accounts that two people have looked into, so that the refund goes again. */
  readonly reviews: number
  /** Transfers of the batch that go for the second time or more. */
  readonly retries: number
}

/** One reminder round, from its preview to the applications that followed it. */
export interface DemoRound {
  readonly round: number
  readonly preview: RoundPreview
  readonly prepared: PreparedRound
  /** What the gateway may be handed a second, and was. */
  readonly configuredRate: number
  readonly measuredRate: number
  /** Messages that waited for the morning, since somebody had stopped the round. */
  readonly heldForQuietHours: number
  readonly counts: RoundCounts
  readonly effect: Effect
}

export interface RefundStory {
  readonly terminations: number
  readonly applications: number
  /** What the maker was told who signs the own batch. */
  readonly fourEyes: string
  readonly payouts: readonly DemoPayout[]
  readonly rounds: readonly DemoRound[]
  readonly unclaimed: UnclaimedPass
  readonly books: Reconciliation
  readonly report: PayoutReport
  /** The page for finance. */
  readonly page: string
}
