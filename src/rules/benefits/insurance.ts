/**
 * Safety insurance, one policy a person over all lines (facts §8, A35): enrolled without applying
 * from the age the programme sets, else on application. The eligible line with the lowest line_id
 * carries the grant.
 */
import { assert } from '../../assert.js'
import { ageOn, firstOfMonth, latestBirthDate, nextMonth } from '../calendar.js'
import type { Application, CaseLine, Customer, IsoDate, Period } from '../case.js'
import { guardsOf, type Check, type Facts, type Guard } from '../guard.js'
import type {
  ApplicationTerms,
  AutomaticEnrolment,
  CustomerExclusion,
  InsuranceTerms,
} from '../programme.js'
import { granted, monthsFrom, ruleOf, type Award, type Granted, type Rule } from '../rule.js'

/** What the lines of a customer come to; each count is a part of the one before it. */
export interface CustomerView {
  readonly customer: Customer
  readonly networkKt: number
  readonly notIot: number
  /** A suspended line is in service (contracts §3). */
  readonly inService: number
  /** Index of the first line in service, -1 when there is none. */
  readonly carrier: number
}

export function insuranceRule(
  terms: InsuranceTerms,
  period: Period,
  baseDate: IsoDate,
): Rule<CustomerView> {
  const bornBy = bornByIn(terms.automatic, period, baseDate)
  const isEnrolled = ({ birthDate }: Customer) =>
    bornBy !== null && birthDate !== null && birthDate <= bornBy
  const guards = [
    ...guardsOf(terms.exclusions, CUSTOMER_CHECKS),
    notApplied(terms, baseDate, isEnrolled),
    consentMissing(terms.application, isEnrolled),
  ]
  const award = awardBy(terms, isEnrolled)
  return ruleOf('insurance', guards, award, { births: bornBy === null ? [] : [bornBy] })
}

export function customerView(customer: Customer, lines: readonly CaseLine[]): CustomerView {
  let networkKt = 0
  let notIot = 0
  let inService = 0
  let carrier = -1
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index]
    if (line === undefined || line.facts.network !== 'kt') continue
    networkKt += 1
    if (line.facts.lineKind === 'iot') continue
    notIot += 1
    if (line.statusAtStart === 'terminated') continue
    inService += 1
    if (carrier < 0) carrier = index
  }
  return { customer, networkKt, notIot, inService, carrier }
}

/** Each looks at the lines that the one before it leaves, so none holds of an empty rest. */
const CUSTOMER_CHECKS: Readonly<Record<CustomerExclusion, Check<CustomerView>>> = {
  MVNO: {
    applies: ({ networkKt }) => networkKt === 0,
    facts: ({ networkKt }) => ({ lines_of_network_kt: networkKt }),
  },
  IOT: {
    applies: ({ networkKt, notIot }) => networkKt > 0 && notIot === 0,
    facts: ({ notIot }) => ({ lines_not_iot: notIot }),
  },
  CORPORATE: {
    applies: ({ customer }) => customer.kind === 'corporate',
    facts: ({ customer }) => ({ customer_kind: customer.kind }),
  },
  TERMINATED: {
    applies: ({ notIot, inService }) => notIot > 0 && inService === 0,
    facts: ({ inService }) => ({ lines_in_service: inService }),
  },
  ALREADY_GRANTED: {
    applies: ({ customer }) => customer.insurance !== null && customer.insurance.grantedIn !== null,
    facts: ({ customer }) => ({ granted_in: customer.insurance?.grantedIn ?? null }),
  },
}

type IsEnrolled = (customer: Customer) => boolean

/**
 * The last birth date that needs no application in the period, null in months that enrol nobody.
 * The age counts at the base date (A34); whoever reaches it later has to apply (A36). Counting an
 * age takes ten times as long as comparing two dates, and millions are asked.
 */
function bornByIn(
  { age, periods }: AutomaticEnrolment,
  period: Period,
  baseDate: IsoDate,
): IsoDate | null {
  return periods.value.includes(period) ? latestBirthDate(age.value, baseDate) : null
}

