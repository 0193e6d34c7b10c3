/** Random cases for properties. Dates crowd around the days on which the rules turn. */
import fc from 'fast-check'
import { DateTime } from 'luxon'
import type { Case, CaseLine, Customer, InsuranceFacts, PassFacts } from '../../src/rules/case.js'
import { V1, V2 } from './builders.js'

/** Made by luxon, so that the calendar under test has no part in its own oracle. */
export const anyDate = fc
  .integer({ min: -25_567, max: 47_481 })
  .map((days) => DateTime.fromMillis(days * 86_400_000, { zone: 'utc' }).toFormat('yyyy-MM-dd'))

export const anyPeriod = fc.constantFrom(...V1.periods)
export const anyVersion = fc.constantFrom(V1, V2)

const anyDayOfIssue = fc.oneof(
  fc.constantFrom('2026-02-01', '2026-02-28', '2026-03-31', '2026-07-31', '2026-08-31'),
  anyDate,
)

/** Also what no plan would settle, such as a code for a line that chose nothing. */
export const anyPass: fc.Arbitrary<PassFacts> = fc.record({
  choice: fc.option(fc.constantFrom('tving', 'disney_plus'), { freq: 4 }),
  hasCode: fc.boolean(),
  issuedOn: anyDayOfIssue,
  grantedIn: fc.option(anyPeriod, { freq: 2 }),
})

export const anyLine: fc.Arbitrary<CaseLine> = fc.record({
  facts: fc.record({
    network: fc.constantFrom('kt', 'kt', 'kt', 'mvno'),
    lineKind: fc.constantFrom('handset', 'handset', 'tablet', 'watch', 'iot'),
    payment: fc.constantFrom('postpaid', 'postpaid', 'prepaid'),
    statusAtBase: fc.constantFrom('active', 'active', 'suspended'),
    planRestriction: fc.constantFrom('none', 'minor'),
    guardianConsentOn: fc.option(
      fc.constantFrom('2026-01-20', '2026-01-21', '2026-03-20', '2026-03-21', '2026-08-01'),
    ),
    roamingPromotionEndsOn: fc.option(fc.constantFrom('2026-01-31', '2026-02-01', '2026-02-28')),
  }),
  statusAtStart: fc.constantFrom('active', 'active', 'suspended', 'terminated'),
  pass: fc.option(anyPass, { freq: 3 }),
})

/** As the snapshot alone tells of a customer. */
export const anyCustomer: fc.Arbitrary<Customer> = fc.oneof(
  fc.constant<Customer>({ kind: 'corporate', birthDate: null, insurance: null }),
  fc.record({
    kind: fc.constant('individual' as const),
    birthDate: fc.oneof(
      fc.constantFrom('1960-02-29', '1961-01-13', '1961-01-14', '1961-01-31', '1961-02-01'),
      fc.constantFrom('2012-02-28', '2012-02-29', '2012-03-01', '2012-03-02', '2012-07-31'),
      anyDate,
    ),
    insurance: fc.constant(null),
  }),
)

const anyApplication = fc.record({
  appliedOn: fc.constantFrom(
    '2026-02-01',
    '2026-02-28',
    '2026-03-01',
    '2026-03-31',
    '2026-05-15',
    '2026-07-31',
  ),
  guardianConsent: fc.boolean(),
})

export const anyInsurance: fc.Arbitrary<InsuranceFacts> = fc.record({
  applications: fc
    .array(anyApplication, { maxLength: 3 })
    .map((all) => all.toSorted((a, b) => a.appliedOn.localeCompare(b.appliedOn))),
  grantedIn: fc.option(anyPeriod, { freq: 2 }),
})

/** A customer of whom something may have come in since. */
export const anyApplicant: fc.Arbitrary<Customer> = fc
  .tuple(anyCustomer, fc.option(anyInsurance, { freq: 3 }))
  .map(([customer, insurance]) => ({ ...customer, insurance }))

export const anyCase: fc.Arbitrary<Case> = fc.record({
  customer: anyApplicant,
  lines: fc.array(anyLine, { minLength: 1, maxLength: 5 }),
})
