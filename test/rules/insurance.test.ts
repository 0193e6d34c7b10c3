/** Insurance, with and without application, at each of its boundaries (facts §8). */
import fc from 'fast-check'
import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import { AssertionFailure } from '../../src/assert.js'
import type { Customer, Period } from '../../src/rules/case.js'
import { benefitsDue, decideCustomer } from '../../src/rules/decide.js'
import { anyDate, anyPeriod } from './arbitraries.js'
import {
  aCase,
  anApplicant,
  aPerson,
  CORPORATION,
  insuranceDecision,
  SENIOR,
  V1,
  V2,
  type LineDraft,
} from './builders.js'

const MVNO: LineDraft = { network: 'mvno' }
const IOT: LineDraft = { lineKind: 'iot' }
const GONE: LineDraft = { statusAtStart: 'terminated' }
const SUSPENDED: LineDraft = { statusAtBase: 'suspended', statusAtStart: 'suspended' }

describe('insurance', () => {
  it('is granted for two years from March, the last day inclusive (A33)', () => {
    expect(insuranceDecision(aCase(SENIOR, {}))).toEqual({
      carrier: 0,
      decision: {
        outcome: 'granted',
        benefit: 'insurance',
        reason: 'AGE_65',
        grant: {
          quantity: 24,
          unit: 'months',
          option: null,
          validFrom: '2026-03-01',
          validTo: '2028-02-29',
        },
      },
    })
  })

  it('falls due in every month, for those who apply', () => {
    const due = V1.periods.filter((it) => benefitsDue(V1, it).customer.includes('insurance'))
    expect(due).toEqual(V1.periods)
  })

  it('enrols nobody of itself after February', () => {
    const reasons = V1.periods.map(
      (period) => insuranceDecision(aCase(SENIOR, {}), V1, period).decision.reason,
    )
    expect(reasons).toEqual(['AGE_65', ...Array.from({ length: 5 }, () => 'NO_APPLICATION')])
  })

  it.each([
    ['1961-01-13', V1, 'AGE_65'],
    ['1961-01-14', V1, 'NO_APPLICATION'],
    ['1961-01-31', V1, 'NO_APPLICATION'],
    ['1961-02-01', V1, 'NO_APPLICATION'],
    ['1961-01-13', V2, 'AGE_65'],
    ['1961-01-14', V2, 'AGE_65'],
    ['1961-01-31', V2, 'AGE_65'],
    ['1961-02-01', V2, 'NO_APPLICATION'],
    ['1960-02-29', V1, 'AGE_65'],
    ['2012-02-29', V2, 'NO_APPLICATION'],
  ])('for someone born on %s is decided at the base date', (birthDate, version, reason) => {
    expect(insuranceDecision(aCase(aPerson(birthDate), {}), version).decision.reason).toBe(reason)
  })

  it.each<[string, Customer, LineDraft[], string]>([
    ['has only budget operators’ lines', SENIOR, [MVNO, MVNO], 'MVNO'],
    ['has only IoT lines', SENIOR, [IOT, IOT], 'IOT'],
    ['has IoT lines, and others of a budget operator', SENIOR, [MVNO, IOT], 'IOT'],
    ['has an IoT line that left', SENIOR, [{ ...IOT, ...GONE }], 'IOT'],
    ['is a corporation', CORPORATION, [{}], 'CORPORATE'],
    ['is a corporation whose lines left', CORPORATION, [GONE], 'CORPORATE'],
    ['has left with all lines', SENIOR, [GONE, GONE], 'TERMINATED'],
    ['keeps only lines that cannot carry it', SENIOR, [GONE, IOT, MVNO], 'TERMINATED'],
    ['is younger and has left', aPerson('1990-01-01'), [GONE], 'TERMINATED'],
    ['is younger', aPerson('1990-01-01'), [{}], 'NO_APPLICATION'],
  ])('is refused to a customer who %s', (_, customer, lines, reason) => {
    expect(insuranceDecision(aCase(customer, ...lines))).toEqual({
      carrier: -1,
      decision: { outcome: 'refused', benefit: 'insurance', reason },
    })
  })

  it.each<[string, LineDraft[], number]>([
    ['the first line', [{}, {}], 0],
    ['a suspended line, which is in service', [SUSPENDED, {}], 0],
    ['a prepaid line', [{ payment: 'prepaid' }], 0],
    ['a tablet', [{ lineKind: 'tablet' }, {}], 0],
    ['the line after a budget operator’s', [MVNO, {}], 1],
    ['the line after an IoT line', [IOT, {}], 1],
    ['the line after one that left', [GONE, {}, {}], 1],
    ['the last of many', [MVNO, IOT, GONE, SUSPENDED], 3],
  ])('is carried by %s', (_, lines, carrier) => {
    const answer = insuranceDecision(aCase(SENIOR, ...lines))
    expect([answer.decision.reason, answer.carrier]).toEqual(['AGE_65', carrier])
  })

  it('is never asked about a customer without lines', () => {
    expect(() => decideCustomer(V1, '2026-02', SENIOR, [])).toThrow(AssertionFailure)
  })
})

