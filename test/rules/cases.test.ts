/**
 * The cases of test/cases/benefits.csv, which the business can read and add to. The columns up to
 * `birth_date` are the facts of a case; `other_lines` are further lines of its customer, after the
 * first, as network/line_kind/status; `carrier` counts lines from 1.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Case, Customer } from '../../src/rules/case.js'
import { decide, rulesFor } from '../../src/rules/decide.js'
import { explainLine } from '../../src/rules/explain.js'
import type { ProgrammeVersion } from '../../src/rules/programme.js'
import { aLine, V1, V2, type LineDraft } from './builders.js'

const FACTS = [
  'network',
  'line_kind',
  'payment',
  'status_at_base',
  'plan_restriction',
  'guardian_consent_on',
  'roaming_promotion_ends_on',
  'status_at_start',
  'customer_kind',
  'birth_date',
  'other_lines',
] as const
const COLUMNS = [
  'case',
  'version',
  'period',
  'benefit',
  ...FACTS,
  'outcome',
  'reason',
  'carrier',
  'note',
] as const
type Row = Readonly<Record<(typeof COLUMNS)[number], string>>

const ROWS = readRows(new URL('../cases/benefits.csv', import.meta.url))

describe('the written cases', () => {
  const titled = ROWS.map(
    (row) => [`${row.case} ${row.benefit} ${row.period}: ${row.note}`, row] as const,
  )

  it.each(titled)('%s', (_, row) => {
    expect(answerTo(row)).toEqual({
      outcome: row.outcome,
      reason: row.reason,
      carrier: row.carrier,
    })
  })

  it.each(titled)('%s: explained alike', (_, row) => {
    const explanations = explainLine(versionOf(row), row.period, caseOf(row), 0)
    const explained = explanations.find(({ benefit }) => benefit === row.benefit)
    expect([explained?.outcome, explained?.reason ?? '']).toEqual([row.outcome, row.reason])
  })

  it('are numbered from 1 and each has a note', () => {
    expect(ROWS.map((row) => Number(row.case))).toEqual(ROWS.map((_, index) => index + 1))
    expect(ROWS.filter((row) => row.note === '')).toEqual([])
  })
})

describe('coverage by the written cases', () => {
  const guards = V1.periods.flatMap((period) => {
    const { lineRules, customerRules } = rulesFor(V1, period)
    return [...lineRules, ...customerRules].flatMap(({ benefit, guards: ordered }) =>
      ordered.map((guard: { reason: string }) => `${benefit} ${guard.reason}`),
    )
  })

  it.each([...new Set(guards), 'roaming_bonus PROMOTION_EXTENDED'])(
    '%s has a case on either side that differs in one fact alone',
    (guard) => {
      const [benefit, reason] = guard.split(' ')
      const rows = ROWS.filter((row) => row.benefit === benefit && row.outcome !== 'not_due')
      const inside = rows.filter((row) => row.reason === reason)
      const outside = rows.filter((row) => row.outcome === 'granted' && row.reason !== reason)
      const pairs = inside.flatMap((row) => outside.filter((other) => differing(row, other) === 1))
      expect(pairs.length).toBeGreaterThan(0)
    },
  )

  it('has granted and refused cases of every benefit, and every granting reason', () => {
    const answers = new Set(ROWS.map((row) => `${row.benefit} ${row.outcome}`))
    for (const benefit of Object.keys(V1.benefits)) {
      expect([...answers]).toContain(`${benefit} granted`)
      expect([...answers]).toContain(`${benefit} refused`)
    }
    const reasons = new Set(ROWS.map((row) => row.reason))
    expect(['ELIGIBLE', 'PROMOTION_EXTENDED', 'AGE_65'].every((it) => reasons.has(it))).toBe(true)
  })
})

function answerTo(row: Row): { outcome: string; reason: string; carrier: string } {
  const { lines, customer } = decide(versionOf(row), row.period, caseOf(row))
  const ofLine = (lines[0] ?? []).map((decision) => ({ decision, carrier: -1 }))
  const answer = [...ofLine, ...customer].find(({ decision }) => decision.benefit === row.benefit)
  if (answer === undefined) return { outcome: 'not_due', reason: '', carrier: '' }
  const { outcome, reason } = answer.decision
  return { outcome, reason, carrier: answer.carrier < 0 ? '' : String(answer.carrier + 1) }
}

function caseOf(row: Row): Case {
  const first = aLine({
    network: row.network,
    lineKind: row.line_kind,
    payment: row.payment,
    statusAtBase: row.status_at_base,
    planRestriction: row.plan_restriction,
    guardianConsentOn: row.guardian_consent_on === '' ? null : row.guardian_consent_on,
    roamingPromotionEndsOn:
      row.roaming_promotion_ends_on === '' ? null : row.roaming_promotion_ends_on,
    statusAtStart: row.status_at_start,
  } as LineDraft)
  const others = row.other_lines.split('; ').filter((text) => text !== '')
  const customer = {
    kind: row.customer_kind,
    birthDate: row.birth_date === '' ? null : row.birth_date,
  } as Customer
  return { customer, lines: [first, ...others.map(otherLine)] }
}

function otherLine(text: string) {
  const [network, lineKind, statusAtStart] = text.split('/')
  return aLine({ network, lineKind, statusAtStart } as LineDraft)
}

function versionOf(row: Row): ProgrammeVersion {
  return row.version === '2' ? V2 : V1
}

/** In how many facts two cases differ. A corporation has no birth date, so the two are one fact. */
function differing(a: Row, b: Row): number {
  const facts = ['version', 'period', ...FACTS] as const
  const changed = facts.filter((column) => a[column] !== b[column])
  const ofCustomer = changed.filter((it) => it === 'customer_kind' || it === 'birth_date')
  return changed.length - Math.max(0, ofCustomer.length - 1)
}

/** No cell is quoted, so a line splits at its commas. */
function readRows(file: URL): Row[] {
  const [header, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  if (header !== COLUMNS.join(',')) throw new Error('benefits.csv has other columns')
  return lines.map((line) => {
    const cells = line.split(',')
    if (cells.length !== COLUMNS.length) throw new Error(`wrong number of cells: ${line}`)
    return Object.fromEntries(COLUMNS.map((column, index) => [column, cells[index]])) as Row
  })
}
