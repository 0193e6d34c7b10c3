/**
 * All that the benefit rules may look at. Plain data: no ids, no clock, nothing personal but the
 * birth date.
 */

/** `YYYY-MM-DD`; such texts compare as dates do. */
export type IsoDate = string
/** `YYYY-MM`, a month of the programme. */
export type Period = string

export type CustomerKind = 'individual' | 'corporate'
export type Network = 'kt' | 'mvno'
export type LineKind = 'handset' | 'tablet' | 'watch' | 'iot'
export type Payment = 'postpaid' | 'prepaid'
export type PlanRestriction = 'none' | 'minor'
export type BaseStatus = 'active' | 'suspended'
export type LineStatus = BaseStatus | 'terminated'

/**
 * What the snapshot says of a line, as far as a benefit depends on it. It carries no identity, so
 * lines with equal facts share one object and are decided once.
 */
export interface LineFacts {
  readonly network: Network
  readonly lineKind: LineKind
  readonly payment: Payment
  readonly statusAtBase: BaseStatus
  readonly planRestriction: PlanRestriction
  /** The earliest consent known; may lie after the base date. */
  readonly guardianConsentOn: IsoDate | null
  readonly roamingPromotionEndsOn: IsoDate | null
}

/** What a plan settles about the OTT pass of a line before anybody is decided. */
export interface PassFacts {
  /** The service whose choice counts (A26); null where none does. */
  readonly choice: string | null
  /** Whether a code is kept for the line, or one was given out to it before. */
  readonly hasCode: boolean
  /** The day that the pass is dated from: the plan's, or that of the pass issued in this period. */
  readonly issuedOn: IsoDate
  /** Another period in which the line holds a pass. */
  readonly grantedIn: Period | null
}

export interface CaseLine {
  readonly facts: LineFacts
  /** At 00:00 KST on the first day of the period (contracts §3, "the period's start"). */
  readonly statusAtStart: LineStatus
  /** Null where nothing was ever chosen for the line. */
  readonly pass: PassFacts | null
}

/** An application for insurance that counts for the plan (contracts §2.3). */
export interface Application {
  /** Its day in the programme's zone. */
  readonly appliedOn: IsoDate
  readonly guardianConsent: boolean
}

export interface InsuranceFacts {
  /** On any line of the customer, in order of time. */
  readonly applications: readonly Application[]
  /** Another period in which the customer was insured. */
  readonly grantedIn: Period | null
}

export interface Customer {
  readonly kind: CustomerKind
  /** Null for corporate customers. */
  readonly birthDate: IsoDate | null
  /** Null where nobody applied and nothing was granted in another period. */
  readonly insurance: InsuranceFacts | null
}

/** A customer with all its lines, in ascending order of line_id. */
export interface Case {
  readonly customer: Customer
  readonly lines: readonly CaseLine[]
}
