/** How answers moved from one plan to another, as counts and as a sample. */
import type { Benefit } from '../rules/decision.js'

/** What a changed answer comes from; the first of these that holds. */
export type Cause =
  /** The line or customer came, left, or stands in the snapshot otherwise. */
  | 'snapshot'
  | 'status'
  | 'consent'
  | 'choice'
  | 'application'
  | 'code'
  /** Another month of the programme gave it, or no longer does. */
  | 'other_month'
  /** The terms of the version, or the rules themselves. */
  | 'rules'

/** Where a plan's snapshot does not hold the subject. */
export const ABSENT = 'NOT_IN_SNAPSHOT'

export interface ReasonMigration {
  readonly benefit: Benefit
  /** Reason code, with the option where one was given. */
  readonly was: string
  readonly is: string
  readonly why: Cause
  readonly subjects: number
}

export interface ChangedSubject {
  /** Undefined for benefits of a customer. */
  readonly lineId: string | undefined
  readonly customerId: string
  readonly benefit: Benefit
  readonly was: string
  readonly is: string
  readonly why: Cause
}

export interface PlanComparison {
  /** By benefit, the most frequent first. */
  readonly migrations: readonly ReasonMigration[]
  readonly sample: readonly ChangedSubject[]
}