function notApplied(
  { automatic, application }: InsuranceTerms,
  baseDate: IsoDate,
  isEnrolled: IsEnrolled,
): Guard<CustomerView> {
  const { from, to } = application.window.value
  return {
    reason: 'NO_APPLICATION',
    source: `${automatic.age.source}, ${application.window.source}`,
    applies: ({ customer }) => applicationsOf(customer).length === 0 && !isEnrolled(customer),
    // The age, not the birth date: explanations are read out and kept.
    facts: ({ customer }) => ({
      age_at_base_date: customer.birthDate === null ? null : ageOn(customer.birthDate, baseDate),
      applications: applicationsOf(customer).length,
      window_from: from,
      window_to: to,
    }),
  }
}

/** Of those who have applied, whoever needed a guardian and never had one (facts §13.1, A35). */
function consentMissing(terms: ApplicationTerms, isEnrolled: IsEnrolled): Guard<CustomerView> {
  return {
    reason: 'GUARDIAN_CONSENT_MISSING',
    source: terms.consentBelowAge.source,
    applies: ({ customer }) =>
      applicationsOf(customer).length > 0 &&
      !isEnrolled(customer) &&
      countingApplication(terms, customer) === undefined,
    facts: ({ customer }) => applicationFacts(terms, customer),
  }
}

/** The earliest that has the consent it needs, whatever came before it. */
function countingApplication(terms: ApplicationTerms, customer: Customer): Application | undefined {
  return applicationsOf(customer).find(
    (it) => it.guardianConsent || !needsConsent(terms, customer, it),
  )
}

function needsConsent(terms: ApplicationTerms, { birthDate }: Customer, it: Application): boolean {
  return birthDate !== null && ageOn(birthDate, it.appliedOn) < terms.consentBelowAge.value
}

/** Of the application that counts; where none does, of the last. */
function applicationFacts(terms: ApplicationTerms, customer: Customer): Facts {
  const told = countingApplication(terms, customer) ?? applicationsOf(customer).at(-1)
  if (told === undefined) return {}
  const { birthDate } = customer
  return {
    applied_on: told.appliedOn,
    age_at_application: birthDate === null ? null : ageOn(birthDate, told.appliedOn),
    guardian_consent: told.guardianConsent,
  }
}

function applicationsOf({ insurance }: Customer): readonly Application[] {
  return insurance === null ? NONE : insurance.applications
}

const NONE: readonly Application[] = []

function awardBy(terms: InsuranceTerms, isEnrolled: IsEnrolled): Award<CustomerView> {
  const { automatic, application } = terms
  const { from, months } = automatic.validity.value
  const enrolled = granted('insurance', 'AGE_65', monthsFrom(from, months, null))
  const onApplication = grantsOnApplication(application)
  const enrolledSources = [automatic.validity.source, automatic.age.source]
  const appliedSources = [
    application.months.source,
    application.start.source,
    application.window.source,
  ]
  return {
    grantTo: ({ customer }) => (isEnrolled(customer) ? enrolled : onApplication(customer)),
    facts: () => ({}),
    sources: ({ customer }) => (isEnrolled(customer) ? enrolledSources : appliedSources),
  }
}

/** One decision for each month in which cover can start: no more than months of the window. */
function grantsOnApplication(terms: ApplicationTerms): (customer: Customer) => Granted {
  const decisions = new Map<IsoDate, Granted>()
  return (customer) => {
    const counting = countingApplication(terms, customer)
    assert(counting !== undefined, 'whoever is insured on application has applied')
    const validFrom = firstOfMonth(nextMonth(counting.appliedOn))
    let decision = decisions.get(validFrom)
    if (decision === undefined) {
      decision = granted('insurance', 'APPLIED', monthsFrom(validFrom, terms.months.value, null))
      decisions.set(validFrom, decision)
    }
    return decision
  }
}
