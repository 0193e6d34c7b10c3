/**
 * What a programme may set about refunds: days, amounts, exclusions and their order, payout dates.
 * What an exclusion means is code (refund-guards.ts).
 */
import type { CustomerKind, IsoDate } from '../case.js'
import type { Cited, DayWindow } from '../cited.js'
import type { RefundReason } from './refund-reasons.js'
import type { ContractEvent, Hardship, HolderCheck } from './termination.js'

/** Raised with every change that can alter a refund decision or an application's state. */
export const refundRulesVersion = '1'

/** Whatever a programme may name as a reason to refuse, or to have a person look. */
export type RefundExclusion = Exclude<RefundReason, 'REFUNDABLE'>

/** Named as the columns of the termination file. */
export type RefundComponent = 'subsidy_clawback_krw' | 'discount_clawback_krw'

export interface RefundTerms {
  /** Whoever was in use at the end of this day can be owed a refund. */
  readonly baseDate: Cited<IsoDate>
  readonly terminated: Cited<DayWindow>
  readonly contractEvents: Cited<ContractEventTerms>
  readonly resubscribed: Cited<DayWindow>
  readonly hardship: HardshipTerms
  /** In the order in which they are looked at. */
  readonly exclusions: readonly Cited<RefundExclusion>[]
  /** Those that wait for a person; all others refuse. */
  readonly reviewed: Cited<readonly RefundExclusion[]>
  /** Those that a person may waive; HARDSHIP_REVIEW is decided by a review of its own. */
  readonly waivable: Cited<readonly RefundExclusion[]>
  readonly components: Cited<readonly RefundComponent[]>
  readonly priorWaivers: Cited<'deducted' | 'not_deducted'>
  readonly applications: RefundApplicationTerms
  readonly payout: PayoutTerms
  /** Ascending, the first above nothing. */
  readonly approvalTiers: Cited<readonly ApprovalTier[]>
  readonly clawback: ClawbackTerms
}

/** Events of these kinds, from this day on, end the claim. */
export interface ContractEventTerms {
  readonly kinds: readonly ContractEvent[]
  readonly from: IsoDate
}

/** Who could not terminate in time may do so within `graceDays` after the reason ends. */
export interface HardshipTerms {
  readonly reasons: Cited<readonly Hardship[]>
  /** The day on which the reason ends is not counted. */
  readonly graceDays: Cited<number>
}

export interface RefundApplicationTerms {
  /** An instant; what comes before it is early. */
  readonly opensAt: Cited<string>
  /** An instant; what comes after it is late. */
  readonly closesAt: Cited<string>
  /** What the check of the holder has to say before money goes out. */
  readonly payableChecks: Cited<readonly HolderCheck[]>
  readonly accounts: readonly Cited<AccountRule>[]
}

/** In whose name the account may be, and what has to be shown for it. */
export interface AccountRule {
  readonly customerKind: CustomerKind
  /** In completed years; null for all ages. */
  readonly belowAge: number | null
  readonly holder: 'subscriber' | 'corporation' | 'legal_representative'
  readonly proof: 'none' | 'business_number' | 'proof_of_representation'
}

export interface PayoutTerms {
  /** The first row that a termination and its application fit decides. */
  readonly matrix: Cited<readonly PayoutRow[]>
  /** Payout dates go on after the last of the matrix, so many days apart and up to a day. */
  readonly retries: Cited<{ readonly everyDays: number; readonly until: IsoDate }>
  /** Of refunds outside the matrix: on the nth such weekday after the approval. */
  readonly exceptions: Cited<{ readonly weekday: IsoWeekday; readonly nth: number }>
  /** From the payout date on, in months; then the claim has lapsed. */
  readonly payableMonths: Cited<number>
}

/** 1 is Monday, 7 is Sunday. */
export type IsoWeekday = 1 | 2 | 3 | 4 | 5 | 6 | 7

export interface PayoutRow {
  /** Inclusive. */
  readonly terminatedBy: IsoDate
  /** Inclusive; null for all that come later. */
  readonly appliedBy: IsoDate | null
  readonly paysOn: IsoDate
}

/** A batch of more than `aboveKrw` needs so many people other than its maker. */
export interface ApprovalTier {
  readonly aboveKrw: number
  readonly checkers: number
}

/** How penalties are estimated where none was billed yet (facts §2.3). */
export interface ClawbackTerms {
  readonly subsidy: Cited<readonly LinearForm[]>
  readonly discount: Cited<readonly LinearForm[]>
  readonly steppedDiscount: Cited<readonly SteppedForm[]>
  /** A bill that differs by more than either is worth a look (A6). */
  readonly tolerance: Cited<{ readonly percent: number; readonly krw: number }>
}

export type ContractMonths = 12 | 24

/** All is clawed back up to `fullDays` of use, then less by the day. */
export interface LinearForm {
  readonly months: ContractMonths
  readonly fullDays: number
}

/** Each month's discount is clawed back by the percentage of its band. */
export interface SteppedForm {
  readonly months: ContractMonths
  readonly bands: readonly { readonly toMonth: number; readonly percent: number }[]
}
