/** Reads whole files through the row cursor, in any pieces. */
import { RowCursor } from '../../src/intake/csv.js'
import type { Encoding } from '../../src/intake/encoding.js'

export interface ReadRow {
  readonly lineNo: number
  readonly flaw: number
  readonly fields: readonly string[]
  readonly raw: string
}

/** `cuts` are the lengths of the pieces, taken in turn. */
export function rowsOf(
  bytes: Buffer,
  cuts: readonly number[] = [bytes.length || 1],
  encoding: Encoding = 'utf-8',
): readonly ReadRow[] {
  const cursor = new RowCursor('file.csv', encoding)
  const rows: ReadRow[] = []
  const drain = (): void => {
    while (cursor.next()) {
      const fields = Array.from({ length: cursor.fieldCount }, (_, field) =>
        cursor.bytes.toString('utf8', cursor.starts[field], cursor.ends[field]),
      )
      rows.push({ lineNo: cursor.lineNo, flaw: cursor.flaw, fields, raw: cursor.raw.toString() })
    }
  }
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = cuts[turn % cuts.length] ?? 1
    cursor.append(bytes.subarray(at, at + length))
    drain()
    at += length
  }
  cursor.end()
  drain()
  return rows
}
