/**
 * Rows that an import must put into quarantine, one kind of fault after the other. They come in
 * addition to the good rows: the population is the same with and without them.
 */
import type { DrawnLine } from './drawn-line.js'
import { textOfDay } from './civil-day.js'
import { SNAPSHOT_COLUMNS } from './snapshot-row.js'
import type { SnapshotColumn } from './snapshot-row.js'

type Fields = Record<SnapshotColumn, string>

interface Fault {
  readonly name: string
  /** The rows in place of `fields`, each a line of text; they all belong into quarantine. */
  readonly spoil: (fields: Fields, asOfDay: number, spareCustomerId: number) => readonly string[]
}

const row = (fields: Fields): string => SNAPSHOT_COLUMNS.map((column) => fields[column]).join(',')

const set = (name: string, columns: Partial<Fields>): Fault => ({
  name,
  spoil: (fields) => [row({ ...fields, ...columns })],
})

const INDIVIDUAL: Partial<Fields> = { customer_kind: 'individual' }

const FAULTS: readonly Fault[] = [
  { name: 'too_few_fields', spoil: (it) => [row(it).slice(0, row(it).lastIndexOf(','))] },
  { name: 'too_many_fields', spoil: (it) => [`${row(it)},1`] },
  set('line_id_missing', { line_id: '' }),
  { name: 'line_id_leading_zero', spoil: (it) => [row({ ...it, line_id: `0${it.line_id}` })] },
  set('line_id_too_long', { line_id: '1234567890123456789' }),
  { name: 'line_id_no_digits', spoil: (it) => [row({ ...it, line_id: `L${it.line_id}` })] },
  set('customer_id_missing', { customer_id: '' }),
  {
    name: 'customer_id_decimal',
    spoil: (it) => [row({ ...it, customer_id: `${it.customer_id}.0` })],
  },
  set('customer_kind_unknown', { customer_kind: 'person' }),
  set('birth_date_missing', { ...INDIVIDUAL, birth_date: '' }),
  set('birth_date_of_corporate', { customer_kind: 'corporate', birth_date: '1980-05-17' }),
  set('birth_date_unreal', { ...INDIVIDUAL, birth_date: '2001-02-29' }),
  set('birth_date_before_1900', { ...INDIVIDUAL, birth_date: '1899-12-31' }),
  {
    name: 'birth_date_after_as_of',
    spoil: (it, asOf) => [row({ ...it, ...INDIVIDUAL, birth_date: textOfDay(asOf + 1) })],
  },
  set('network_unknown', { network: 'KT' }),
  set('line_kind_unknown', { line_kind: 'phone' }),
  set('payment_unknown', { payment: '' }),
  set('status_terminated', { status: 'terminated' }),
  set('activated_on_missing', { activated_on: '' }),
  set('activated_on_unreal', { activated_on: '2025-11-31' }),
  {
    name: 'activated_on_after_as_of',
    spoil: (it, asOf) => [row({ ...it, activated_on: textOfDay(asOf + 1) })],
  },
  set('contract_event_unknown', { contract_event: 'upgrade', contract_event_on: '2025-03-01' }),
  set('contract_event_without_date', { contract_event: 'renewal', contract_event_on: '' }),
  set('contract_event_date_alone', { contract_event: '', contract_event_on: '2025-03-01' }),
  set('plan_restriction_unknown', { plan_restriction: 'child' }),
  set('guardian_consent_on_format', { guardian_consent_on: '20/01/2026' }),
  set('roaming_promotion_ends_on_format', { roaming_promotion_ends_on: '2026-2-1' }),
  set('notice_number_short', { notice_number: '01000000' }),
  set('notice_number_long', { notice_number: '010000000000' }),
  set('notice_number_hyphens', { notice_number: '0100-000-00' }),
  {
    name: 'customer_conflict_birth_date',
    spoil: (it, _, customer) => conflict(it, customer, { birth_date: '1970-01-02' }),
  },
  {
    name: 'customer_conflict_kind',
    spoil: (it, _, customer) =>
      conflict(it, customer, { customer_kind: 'corporate', birth_date: '' }),
  },
]

/** The one fault that repeats a good row instead of spoiling a made-up one. */
const DUPLICATE_LINE = 'duplicate_line'

export interface BadRow {
  readonly text: string
  /** Its place when rows are sorted by line, whatever its line_id reads. */
  readonly lineId: number
}

export class BadRows {
  readonly #rate: number
  readonly #asOfDay: number
  readonly #spareLineId: (number: number) => number
  #due = 0
  #made = 0
  #turn = 0
  readonly byFault = new Map<string, number>()

  constructor(rate: number, asOfDay: number, spareLineId: (number: number) => number) {
    this.#rate = rate
    this.#asOfDay = asOfDay
    this.#spareLineId = spareLineId
  }

  get count(): number {
    return this.#made
  }

  /**
   * The bad rows to follow a good one, mostly none. `text` is the good row, `spareCustomerId`
   * nobody's.
   */
  after(line: DrawnLine, text: () => string, spareCustomerId: () => number): readonly BadRow[] {
    this.#due += this.#rate
    if (this.#due < 1) return []
    const fault = FAULTS[this.#turn]
    this.#turn = fault === undefined ? 0 : this.#turn + 1
    const name = fault?.name ?? DUPLICATE_LINE
    const lineId = this.#spareLineId(this.#made)
    const fields = fieldsOf(text(), lineId)
    const rows = fault?.spoil(fields, this.#asOfDay, spareCustomerId()) ?? [text()]
    this.#due -= rows.length
    this.#made += rows.length
    this.byFault.set(name, (this.byFault.get(name) ?? 0) + rows.length)
    return rows.map((it) => ({ text: it, lineId: fault === undefined ? line.lineId : lineId }))
  }
}

// Two rows of a customer that has no others, so that no good row is drawn into the quarrel. The
// second line's id is the first's with a digit before it: 13 digits, where no other line is.
function conflict(fields: Fields, customerId: number, second: Partial<Fields>): readonly string[] {
  const first: Fields = {
    ...fields,
    ...INDIVIDUAL,
    birth_date: '1970-01-01',
    customer_id: String(customerId),
  }
  const lineId = `9${fields.line_id.padStart(12, '0')}`
  return [row(first), row({ ...first, line_id: lineId, ...second })]
}

function fieldsOf(text: string, lineId: number): Fields {
  const values = text.split(',')
  const entries = SNAPSHOT_COLUMNS.map((column, index) => [column, values[index] ?? ''] as const)
  return { ...(Object.fromEntries(entries) as Fields), line_id: String(lineId) }
}
