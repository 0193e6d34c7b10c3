/**
 * Safety insurance, one policy a person over all lines (facts §8, A35): enrolled without applying
 * from the age the programme sets. The eligible line with the lowest line_id carries the grant.
 */
import { ageOn, latestBirthDate } from '../calendar.js'
import type { CaseLine, Customer, IsoDate, Period } from '../case.js'
import { guardsOf, type Check, type Guard } from '../guard.js'
import type { CustomerExclusion, InsuranceTerms } from '../programme.js'
import { granted, grantOf, grantSources, ruleOf, type Rule } from '../rule.js'

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
  const grant = granted('insurance', 'AGE_65', grantOf(terms, period))
  const guards = [...guardsOf(terms.exclusions, CUSTOMER_CHECKS), notEnrolled(terms, baseDate)]
  return ruleOf(
    'insurance',
    guards,
    {
      grantTo: () => grant,
      facts: () => ({}),
      sources: [...grantSources(terms), terms.automaticFromAge.source],
    },
    [latestBirthDate(terms.automaticFromAge.value, baseDate)],
  )
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
}

/** The age counts at the base date (A34); whoever turns 65 later has to apply (A36). */
function notEnrolled(terms: InsuranceTerms, baseDate: IsoDate): Guard<CustomerView> {
  const { value: fromAge, source } = terms.automaticFromAge
  // Counting an age takes ten times as long as comparing two dates, and millions are asked.
  const bornBy = latestBirthDate(fromAge, baseDate)
  return {
    reason: 'NO_APPLICATION',
    source,
    applies: ({ customer }) => customer.birthDate === null || customer.birthDate > bornBy,
    // The age, not the birth date: explanations are read out and kept.
    facts: ({ customer }) => ({
      age_at_base_date: customer.birthDate === null ? null : ageOn(customer.birthDate, baseDate),
    }),
  }
}
