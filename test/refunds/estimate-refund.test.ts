/** What a former customer is told to expect: the bill before the formula (A6). */
import { describe, expect, it } from 'vitest'
import { estimateRefund } from '../../src/refunds/estimate-refund.js'
import type { ContractTold } from '../../src/refunds/estimate-refund.js'
import { aTermination, TERMS } from '../rules/refunds/refund-builders.js'

const CONTRACT: ContractTold = {
  startedOn: '2024-03-01',
  months: 24,
  suspendedDays: 0,
  subsidyKrw: 500_000,
  discountsKrw: Array.from({ length: 18 }, () => 17_250),
  discountForm: 'linear',
}
/** 2025-08-31 and 548 days of use: the examples of facts §2.3, and the first day of the window. */
const LEFT = { terminatedOn: '2025-09-01', terminatedAt: '2025-09-01T10:00:00+09:00' }
const UNBILLED = { ...LEFT, subsidyClawbackKrw: 0, discountClawbackKrw: 0, paidKrw: 0 }
const estimated = (
  changes: Parameters<typeof aTermination>[0],
  contract: ContractTold | null = CONTRACT,
) => estimateRefund(TERMS, aTermination(changes), [], contract)

describe('where nothing was billed yet', () => {
  it('the formula is what can be expected, a suspension not counted as used', () => {
    const contract = { ...CONTRACT, suspendedDays: 1 }
    expect(estimated(UNBILLED, contract)).toMatchObject({
      decision: { reason: 'NO_PENALTY' },
      expected: { decision: 'refundable', amountKrw: 165_454 + 102_747 },
      estimate: { subsidyKrw: 165_454, discountKrw: 102_747 },
      basis: 'estimate',
      billedKrw: null,
      isFarFromBill: null,
    })
  })

  it('a stepped discount goes by its months', () => {
    const stepped = { ...CONTRACT, subsidyKrw: 0, discountForm: 'stepped' } as const
    // 6 x 100 %, 6 x 60 %, 4 x 35 %, 2 x -15 % of 17,250.
    expect(estimated(UNBILLED, stepped).expected.amountKrw).toBe(17_250 * 10.7)
  })

  it('an exclusion stands whatever would be billed', () => {
    const { expected } = estimated({ ...UNBILLED, network: 'mvno' })
    expect(expected).toEqual({ decision: 'refused', reason: 'MVNO', amountKrw: 0 })
  })

  it('nothing is expected without a contract', () => {
    const told = estimated(UNBILLED, null)
    expect(told).toMatchObject({ basis: 'none', estimate: null, expected: { amountKrw: 0 } })
  })
})

describe('where it was billed', () => {
  const billed = { ...LEFT, subsidyClawbackKrw: 160_000, discountClawbackKrw: 100_000 }

  it('the bill is what can be expected once paid, and a far one is worth a look', () => {
    const told = estimated({ ...billed, paidKrw: 0 })
    expect(told).toMatchObject({
      decision: { reason: 'PENALTY_UNPAID', amountKrw: 0 },
      expected: { decision: 'refundable', amountKrw: 260_000 },
      basis: 'bill',
      billedKrw: 260_000,
      isFarFromBill: true,
    })
    expect(estimated({ ...billed, paidKrw: 0 }, null).isFarFromBill).toBeNull()
  })

  it('what was paid of it is what is owed', () => {
    const told = estimated({ ...billed, paidKrw: 90_000, alreadyWaivedKrw: 20_000 })
    expect([told.decision.amountKrw, told.expected.amountKrw]).toEqual([70_000, 70_000])
  })
})
