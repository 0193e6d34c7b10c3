/** SQL of the rows that were refused. */
import { CopyIn } from '../db/copy.js'
import type { Client, Pool } from '../db/database.js'
import type { Reason, RowFault } from './column.js'

/** `rows` is COPY text: import_id, line_no, column_name, reason, expected, raw_sealed. */
export async function copyQuarantined(client: Client, rows: Buffer): Promise<void> {
  const copy = new CopyIn(
    client,
    `copy quarantined_row (import_id, line_no, column_name, reason, expected, raw_sealed)
     from stdin with (format text)`,
  )
  await copy.write(rows)
  await copy.finish()
}

export interface QuarantineReport {
  readonly importId: string
  readonly quarantined: number
  readonly reasons: readonly {
    readonly column: string | null
    readonly reason: Reason
    readonly expected: string
    readonly count: number
  }[]
  /** The first ones in the order of the file. */
  readonly rows: readonly RowFault[]
}

/** What was refused and why; says nothing of what the rows hold. */
export async function quarantineReport(
  pool: Pool,
  importId: string,
  limit = 20,
): Promise<QuarantineReport> {
  const reasons = await pool.query<{
    column: string | null
    reason: Reason
    expected: string
    count: string
  }>(
    `select column_name as column, reason, min(expected) as expected, count(*) as count
     from quarantined_row where import_id = $1
     group by column_name, reason
     order by count(*) desc, column_name, reason`,
    [importId],
  )
  const rows = await pool.query<{
    line_no: string
    column: string | null
    reason: Reason
    expected: string
  }>(
    `select line_no, column_name as column, reason, expected
     from quarantined_row where import_id = $1 order by line_no limit $2`,
    [importId, limit],
  )
  const counted = reasons.rows.map((it) => ({ ...it, count: Number(it.count) }))
  return {
    importId,
    quarantined: counted.reduce((sum, it) => sum + it.count, 0),
    reasons: counted,
    rows: rows.rows.map(({ line_no: lineNo, ...it }) => ({ lineNo: Number(lineNo), ...it })),
  }
}

/** The sealed raw rows of an import, for who holds the data key. */
export async function readQuarantined(
  pool: Pool,
  importId: string,
  afterLineNo = 0,
  limit = 1_000,
): Promise<readonly { lineNo: number; rawSealed: Buffer }[]> {
  const { rows } = await pool.query<{ line_no: string; raw_sealed: Buffer }>(
    `select line_no, raw_sealed from quarantined_row
     where import_id = $1 and line_no > $2 order by line_no limit $3`,
    [importId, afterLineNo, limit],
  )
  return rows.map((it) => ({ lineNo: Number(it.line_no), rawSealed: it.raw_sealed }))
}
