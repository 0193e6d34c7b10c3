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

export interface CaseLine {
  readonly facts: LineFacts
  /** At 00:00 KST on the first day of the period (contracts §3, "the period's start"). */
  readonly statusAtStart: LineStatus
}

export interface Customer {
  readonly kind: CustomerKind
  /** Null for corporate customers. */
  readonly birthDate: IsoDate | null
}

/** A customer with all its lines, in ascending order of line_id. */
export interface Case {
  readonly customer: Customer
  readonly lines: readonly CaseLine[]
}
