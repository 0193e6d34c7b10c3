/** SQL of victims' discounts: a file's rows are staged, then those that say something new stay. */
import type { Client } from '../db/database.js'

export async function stageVictimRows(client: Client): Promise<void> {
  await client.query(
    `create temporary table victim_row (
       line_id bigint not null,
       discount_taken_on date,
       row_no integer not null
     ) on commit drop`,
  )
}

export function copyVictimsStatement(columnNames: readonly string[]): string {
  return `copy pg_temp.victim_row (${columnNames.join(', ')}) from stdin with (format text)`
}

/**
 * A row is a duplicate when it says what already counts of its line: the row above it in the file,
 * else the stored row with the highest victim_no.
 * @returns how many rows were stored
 */
export async function storeVictimRows(client: Client, importId: string): Promise<number> {
  // Two files at a time would each miss the other's rows, and mix their order.
  await client.query(`select wait_for_other_imports('victim_discount')`)
  await client.query(`set local work_mem = '128MB'`)
  await client.query('analyze pg_temp.victim_row')
  // A line that was never told of is not one without a date.
  const { rowCount } = await client.query(
    `with staged as (
       select line_id, discount_taken_on, row_no,
         lag(coalesce(discount_taken_on::text, 'none')) over line as above
       from pg_temp.victim_row
       window line as (partition by line_id order by row_no)
     )
     insert into victim_discount (line_id, discount_taken_on, import_id)
     select line_id, discount_taken_on, $1
     from staged
     left join lateral (
       select coalesce(stored.discount_taken_on::text, 'none') as told
       from victim_discount stored
       where stored.line_id = staged.line_id
       order by stored.victim_no desc limit 1
     ) counting on staged.above is null
     where coalesce(staged.above, counting.told)
       is distinct from coalesce(staged.discount_taken_on::text, 'none')
     order by row_no`,
    [importId],
  )
  return rowCount ?? 0
}
