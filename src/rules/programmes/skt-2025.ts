/**
 * SK Telecom's customer programme of 2025 (책임과 약속, facts §12), as far as this engine has a
 * benefit for it: the monthly data grant. Left out are the discount on the bill of August (there is
 * no benefit in money off a bill), membership (three partners a month in slots of ten days, with no
 * published end) and the refunds. Of second devices, prepaid lines and lines suspended at the base
 * date the announcement says nothing, so none of them is excluded; budget operators' lines on the
 * carrier's network take part.
 */
import type { Period } from '../case.js'
import type { ApprovalPolicy, BenefitTerms, Programme } from '../programme.js'

const MONTHS: readonly Period[] = ['2025-08', '2025-09', '2025-10', '2025-11', '2025-12']
const DATA_MB = 51_200

const BENEFIT_TERMS: BenefitTerms = {
  data: {
    duePeriods: { value: MONTHS, source: 'facts §12' },
    quantity: { value: DATA_MB, source: 'facts §12' },
    unit: 'MB',
    validity: { value: { kind: 'period_month' }, source: 'A14' },
    exclusions: [
      // Named among those who get no refund; they are no users of a data grant either.
      { value: 'IOT', source: 'facts §12' },
      { value: 'GUARDIAN_CONSENT_MISSING', source: 'facts §12' },
      { value: 'TERMINATED', source: 'A19' },
      { value: 'SUSPENDED', source: 'A19' },
    ],
    consentCutoffDay: { value: 20, source: 'A17' },
  },
}

const RAIL = { benefit: 'data', share: 0.1, source: 'house policy' } as const

const APPROVAL: ApprovalPolicy = {
  twoPeopleAboveEntries: { value: 5_000_000, source: 'house policy' },
  twoPeoplePeriods: { value: [], source: 'house policy' },
  guardRails: [
    { ...RAIL, figure: 'grants', atLeast: 1_000 },
    { ...RAIL, figure: 'quantity', atLeast: 1_000 * DATA_MB },
    { ...RAIL, figure: 'refused', atLeast: 1_000 },
  ],
}

export const SKT_2025: Programme = {
  name: 'skt-2025',
  defaultVersion: 1,
  versions: [
    {
      programme: 'skt-2025',
      version: 1,
      effectiveFrom: '2025-07-04',
      // In use at 2025-07-15 00:00 is in service at the end of the 14th, as snapshots tell it.
      baseDate: '2025-07-14',
      source: 'facts §12',
      zone: 'Asia/Seoul',
      periods: MONTHS,
      benefits: BENEFIT_TERMS,
      approval: APPROVAL,
    },
  ],
}
