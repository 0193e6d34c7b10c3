/** SQL of postings: a period's partition of the ledger, written by COPY and read back as bytes. */
import { assert } from '../assert.js'
import { CopyIn, copyOut } from '../db/copy.js'
import type { Client, Pool } from '../db/database.js'
import type { Period } from '../rules/case.js'
import { POSTING_COLUMNS } from './posting-writer.js'

export async function readLedgerNo(
  client: Client | Pool,
  programme: string,
  period: Period,
): Promise<number | undefined> {
  const { rows } = await client.query<{ ledger_no: number }>(
    'select ledger_no from ledger where programme = $1 and period = $2',
    [programme, period],
  )
  return rows[0]?.ledger_no
}

/** The partition of a programme's period; made by open_ledger() in the migrations. */
export function postingTableOf(ledgerNo: number): string {
  assert(Number.isSafeInteger(ledgerNo), 'a ledger number')
  return `ledger_posting_${ledgerNo}`
}

export interface CustomerRange {
  readonly firstCustomerId: string
  readonly lastCustomerId: string
}

/** Takes rows as PostingRows makes them. */
export function openPostings(client: Client, ledgerNo: number): CopyIn {
  return new CopyIn(
    client,
    `copy ${postingTableOf(ledgerNo)} (${POSTING_COLUMNS}) from stdin (format binary)`,
  )
}

const SIGNATURE_BYTES = 19
const TRAILER_BYTES = 2

/**
 * Postings made with the given entry sets, as rows of binary COPY in order of customer, line,
 * number.
 */
export async function readPostings(
  client: Client,
  ledgerNo: number,
  range: CustomerRange,
  setIds: readonly number[],
): Promise<Buffer> {
  assert(/^\d+$/.test(range.firstCustomerId) && /^\d+$/.test(range.lastCustomerId), 'ids of digits')
  assert(
    setIds.every((it) => Number.isSafeInteger(it)),
    'numbers of entry sets',
  )
  const pieces: Buffer[] = []
  const rows = copyOut(
    client,
    `copy (
    select customer_id, line_id, entry_set_id, posting_no
    from ${postingTableOf(ledgerNo)}
    where customer_id between ${range.firstCustomerId} and ${range.lastCustomerId}
      and entry_set_id = any('{${setIds.join()}}')
    order by customer_id, line_id, posting_no) to stdout (format binary)`,
  )
  for await (const piece of rows) pieces.push(piece)
  const bytes = Buffer.concat(pieces)
  return bytes.subarray(SIGNATURE_BYTES, bytes.length - TRAILER_BYTES)
}

/** A posting of a line that the plan's snapshot names under another customer. */
export interface Move {
  readonly from: bigint
  readonly to: bigint
  readonly lineId: bigint
  readonly setId: number
  readonly postingNo: number
}

export async function readMoves(
  client: Client,
  ledgerNo: number,
  planId: string,
  range: CustomerRange,
  setIds: readonly number[],
): Promise<readonly Move[]> {
  const { rows } = await client.query<{
    from_id: string
    to_id: string
    line_id: string
    entry_set_id: number
    posting_no: number
  }>(
    `select m.from_customer_id as from_id, m.to_customer_id as to_id, m.line_id, p.entry_set_id,
      p.posting_no
     from plan_moved_line m
     join ${postingTableOf(ledgerNo)} p on p.customer_id = m.from_customer_id
       and p.line_id = m.line_id
     where m.plan_id = $1 and p.entry_set_id = any($4::integer[])
       and (m.from_customer_id between $2 and $3 or m.to_customer_id between $2 and $3)`,
    [planId, range.firstCustomerId, range.lastCustomerId, setIds],
  )
  return rows.map((it) => ({
    from: BigInt(it.from_id),
    to: BigInt(it.to_id),
    lineId: BigInt(it.line_id),
    setId: it.entry_set_id,
    postingNo: it.posting_no,
  }))
}

/** Postings of a period by entry set, counted in the ledger itself. */
export async function countPostings(
  client: Client,
  ledgerNo: number,
): Promise<ReadonlyMap<number, number>> {
  const { rows } = await client.query<{ entry_set_id: number; postings: string }>(
    `select entry_set_id, count(*) as postings
      from ${postingTableOf(ledgerNo)} group by entry_set_id`,
  )
  return new Map(rows.map((it) => [it.entry_set_id, Number(it.postings)]))
}
