/** SQL that reads the ledger for people and other systems. */
import { assert } from '../assert.js'
import { copyOut } from '../db/copy.js'
import type { Client, Pool } from '../db/database.js'

export interface ExportFilter {
  readonly period?: string | undefined
  readonly benefit?: string | undefined
  readonly runId?: string | undefined
}

/** A posted chunk: all its entries were recorded in one transaction at `postedAt`. */
export interface ExportChunk {
  readonly runId: string
  readonly ledgerNo: number
  readonly firstCustomerId: string
  readonly lastCustomerId: string
  readonly entries: number
  /** ISO 8601 instant. */
  readonly postedAt: string
}

export async function exportChunks(
  pool: Pool,
  filter: ExportFilter,
): Promise<readonly ExportChunk[]> {
  const { rows } = await pool.query<{
    run_id: string
    ledger_no: number
    first: string
    last: string
    entries: number
    posted_at: string
  }>(
    `select r.run_id, l.ledger_no, s.first_customer_id as first, s.last_customer_id as last,
       c.entries, c.posted_at
     from run r
     join ledger l using (programme, period)
     join plan p using (plan_id)
     join run_chunk c on c.run_id = r.run_id and c.state = 'posted'
     join snapshot_chunk s on s.snapshot_id = p.snapshot_id and s.chunk_no = c.chunk_no
     where ($1::text is null or r.period = $1) and ($2::bigint is null or r.run_id = $2)
     order by r.period, r.run_id, c.chunk_no`,
    [filter.period ?? null, filter.runId ?? null],
  )
  return rows.map((it) => ({
    runId: it.run_id,
    ledgerNo: it.ledger_no,
    firstCustomerId: it.first,
    lastCustomerId: it.last,
    entries: it.entries,
    postedAt: it.posted_at,
  }))
}

/** The columns of contracts §4, in their order. */
export const EXPORT_HEADER =
  'programme,version,period,benefit,customer_id,line_id,entry_no,entry_type,quantity,unit,option,' +
  'valid_from,valid_to,reason,run_id,recorded_at'

/** CSV lines of a chunk's entries in posting order; `benefit` was checked by the caller. */
export function copyChunkEntries(
  client: Client,
  chunk: ExportChunk,
  benefit: string | undefined,
): AsyncIterable<Buffer> {
  const ids = [chunk.runId, chunk.firstCustomerId, chunk.lastCustomerId]
  assert(
    ids.every((it) => /^\d+$/.test(it)),
    'ids of digits',
  )
  assert(benefit === undefined || /^[a-z_]+$/.test(benefit), 'the name of a benefit')
  assert(/^[0-9TZ:.-]+$/.test(chunk.postedAt), 'an instant')
  return copyOut(
    client,
    `copy (
    select programme, version, period, benefit, customer_id, line_id, entry_no, entry_type,
      quantity,
      unit, option, valid_from, valid_to, reason, run_id, '${chunk.postedAt}'
    from ledger_entry
    where ledger_no = ${chunk.ledgerNo} and run_id = ${chunk.runId}
      and customer_id between ${chunk.firstCustomerId} and ${chunk.lastCustomerId}
      ${benefit === undefined ? '' : `and benefit = '${benefit}'`}
    order by customer_id, line_id, posting_no, subject desc, entry_no
  ) to stdout (format csv)`,
  )
}

/** An entry as `explain` tells it. */
export interface ToldEntry {
  readonly entry_no: number
  readonly entry_type: string
  readonly benefit: string
  readonly quantity: string
  readonly unit: string
  readonly option: string | null
  readonly valid_from: string
  readonly valid_to: string
  readonly reason: string
  readonly run_id: string
}

/** All entries that a line carries in a period, in the order they were posted. */
export async function entriesOfLine(
  pool: Pool,
  ledgerNo: number,
  customerId: string,
  lineId: string,
): Promise<readonly ToldEntry[]> {
  const { rows } = await pool.query<ToldEntry>(
    `select entry_no, entry_type, benefit, quantity, unit, option, valid_from, valid_to, reason,
      run_id
     from ledger_entry
     where ledger_no = $1 and customer_id = $2 and line_id = $3
     order by posting_no, subject desc, entry_no`,
    [ledgerNo, customerId, lineId],
  )
  return rows
}
