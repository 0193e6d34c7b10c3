/** Decisions of refunds against the contract told a second time, and what holds of all of them. */
import fc from 'fast-check'
import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import { explainRefund } from '../../../src/rules/refunds/explain-refund.js'
import { decideRefund, type RefundDecision } from '../../../src/rules/refunds/refund-decision.js'
import type { RefundTerms } from '../../../src/rules/refunds/refund-terms.js'
import type { Termination } from '../../../src/rules/refunds/termination.js'
import { anyReviews, anyTermination } from './refund-arbitraries.js'
import { aTermination, TERMS } from './refund-builders.js'

const RUNS = { numRuns: 1_000 }

describe('decideRefund', () => {
  it('decides as the contract says, told in another way', () => {
    fc.assert(
      fc.property(anyTermination, (it) => {
        expect(decideRefund(TERMS, it, [])).toEqual(contractSays(it))
      }),
      RUNS,
    )
  })

  it('never owes more than what was billed and paid less what was waived, nor less than 0', () => {
    fc.assert(
      fc.property(anyTermination, anyReviews, (it, reviews) => {
        const { decision, amountKrw } = decideRefund(TERMS, it, reviews)
        const billedKrw = it.subsidyClawbackKrw + it.discountClawbackKrw
        const mostKrw = Math.max(0, Math.min(billedKrw, it.paidKrw) - it.alreadyWaivedKrw)
        expect(amountKrw).toBe(decision === 'refundable' ? mostKrw : 0)
        expect(amountKrw > 0).toBe(decision === 'refundable')
      }),
      RUNS,
    )
  })

  it('goes by what a review says and by nothing else of it', () => {
    fc.assert(
      fc.property(anyTermination, anyReviews, (it, reviews) => {
        const before = decideRefund(TERMS, it, [])
        const after = decideRefund(TERMS, it, reviews)
        const granted = reviews.filter(({ outcome }) => outcome === 'granted')
        if (before.decision === 'refundable') expect(after).toEqual(before)
        if (granted.length === 0) expect(after.decision === 'refundable').toBe(before.amountKrw > 0)
        // What no person may waive still stands, though another reason may come before it.
        for (const reason of ['MVNO', 'IOT', 'NO_PENALTY', 'PENALTY_UNPAID', 'ALREADY_WAIVED']) {
          if (before.reason === reason) expect(after).toEqual(before)
        }
      }),
      RUNS,
    )
  })

  it('hands out one object for each refusal, so that millions make no garbage', () => {
    const it = aTermination({ network: 'mvno' })
    expect(decideRefund(TERMS, it, [])).toBe(decideRefund(TERMS, { ...it, paidKrw: 1 }, []))
  })
})

describe('a programme may say otherwise, and', () => {
  const other = (changed: Partial<RefundTerms>): RefundTerms => ({ ...TERMS, ...changed })

  it('exclude corporations (A8)', () => {
    const terms = other({ exclusions: [{ value: 'CORPORATE', source: 'A8' }] })
    expect(decideRefund(terms, aTermination({ customerKind: 'corporate' }), []).reason).toBe(
      'CORPORATE',
    )
    expect(decideRefund(terms, aTermination(), []).reason).toBe('REFUNDABLE')
  })

  it('leave earlier waivers out of account (A11)', () => {
    const terms = other({ priorWaivers: { value: 'not_deducted', source: 'A11' } })
    const it = aTermination({ alreadyWaivedKrw: 150_000 })
    expect([TERMS, terms].map((each) => decideRefund(each, it, []).amountKrw)).toEqual([0, 150_000])
  })

  it('pay victims who took the discount without a person (A43)', () => {
    const exclusions = TERMS.exclusions.filter(({ value }) => value !== 'VICTIM_DISCOUNT')
    const it = aTermination({ victimDiscountOn: '2025-09-10' })
    const decisions = [TERMS, other({ exclusions })].map((each) => decideRefund(each, it, []))
    expect(decisions.map(({ decision }) => decision)).toEqual(['review', 'refundable'])
  })

  it('refund one component alone', () => {
    const terms = other({ components: { value: ['discount_clawback_krw'], source: 'test' } })
    const it = aTermination({ discountClawbackKrw: 50_000, paidKrw: 200_000 })
    expect(decideRefund(terms, it, []).amountKrw).toBe(50_000)
  })

  it('give ten days of grace, for some hardships only', () => {
    const hardship = {
      reasons: { value: ['military'] as const, source: 'facts §12' },
      graceDays: { value: 10, source: 'facts §12' },
    }
    const reasonOf = (terminatedAt: string, kind: 'military' | 'custody') =>
      decideRefund(
        other({ hardship }),
        aTermination({ terminatedAt, hardship: kind, hardshipEndedOn: '2026-03-10' }),
        [],
      ).reason
    expect(reasonOf('2026-03-20T23:59:59+09:00', 'military')).toBe('HARDSHIP_REVIEW')
    expect(reasonOf('2026-03-21T00:00:00+09:00', 'military')).toBe('OUTSIDE_WINDOW')
    expect(reasonOf('2026-03-11T00:00:00+09:00', 'custody')).toBe('OUTSIDE_WINDOW')
  })
})

