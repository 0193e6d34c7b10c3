/** Terms, terminations and applications for tests: what is not said is a plain refundable line. */
import { DateTime } from 'luxon'
import type { RefundApplication, RefundLine } from '../../../src/rules/refunds/application-state.js'
import type { RefundTerms } from '../../../src/rules/refunds/refund-terms.js'
import type { Termination } from '../../../src/rules/refunds/termination.js'
import { V1 } from '../builders.js'

export const TERMS = termsOf(V1.refunds)
export const NOW = '2026-03-01T00:00:00+09:00'

/** `terminatedOn` follows from `terminatedAt`, by luxon: the rules have no part in it. */
export function aTermination(draft: Partial<Omit<Termination, 'terminatedOn'>> = {}): Termination {
  const terminatedAt = draft.terminatedAt ?? '2025-10-15T12:00:00+09:00'
  return {
    network: 'kt',
    lineKind: 'handset',
    customerKind: 'individual',
    activatedOn: '2023-05-01',
    contractEvent: null,
    contractEventOn: null,
    terminatedOn: seoulDay(terminatedAt),
    terminationKind: 'port_out',
    subsidyClawbackKrw: 150_000,
    discountClawbackKrw: 0,
    paidKrw: 150_000,
    alreadyWaivedKrw: 0,
    resubscribedOn: null,
    hardship: null,
    hardshipEndedOn: null,
    ...draft,
    terminatedAt,
  }
}

export function anApplication(draft: Partial<RefundApplication> = {}): RefundApplication {
  return {
    applicationId: 'A',
    appliedAt: '2026-01-15T10:00:00+09:00',
    holderCheck: 'match',
    withdrawnAt: null,
    batchApprovedAt: null,
    ...draft,
  }
}

export const OWED: RefundLine = {
  refund: { decision: 'refundable', reason: 'REFUNDABLE', amountKrw: 150_000 },
  terminatedOn: '2025-10-15',
  reviewGrantedAt: null,
}

export function seoulDay(instant: string): string {
  return DateTime.fromISO(instant, { zone: 'Asia/Seoul' }).toFormat('yyyy-MM-dd')
}

function termsOf(terms: RefundTerms | undefined): RefundTerms {
  if (terms === undefined) throw new Error('kt-2026 has refunds')
  return terms
}
