/** SQL of voucher codes: a file's sealed rows are staged and stored; and what is left of them. */
import type { Client, Pool } from '../db/database.js'
import type { SealedVoucherCode } from '../privacy/voucher-code.js'
import { openReusedRows } from './reused-rows-store.js'
import type { StoredRows } from './reused-rows-store.js'

export async function stageVoucherRows(client: Client): Promise<void> {
  await client.query(
    `create temporary table voucher_row (
       option text not null,
       code_digest bytea not null,
       code_sealed bytea not null,
       expires_on date not null,
       row_no integer not null
     ) on commit drop`,
  )
  await openReusedRows(client)
}

export function copyVouchersStatement(columnNames: readonly string[]): string {
  return `copy pg_temp.voucher_row (${columnNames.join(', ')}) from stdin with (format text)`
}

/** Of the rows with one code the first stays; a later one with another date is noted as reused. */
export async function storeVoucherRows(client: Client, importId: string): Promise<StoredRows> {
  // Two files at a time would each take its own row for the first.
  await client.query('lock table voucher_code in share row exclusive mode')
  await client.query(`set local work_mem = '128MB'`)
  await client.query('analyze pg_temp.voucher_row')
  // Numbered in the order of the file, so that equal files give equal numbers.
  const stored = await client.query(
    `insert into voucher_code (option, code_digest, code_sealed, expires_on, import_id)
     select option, code_digest, code_sealed, expires_on, $1::bigint
     from (
       select distinct on (option, code_digest) * from pg_temp.voucher_row
       order by option, code_digest, row_no
     ) first
     order by row_no
     on conflict (option, code_digest) do nothing`,
    [importId],
  )
  const reused = await client.query(
    `insert into pg_temp.reused_row (row_no, column_name)
     select again.row_no, 'expires_on'
     from pg_temp.voucher_row again
     join voucher_code first using (option, code_digest)
     where again.expires_on <> first.expires_on`,
  )
  return { stored: stored.rowCount ?? 0, reused: reused.rowCount ?? 0 }
}

/** The code that was stored first; none where none is stored. */
export async function readOldestCode(
  client: Client,
): Promise<(SealedVoucherCode & { readonly option: string }) | undefined> {
  const { rows } = await client.query<{ option: string; digest: Buffer; sealed: Buffer }>(
    `select option, code_digest as digest, code_sealed as sealed
     from voucher_code order by code_id limit 1`,
  )
  return rows[0]
}

export interface VoucherStock {
  readonly option: string
  readonly imported: number
  /** Given out by a run. */
  readonly issued: number
  /** Not given out, and too late for it: their expires_on lies before the day. */
  readonly expired: number
  readonly left: number
}

/** @param now an instant; its day in Seoul is the day of issue */
export async function readVoucherStock(pool: Pool, now: string): Promise<readonly VoucherStock[]> {
  const { rows } = await pool.query<{
    option: string
    imported: string
    issued: string
    expired: string
  }>(
    `select option, count(*) as imported, count(issue.code_id) as issued,
       count(*) filter (where issue.code_id is null
         and expires_on < ($1::timestamptz at time zone 'Asia/Seoul')::date) as expired
     from voucher_code left join voucher_issue issue using (code_id)
     group by option order by option`,
    [now],
  )
  return rows.map((it) => {
    const [imported, issued, expired] = [it.imported, it.issued, it.expired].map(Number) as [
      number,
      number,
      number,
    ]
    return { option: it.option, imported, issued, expired, left: imported - issued - expired }
  })
}
