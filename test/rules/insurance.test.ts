/** Insurance without application, at each of its boundaries (facts §8). */
import { describe, expect, it } from 'vitest'
import { AssertionFailure } from '../../src/assert.js'
import type { Customer } from '../../src/rules/case.js'
import { benefitsDue, decideCustomer } from '../../src/rules/decide.js'
import {
  aCase,
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

  it('falls due in February only, as long as nobody applies', () => {
    const due = V1.periods.filter((it) => benefitsDue(V1, it).customer.includes('insurance'))
    expect(due).toEqual(['2026-02'])
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
