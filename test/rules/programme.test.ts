/** Definitions: what holds of each, what kt-2026 says, and that versions count. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isRealDate, isRealMonth, lastOfMonth } from '../../src/rules/calendar.js'
import type { CaseLine, Customer } from '../../src/rules/case.js'
import { decide, decideLine, rulesFor } from '../../src/rules/decide.js'
import { allRefusals, firstRefusal, type Guard } from '../../src/rules/guard.js'
import { periodStart, rulesVersion, versionName } from '../../src/rules/programme.js'
import { findVersion, PROGRAMMES } from '../../src/rules/programmes/registry.js'
import { REASONS, type ReasonText } from '../../src/rules/reason-codes.js'
import {
  aCase,
  aLine,
  anApplicant,
  aPass,
  aPerson,
  CORPORATION,
  SENIOR,
  V1,
  V2,
} from './builders.js'

describe('the registry', () => {
  it.each([
    ['kt-2026', 1, '2026-01-13'],
    ['kt-2026@1', 1, '2026-01-13'],
    ['kt-2026@2', 2, '2026-01-31'],
    ['skt-2025', 1, '2025-07-14'],
  ])('finds %s as version %i with base date %s', (name, version, baseDate) => {
    const [programme] = name.split('@')
    expect(findVersion(name)).toMatchObject({ programme, version, baseDate })
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
      if (terms.unit === 'months' && 'validity' in terms) {
        expect(terms.validity.value).toHaveProperty('months', terms.quantity.value)
      }
    }
  })

  it.each(versions)('$programme@$version lets people choose and apply while it runs', (version) => {
    const { ott_pass: pass, insurance } = version.benefits
    for (const window of [pass?.window.value, insurance?.application.window.value]) {
      if (window === undefined) continue
      expect([window.from, window.to].every(isRealDate)).toBe(true)
      expect(window.from).toBe(`${version.periods[0]}-01`)
      expect(window.to).toBe(lastOfMonth(version.periods.at(-1) ?? ''))
    }
    const enrolled: readonly string[] = insurance?.automatic.periods.value ?? []
    expect(enrolled.filter((period) => !version.periods.includes(period))).toEqual([])
  })

  it.each(versions)('$programme@$version sets its approval by benefits it has', (version) => {
    const { twoPeopleAboveEntries, twoPeoplePeriods, guardRails } = version.approval
    expect(twoPeopleAboveEntries.value).toBeGreaterThan(0)
    expect(twoPeoplePeriods.value.filter((it) => !version.periods.includes(it))).toEqual([])
    expect(guardRails.filter(({ benefit }) => !(benefit in version.benefits))).toEqual([])
    const rails = guardRails.map(({ benefit, figure }) => `${benefit} ${figure}`)
    expect(new Set(rails).size).toBe(rails.length)
    for (const { share, atLeast, source } of guardRails) {
      expect([share > 0 && share < 1, atLeast > 0, source]).toEqual([true, true, 'house policy'])
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
    const pass = 'MVNO IOT SECOND_DEVICE TERMINATED ALREADY_GRANTED NO_CHOICE NO_CODE_LEFT'
    const ofPerson = 'MVNO IOT CORPORATE TERMINATED ALREADY_GRANTED'
    const insurance = `${ofPerson} NO_APPLICATION GUARDIAN_CONSENT_MISSING`
    expect(orders).toEqual([
      ['data', data],
      ['membership', 'MVNO IOT SECOND_DEVICE TERMINATED'],
      ['ott_pass', pass],
      ['insurance', insurance],
      ['data', data],
      ['roaming_bonus', 'MVNO IOT TERMINATED'],
      ['ott_pass', pass],
      ['insurance', insurance],
    ])
  })

  it('holds a plan whose data figures are off by a tenth and more than a thousand', () => {
    expect(V1.approval).toEqual({
      twoPeopleAboveEntries: { value: 5_000_000, source: 'house policy' },
      twoPeoplePeriods: { value: [], source: 'house policy' },
      guardRails: [
        { figure: 'grants', atLeast: 1_000 },
        { figure: 'quantity', atLeast: 102_400_000 },
        { figure: 'refused', atLeast: 1_000 },
      ].map((it) => ({ benefit: 'data', share: 0.1, source: 'house policy', ...it })),
    })
  })

  it('starts a period on its first day', () => {
    expect(V1.periods.map(periodStart)).toEqual(V1.periods.map((period) => `${period}-01`))
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

  it('have a remedy in both languages or none, and only where they refuse', () => {
    const texts: readonly ReasonText[] = Object.values(REASONS)
    const remedied = texts.filter(({ remedy }) => remedy !== null)
    expect(remedied.map(({ outcome }) => outcome)).toEqual(remedied.map(() => 'refused'))
    for (const { remedy } of remedied) {
      expect(remedy?.en).toMatch(/^[A-Z].*\.$/)
      expect(remedy?.ko).toMatch(/[가-힣].*니다\.$/)
    }
  })

  it('can be remedied by consenting, resuming, applying, choosing and adding codes alone', () => {
    const remedied = Object.entries(REASONS).filter(([, { remedy }]) => remedy !== null)
    expect(remedied.map(([code]) => code)).toEqual([
      'GUARDIAN_CONSENT_MISSING',
      'SUSPENDED',
      'NO_APPLICATION',
      'NO_CHOICE',
      'NO_CODE_LEFT',
    ])
  })
})

describe('the rules version', () => {
  // A plan names it, and a replay of the ledger relies on it: whoever changes a decision raises it.
  it('stands for exactly these decisions; raise it together with the digest', () => {
    expect([rulesVersion, digestOfAllDecisions()]).toEqual(['2', 'c01b30132db57ade'])
  })
})

function digestOfAllDecisions(): string {
  const hash = createHash('sha256')
  for (const version of PROGRAMMES.flatMap((programme) => programme.versions)) {
    for (const period of version.periods) {
      for (const line of [...everyLine(), ...everyPass()]) {
        hash.update(JSON.stringify(decideLine(version, period, line)))
        for (const customer of [CORPORATION, SENIOR, aPerson('1961-01-31')]) {
          const decisions = decide(version, period, { customer, lines: [line] }).customer
          hash.update(JSON.stringify(decisions))
        }
      }
      for (const customer of everyApplicant()) {
        hash.update(JSON.stringify(decide(version, period, aCase(customer, {})).customer))
      }
    }
  }
  return hash.digest('hex').slice(0, 16)
}

function everyPass(): CaseLine[] {
  const passes = [{}]
    .flatMap((it) => each(it, 'choice', [null, 'tving', 'disney_plus']))
    .flatMap((it) => each(it, 'issuedOn', ['2026-02-01', '2026-03-31', '2026-08-31']))
    .flatMap((it) => each(it, 'grantedIn', [null, '2026-03']))
    .flatMap((it) => [true, false].map((hasCode) => ({ ...it, hasCode })))
  return passes.flatMap((pass) => [
    aLine({ pass: aPass(pass) }),
    aLine({ pass: aPass(pass), statusAtStart: 'terminated' }),
    aLine({ pass: aPass(pass), lineKind: 'watch' }),
  ])
}

function everyApplicant(): Customer[] {
  const births = ['1961-01-13', '1961-01-31', '1990-01-01', '2012-02-29', '2015-01-01']
  const applied = ['', '2026-02-28/none', '2026-02-28/consent', '2026-02-01/none; 2026-03-01/none']
  return births.flatMap((birthDate) =>
    applied.flatMap((applications) =>
      [null, '2026-03'].map((grantedIn) => anApplicant(birthDate, applications, grantedIn)),
    ),
  )
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
