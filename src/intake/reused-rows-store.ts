/** SQL of rows whose key is known with another content: noted, then read for the quarantine. */
import type { Client } from '../db/database.js'

/** What became of the staged rows; those that are neither said nothing new. */
export interface StoredRows {
  readonly stored: number
  /** Noted in `reused_row`: their key is known with another content. */
  readonly reused: number
}

/** Makes the temporary table `reused_row`, which lives as long as the transaction. */
export async function openReusedRows(client: Client): Promise<void> {
  await client.query(
    `create temporary table reused_row (
       row_no integer primary key,
       column_name text not null
     ) on commit drop`,
  )
}

export interface ReusedRow {
  readonly rowNo: number
  /** The first column that differs. */
  readonly column: string
}

/** The next rows that were noted, in the order of the file. */
export async function readReusedRows(client: Client, after: number): Promise<readonly ReusedRow[]> {
  const { rows } = await client.query<{ row_no: number; column_name: string }>(
    `select row_no, column_name from pg_temp.reused_row
     where row_no > $1 order by row_no limit 10000`,
    [after],
  )
  return rows.map((it) => ({ rowNo: it.row_no, column: it.column_name }))
}
