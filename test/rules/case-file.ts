/**
 * Reads test/cases/benefits.csv, which the business can read and add to: one case a row. The
 * columns from `network` to `other_lines` are its facts, those from `outcome` on what is expected.
 *
 * `choice` to `pass_granted_in` are what a plan settles about the OTT pass, all empty where nothing
 * was ever chosen. `applications` are the customer's, `2026-02-03/consent; 2026-03-01/none`.
 * `other_lines` are further lines of the customer, after the first, as network/line_kind/status;
 * `carrier` counts lines from 1.
 */
import { readFileSync } from 'node:fs'
import type { Case, CaseLine, Customer, InsuranceFacts, PassFacts } from '../../src/rules/case.js'
import type { ProgrammeVersion } from '../../src/rules/programme.js'
import { aLine, applicationsIn, V1, V2, type LineDraft } from './builders.js'

const FACTS = [
  'network',
  'line_kind',
  'payment',
  'status_at_base',
  'plan_restriction',
  'guardian_consent_on',
  'roaming_promotion_ends_on',
  'status_at_start',
  'choice',
  'has_code',
  'issued_on',
  'pass_granted_in',
  'customer_kind',
  'birth_date',
  'applications',
  'insurance_granted_in',
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
  'option',
  'valid_from',
  'valid_to',
  'note',
] as const

export type CaseRow = Readonly<Record<(typeof COLUMNS)[number], string>>

/** No cell is quoted, so a line splits at its commas. */
export function readCaseFile(): readonly CaseRow[] {
  const file = new URL('../cases/benefits.csv', import.meta.url)
  const [header, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  if (header !== COLUMNS.join(',')) throw new Error('benefits.csv has other columns')
  return lines.map((line) => {
    const cells = line.split(',')
    if (cells.length !== COLUMNS.length) throw new Error(`wrong number of cells: ${line}`)
    return Object.fromEntries(COLUMNS.map((column, index) => [column, cells[index]])) as CaseRow
  })
}

export function caseOf(row: CaseRow): Case {
  const first = aLine({
    network: row.network,
    lineKind: row.line_kind,
    payment: row.payment,
    statusAtBase: row.status_at_base,
    planRestriction: row.plan_restriction,
    guardianConsentOn: orNull(row.guardian_consent_on),
    roamingPromotionEndsOn: orNull(row.roaming_promotion_ends_on),
    statusAtStart: row.status_at_start,
    pass: passOf(row),
  } as LineDraft)
  const others = row.other_lines.split('; ').filter((text) => text !== '')
  const customer = {
    kind: row.customer_kind,
    birthDate: orNull(row.birth_date),
    insurance: insuranceOf(row),
  } as Customer
  return { customer, lines: [first, ...others.map(otherLine)] }
}

export function versionOf(row: CaseRow): ProgrammeVersion {
  return row.version === '2' ? V2 : V1
}

/**
 * In how many facts two cases differ. A corporation has no birth date, and where nothing is chosen
 * there is no code, so each of these two pairs is one fact.
 */
export function factsApart(a: CaseRow, b: CaseRow): number {
  const changed = ['version', 'period', ...FACTS].filter((it) => cell(a, it) !== cell(b, it))
  const pairs = [
    { columns: ['customer_kind', 'birth_date'], isOne: true },
    { columns: ['choice', 'has_code'], isOne: a.choice === '' || b.choice === '' },
  ]
  const twice = pairs.filter((it) => it.isOne && it.columns.every((one) => changed.includes(one)))
  return changed.length - twice.length
}

function cell(row: CaseRow, column: string): string {
  return row[column as keyof CaseRow]
}

function passOf(row: CaseRow): PassFacts | null {
  if (row.choice + row.has_code + row.issued_on + row.pass_granted_in === '') return null
  return {
    choice: orNull(row.choice),
    hasCode: row.has_code === 'true',
    issuedOn: row.issued_on,
    grantedIn: orNull(row.pass_granted_in),
  }
}

function insuranceOf(row: CaseRow): InsuranceFacts | null {
  if (row.applications + row.insurance_granted_in === '') return null
  return {
    applications: applicationsIn(row.applications),
    grantedIn: orNull(row.insurance_granted_in),
  }
}

function otherLine(text: string): CaseLine {
  const [network, lineKind, statusAtStart] = text.split('/')
  return aLine({ network, lineKind, statusAtStart } as LineDraft)
}

function orNull(text: string): string | null {
  return text === '' ? null : text
}
