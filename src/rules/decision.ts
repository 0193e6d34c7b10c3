/** What the rules answer: one decision for each subject and benefit that can fall due. */
import type { IsoDate } from './case.js'
import type { ReasonCode } from './reason-codes.js'

export type Benefit = 'data' | 'roaming_bonus' | 'membership' | 'ott_pass' | 'insurance'
/** Also the order in which decisions, entries and tallies are listed. */
export const BENEFITS: readonly Benefit[] = [
  'data',
  'roaming_bonus',
  'membership',
  'ott_pass',
  'insurance',
]

export type Unit = 'MB' | 'percent' | 'months'

/** What is given; both dates are inclusive. */
export interface Grant {
  readonly quantity: number
  readonly unit: Unit
  readonly option: string | null
  readonly validFrom: IsoDate
  readonly validTo: IsoDate
}

export type Decision =
  | {
      readonly outcome: 'granted'
      readonly benefit: Benefit
      readonly reason: ReasonCode
      readonly grant: Grant
    }
  | { readonly outcome: 'refused'; readonly benefit: Benefit; readonly reason: ReasonCode }

/** A decision about a customer; an insurance grant is carried by one of its lines. */
export interface CustomerDecision {
  readonly decision: Decision
  /** Index into `Case.lines` of the eligible line with the lowest line_id; -1 when refused. */
  readonly carrier: number
}

export interface CaseDecisions {
  /** One list a line, in the order of `Case.lines`. */
  readonly lines: readonly (readonly Decision[])[]
  readonly customer: readonly CustomerDecision[]
}
