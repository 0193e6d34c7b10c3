/** SQL of guardians' later consents: a file's rows are staged, then those not known yet stay. */
import type { Client } from '../db/database.js'

export async function stageConsentRows(client: Client): Promise<void> {
  await client.query(
    `create temporary table consent_row (
       line_id bigint not null,
       guardian_consent_on date not null,
       row_no integer not null
     ) on commit drop`,
  )
}

export function copyConsentsStatement(columnNames: readonly string[]): string {
  return `copy pg_temp.consent_row (${columnNames.join(', ')}) from stdin with (format text)`
}

/** @returns how many rows were stored */
export async function storeConsentRows(client: Client, importId: string): Promise<number> {
  await client.query(`set local work_mem = '128MB'`)
  const { rowCount } = await client.query(
    `insert into guardian_consent (line_id, guardian_consent_on, import_id)
     select distinct line_id, guardian_consent_on, $1::bigint from pg_temp.consent_row
     order by line_id, guardian_consent_on
     on conflict (line_id, guardian_consent_on) do nothing`,
    [importId],
  )
  return rowCount ?? 0
}
