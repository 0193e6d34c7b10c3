/** How many people have to approve a payout batch. */
import { assert } from '../../assert.js'
import type { RefundTerms } from './refund-terms.js'

/** Other than its maker, by the highest tier that the total is above; at least one. */
export function checkersNeeded({ approvalTiers }: RefundTerms, totalKrw: number): number {
  assert(totalKrw >= 0, 'a batch pays money out')
  const reached = approvalTiers.value.filter(({ aboveKrw }) => totalKrw > aboveKrw)
  return Math.max(1, ...reached.map(({ checkers }) => checkers))
}
