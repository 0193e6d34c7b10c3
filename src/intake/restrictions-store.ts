/** SQL of contact restrictions: a file's rows are staged, then those that tell something stay. */
import type { Client } from '../db/database.js'

export async function stageRestrictionRows(client: Client): Promise<void> {
  await client.query(
    `create temporary table restriction_row on commit drop as
     select line_id, customer_id, kind, since, until, 0 as row_no
     from contact_restriction with no data`,
  )
}

export function copyRestrictionsStatement(columnNames: readonly string[]): string {
  return `copy pg_temp.restriction_row (${columnNames.join(', ')}) from stdin with (format text)`
}

/**
 * A row is a duplicate when it says what already counts of its subject, kind and beginning: the row
 * above it in the file, else the stored row with the highest restriction_no.
 * @returns how many rows were stored
 */
export async function storeRestrictionRows(client: Client, importId: string): Promise<number> {
  await client.query('select wait_for_other_restrictions()')
  await client.query(`set local work_mem = '128MB'`)
  await client.query('analyze pg_temp.restriction_row')
  const { rowCount } = await client.query(
    `with staged as (
       select it.*, lag(until) over said as until_above, row_number() over said = 1 as is_first
       from pg_temp.restriction_row it
       window said as (partition by line_id, customer_id, kind, since order by row_no)
     ),
     known as (
       select distinct on (row_no) row_no, until
       from (
         -- Apart, since no join hashes an "or"; one of the two ids is absent.
         select row_no, stored.until, restriction_no
         from staged join contact_restriction stored using (line_id, kind, since) where is_first
         union all
         select row_no, stored.until, restriction_no
         from staged join contact_restriction stored using (customer_id, kind, since)
         where is_first
       ) stored
       order by row_no, restriction_no desc
     )
     insert into contact_restriction (line_id, customer_id, kind, since, until, import_id)
     select line_id, customer_id, kind, since, staged.until, $1
     from staged
     left join known using (row_no)
     where case
       when not is_first then staged.until is distinct from until_above
       else known.row_no is null or staged.until is distinct from known.until
     end
     order by row_no`,
    [importId],
  )
  return rowCount ?? 0
}
