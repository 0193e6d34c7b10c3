/** The cases of test/cases/benefits.csv, decided and explained, and that they cover the rules. */
import { describe, expect, it } from 'vitest'
import { isRealDate } from '../../src/rules/calendar.js'
import { decide, rulesFor } from '../../src/rules/decide.js'
import type { Decision } from '../../src/rules/decision.js'
import { explainLine } from '../../src/rules/explain.js'
import { REASONS } from '../../src/rules/reason-codes.js'
import { V1 } from './builders.js'
import { caseOf, factsApart, readCaseFile, versionOf, type CaseRow } from './case-file.js'

const ROWS = readCaseFile()

describe('the written cases', () => {
  const titled = ROWS.map(
    (row) => [`${row.case} ${row.benefit} ${row.period}: ${row.note}`, row] as const,
  )

  it.each(titled)('%s', (_, row) => {
    expect(answerTo(row)).toEqual({ carrier: row.carrier, ...expectedOf(row) })
  })

  it.each(titled)('%s: explained alike', (_, row) => {
    const explanations = explainLine(versionOf(row), row.period, caseOf(row), 0)
    const explained = explanations.find(({ benefit }) => benefit === row.benefit)
    expect(explained).toMatchObject({ outcome: row.outcome, reason: row.reason || null })
    expect(explained?.grant?.validTo ?? '').toBe(row.valid_to)
  })

  it('are numbered from 1 and each has a note and real dates', () => {
    expect(ROWS.map((row) => Number(row.case))).toEqual(ROWS.map((_, index) => index + 1))
    expect(ROWS.filter((row) => row.note === '')).toEqual([])
    const dates = ROWS.flatMap((row) => [
      row.guardian_consent_on,
      row.roaming_promotion_ends_on,
      row.issued_on,
      row.birth_date,
      row.valid_from,
      row.valid_to,
    ])
    expect(dates.filter((date) => date !== '' && !isRealDate(date))).toEqual([])
  })

  it('tell of every pass whether there is a code, and its day of issue', () => {
    const withPass = ROWS.filter((row) => caseOf(row).lines[0]?.pass !== null)
    expect(withPass.filter((row) => !/^(true|false)$/.test(row.has_code))).toEqual([])
    expect(withPass.filter((row) => !isRealDate(row.issued_on))).toEqual([])
  })

  it('are at least 150, those left out that repeat another', () => {
    const told = ROWS.map((row) => JSON.stringify({ ...row, case: '', note: '' }))
    expect(new Set(told).size).toBeGreaterThanOrEqual(150)
  })
})

describe('coverage by the written cases', () => {
  const guards = guardsOfAll()

  it('finds a case on either side of each guard that differs in one fact alone', () => {
    expect(guards).toContain('ott_pass NO_CODE_LEFT')
    expect(guards).toContain('insurance GUARDIAN_CONSENT_MISSING')
    expect(uncovered(guards, ROWS)).toEqual([])
  })

  it('would miss the cases on one side, and those on the other', () => {
    for (const guard of guards) {
      const [benefit, reason] = guard.split(' ')
      const without = (isLeftOut: (row: CaseRow) => boolean) =>
        ROWS.filter((row) => row.benefit !== benefit || !isLeftOut(row))
      expect(
        uncovered(
          [guard],
          without((row) => row.reason === reason),
        ),
      ).toEqual([guard])
      expect(
        uncovered(
          [guard],
          without((row) => row.reason !== reason),
        ),
      ).toEqual([guard])
    }
  })

  it('has every reason that a benefit can give, and a month without it', () => {
    const told = new Set(ROWS.map((row) => `${row.benefit} ${row.reason}`))
    const granting = ['data ELIGIBLE', 'membership ELIGIBLE', 'ott_pass CHOSEN', 'insurance AGE_65']
    for (const it of [...granting, 'roaming_bonus ELIGIBLE', 'insurance APPLIED']) {
      expect([...told]).toContain(it)
    }
    const reasons = new Set(ROWS.map((row) => row.reason))
    const given = Object.entries(REASONS).filter(([, { outcome }]) => outcome !== 'reversed')
    expect(given.map(([code]) => code).filter((code) => !reasons.has(code))).toEqual([])
    expect([...told]).toContain('membership ')
    expect([...told]).toContain('roaming_bonus ')
  })

  it('stands on both sides of every date that facts §16 names for benefits', () => {
    const born = ['1961-01-13', '1961-01-14', '1961-01-31', '1961-02-01']
    for (const date of born) {
      const versions = ROWS.filter((row) => row.birth_date === date).map((row) => row.version)
      expect([...new Set(versions)].toSorted()).toEqual(['1', '2'])
    }
    expect(ROWS.filter((row) => row.birth_date === '2012-02-29').length).toBeGreaterThan(2)
    expect(ROWS.filter((row) => row.note.startsWith('facts §16')).length).toBeGreaterThan(8)
  })
})

/** Every guard of every benefit, and the one choice that an award makes, as `benefit REASON`. */
function guardsOfAll(): readonly string[] {
  const guards = V1.periods.flatMap((period) => {
    const { lineRules, customerRules } = rulesFor(V1, period)
    return [...lineRules, ...customerRules].flatMap(({ benefit, guards: ordered }) =>
      ordered.map((guard: { reason: string }) => `${benefit} ${guard.reason}`),
    )
  })
  return [...new Set(guards), 'roaming_bonus PROMOTION_EXTENDED']
}

/** Those without two cases, refused by the guard and granted, that differ in one fact alone. */
function uncovered(guards: readonly string[], rows: readonly CaseRow[]): readonly string[] {
  return guards.filter((guard) => {
    const [benefit, reason] = guard.split(' ')
    const told = rows.filter((row) => row.benefit === benefit && row.outcome !== 'not_due')
    const inside = told.filter((row) => row.reason === reason)
    const outside = told.filter((row) => row.outcome === 'granted' && row.reason !== reason)
    return !inside.some((row) => outside.some((other) => factsApart(row, other) === 1))
  })
}

function expectedOf(row: CaseRow): object {
  const { outcome, reason, option, valid_from: validFrom, valid_to: validTo } = row
  return { outcome, reason, option, validFrom, validTo }
}

function answerTo(row: CaseRow): object {
  const { lines, customer } = decide(versionOf(row), row.period, caseOf(row))
  const ofLine = (lines[0] ?? []).map((decision) => ({ decision, carrier: -1 }))
  const answer = [...ofLine, ...customer].find(({ decision }) => decision.benefit === row.benefit)
  const carrier = answer === undefined || answer.carrier < 0 ? '' : String(answer.carrier + 1)
  return { carrier, ...told(answer?.decision) }
}

function told(decision: Decision | undefined): object {
  if (decision?.outcome !== 'granted') {
    const outcome = decision?.outcome ?? 'not_due'
    return { outcome, reason: decision?.reason ?? '', option: '', validFrom: '', validTo: '' }
  }
  const { outcome, reason, grant } = decision
  const { option, validFrom, validTo } = grant
  return { outcome, reason, option: option ?? '', validFrom, validTo }
}
