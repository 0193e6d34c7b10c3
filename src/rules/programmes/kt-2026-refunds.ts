/** The refunds of KT's programme of 2026: penalties of lines that left because of the breach. */
import type { RefundTerms } from '../refunds/refund-terms.js'

export const KT_2026_REFUNDS: RefundTerms = {
  baseDate: { value: '2025-08-31', source: 'facts §2.2' },
  terminated: { value: { from: '2025-09-01', to: '2026-01-13' }, source: 'facts §2.2' },
  contractEvents: {
    value: { kinds: ['new', 'device_change', 'renewal'], from: '2025-09-01' },
    source: 'facts §3',
  },
  resubscribed: {
    value: { from: '2025-09-01', to: '2026-01-13' },
    source: 'facts §3, A53',
  },
  hardship: {
    reasons: {
      value: ['military', 'abroad', 'hospital', 'custody', 'remote_area'],
      source: 'facts §3, A10',
    },
    graceDays: { value: 14, source: 'facts §3, A10' },
  },
  exclusions: [
    { value: 'MVNO', source: 'facts §3' },
    { value: 'IOT', source: 'facts §3' },
    { value: 'EX_OFFICIO', source: 'facts §3' },
    { value: 'NOT_IN_USE_AT_REFUND_BASE', source: 'facts §2.2' },
    { value: 'CONTRACT_EVENT_SINCE_BASE', source: 'facts §3' },
    { value: 'RESUBSCRIBED', source: 'facts §3, A53' },
    { value: 'HARDSHIP_REVIEW', source: 'facts §3, A10' },
    { value: 'OUTSIDE_WINDOW', source: 'facts §2.2' },
    { value: 'NO_PENALTY', source: 'facts §2.1, A6' },
    { value: 'PENALTY_UNPAID', source: 'facts §1, A6' },
    { value: 'ALREADY_WAIVED', source: 'A11' },
    // The contract's order has no place for it. Last, so that its order stays as it is, and since
    // all it does is to keep an amount that is owed otherwise from being paid without a person:
    // whoever is refused for another reason need not wait for one.
    { value: 'VICTIM_DISCOUNT', source: 'facts §11, A43' },
  ],
  reviewed: { value: ['HARDSHIP_REVIEW', 'VICTIM_DISCOUNT'], source: 'A10, A43' },
  // What belongs to another carrier, and amounts that are not there, nobody can waive.
  waivable: {
    value: [
      'EX_OFFICIO',
      'NOT_IN_USE_AT_REFUND_BASE',
      'CONTRACT_EVENT_SINCE_BASE',
      'RESUBSCRIBED',
      'OUTSIDE_WINDOW',
      'VICTIM_DISCOUNT',
    ],
    source: 'house policy',
  },
  components: {
    value: ['subsidy_clawback_krw', 'discount_clawback_krw'],
    source: 'facts §2.1',
  },
  priorWaivers: { value: 'deducted', source: 'A11' },
  applications: {
    opensAt: { value: '2026-01-14T09:00:00+09:00', source: 'facts §0' },
    closesAt: { value: '2026-01-31T22:00:00+09:00', source: 'facts §0, A2, A46' },
    payableChecks: { value: ['match'], source: 'facts §2.2, A51' },
    accounts: [
      {
        value: {
          customerKind: 'individual',
          belowAge: null,
          holder: 'subscriber',
          proof: 'none',
        },
        source: 'facts §2.2',
      },
      {
        value: {
          customerKind: 'individual',
          belowAge: 19,
          holder: 'legal_representative',
          proof: 'proof_of_representation',
        },
        source: 'A9',
      },
      {
        value: {
          customerKind: 'corporate',
          belowAge: null,
          holder: 'corporation',
          proof: 'business_number',
        },
        source: 'A8',
      },
    ],
  },
  payout: {
    matrix: {
      value: [
        { terminatedBy: '2025-12-31', appliedBy: '2026-01-18', paysOn: '2026-01-22' },
        { terminatedBy: '2025-12-31', appliedBy: null, paysOn: '2026-02-05' },
        { terminatedBy: '2026-01-13', appliedBy: null, paysOn: '2026-02-19' },
      ],
      source: 'facts §1',
    },
    retries: { value: { everyDays: 7, until: '2026-03-26' }, source: 'A3' },
    exceptions: { value: { weekday: 4, nth: 2 }, source: 'A4' },
    payableMonths: { value: 60, source: 'A49' },
  },
  approvalTiers: {
    value: [
      { aboveKrw: 0, checkers: 1 },
      { aboveKrw: 10_000_000_000, checkers: 2 },
    ],
    source: 'house policy',
  },
  clawback: {
    subsidy: {
      value: [
        { months: 24, fullDays: 180 },
        { months: 12, fullDays: 180 },
      ],
      source: 'facts §2.3',
    },
    discount: {
      value: [
        { months: 24, fullDays: 180 },
        { months: 12, fullDays: 90 },
      ],
      source: 'facts §2.3',
    },
    steppedDiscount: {
      value: [
        {
          months: 24,
          bands: [
            { toMonth: 6, percent: 100 },
            { toMonth: 12, percent: 60 },
            { toMonth: 16, percent: 35 },
            { toMonth: 20, percent: -15 },
            { toMonth: 24, percent: -40 },
          ],
        },
        {
          months: 12,
          bands: [
            { toMonth: 6, percent: 100 },
            { toMonth: 9, percent: 50 },
            { toMonth: 12, percent: 0 },
          ],
        },
      ],
      source: 'facts §2.3',
    },
    tolerance: { value: { percent: 1, krw: 1_000 }, source: 'A6' },
  },
}