describe('explainRefund', () => {
  it('agrees with the decision and names its reason first', () => {
    fc.assert(
      fc.property(anyTermination, anyReviews, (it, reviews) => {
        const explained = explainRefund(TERMS, it, reviews)
        const { decision, reason, amountKrw, allReasons, passedOver, sources } = explained
        expect({ decision, reason, amountKrw }).toEqual(decideRefund(TERMS, it, reviews))
        expect(allReasons[0]).toBe(reason)
        expect(allReasons.filter((each) => passedOver.some((other) => other === each))).toEqual([])
        expect(sources.length).toBeGreaterThan(0)
        expect(allReasons.includes('REFUNDABLE')).toBe(decision === 'refundable')
      }),
      RUNS,
    )
  })

  it('lists all that applies, the facts as the file names them, and what was passed over', () => {
    const it = aTermination({
      terminatedAt: '2026-03-12T09:00:00+09:00',
      hardship: 'military',
      hardshipEndedOn: '2026-03-10',
      resubscribedOn: '2026-01-13',
      paidKrw: 0,
    })
    const stopped = explainRefund(TERMS, it, [])
    expect(stopped.allReasons).toEqual([
      'RESUBSCRIBED',
      'HARDSHIP_REVIEW',
      'OUTSIDE_WINDOW',
      'PENALTY_UNPAID',
    ])
    expect(stopped.remedies.map(({ remedy }) => remedy !== null)).toEqual([
      false,
      true,
      false,
      true,
    ])
    expect(stopped.sources).toEqual([
      'facts §3, A53',
      'facts §3, A10',
      'facts §2.2',
      'facts §1, A6',
    ])
    expect(stopped.factsUsed).toEqual({
      network: 'kt',
      line_kind: 'handset',
      termination_kind: 'port_out',
      activated_on: '2023-05-01',
      refund_base: '2025-08-31',
      contract_event: null,
      contract_event_on: null,
      contract_events_from: '2025-09-01',
      resubscribed_on: '2026-01-13',
      hardship: 'military',
      hardship_ended_on: '2026-03-10',
      last_termination_day: '2026-03-24',
      terminated_at: '2026-03-12T09:00:00+09:00',
      window_from: '2025-09-01',
      window_to: '2026-01-13',
      subsidy_clawback_krw: 150_000,
      discount_clawback_krw: 0,
      paid_krw: 0,
      already_waived_krw: 0,
      discount_taken_on: null,
    })
    const passed = explainRefund(TERMS, it, [{ kind: 'hardship', outcome: 'granted' }])
    expect([passed.passedOver, passed.allReasons]).toEqual([
      ['HARDSHIP_REVIEW', 'OUTSIDE_WINDOW'],
      ['RESUBSCRIBED', 'PENALTY_UNPAID'],
    ])
  })

  it('tells in whose name the account may be', () => {
    const holders = (['individual', 'corporate'] as const).map((customerKind) =>
      explainRefund(TERMS, aTermination({ customerKind }), []).accounts.map(({ holder }) => holder),
    )
    expect(holders).toEqual([['subscriber', 'legal_representative'], ['corporation']])
  })

  it('has no remedy left once a person has said no', () => {
    const it = aTermination({ victimDiscountOn: '2025-09-10' })
    const remedyBy = (outcome: 'denied' | null) =>
      explainRefund(
        TERMS,
        it,
        outcome === null
          ? []
          : [{ kind: 'exclusion_waived', outcome, exclusion: 'VICTIM_DISCOUNT' }],
      ).remedies[0]?.remedy
    expect(remedyBy(null)).not.toBeNull()
    expect(remedyBy('denied')).toBeNull()
  })
})

/** Contracts §3, sentence by sentence, without the terms, guards or calendar of the rules. */
function contractSays(it: Termination): RefundDecision {
  const refused = (reason: RefundDecision['reason']): RefundDecision => ({
    decision: 'refused',
    reason,
    amountKrw: 0,
  })
  if (it.network === 'mvno') return refused('MVNO')
  if (it.lineKind === 'iot') return refused('IOT')
  if (it.terminationKind === 'ex_officio') return refused('EX_OFFICIO')
  if (it.activatedOn > '2025-08-31') return refused('NOT_IN_USE_AT_REFUND_BASE')
  if (it.contractEventOn !== null && it.contractEventOn >= '2025-09-01') {
    return refused('CONTRACT_EVENT_SINCE_BASE')
  }
  const back = it.resubscribedOn
  if (back !== null && back >= '2025-09-01' && back <= '2026-01-13') return refused('RESUBSCRIBED')
  const at = DateTime.fromISO(it.terminatedAt)
  const instant = (text: string) => DateTime.fromISO(`${text}T00:00:00+09:00`)
  const isIn = at >= instant('2025-09-01') && at < instant('2026-01-14')
  if (it.hardshipEndedOn !== null && at >= instant('2026-01-14')) {
    const day = at.setZone('Asia/Seoul').startOf('day')
    const daysAfter = day.diff(
      DateTime.fromISO(it.hardshipEndedOn, { zone: 'Asia/Seoul' }),
      'days',
    ).days
    if (daysAfter >= 0 && daysAfter <= 14) {
      return { decision: 'review', reason: 'HARDSHIP_REVIEW', amountKrw: 0 }
    }
  }
  if (!isIn) return refused('OUTSIDE_WINDOW')
  const billedKrw = it.subsidyClawbackKrw + it.discountClawbackKrw
  if (billedKrw === 0) return refused('NO_PENALTY')
  if (it.paidKrw === 0) return refused('PENALTY_UNPAID')
  const amountKrw = Math.min(billedKrw, it.paidKrw) - it.alreadyWaivedKrw
  if (amountKrw <= 0) return refused('ALREADY_WAIVED')
  if ((it.victimDiscountOn ?? null) !== null) {
    return { decision: 'review', reason: 'VICTIM_DISCOUNT', amountKrw: 0 }
  }
  return { decision: 'refundable', reason: 'REFUNDABLE', amountKrw }
}
