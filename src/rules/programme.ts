/**
 * The shape of a programme definition. All that a carrier may set (base date, months, quantities,
 * validity, exclusions) is data with its source; what an exclusion means is code (line-guards.ts,
 * benefits/). Another carrier's programme is another file in programmes/.
 */
import { firstOfMonth } from './calendar.js'
import type { IsoDate, Period } from './case.js'
import type { Benefit, Unit } from './decision.js'

/** Raised with every change that can alter a decision; it feeds the plan hash. */
export const rulesVersion = '1'

/** A parameter and the place that says so, such as `facts §8`. */
export interface Cited<Value> {
  readonly value: Value
  readonly source: string
}

export interface Programme {
  readonly name: string
  /** Taken where only the programme is named. */
  readonly defaultVersion: number
  readonly versions: readonly ProgrammeVersion[]
}

/** One state of the announced terms (A1). Versions of a programme share their subjects. */
export interface ProgrammeVersion {
  readonly programme: string
  readonly version: number
  /** The day the terms were announced. */
  readonly effectiveFrom: IsoDate
  /** The day that fixes who counts; the snapshot's as-of date must equal it. */
  readonly baseDate: IsoDate
  readonly source: string
  readonly zone: 'Asia/Seoul'
  readonly periods: readonly Period[]
  readonly benefits: BenefitTerms
  readonly approval: ApprovalPolicy
}

/** What it takes before a plan is posted; a policy of the carrier's, not of the terms. */
export interface ApprovalPolicy {
  /** Plans with more entries than this need another person than their maker. */
  readonly twoPeopleAboveEntries: Cited<number>
  /** Periods that need two people whatever their size. */
  readonly twoPeoplePeriods: Cited<readonly Period[]>
  /** A figure that is off by more than `share` and by more than `atLeast` holds the plan. */
  readonly guardRails: readonly GuardRail[]
}

export interface GuardRail {
  readonly benefit: Benefit
  /** `grants` are those posted before as well: all that the subjects hold. */
  readonly figure: 'grants' | 'quantity' | 'refused'
  /** 0.1 for a tenth. */
  readonly share: number
  /** Subjects; of a quantity, in the benefit's unit. */
  readonly atLeast: number
  readonly source: string
}

/** A programme holds the benefits it names. */
export interface BenefitTerms {
  readonly data?: DataTerms
  readonly roaming_bonus?: RoamingBonusTerms
  readonly membership?: MembershipTerms
  readonly insurance?: InsuranceTerms
}

/** What every benefit sets. Exclusions stand in the order in which they are looked at. */
export interface GrantTerms<Exclusion> {
  readonly duePeriods: Cited<readonly Period[]>
  readonly quantity: Cited<number>
  readonly unit: Unit
  readonly validity: Cited<Validity>
  readonly exclusions: readonly Cited<Exclusion>[]
}

/** The month that falls due, or a term of months from a day, its last day by Art. 160. */
export type Validity =
  | { readonly kind: 'period_month' }
  | { readonly kind: 'term'; readonly from: IsoDate; readonly months: number }

/** Exclusions that any benefit of a line may name. */
export type LineExclusion =
  'MVNO' | 'IOT' | 'SECOND_DEVICE' | 'PREPAID' | 'SUSPENDED_AT_BASE' | 'TERMINATED' | 'SUSPENDED'

export type CustomerExclusion = 'MVNO' | 'IOT' | 'CORPORATE' | 'TERMINATED'

export interface DataTerms extends GrantTerms<LineExclusion | 'GUARDIAN_CONSENT_MISSING'> {
  /** A guardian's consent up to this day of a month counts from the following month. */
  readonly consentCutoffDay: Cited<number>
}

export interface RoamingBonusTerms extends GrantTerms<LineExclusion> {
  /** A promotion that ends on this day or later is extended by the bonus. */
  readonly promotionStillRunsOn: Cited<IsoDate>
}

export type MembershipTerms = GrantTerms<LineExclusion>

export interface InsuranceTerms extends GrantTerms<CustomerExclusion> {
  /** Completed years at the base date from which no application is needed. */
  readonly automaticFromAge: Cited<number>
}

/** The day at whose 00:00 in the programme's zone the period starts: the grant instant (A13). */
export function periodStart(period: Period): IsoDate {
  return firstOfMonth(period)
}

/** As a version is named on the command line and in plans: `kt-2026@1`. */
export function versionName(version: ProgrammeVersion): string {
  return `${version.programme}@${version.version}`
}
