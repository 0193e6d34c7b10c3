/**
 * Who of an audience is not told, and why. What is known of a recipient comes in as facts; nothing
 * here looks anything up, so that the same answer is given at preparing and at sending.
 */

/** Whom a campaign is for; who counts is settled where the facts are read. */
export type Audience =
  | 'refundable_not_applied'
  | 'refundable'
  | 'pass_choosers_open'
  | 'pass_issued'
  | 'insurance_granted'
  | 'payout_settled'
  | 'payout_bounced'

/** Advertising needs consent and marks of its own (facts §13.2). */
export type MessageClass = 'informational' | 'advertising'

/** What of a campaign decides who is suppressed. */
export interface Addressed {
  readonly messageClass: MessageClass
  readonly audience: Audience
}

/** As they stand at the moment that is asked about. */
export interface RecipientFacts {
  /**
   * An application that is accepted or held: at preparing one made before the round's cut, at
   * sending one made at any time.
   */
  readonly hasApplied: boolean
  readonly hasNumber: boolean
  readonly isOptedOut: boolean
  /** The number on file belongs to somebody else now. */
  readonly isNumberReassigned: boolean
  readonly isDeceased: boolean
  readonly isSeized: boolean
  /** The refund has arrived, whatever application it was paid for. */
  readonly isPaid: boolean
  readonly consentsToAdvertising: boolean
}

export interface FactsAtSending extends RecipientFacts {
  /** Whether the audience would still hold the recipient if it were drawn up now. */
  readonly isInAudience: boolean
}

export type SuppressionReason = (typeof SUPPRESSIONS)[number]['reason']

/** The first that applies is the reason, so that the counts of a round add up (contracts §4). */
export const SUPPRESSIONS = [
  {
    reason: 'APPLIED',
    source: 'contracts §4, A38',
    applies: ({ audience }, { hasApplied }) => audience === 'refundable_not_applied' && hasApplied,
  },
  {
    reason: 'NO_NUMBER',
    source: 'A39',
    applies: (_, { hasNumber }) => !hasNumber,
  },
  {
    reason: 'OPTED_OUT',
    source: 'facts §13.2, house policy',
    applies: (_, { isOptedOut }) => isOptedOut,
  },
  {
    reason: 'NUMBER_REASSIGNED',
    source: 'facts §9, facts §16',
    applies: (_, { isNumberReassigned }) => isNumberReassigned,
  },
  {
    reason: 'DECEASED_OR_SEIZED',
    source: 'A12',
    applies: (_, { isDeceased, isSeized }) => isDeceased || isSeized,
  },
  {
    reason: 'ALREADY_PAID',
    source: 'A11',
    applies: ({ audience }, { isPaid }) => ASKS_TO_APPLY[audience] && isPaid,
  },
  {
    reason: 'NO_ADVERTISING_CONSENT',
    source: 'facts §13.2, A47',
    applies: ({ messageClass }, { consentsToAdvertising }) =>
      messageClass === 'advertising' && !consentsToAdvertising,
  },
] as const satisfies readonly Suppression[]

interface Suppression {
  readonly reason: string
  readonly source: string
  readonly applies: (campaign: Addressed, facts: RecipientFacts) => boolean
}

/** Whoever has the refund is not asked for an application, but is told that it was paid. */
const ASKS_TO_APPLY: Readonly<Record<Audience, boolean>> = {
  refundable_not_applied: true,
  refundable: true,
  pass_choosers_open: false,
  pass_issued: false,
  insurance_granted: false,
  payout_settled: false,
  payout_bounced: false,
}

/** Null for whoever is told. */
export function suppressionOf(
  campaign: Addressed,
  facts: RecipientFacts,
): SuppressionReason | null {
  return SUPPRESSIONS.find(({ applies }) => applies(campaign, facts))?.reason ?? null
}

/**
 * Asked again at the very moment of sending. Whoever applied, chose, was paid or opted out since
 * the round was prepared is not sent to.
 */
export function isStillDue(campaign: Addressed, facts: FactsAtSending): boolean {
  return facts.isInAudience && suppressionOf(campaign, facts) === null
}
