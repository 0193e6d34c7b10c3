/** Definitions: what kt-2026 says, that another carrier needs no code, and that versions count. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { AssertionFailure } from '../../src/assert.js'
import { isRealDate, isRealMonth } from '../../src/rules/calendar.js'
import type { CaseLine } from '../../src/rules/case.js'
import { benefitsDue, decide, decideLine, rulesFor } from '../../src/rules/decide.js'
import { explainLine } from '../../src/rules/explain.js'
import { allRefusals, firstRefusal, type Guard } from '../../src/rules/guard.js'
import {
  periodStart,
  rulesVersion,
  versionName,
  type ProgrammeVersion,
} from '../../src/rules/programme.js'
import { findVersion, PROGRAMMES } from '../../src/rules/programmes/registry.js'
import { REASONS } from '../../src/rules/reason-codes.js'
import { aCase, aLine, aPerson, CORPORATION, SENIOR, V1, V2 } from './builders.js'

describe('the registry', () => {
  it.each([
    ['kt-2026', 1, '2026-01-13'],
    ['kt-2026@1', 1, '2026-01-13'],
    ['kt-2026@2', 2, '2026-01-31'],
  ])('finds %s as version %i with base date %s', (name, version, baseDate) => {
    expect(findVersion(name)).toMatchObject({ programme: 'kt-2026', version, baseDate })
  })

  it.each(['', 'kt', 'kt-2026@', 'kt-2026@0', 'kt-2026@3', 'kt-2026@1.0', 'kt-2026@01', '@1'])(
    'does not find %j',
    (name) => expect(findVersion(name)).toBeUndefined(),
  )

  it('finds every version by its own name', () => {
    for (const version of PROGRAMMES.flatMap((programme) => programme.versions)) {
      expect(findVersion(versionName(version))).toBe(version)
    }
  })
})

describe('every definition', () => {
  const versions = PROGRAMMES.flatMap((programme) => programme.versions)

  it.each(versions)('$programme@$version has real dates and due months of its own', (version) => {
    expect([version.baseDate, version.effectiveFrom].every(isRealDate)).toBe(true)
    expect(version.periods.every(isRealMonth)).toBe(true)
    expect(version.periods.toSorted()).toEqual(version.periods)
    for (const terms of Object.values(version.benefits)) {
      const due: readonly string[] = terms.duePeriods.value
      expect(due.length).toBeGreaterThan(0)
      expect(version.periods.filter((period) => due.includes(period))).toEqual(due)
      const { unit, quantity, validity } = terms
      if (unit === 'months') expect(validity.value).toHaveProperty('months', quantity.value)
    }
  })

  it.each(versions)('$programme@$version cites a source for every parameter', (version) => {
    const text = JSON.stringify(version.benefits)
    const values = text.match(/"value":/g) ?? []
    const sources = text.match(/"source":"(?:facts §|contracts §|A\d)/g) ?? []
    expect(values.length).toBeGreaterThan(0)
    expect(sources.length).toBe(values.length)
  })
})

describe('kt-2026', () => {
  it('is the same in both versions but for the base date', () => {
    const { version: _1, baseDate: _2, effectiveFrom: _3, ...first } = V1
    const { version: _4, baseDate: _5, effectiveFrom: _6, ...second } = V2
    expect(second).toEqual(first)
  })

  it('looks at the refusals in the order of the contract', () => {
    const orders = ['2026-02', '2026-03'].flatMap((period) => {
      const { lineRules, customerRules } = rulesFor(V1, period)
      return [...lineRules, ...customerRules].map(({ benefit, guards }) => [
        benefit,
        guards.map((guard: { reason: string }) => guard.reason).join(' '),
      ])
    })
    const atBase = 'MVNO IOT SECOND_DEVICE PREPAID SUSPENDED_AT_BASE GUARDIAN_CONSENT_MISSING'
    const data = `${atBase} TERMINATED SUSPENDED`
    expect(orders).toEqual([
      ['data', data],
      ['membership', 'MVNO IOT SECOND_DEVICE TERMINATED'],
      ['insurance', 'MVNO IOT CORPORATE TERMINATED NO_APPLICATION'],
      ['data', data],
      ['roaming_bonus', 'MVNO IOT TERMINATED'],
    ])
  })

  it('starts a period on its first day', () => {
    expect(V1.periods.map(periodStart)).toEqual(V1.periods.map((period) => `${period}-01`))
  })
})

/** After SK Telecom's programme of 2025 (facts §12), with months and an order of its own. */
const SECOND_CARRIER: ProgrammeVersion = {
  programme: 'skt-2025',
  version: 1,
  effectiveFrom: '2025-07-04',
  baseDate: '2025-07-15',
  source: 'facts §12',
  zone: 'Asia/Seoul',
  periods: ['2025-08', '2025-09', '2025-10', '2025-11', '2025-12'],
  approval: {
    twoPeopleAboveEntries: { value: 1_000_000, source: 'house policy' },
    twoPeoplePeriods: { value: ['2025-08'], source: 'house policy' },
    guardRails: [],
  },
  benefits: {
    data: {
      duePeriods: { value: ['2025-08', '2025-09'], source: 'facts §12' },
      quantity: { value: 51_200, source: 'facts §12' },
      unit: 'MB',
      validity: { value: { kind: 'period_month' }, source: 'facts §12' },
      exclusions: [
        { value: 'GUARDIAN_CONSENT_MISSING', source: 'facts §12' },
        { value: 'TERMINATED', source: 'facts §12' },
        { value: 'IOT', source: 'facts §12' },
      ],
      consentCutoffDay: { value: 5, source: 'facts §12' },
    },
  },
}

