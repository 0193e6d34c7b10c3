/** SK Telecom's programme of 2025 (facts §12): another carrier is another definition file. */
import { describe, expect, it } from 'vitest'
import { AssertionFailure } from '../../src/assert.js'
import { benefitsDue, decide, decideLine, rulesFor } from '../../src/rules/decide.js'
import { explainLine } from '../../src/rules/explain.js'
import type { ProgrammeVersion } from '../../src/rules/programme.js'
import { SKT_2025 } from '../../src/rules/programmes/skt-2025.js'
import { aCase, aLine, aPass, anApplicant, SENIOR, V1, type LineDraft } from './builders.js'

const SKT = theVersion()
const reasonIn = (period: string, draft: LineDraft) =>
  decideLine(SKT, period, aLine(draft))[0]?.reason

describe('skt-2025', () => {
  it.each([
    ['2025-08', '2025-08-01', '2025-08-31'],
    ['2025-09', '2025-09-01', '2025-09-30'],
    ['2025-10', '2025-10-01', '2025-10-31'],
    ['2025-11', '2025-11-01', '2025-11-30'],
    ['2025-12', '2025-12-01', '2025-12-31'],
  ])('gives 50 GB for %s, valid from %s to %s, and nothing else', (period, validFrom, validTo) => {
    expect(decide(SKT, period, aCase(SENIOR, {}))).toEqual({
      lines: [
        [
          {
            outcome: 'granted',
            benefit: 'data',
            reason: 'ELIGIBLE',
            grant: { quantity: 51_200, unit: 'MB', option: null, validFrom, validTo },
          },
        ],
      ],
      customer: [],
    })
  })

  it('runs from August to December', () => {
    expect(SKT.periods.map((period) => benefitsDue(SKT, period))).toEqual(
      Array.from({ length: 5 }, () => ({ line: ['data'], customer: [] })),
    )
    for (const period of ['2025-07', '2026-01', '2026-02']) {
      expect(() => decideLine(SKT, period, aLine())).toThrow(AssertionFailure)
    }
  })

  it.each<[string, LineDraft]>([
    ['a budget operator', { network: 'mvno' }],
    ['a watch', { lineKind: 'watch' }],
    ['a prepaid line', { payment: 'prepaid' }],
    ['a line that was suspended at the base date', { statusAtBase: 'suspended' }],
  ])('gives it to %s as well, unlike kt-2026', (_, draft) => {
    expect(reasonIn('2025-08', draft)).toBe('ELIGIBLE')
    expect(decideLine(V1, '2026-02', aLine(draft))[0]?.outcome).toBe('refused')
  })

  it.each<[string, LineDraft, string]>([
    ['an IoT line', { lineKind: 'iot' }, 'IOT'],
    ['a plan for minors without consent', { planRestriction: 'minor' }, 'GUARDIAN_CONSENT_MISSING'],
    ['a terminated line', { statusAtStart: 'terminated' }, 'TERMINATED'],
    ['a suspended line', { statusAtStart: 'suspended' }, 'SUSPENDED'],
  ])('refuses it to %s', (_, draft, reason) => {
    expect(reasonIn('2025-08', draft)).toBe(reason)
  })

  it('looks at the refusals in an order of its own', () => {
    const [rule] = rulesFor(SKT, '2025-08').lineRules
    expect(rule?.guards.map(({ reason }) => reason)).toEqual([
      'IOT',
      'GUARDIAN_CONSENT_MISSING',
      'TERMINATED',
      'SUSPENDED',
    ])
  })

  it.each([
    ['2025-08', '2025-07-20', 'ELIGIBLE'],
    ['2025-08', '2025-07-21', 'GUARDIAN_CONSENT_MISSING'],
    ['2025-09', '2025-07-21', 'ELIGIBLE'],
    ['2025-12', '2025-11-21', 'GUARDIAN_CONSENT_MISSING'],
  ])('for %s with a consent of %s gives %s', (period, guardianConsentOn, reason) => {
    expect(reasonIn(period, { planRestriction: 'minor', guardianConsentOn })).toBe(reason)
  })

  it('knows neither choices nor applications', () => {
    const it = aCase(anApplicant('1990-01-01', '2025-08-03/none'), { pass: aPass() })
    expect(decide(SKT, '2025-08', it)).toEqual(decide(SKT, '2025-08', aCase(SENIOR, {})))
    expect(rulesFor(SKT, '2025-08').birthBounds).toEqual([])
  })

  it('explains its one benefit', () => {
    const [data, ...others] = explainLine(SKT, '2025-10', aCase(SENIOR, { lineKind: 'iot' }), 0)
    expect(others).toEqual([])
    expect(data).toMatchObject({ reason: 'IOT', sources: ['facts §12'], duePeriods: SKT.periods })
  })
})

function theVersion(): ProgrammeVersion {
  const [version] = SKT_2025.versions
  if (version === undefined) throw new Error('skt-2025 has no version')
  return version
}
