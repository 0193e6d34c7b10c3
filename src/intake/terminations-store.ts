/** SQL of terminated lines: a file's rows are staged, then those that say something new stay. */
import type { Client } from '../db/database.js'

const CONTENT = [
  'customer_id',
  'customer_kind',
  'network',
  'line_kind',
  'activated_on',
  'contract_event',
  'contract_event_on',
  'terminated_at',
  'termination_kind',
  'subsidy_clawback_krw',
  'discount_clawback_krw',
  'other_charges_krw',
  'paid_krw',
  'already_waived_krw',
  'resubscribed_on',
  'hardship',
  'hardship_ended_on',
  'notice_number',
]

export async function stageTerminationRows(client: Client): Promise<void> {
  await client.query(
    `create temporary table termination_row on commit drop as
     select line_id, ${CONTENT.join(', ')}, 0 as row_no from termination with no data`,
  )
}

export function copyTerminationsStatement(columnNames: readonly string[]): string {
  return `copy pg_temp.termination_row (${columnNames.join(', ')}) from stdin with (format text)`
}

/**
 * A row is a duplicate when it says what already counts of its line: the row above it in the file,
 * else the stored row with the highest termination_no.
 * @returns how many rows were stored
 */
export async function storeTerminationRows(client: Client, importId: string): Promise<number> {
  // Two files at a time would each miss the other's rows, and mix their order.
  await client.query(`select wait_for_other_imports('termination')`)
  // A sort of up to some million rows stays in memory.
  await client.query(`set local work_mem = '128MB'`)
  await client.query('analyze pg_temp.termination_row')
  // Whole rows are compared, in which nothing equals nothing.
  const { rowCount } = await client.query(
    `with staged as (
       select it.*, row(${CONTENT.join(', ')}) as content,
         lag(row(${CONTENT.join(', ')})) over line as above,
         row_number() over line = 1 as is_first
       from pg_temp.termination_row it
       window line as (partition by line_id order by row_no)
     )
     insert into termination (line_id, ${CONTENT.join(', ')}, import_id)
     select line_id, ${CONTENT.join(', ')}, $1
     from staged
     left join lateral (
       select row(${CONTENT.join(', ')}) as content from termination stored
       where stored.line_id = staged.line_id
       order by stored.termination_no desc limit 1
     ) counting on is_first
     where staged.content is distinct from
       case when is_first then counting.content else above end
     order by row_no`,
    [importId],
  )
  return rowCount ?? 0
}