describe('another carrier', () => {
  it('sets quantities, months, exclusions and their order in a definition alone', () => {
    const decideIn = (period: string, line: CaseLine) => decideLine(SECOND_CARRIER, period, line)
    expect(decideIn('2025-08', aLine({ network: 'mvno', lineKind: 'watch' }))).toEqual([
      {
        outcome: 'granted',
        benefit: 'data',
        reason: 'ELIGIBLE',
        grant: {
          quantity: 51_200,
          unit: 'MB',
          option: null,
          validFrom: '2025-08-01',
          validTo: '2025-08-31',
        },
      },
    ])
    const line = aLine({ lineKind: 'iot', statusAtStart: 'terminated' })
    expect(decideIn('2025-09', line)[0]?.reason).toBe('TERMINATED')
    const minor = { planRestriction: 'minor', guardianConsentOn: '2025-08-06' } as const
    expect(decideIn('2025-09', aLine(minor))[0]?.reason).toBe('GUARDIAN_CONSENT_MISSING')
  })

  it('explains and decides only the benefits it has', () => {
    const it = aCase(SENIOR, {})
    expect(benefitsDue(SECOND_CARRIER, '2025-10')).toEqual({ line: [], customer: [] })
    expect(decide(SECOND_CARRIER, '2025-10', it)).toEqual({ lines: [[]], customer: [] })
    expect(explainLine(SECOND_CARRIER, '2025-10', it, 0)).toMatchObject([
      { benefit: 'data', outcome: 'not_due' },
    ])
  })

  it('has periods of its own', () => {
    expect(() => decideLine(SECOND_CARRIER, '2026-02', aLine())).toThrow(AssertionFailure)
  })
})

describe('guards', () => {
  const guard = (reason: 'MVNO' | 'IOT' | 'PREPAID', over: number): Guard<number> => ({
    reason,
    source: 'test',
    applies: (value) => value > over,
    facts: (value) => ({ value }),
  })
  const guards = [guard('MVNO', 30), guard('IOT', 10), guard('PREPAID', 20)]

  it.each([
    [5, undefined, []],
    [15, 'IOT', ['IOT']],
    [25, 'IOT', ['IOT', 'PREPAID']],
    [35, 'MVNO', ['MVNO', 'IOT', 'PREPAID']],
  ])('of %i refuse first by %s and in all by %j', (view, first, all) => {
    expect(firstRefusal(guards, view)?.reason).toBe(first)
    expect(allRefusals(guards, view).map(({ reason }) => reason)).toEqual(all)
  })
})

describe('reason codes', () => {
  it('have an English and a Korean sentence each', () => {
    for (const [code, { en, ko }] of Object.entries(REASONS)) {
      expect(code).toMatch(/^[A-Z][A-Z0-9_]+$/)
      expect(en).toMatch(/^[A-Z].*\.$/)
      expect(ko).toMatch(/[가-힣].*\.$/)
    }
  })
})

describe('the rules version', () => {
  // A plan names it, and a replay of the ledger relies on it: whoever changes a decision raises it.
  it('stands for exactly these decisions; raise it together with the digest', () => {
    expect([rulesVersion, digestOfAllDecisions()]).toEqual(['1', 'c48e410023c23550'])
  })
})

function digestOfAllDecisions(): string {
  const hash = createHash('sha256')
  for (const version of [V1, V2]) {
    for (const period of version.periods) {
      for (const line of everyLine()) {
        hash.update(JSON.stringify(decideLine(version, period, line)))
        for (const customer of [CORPORATION, SENIOR, aPerson('1961-01-31')]) {
          const decisions = decide(version, period, { customer, lines: [line] }).customer
          hash.update(JSON.stringify(decisions))
        }
      }
    }
  }
  return hash.digest('hex').slice(0, 16)
}

function everyLine(): CaseLine[] {
  const drafts = [{}]
    .flatMap((it) => each(it, 'network', ['kt', 'mvno']))
    .flatMap((it) => each(it, 'lineKind', ['handset', 'tablet', 'watch', 'iot']))
    .flatMap((it) => each(it, 'payment', ['postpaid', 'prepaid']))
    .flatMap((it) => each(it, 'statusAtBase', ['active', 'suspended']))
    .flatMap((it) => each(it, 'planRestriction', ['none', 'minor']))
    .flatMap((it) => each(it, 'guardianConsentOn', [null, '2026-01-20', '2026-01-21']))
    .flatMap((it) => each(it, 'roamingPromotionEndsOn', [null, '2026-01-31', '2026-02-01']))
    .flatMap((it) => each(it, 'statusAtStart', ['active', 'suspended', 'terminated']))
  return drafts.map(aLine)
}

function each(draft: object, name: string, values: readonly (string | null)[]): object[] {
  return values.map((value) => ({ ...draft, [name]: value }))
}
