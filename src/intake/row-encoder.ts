/** Rows of a file → rows of a COPY in text format, checked on their bytes; or their faults. */
import { assert } from '../assert.js'
import { expectedOf } from './column.js'
import type { Column, FileColumns, Reason, RowFault } from './column.js'
import { FLAW } from './csv.js'
import type { Flaw, RowCursor } from './csv.js'
import {
  copy,
  fault,
  indexOfValue,
  instantAt,
  putAccount,
  putCode,
  putDate,
  putDigits,
  putId,
  putInstant,
  putName,
  putTextId,
  reasonOf,
} from './field-bytes.js'
import type { Header } from './header.js'

/** A full buffer is handed on; a row of any file takes less than the reserve. */
export const BUFFER_BYTES = 256 * 1024
const RESERVE_BYTES = 16 * 1024

const TAB = 0x09
const LF = 0x0a
const BACKSLASH = 0x5c
const LETTER_N = 0x4e
const NO_LATEST = 99_999_999
const NOT_IN_LIST = fault('NOT_IN_LIST')
const NOT_DIGITS = fault('NOT_DIGITS')
const NOT_AN_AMOUNT = fault('NOT_AN_AMOUNT')

/** A column as the row loop needs it: all have the same shape, so that the loop stays fast. */
interface Step {
  readonly column: Column
  readonly type: Column['rule']['type']
  readonly field: number
  readonly required: boolean
  readonly earliest: number
  readonly latest: number
  readonly least: number
  readonly most: number
  readonly values: readonly Buffer[]
  /** Of the row under way: whether the field is there, and which value of a list it is. */
  present: boolean
  chosen: number
  /** Where it was written, so that two fields can be compared. */
  from: number
  to: number
}

type Check = (out: Buffer) => { column: string; reason: Reason; expected: string } | undefined

export function newRowBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(BUFFER_BYTES + RESERVE_BYTES)
}

export class RowEncoder {
  /** Columns in the order in which they are written; the row's number comes last. */
  readonly columnNames: readonly string[]
  buffer = newRowBuffer()
  length = 0
  /** Why the last row was not written. */
  fault: Omit<RowFault, 'lineNo'> = { column: null, reason: 'FIELD_COUNT', expected: '' }
  readonly #steps: readonly Step[]
  readonly #checks: readonly Check[]
  readonly #width: number

  constructor(file: FileColumns, header: Header) {
    this.#width = header.width
    this.#steps = file.columns
      .map((column, index) => stepOf(column, header.fieldOf[index] as number))
      .toSorted((a, b) => a.field - b.field)
    this.columnNames = [...this.#steps.map((it) => it.column.name), 'row_no']
    this.#checks = file.agreements.map((it) => checkOf(it, this.#steps))
  }

  get isFull(): boolean {
    return this.length >= BUFFER_BYTES
  }

  /** Writes the row, or says in `fault` why not: the leftmost field at fault is named. */
  encode(row: RowCursor, rowNo: number): boolean {
    if (row.flaw !== FLAW.none) return this.#refuse(null, flawReason(row.flaw), flawText(row.flaw))
    if (row.fieldCount !== this.#width) {
      return this.#refuse(null, 'FIELD_COUNT', `${this.#width} fields, as the header has`)
    }
    const out = this.buffer
    let at = this.length
    for (const step of this.#steps) {
      const start = row.starts[step.field] as number
      const end = row.ends[step.field] as number
      step.present = end > start
      if (step.present) {
        const to = put(step, row.bytes, start, end, out, at)
        if (to < 0) return this.#refuse(step.column, reasonOf(to), expectedOf(step.column))
        step.from = at
        step.to = to
        at = to
      } else {
        if (step.required) {
          return this.#refuse(step.column, 'VALUE_MISSING', expectedOf(step.column))
        }
        out[at] = BACKSLASH
        out[at + 1] = LETTER_N
        at += 2
      }
      out[at] = TAB
      at += 1
    }
    for (const check of this.#checks) {
      const broken = check(out)
      if (broken !== undefined) {
        this.fault = broken
        return false
      }
    }
    at = putNumber(rowNo, out, at)
    out[at] = LF
    this.length = at + 1
    return true
  }

  #refuse(column: Column | null, reason: Reason, expected: string): false {
    this.fault = { column: column?.name ?? null, reason, expected }
    return false
  }
}

function put(
  step: Step,
  bytes: Buffer,
  start: number,
  end: number,
  out: Buffer,
  at: number,
): number {
  switch (step.type) {
    case 'id':
      return putId(bytes, start, end, out, at)
    case 'date':
      return putDate(bytes, start, end, out, at, step.earliest, step.latest)
    case 'instant':
      return putInstant(bytes, start, end, out, at)
    case 'one_of':
      step.chosen = indexOfValue(bytes, start, end, step.values)
      return step.chosen < 0 ? NOT_IN_LIST : copy(bytes, start, end, out, at)
    case 'digits':
      if (end - start < step.least || end - start > step.most) return NOT_DIGITS
      return putDigits(bytes, start, end, out, at)
    case 'text_id':
      return putTextId(bytes, start, end, out, at, step.most)
    case 'code':
      return putCode(bytes, start, end, out, at, step.most)
    case 'won':
      if (end - start > step.most) return NOT_AN_AMOUNT
      return putDigits(bytes, start, end, out, at) < 0 ? NOT_AN_AMOUNT : at + end - start
    case 'account':
      return putAccount(bytes, start, end, out, at, step.least, step.most)
    case 'name':
      return putName(bytes, start, end, out, at, step.most)
  }
}