describe('insurance on application', () => {
  const applied = (
    birthDate: string,
    applications: string,
    period: Period = '2026-03',
    grantedIn: Period | null = null,
  ) =>
    insuranceDecision(aCase(anApplicant(birthDate, applications, grantedIn), {}), V1, period)
      .decision

  it('is granted for two years from the month after, the last day inclusive (A32, A33)', () => {
    expect(applied('1990-01-01', '2026-03-31/none')).toEqual({
      outcome: 'granted',
      benefit: 'insurance',
      reason: 'APPLIED',
      grant: {
        quantity: 24,
        unit: 'months',
        option: null,
        validFrom: '2026-04-01',
        validTo: '2028-03-31',
      },
    })
  })

  it.each([
    ['2026-02-01', '2026-03-01', '2028-02-29'],
    ['2026-02-28', '2026-03-01', '2028-02-29'],
    ['2026-03-01', '2026-04-01', '2028-03-31'],
    ['2026-07-31', '2026-08-01', '2028-07-31'],
    ['2026-12-15', '2027-01-01', '2028-12-31'],
  ])('made on %s runs from %s to %s', (day, validFrom, validTo) => {
    const decision = applied('1990-01-01', `${day}/none`)
    expect(decision).toHaveProperty('grant.validFrom', validFrom)
    expect(decision).toHaveProperty('grant.validTo', validTo)
  })

  it('runs over the days that luxon gives, whenever it was made', () => {
    fc.assert(
      fc.property(anyDate, anyPeriod, (day, period) => {
        const from = DateTime.fromISO(day, { zone: 'utc' }).startOf('month').plus({ months: 1 })
        const decision = applied('1990-01-01', `${day}/consent`, period)
        const last = from.plus({ months: 24 }).minus({ days: 1 })
        expect(decision).toHaveProperty('grant.validFrom', from.toISODate())
        expect(decision).toHaveProperty('grant.validTo', last.toISODate())
      }),
    )
  })

  it.each([
    ['the earliest', '1990-01-01', '2026-02-03/none; 2026-03-01/none', '2026-03-01'],
    ['the one with consent', '2015-05-05', '2026-02-03/none; 2026-03-01/consent', '2026-04-01'],
    [
      'the earliest with consent',
      '2015-05-05',
      '2026-02-03/consent; 2026-03-01/consent',
      '2026-03-01',
    ],
    ['the one made at 14', '2012-03-10', '2026-03-09/none; 2026-05-10/none', '2026-06-01'],
  ])('of several counts %s', (_, birthDate, applications, validFrom) => {
    expect(applied(birthDate, applications, '2026-05')).toHaveProperty('grant.validFrom', validFrom)
  })

  it.each([
    ['on the day before the 14th birthday', '2012-03-10', '2026-03-09', false],
    ['on the 14th birthday', '2012-03-10', '2026-03-10', true],
    ['on 28 February, born on the 29th (A45)', '2012-02-29', '2026-02-28', false],
    ['on 1 March, born on 29 February (A45)', '2012-02-29', '2026-03-01', true],
    ['on 1 March, born on 1 March', '2012-03-01', '2026-03-01', true],
    ['on 1 March, born on 2 March', '2012-03-02', '2026-03-01', false],
  ])('needs no guardian %s: %s, %s is %s', (_, birthDate, day, isGranted) => {
    const without = applied(birthDate, `${day}/none`).reason
    expect(without).toBe(isGranted ? 'APPLIED' : 'GUARDIAN_CONSENT_MISSING')
    expect(applied(birthDate, `${day}/consent`).reason).toBe('APPLIED')
  })

  it.each<[string, Customer, LineDraft[], string]>([
    [
      'has only budget operators’ lines',
      anApplicant('1990-01-01', '2026-02-03/none'),
      [MVNO],
      'MVNO',
    ],
    ['has only IoT lines', anApplicant('1990-01-01', '2026-02-03/none'), [IOT], 'IOT'],
    [
      'is a corporation',
      { ...CORPORATION, insurance: anApplicant('', '2026-02-03/none').insurance },
      [{}],
      'CORPORATE',
    ],
    ['has left', anApplicant('1990-01-01', '2026-02-03/none'), [GONE], 'TERMINATED'],
    [
      'was insured in another month',
      anApplicant('1990-01-01', '2026-02-03/none', '2026-02'),
      [{}],
      'ALREADY_GRANTED',
    ],
    [
      'was insured and never applied',
      anApplicant('1990-01-01', '', '2026-02'),
      [{}],
      'ALREADY_GRANTED',
    ],
    ['withdrew the only application', anApplicant('1990-01-01', ''), [{}], 'NO_APPLICATION'],
    [
      'is under 14 and has no guardian',
      anApplicant('2015-05-05', '2026-02-03/none; 2026-02-04/none'),
      [{}],
      'GUARDIAN_CONSENT_MISSING',
    ],
  ])('is refused to a customer who %s', (_, customer, lines, reason) => {
    expect(insuranceDecision(aCase(customer, ...lines), V1, '2026-03')).toEqual({
      carrier: -1,
      decision: { outcome: 'refused', benefit: 'insurance', reason },
    })
  })

  it('yields to enrolment by age in February, and counts after it', () => {
    expect(applied('1950-05-05', '2026-02-03/none', '2026-02').reason).toBe('AGE_65')
    expect(applied('1950-05-05', '2026-02-03/none', '2026-03').reason).toBe('APPLIED')
    expect(applied('1950-05-05', '', '2026-02', '2026-03').reason).toBe('ALREADY_GRANTED')
  })

  it('is one frozen decision for all that start in the same month', () => {
    const first = applied('1990-01-01', '2026-03-01/none')
    expect(applied('1970-01-01', '2026-03-31/consent')).toBe(first)
    expect(applied('1990-01-01', '2026-04-01/none')).not.toBe(first)
    expect(Object.isFrozen(first)).toBe(true)
  })
})
