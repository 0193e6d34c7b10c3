/**
 * KT's customer appreciation programme of 2026 (고객 보답 프로그램). Its terms changed once after the
 * announcement: version 2 moves the base date and nothing else (facts §0).
 */
import type { Period } from '../case.js'
import type { Cited } from '../cited.js'
import type { ApprovalPolicy, BenefitTerms, Programme, ProgrammeVersion } from '../programme.js'
import { KT_2026_NOTICES } from './kt-2026-notices.js'
import { KT_2026_REFUNDS } from './kt-2026-refunds.js'

const MONTHS: readonly Period[] = ['2026-02', '2026-03', '2026-04', '2026-05', '2026-06', '2026-07']

/** Lines of budget operators and IoT lines are outside every benefit. */
const NOT_A_MOBILE_USER: readonly Cited<'MVNO' | 'IOT'>[] = [
  { value: 'MVNO', source: 'A20' },
  { value: 'IOT', source: 'facts §4' },
]

const BENEFIT_TERMS: BenefitTerms = {
  data: {
    duePeriods: { value: MONTHS, source: 'facts §4' },
    quantity: { value: 102_400, source: 'facts §4' },
    unit: 'MB',
    validity: { value: { kind: 'period_month' }, source: 'A14' },
    exclusions: [
      ...NOT_A_MOBILE_USER,
      { value: 'SECOND_DEVICE', source: 'A16' },
      { value: 'PREPAID', source: 'facts §4' },
      { value: 'SUSPENDED_AT_BASE', source: 'facts §4, A19' },
      { value: 'GUARDIAN_CONSENT_MISSING', source: 'A17' },
      { value: 'TERMINATED', source: 'A19' },
      { value: 'SUSPENDED', source: 'A19' },
    ],
    consentCutoffDay: { value: 20, source: 'A17' },
  },
  roaming_bonus: {
    duePeriods: { value: ['2026-03'], source: 'facts §5' },
    quantity: { value: 50, source: 'facts §5' },
    unit: 'percent',
    validity: { value: { kind: 'term', from: '2026-03-01', months: 6 }, source: 'facts §5' },
    exclusions: [...NOT_A_MOBILE_USER, { value: 'TERMINATED', source: 'contracts §3' }],
    promotionStillRunsOn: { value: '2026-02-01', source: 'facts §5, contracts §3' },
  },
  membership: {
    duePeriods: { value: ['2026-02'], source: 'facts §7' },
    quantity: { value: 6, source: 'facts §7' },
    unit: 'months',
    validity: { value: { kind: 'term', from: '2026-02-01', months: 6 }, source: 'facts §7' },
    exclusions: [
      ...NOT_A_MOBILE_USER,
      { value: 'SECOND_DEVICE', source: 'contracts §3' },
      { value: 'TERMINATED', source: 'contracts §3' },
    ],
  },
  ott_pass: {
    duePeriods: { value: MONTHS, source: 'facts §6, A25' },
    unit: 'months',
    exclusions: [
      ...NOT_A_MOBILE_USER,
      { value: 'SECOND_DEVICE', source: 'contracts §3' },
      { value: 'TERMINATED', source: 'contracts §3' },
      { value: 'ALREADY_GRANTED', source: 'A26, A29' },
      { value: 'NO_CHOICE', source: 'A25, A26' },
      { value: 'NO_CODE_LEFT', source: 'contracts §2.4' },
    ],
    options: { value: ['tving', 'disney_plus'], source: 'facts §6' },
    window: { value: { from: '2026-02-01', to: '2026-07-31' }, source: 'A25' },
    months: { value: 6, source: 'facts §6, A27' },
  },
  insurance: {
    duePeriods: { value: MONTHS, source: 'facts §8, A31' },
    unit: 'months',
    exclusions: [
      ...NOT_A_MOBILE_USER,
      { value: 'CORPORATE', source: 'A35' },
      { value: 'TERMINATED', source: 'contracts §3' },
      { value: 'ALREADY_GRANTED', source: 'A35' },
    ],
    automatic: {
      age: { value: 65, source: 'facts §8, A34' },
      periods: { value: ['2026-02'], source: 'facts §8' },
      validity: {
        value: { kind: 'term', from: '2026-03-01', months: 24 },
        source: 'facts §8, A32, A33',
      },
    },
    application: {
      window: { value: { from: '2026-02-01', to: '2026-07-31' }, source: 'A31' },
      start: { value: 'month_after_application', source: 'A32' },
      months: { value: 24, source: 'facts §8, A33' },
      consentBelowAge: { value: 14, source: 'facts §13.1, A35' },
    },
  },
}

/** Data is due every month and to nearly all, so its figures hardly move between two months. */
const RAIL = { benefit: 'data', share: 0.1, source: 'house policy' } as const

const APPROVAL: ApprovalPolicy = {
  twoPeopleAboveEntries: { value: 5_000_000, source: 'house policy' },
  twoPeoplePeriods: { value: [], source: 'house policy' },
  guardRails: [
    { ...RAIL, figure: 'grants', atLeast: 1_000 },
    { ...RAIL, figure: 'quantity', atLeast: 1_000 * 102_400 },
    { ...RAIL, figure: 'refused', atLeast: 1_000 },
  ],
}

export const KT_2026: Programme = {
  name: 'kt-2026',
  defaultVersion: 1,
  versions: [
    ktVersion({ version: 1, effectiveFrom: '2025-12-30', baseDate: '2026-01-13' }),
    ktVersion({ version: 2, effectiveFrom: '2026-01-14', baseDate: '2026-01-31' }),
  ],
}

function ktVersion(
  differing: Pick<ProgrammeVersion, 'version' | 'effectiveFrom' | 'baseDate'>,
): ProgrammeVersion {
  return {
    programme: 'kt-2026',
    ...differing,
    source: 'facts §0',
    zone: 'Asia/Seoul',
    periods: MONTHS,
    benefits: BENEFIT_TERMS,
    approval: APPROVAL,
    refunds: KT_2026_REFUNDS,
    notices: KT_2026_NOTICES,
  }
}
