/**
 * What a former customer can expect. A bill goes before a formula (A6): the formula is asked where
 * nothing was billed yet, and held against the bill where both are there. Amounts are whole won.
 */
import type { IsoDate } from '../rules/case.js'
import { estimateClawback, isFarFromBill } from '../rules/refunds/clawback.js'
import type { ClawbackForm } from '../rules/refunds/clawback.js'
import { decideRefund } from '../rules/refunds/refund-decision.js'
import type { RefundDecision } from '../rules/refunds/refund-decision.js'
import type { ContractMonths, RefundTerms } from '../rules/refunds/refund-terms.js'
import type { Review } from '../rules/refunds/review.js'
import type { Termination } from '../rules/refunds/termination.js'

/** What the customer received under the contract that ended. */
export interface ContractTold {
  readonly startedOn: IsoDate
  readonly months: ContractMonths
  readonly suspendedDays: number
  /** 0 where there was none. */
  readonly subsidyKrw: number
  /** By month from the first on; empty where there was none. */
  readonly discountsKrw: readonly number[]
  readonly discountForm: ClawbackForm
}

export interface ClawbackEstimate {
  readonly subsidyKrw: number
  readonly discountKrw: number
}

export interface RefundEstimate {
  /** As things stand. */
  readonly decision: RefundDecision
  /** Once the penalty is billed and paid in full, unless a part of it was paid. */
  readonly expected: RefundDecision
  /** What `expected` goes by; `none` where nothing was billed and no contract was told. */
  readonly basis: 'bill' | 'estimate' | 'none'
  /** Null where nothing was billed. */
  readonly billedKrw: number | null
  /** Null where no contract was told. */
  readonly estimate: ClawbackEstimate | null
  /** Whether somebody should look at the bill; null where one of both is missing. */
  readonly isFarFromBill: boolean | null
}

export function estimateRefund(
  terms: RefundTerms,
  termination: Termination,
  reviews: readonly Review[],
  contract: ContractTold | null,
): RefundEstimate {
  const { subsidyClawbackKrw, discountClawbackKrw, paidKrw } = termination
  const billedKrw = subsidyClawbackKrw + discountClawbackKrw
  const isBilled = billedKrw > 0
  const estimate = contract && clawbackOf(terms, termination.terminatedOn, contract)
  const estimateKrw = estimate && estimate.subsidyKrw + estimate.discountKrw
  const penalty =
    isBilled || estimate === null
      ? { subsidyClawbackKrw, discountClawbackKrw }
      : { subsidyClawbackKrw: estimate.subsidyKrw, discountClawbackKrw: estimate.discountKrw }
  const inFull = penalty.subsidyClawbackKrw + penalty.discountClawbackKrw
  const settled = {
    ...termination,
    ...penalty,
    paidKrw: isBilled && paidKrw > 0 ? paidKrw : inFull,
  }
  return {
    decision: decideRefund(terms, termination, reviews),
    expected: decideRefund(terms, settled, reviews),
    basis: isBilled ? 'bill' : estimate === null ? 'none' : 'estimate',
    billedKrw: isBilled ? billedKrw : null,
    estimate,
    isFarFromBill:
      isBilled && estimateKrw !== null
        ? isFarFromBill(terms.clawback, estimateKrw, billedKrw)
        : null,
  }
}

function clawbackOf(
  { clawback }: RefundTerms,
  terminatedOn: IsoDate,
  contract: ContractTold,
): ClawbackEstimate {
  const { subsidyKrw, discountsKrw, discountForm, ...of } = contract
  return {
    subsidyKrw: estimateClawback(clawback, 'subsidy', 'linear', {
      ...of,
      terminatedOn,
      receivedKrw: [subsidyKrw],
    }),
    discountKrw: estimateClawback(clawback, 'discount', discountForm, {
      ...of,
      terminatedOn,
      receivedKrw: discountsKrw,
    }),
  }
}
