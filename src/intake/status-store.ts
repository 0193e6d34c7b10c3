/** SQL of line status changes: a file's rows are staged, then those that say something new stay. */
import type { Client } from '../db/database.js'

export async function stageStatusRows(client: Client): Promise<void> {
  await client.query(
    `create temporary table status_row (
       line_id bigint not null,
       status line_status not null,
       effective_at timestamptz not null,
       row_no integer not null
     ) on commit drop`,
  )
}

export function copyStatusStatement(columnNames: readonly string[]): string {
  return `copy pg_temp.status_row (${columnNames.join(', ')}) from stdin with (format text)`
}

/**
 * A row is a duplicate when it says what already counts at its instant: the row above it in the
 * file, else the stored row with the highest sequence_no.
 * @returns how many rows were stored
 */
export async function storeStatusRows(client: Client, importId: string): Promise<number> {
  // Two files at a time would each miss the other's rows, and mix their sequence.
  await client.query(`select wait_for_other_imports('status_change')`)
  // Two sorts of up to some million rows stay in memory.
  await client.query(`set local work_mem = '128MB'`)
  await client.query('analyze pg_temp.status_row')
  const { rowCount } = await client.query(
    `with staged as (
       select line_id, effective_at, status, row_no,
              lag(status) over (partition by line_id, effective_at order by row_no) as above
       from pg_temp.status_row
     ),
     fresh as (
       select staged.line_id, staged.effective_at, staged.status, staged.row_no
       from staged
       left join lateral (
         select stored.status from status_change stored
         where stored.line_id = staged.line_id and stored.effective_at = staged.effective_at
         order by stored.sequence_no desc limit 1
       ) counting on staged.above is null
       where coalesce(staged.above, counting.status) is distinct from staged.status
     )
     insert into status_change (line_id, effective_at, status, import_id)
     select line_id, effective_at, status, $1 from fresh order by row_no`,
    [importId],
  )
  return rowCount ?? 0
}
