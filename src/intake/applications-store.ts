/**
 * SQL of applications for a refund: a file's rows are staged, sealed already; those of unknown
 * applications stay as they are, the others are judged one after the other.
 */
import type { Client } from '../db/database.js'
import type { SealedRefundAccount } from '../privacy/refund-account.js'
import type { ApplicationContent } from './application-history.js'
import { openReusedRows } from './reused-rows-store.js'

const STAGED = `application_id, line_id, channel, applied_at, bank_code, account_sealed,
  account_last4, account_digest, holder_sealed, holder_digest, holder_check, withdrawn_at`

/** What `ApplicationHistory` compares; instants as text, which keeps their microseconds. */
const CONTENT = `line_id::text, channel, applied_at::text, bank_code::text,
  encode(account_digest, 'base64') as account_digest,
  encode(holder_digest, 'base64') as holder_digest, holder_check, withdrawn_at::text`

export async function stageApplicationRows(client: Client): Promise<void> {
  await client.query(
    `create temporary table application_row on commit drop as
     select ${STAGED}, 0 as row_no from refund_application with no data`,
  )
  // Rows that stay, and those that are known with another content.
  await client.query(
    `create temporary table application_verdict (
       row_no integer primary key,
       reused_column text
     ) on commit drop`,
  )
  await openReusedRows(client)
}

export function copyApplicationsStatement(columnNames: readonly string[]): string {
  return `copy pg_temp.application_row (${columnNames.join(', ')}) from stdin with (format text)`
}

/** Keeps other imports out, and lets the only row of an unknown application stay. */
export async function admitNewApplications(client: Client): Promise<void> {
  // Two files at a time would each take its own row for the first.
  await client.query(`select wait_for_other_imports('refund_application')`)
  await client.query(`set local work_mem = '128MB'`)
  await client.query('analyze pg_temp.application_row')
  await client.query(
    `insert into pg_temp.application_verdict (row_no)
     select min(row_no) from pg_temp.application_row it
     where not exists (
       select from refund_application known where known.application_id = it.application_id
     )
     group by application_id having count(*) = 1`,
  )
}

export interface ApplicationVersion extends ApplicationContent {
  /** Below 0 for a version that is stored: the newest one, and before it the newest open one. */
  readonly row_no: number
  readonly application_id: string
  readonly is_paid: boolean
}

const PAGE = 10_000

/**
 * All rows of applications that are known or told of more than once, after what is stored of them;
 * application by application, each in the order of the file. Rows that repeat what is stored, once
 * in the file, are left out: nothing can come of them.
 */
export async function* readContestedRows(
  client: Client,
): AsyncGenerator<readonly ApplicationVersion[], void> {
  await client.query(
    `create temporary table contested_application on commit drop as
     select it.application_id
     from pg_temp.application_row it
     left join pg_temp.application_verdict verdict using (row_no)
     left join lateral (
       select * from refund_application known where known.application_id = it.application_id
       order by application_no desc limit 1
     ) newest on verdict.row_no is null
     where verdict.row_no is null
     group by it.application_id
     having count(*) > 1 or bool_or(
       (it.line_id, it.channel, it.applied_at, it.bank_code, it.account_digest, it.holder_digest,
        it.holder_check, it.withdrawn_at) is distinct from
       (newest.line_id, newest.channel, newest.applied_at, newest.bank_code,
        newest.account_digest, newest.holder_digest, newest.holder_check, newest.withdrawn_at))`,
  )
  await client.query('analyze pg_temp.contested_application')
  await client.query(
    `declare contested no scroll cursor for
     with newest as (
       select -1 as row_no, application_id, application_is_paid(application_id) as is_paid, it.*
       from pg_temp.contested_application contested
       cross join lateral (
         select ${CONTENT} from refund_application known
         where known.application_id = contested.application_id
         order by application_no desc limit 1
       ) it
     ),
     newest_open as (
       select -2, application_id, false, it.*
       from pg_temp.contested_application contested
       cross join lateral (
         select ${CONTENT} from refund_application known
         where known.application_id = contested.application_id and known.withdrawn_at is null
         order by application_no desc limit 1
       ) it
     ),
     contesting as (
       select row_no, application_id, false, ${CONTENT}
       from pg_temp.application_row join pg_temp.contested_application using (application_id)
     ),
     version as (
       select * from newest
       union all select * from newest_open
       union all select * from contesting
     )
     select * from version order by application_id collate "C", row_no`,
  )
  for (;;) {
    const { rows } = await client.query<ApplicationVersion>(`fetch ${PAGE} from contested`)
    if (rows.length === 0) break
    yield rows
  }
  await client.query('close contested')
}

/** @param columns of each row the column that may not differ; null where the row stays */
export async function noteVerdicts(
  client: Client,
  rowNumbers: readonly number[],
  columns: readonly (string | null)[],
): Promise<void> {
  await client.query(
    `insert into pg_temp.application_verdict (row_no, reused_column)
     select * from unnest($1::integer[], $2::text[])`,
    [rowNumbers, columns],
  )
}

/** In the order of the file. @returns how many rows were stored, and how many are reused ids */
export async function storeAdmittedRows(
  client: Client,
  importId: string,
): Promise<{ readonly stored: number; readonly reused: number }> {
  const stored = await client.query(
    `insert into refund_application (${STAGED}, key_version, import_id)
     select ${STAGED}, get_byte(account_sealed, 0), $1
     from pg_temp.application_row join pg_temp.application_verdict using (row_no)
     where reused_column is null
     order by row_no`,
    [importId],
  )
  const reused = await client.query(
    `insert into pg_temp.reused_row (row_no, column_name)
     select row_no, reused_column from pg_temp.application_verdict
     where reused_column is not null`,
  )
  return { stored: stored.rowCount ?? 0, reused: reused.rowCount ?? 0 }
}

export interface StoredAccount extends SealedRefundAccount {
  readonly applicationId: string
  readonly lineId: string
  readonly bankCode: string
}

/** The account that was stored first; none where none is stored. */
export async function readOldestAccount(client: Client): Promise<StoredAccount | undefined> {
  const { rows } = await client.query<StoredAccount>(
    `select application_id as "applicationId", line_id as "lineId", bank_code as "bankCode",
       account_sealed as "accountSealed", account_digest as "accountDigest",
       holder_sealed as "holderSealed", holder_digest as "holderDigest"
     from refund_application order by application_no limit 1`,
  )
  return rows[0]
}
