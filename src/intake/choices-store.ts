/**
 * SQL of choices and applications: a file's rows are staged, the first row of a choice_id stays for
 * ever, and what later rows say is compared with it.
 */
import type { Client } from '../db/database.js'
import { openReusedRows } from './reused-rows-store.js'
import type { StoredRows } from './reused-rows-store.js'

export async function stageChoiceRows(client: Client): Promise<void> {
  await client.query(
    `create temporary table choice_row (
       choice_id text not null,
       line_id bigint not null,
       benefit text not null,
       option text,
       channel text not null,
       chosen_at timestamptz not null,
       guardian_consent boolean,
       withdrawn_at timestamptz,
       row_no integer not null
     ) on commit drop`,
  )
  await client.query(
    `create temporary table choice_again (
       row_no integer primary key,
       choice_id text not null,
       column_name text,
       withdrawn_at timestamptz,
       first_withdrawn_at timestamptz
     ) on commit drop`,
  )
  await openReusedRows(client)
}

export function copyChoicesStatement(columnNames: readonly string[]): string {
  return `copy pg_temp.choice_row (${columnNames.join(', ')}) from stdin with (format text)`
}

/**
 * A row with a known choice_id is a duplicate when it says the same, or again what was said before
 * a withdrawal came; the first withdrawal of a choice that came without one is stored beside it.
 * Whatever else it says is noted as reused.
 */
export async function storeChoiceRows(client: Client, importId: string): Promise<StoredRows> {
  // Two files at a time would each take its own row for the first.
  await client.query('lock table choice, choice_withdrawal in share row exclusive mode')
  await client.query(`set local work_mem = '128MB'`)
  await client.query('analyze pg_temp.choice_row')
  const first = await storeFirstRows(client, importId)
  await noteRowsThatDiffer(client)
  const withdrawn = await storeWithdrawals(client, importId)
  return { stored: first + withdrawn, reused: await noteReusedRows(client) }
}

async function storeFirstRows(client: Client, importId: string): Promise<number> {
  const { rowCount } = await client.query(
    `insert into choice (choice_id, line_id, benefit, option, channel, chosen_at,
       guardian_consent, withdrawn_at, import_id)
     select distinct on (choice_id collate "C") choice_id, line_id, benefit, option, channel,
       chosen_at, guardian_consent, withdrawn_at, $1::bigint
     from pg_temp.choice_row
     order by choice_id collate "C", row_no
     on conflict (choice_id) do nothing`,
    [importId],
  )
  return rowCount ?? 0
}

// Rows that say the same as the first one are duplicates whatever came in between.
async function noteRowsThatDiffer(client: Client): Promise<void> {
  await client.query(
    `insert into pg_temp.choice_again
       (row_no, choice_id, column_name, withdrawn_at, first_withdrawn_at)
     select again.row_no, choice_id,
       case
         when again.line_id <> first.line_id then 'line_id'
         when again.benefit <> first.benefit then 'benefit'
         when again.option is distinct from first.option then 'option'
         when again.channel <> first.channel then 'channel'
         when again.chosen_at <> first.chosen_at then 'chosen_at'
         when again.guardian_consent is distinct from first.guardian_consent
           then 'guardian_consent'
       end,
       again.withdrawn_at, first.withdrawn_at
     from pg_temp.choice_row again
     join choice first using (choice_id)
     where (again.line_id, again.benefit, again.option, again.channel, again.chosen_at,
         again.guardian_consent, again.withdrawn_at)
       is distinct from (first.line_id, first.benefit, first.option, first.channel,
         first.chosen_at, first.guardian_consent, first.withdrawn_at)`,
  )
  await client.query('analyze pg_temp.choice_again')
}

async function storeWithdrawals(client: Client, importId: string): Promise<number> {
  const { rowCount } = await client.query(
    `insert into choice_withdrawal (choice_id, withdrawn_at, import_id)
     select distinct on (choice_id) choice_id, withdrawn_at, $1::bigint
     from pg_temp.choice_again
     where column_name is null and first_withdrawn_at is null
     order by choice_id, row_no
     on conflict (choice_id) do nothing`,
    [importId],
  )
  return rowCount ?? 0
}

/** Where nothing else differs, the withdrawal does: from the first row's or from the later one. */
async function noteReusedRows(client: Client): Promise<number> {
  const { rowCount } = await client.query(
    `insert into pg_temp.reused_row (row_no, column_name)
     select row_no, coalesce(column_name, 'withdrawn_at')
     from pg_temp.choice_again
     left join choice_withdrawal later using (choice_id)
     where column_name is not null or first_withdrawn_at is not null
       or choice_again.withdrawn_at <> later.withdrawn_at`,
  )
  return rowCount ?? 0
}
