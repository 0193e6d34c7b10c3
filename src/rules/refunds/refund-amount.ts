/** How much of a penalty is owed back. All amounts are whole won. */
import type { RefundTerms } from './refund-terms.js'
import type { Termination } from './termination.js'

export interface RefundAmounts {
  /** The refundable components as billed. */
  readonly penaltyKrw: (termination: Termination) => number
  /** What was paid of them and not waived before (A11); never below 0. */
  readonly owedKrw: (termination: Termination) => number
}

/** What the terms leave open is settled here once: millions are asked. */
export function amountsBy({ components, priorWaivers }: RefundTerms): RefundAmounts {
  const hasSubsidy = components.value.includes('subsidy_clawback_krw')
  const hasDiscount = components.value.includes('discount_clawback_krw')
  const isDeducted = priorWaivers.value === 'deducted'
  const penaltyKrw = ({ subsidyClawbackKrw, discountClawbackKrw }: Termination) =>
    (hasSubsidy ? subsidyClawbackKrw : 0) + (hasDiscount ? discountClawbackKrw : 0)
  return {
    penaltyKrw,
    owedKrw: (termination) => {
      const dueKrw = Math.min(penaltyKrw(termination), termination.paidKrw)
      return Math.max(0, isDeducted ? dueKrw - termination.alreadyWaivedKrw : dueKrw)
    },
  }
}
