/**
 * The shape of a programme definition. All that a carrier may set (base date, months, quantities,
 * validity, exclusions) is data with its source; what an exclusion means is code (line-guards.ts,
 * benefits/). Another carrier's programme is another file in programmes/.
 */
import { firstOfMonth } from './calendar.js'
import type { IsoDate, Period } from './case.js'
import type { Cited, DayWindow } from './cited.js'
import type { Benefit, Unit } from './decision.js'
import type { NoticeTerms } from './notices/notice-terms.js'
import type { RefundTerms } from './refunds/refund-terms.js'

/** Raised with every change that can alter a decision; it feeds the plan hash. */
export const rulesVersion = '2'

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
  /** Absent where the engine pays nothing back for the programme. */
  readonly refunds?: RefundTerms
  /** Absent where the engine tells nobody of the programme. */
  readonly notices?: NoticeTerms
}

/** When a plan needs a second person, and which figures hold it until somebody gives a reason. */
export interface ApprovalPolicy {
  /** Plans with more entries than this need another person than their maker. */
  readonly twoPeopleAboveEntries: Cited<number>
  /** Periods that need two people whatever their size. */
  readonly twoPeoplePeriods: Cited<readonly Period[]>
  readonly guardRails: readonly GuardRail[]
}

/** A figure that is off by more than `share` and by more than `atLeast` holds the plan. */
export interface GuardRail {
  readonly benefit: Benefit
  /** `grants` are those that stand after the plan: new and unchanged. */
  readonly figure: 'grants' | 'quantity' | 'refused'
  /** Of the figure it is compared with: 0.05 is a twentieth. */
  readonly share: number
  /** Subjects; for `quantity`, in the benefit's unit. */
  readonly atLeast: number
  readonly source: string
}

/** A programme holds the benefits it names. */
export interface BenefitTerms {
  readonly data?: DataTerms
  readonly roaming_bonus?: RoamingBonusTerms
  readonly membership?: MembershipTerms
  readonly ott_pass?: OttPassTerms
  readonly insurance?: InsuranceTerms
}

/** What every benefit sets. Exclusions stand in the order in which they are looked at. */
export interface DueTerms<Exclusion> {
  readonly duePeriods: Cited<readonly Period[]>
  readonly unit: Unit
  readonly exclusions: readonly Cited<Exclusion>[]
}

/** Of a benefit that gives all the same. */
export interface GrantTerms<Exclusion> extends DueTerms<Exclusion> {
  readonly quantity: Cited<number>
  readonly validity: Cited<Validity>
}

/** The month that falls due, or a term. */
export type Validity = { readonly kind: 'period_month' } | Term

/** Months from a day, the last day inclusive, by Art. 160 (facts §13.1). */
export interface Term {
  readonly kind: 'term'
  readonly from: IsoDate
  readonly months: number
}

/** Exclusions that any benefit of a line may name. */
export type LineExclusion =
  'MVNO' | 'IOT' | 'SECOND_DEVICE' | 'PREPAID' | 'SUSPENDED_AT_BASE' | 'TERMINATED' | 'SUSPENDED'

export type PassExclusion = 'ALREADY_GRANTED' | 'NO_CHOICE' | 'NO_CODE_LEFT'

export type CustomerExclusion = 'MVNO' | 'IOT' | 'CORPORATE' | 'TERMINATED' | 'ALREADY_GRANTED'

export interface DataTerms extends GrantTerms<LineExclusion | 'GUARDIAN_CONSENT_MISSING'> {
  /** A guardian's consent up to this day of a month counts from the following month. */
  readonly consentCutoffDay: Cited<number>
}

export interface RoamingBonusTerms extends GrantTerms<LineExclusion> {
  /** A promotion that ends on this day or later is extended by the bonus. */
  readonly promotionStillRunsOn: Cited<IsoDate>
}

export type MembershipTerms = GrantTerms<LineExclusion>

/** A pass runs from the day it is issued; `exclusions` must name NO_CHOICE. */
export interface OttPassTerms extends DueTerms<LineExclusion | PassExclusion> {
  /** The services of which one can be chosen. */
  readonly options: Cited<readonly string[]>
  /** When a choice can be made; who hands over the choice that counts looks at it. */
  readonly window: Cited<DayWindow>
  readonly months: Cited<number>
}

export interface InsuranceTerms extends DueTerms<CustomerExclusion> {
  readonly automatic: AutomaticEnrolment
  readonly application: ApplicationTerms
}

/** Whom the programme insures without being asked. */
export interface AutomaticEnrolment {
  /** Completed years at the base date from which no application is needed. */
  readonly age: Cited<number>
  readonly periods: Cited<readonly Period[]>
  readonly validity: Cited<Term>
}

/** Everybody else has to apply; cover starts with the month after the application. */
export interface ApplicationTerms {
  /** When one can apply; who hands over the applications that count looks at it. */
  readonly window: Cited<DayWindow>
  readonly start: Cited<'month_after_application'>
  readonly months: Cited<number>
  /** Whoever is younger on the day of the application needs a guardian's consent. */
  readonly consentBelowAge: Cited<number>
}

/** The day at whose 00:00 in the programme's zone the period starts: the grant instant (A13). */
export function periodStart(period: Period): IsoDate {
  return firstOfMonth(period)
}

/** As a version is named on the command line and in plans: `kt-2026@1`. */
export function versionName(version: ProgrammeVersion): string {
  return `${version.programme}@${version.version}`
}