function putNumber(value: number, out: Buffer, at: number): number {
  let digits = 1
  for (let bound = 10; value >= bound; bound *= 10) digits += 1
  let left = value
  for (let to = at + digits - 1; to >= at; to -= 1) {
    out[to] = 0x30 + (left % 10)
    left = (left / 10) | 0
  }
  return at + digits
}

function stepOf(column: Column, field: number): Step {
  const rule = column.rule
  return {
    column,
    type: rule.type,
    field,
    required: column.required,
    earliest: rule.type === 'date' ? dateNumber(rule.earliest ?? '0001-01-01') : 0,
    latest: rule.type === 'date' && rule.latest !== undefined ? dateNumber(rule.latest) : NO_LATEST,
    least: 'least' in rule ? rule.least : 0,
    most: 'most' in rule ? rule.most : 0,
    values: rule.type === 'one_of' ? rule.values.map((it) => Buffer.from(it)) : [],
    present: false,
    chosen: -1,
    from: 0,
    to: 0,
  }
}

function dateNumber(date: string): number {
  return Number(date.replaceAll('-', ''))
}

function checkOf(agreement: FileColumns['agreements'][number], steps: readonly Step[]): Check {
  const stepNamed = (name: string): Step => {
    const step = steps.find((it) => it.column.name === name)
    assert(step !== undefined, `a column ${name}`)
    return step
  }
  switch (agreement.type) {
    case 'together': {
      const first = stepNamed(agreement.first)
      const second = stepNamed(agreement.second)
      return () => (first.present === second.present ? undefined : halfOf(first, second))
    }
    case 'one_of_both': {
      const first = stepNamed(agreement.first)
      const second = stepNamed(agreement.second)
      return () => (first.present === second.present ? neitherNorBoth(first, second) : undefined)
    }
    case 'only_where': {
      const step = stepNamed(agreement.column)
      const where = stepNamed(agreement.where)
      const is = where.values.findIndex((it) => it.toString() === agreement.is)
      const when = `where ${agreement.where} is ${agreement.is}`
      return () => {
        const due = where.present && where.chosen === is
        if (step.present === due) return undefined
        const column = step.column.name
        return due
          ? { column, reason: 'VALUE_MISSING', expected: `${expectedOf(step.column)}, ${when}` }
          : { column, reason: 'VALUE_UNEXPECTED', expected: `a value only ${when}` }
      }
    }
    case 'not_before': {
      const step = stepNamed(agreement.column)
      const than = stepNamed(agreement.than)
      const expected = `an instant not before ${agreement.than}`
      return (out) =>
        step.present && than.present && isBefore(out, step, than)
          ? { column: step.column.name, reason: 'INSTANT_TOO_EARLY', expected }
          : undefined
    }
    case 'valid_then': {
      const step = stepNamed(agreement.column)
      const at = stepNamed(agreement.at)
      const expected = `one that was in use on the day of ${agreement.at}`
      return (out) => {
        const value = step.values[step.chosen]
        if (!step.present || !at.present || value === undefined) return undefined
        return agreement.isValid(value.toString(), dayInSeoul(out, at))
          ? undefined
          : { column: step.column.name, reason: 'NOT_VALID_THEN', expected }
      }
    }
  }
}

function isBefore(out: Buffer, one: Step, other: Step): boolean {
  const [seconds, microseconds] = instantAt(out, one.from, one.to)
  const [otherSeconds, otherMicroseconds] = instantAt(out, other.from, other.to)
  if (seconds !== otherSeconds) return seconds < otherSeconds
  return microseconds < otherMicroseconds
}

/** Korea has had no summer time since 1988, and no bank code is as old. */
function dayInSeoul(out: Buffer, at: Step): string {
  const [seconds] = instantAt(out, at.from, at.to)
  return new Date((seconds + 9 * 3_600) * 1_000).toISOString().slice(0, 10)
}

function halfOf(first: Step, second: Step): ReturnType<Check> {
  const [missing, there] = first.present ? [second, first] : [first, second]
  return {
    column: missing.column.name,
    reason: 'VALUE_MISSING',
    expected: `${expectedOf(missing.column)}, since ${there.column.name} is there`,
  }
}

function neitherNorBoth(first: Step, second: Step): ReturnType<Check> {
  const [one, other] = [first.column.name, second.column.name]
  return first.present
    ? { column: other, reason: 'VALUE_UNEXPECTED', expected: `a value only without ${one}` }
    : { column: one, reason: 'VALUE_MISSING', expected: `a value here or in ${other}` }
}

function flawReason(flaw: Flaw): Reason {
  if (flaw === FLAW.nul) return 'NUL_BYTE'
  return flaw === FLAW.loneCr ? 'LONE_CR' : 'STRAY_QUOTE'
}

function flawText(flaw: Flaw): string {
  if (flaw === FLAW.nul) return 'no NUL byte'
  if (flaw === FLAW.loneCr) return 'LF or CRLF as line end, no CR alone'
  return 'quotes around a whole field, doubled inside it'
}
