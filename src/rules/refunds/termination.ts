/**
 * All that the refund rules may look at. Plain data: no ids of lines, no clock, nothing personal.
 * Amounts are whole won.
 */
import type { CustomerKind, IsoDate, LineKind, Network } from '../case.js'

export type TerminationKind = 'voluntary' | 'port_out' | 'ex_officio'
export type ContractEvent = 'new' | 'device_change' | 'renewal'
/** Why somebody could not terminate in time (A10). */
export type Hardship = 'military' | 'abroad' | 'hospital' | 'custody' | 'remote_area'
/** Whether the account is in the name it has to be in (A51). */
export type HolderCheck = 'match' | 'mismatch' | 'unchecked'

/** A terminated line as billing last told of it (contracts §2.5). */
export interface Termination {
  readonly network: Network
  readonly lineKind: LineKind
  readonly customerKind: CustomerKind
  readonly activatedOn: IsoDate
  readonly contractEvent: ContractEvent | null
  readonly contractEventOn: IsoDate | null
  /** ISO 8601 with an offset. */
  readonly terminatedAt: string
  /** The day of `terminatedAt` in the programme's zone: the rules go by it. */
  readonly terminatedOn: IsoDate
  readonly terminationKind: TerminationKind
  /** As billed. */
  readonly subsidyClawbackKrw: number
  /** As billed. */
  readonly discountClawbackKrw: number
  /** Of the two components. */
  readonly paidKrw: number
  /** Or refunded, under an earlier scheme (A11). */
  readonly alreadyWaivedKrw: number
  readonly resubscribedOn: IsoDate | null
  readonly hardship: Hardship | null
  readonly hardshipEndedOn: IsoDate | null
  /** When a confirmed victim took the discount of the victims' package (A43); absent is never. */
  readonly victimDiscountOn?: IsoDate | null
}
