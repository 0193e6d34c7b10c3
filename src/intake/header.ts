/** The header line: which column stands where. Columns may come in any order. */
import { RedressError } from '../errors.js'
import type { Column } from './column.js'
import { FLAW } from './csv.js'
import type { RowCursor } from './csv.js'

/** Names of unknown columns that a report lists; a hostile header may have 100,000. */
const MAX_UNKNOWN = 20

export interface Header {
  /** Number of fields of every row. */
  readonly width: number
  /** The field of each column, in the order of the columns. */
  readonly fieldOf: readonly number[]
  readonly unknownColumns: readonly string[]
  readonly unknownColumnCount: number
}

/** @throws RedressError FILE_UNUSABLE when a column is missing or repeated. */
export function readHeader(row: RowCursor, columns: readonly Column[], fileName: string): Header {
  const refuse = (column: string, problem: string): never => {
    throw new RedressError('FILE_UNUSABLE', {
      where: column === '' ? `${fileName}:1` : `${fileName}:1:${column}`,
      problem,
      expected: `a header line with the columns ${columns.map((it) => it.name).join(', ')}`,
    })
  }
  if (row.flaw === FLAW.nul) refuse('', 'NUL byte in the header')
  if (row.flaw === FLAW.loneCr) refuse('', 'CR without LF in the header')
  if (row.flaw === FLAW.strayQuote) refuse('', 'quote inside a column name')
  const fields = new Map<string, number>()
  let repeated: string | undefined
  for (let field = 0; field < row.fieldCount; field += 1) {
    const name = row.bytes.toString('utf8', row.starts[field], row.ends[field])
    if (fields.has(name)) repeated ??= printable(name, field)
    else fields.set(name, field)
  }
  const fieldOf = columns.map((column) => {
    const field = fields.get(column.name) ?? refuse(column.name, 'missing column')
    fields.delete(column.name)
    return field
  })
  if (repeated !== undefined) refuse(repeated, 'repeated column')
  const unknown = [...fields].slice(0, MAX_UNKNOWN)
  return {
    width: row.fieldCount,
    fieldOf,
    unknownColumns: unknown.map(([name, field]) => printable(name, field)),
    unknownColumnCount: fields.size,
  }
}

// A first line that is no header holds values; what does not look like a name is not printed.
function printable(name: string, field: number): string {
  return /^[\p{L}_][\p{L}\p{N}_ -]{0,63}$/u.test(name) ? name : `column ${field + 1}`
}
