/** What the exclusions that a programme names for its refunds mean. */
import { addDays } from '../calendar.js'
import type { DayWindow } from '../cited.js'
import type { Check } from '../guard.js'
import { amountsBy } from './refund-amount.js'
import type { HardshipTerms, RefundExclusion, RefundTerms } from './refund-terms.js'
import type { Termination } from './termination.js'

export type RefundChecks = Readonly<Record<RefundExclusion, Check<Termination>>>

export function refundChecks(terms: RefundTerms): RefundChecks {
  return {
    ...LINE_KIND_CHECKS,
    ...contractChecks(terms),
    ...dayChecks(terms),
    ...amountChecks(terms),
  }
}

/** Of somebody who could not terminate in time, and did so within the days of grace. */
export function isLateByHardship(
  { reasons, graceDays }: HardshipTerms,
  window: DayWindow,
  { hardship, hardshipEndedOn, terminatedOn }: Termination,
): boolean {
  if (hardship === null || hardshipEndedOn === null || terminatedOn <= window.to) return false
  return (
    reasons.value.includes(hardship) &&
    terminatedOn >= hardshipEndedOn &&
    terminatedOn <= addDays(hardshipEndedOn, graceDays.value)
  )
}

type Checks<Exclusion extends RefundExclusion> = Readonly<Record<Exclusion, Check<Termination>>>

const LINE_KIND_CHECKS: Checks<'MVNO' | 'IOT' | 'CORPORATE' | 'EX_OFFICIO' | 'VICTIM_DISCOUNT'> = {
  MVNO: {
    applies: ({ network }) => network === 'mvno',
    facts: ({ network }) => ({ network }),
  },
  IOT: {
    applies: ({ lineKind }) => lineKind === 'iot',
    facts: ({ lineKind }) => ({ line_kind: lineKind }),
  },
  CORPORATE: {
    applies: ({ customerKind }) => customerKind === 'corporate',
    facts: ({ customerKind }) => ({ customer_kind: customerKind }),
  },
  EX_OFFICIO: {
    applies: ({ terminationKind }) => terminationKind === 'ex_officio',
    facts: ({ terminationKind }) => ({ termination_kind: terminationKind }),
  },
  VICTIM_DISCOUNT: {
    // On whatever day: one after the line had left is for a person to make sense of, too.
    applies: ({ victimDiscountOn = null }) => victimDiscountOn !== null,
    facts: ({ victimDiscountOn = null }) => ({ discount_taken_on: victimDiscountOn }),
  },
}

function contractChecks({
  baseDate,
  contractEvents,
}: RefundTerms): Checks<'NOT_IN_USE_AT_REFUND_BASE' | 'CONTRACT_EVENT_SINCE_BASE'> {
  const { kinds, from } = contractEvents.value
  return {
    NOT_IN_USE_AT_REFUND_BASE: {
      applies: ({ activatedOn }) => activatedOn > baseDate.value,
      facts: ({ activatedOn }) => ({ activated_on: activatedOn, refund_base: baseDate.value }),
    },
    CONTRACT_EVENT_SINCE_BASE: {
      applies: ({ contractEvent, contractEventOn }) =>
        contractEvent !== null &&
        contractEventOn !== null &&
        contractEventOn >= from &&
        kinds.includes(contractEvent),
      facts: ({ contractEvent, contractEventOn }) => ({
        contract_event: contractEvent,
        contract_event_on: contractEventOn,
        contract_events_from: from,
      }),
    },
  }
}

function dayChecks({
  terminated: { value: window },
  resubscribed: { value: away },
  hardship: terms,
}: RefundTerms): Checks<'RESUBSCRIBED' | 'HARDSHIP_REVIEW' | 'OUTSIDE_WINDOW'> {
  return {
    RESUBSCRIBED: {
      applies: ({ resubscribedOn }) =>
        resubscribedOn !== null && resubscribedOn >= away.from && resubscribedOn <= away.to,
      facts: ({ resubscribedOn }) => ({ resubscribed_on: resubscribedOn }),
    },
    HARDSHIP_REVIEW: {
      applies: (termination) => isLateByHardship(terms, window, termination),
      facts: ({ hardship, hardshipEndedOn }) => ({
        hardship,
        hardship_ended_on: hardshipEndedOn,
        last_termination_day:
          hardshipEndedOn === null ? null : addDays(hardshipEndedOn, terms.graceDays.value),
      }),
    },
    OUTSIDE_WINDOW: {
      applies: ({ terminatedOn }) => terminatedOn < window.from || terminatedOn > window.to,
      facts: ({ terminatedAt }) => ({
        terminated_at: terminatedAt,
        window_from: window.from,
        window_to: window.to,
      }),
    },
  }
}

/** Each leaves out what the one before it says, so that all that apply do not repeat each other. */
function amountChecks(
  terms: RefundTerms,
): Checks<'NO_PENALTY' | 'PENALTY_UNPAID' | 'ALREADY_WAIVED'> {
  const { penaltyKrw, owedKrw } = amountsBy(terms)
  return {
    NO_PENALTY: {
      applies: (termination) => penaltyKrw(termination) === 0,
      facts: ({ subsidyClawbackKrw, discountClawbackKrw }) => ({
        subsidy_clawback_krw: subsidyClawbackKrw,
        discount_clawback_krw: discountClawbackKrw,
      }),
    },
    PENALTY_UNPAID: {
      applies: (termination) => termination.paidKrw === 0 && penaltyKrw(termination) > 0,
      facts: ({ paidKrw }) => ({ paid_krw: paidKrw }),
    },
    ALREADY_WAIVED: {
      applies: (termination) =>
        termination.paidKrw > 0 && penaltyKrw(termination) > 0 && owedKrw(termination) === 0,
      facts: ({ alreadyWaivedKrw }) => ({ already_waived_krw: alreadyWaivedKrw }),
    },
  }
}
