/** SQL of what plans settled: packs of facts by chunk, and lines that moved to other customers. */
import { assert } from '../assert.js'
import { copyOut } from '../db/copy.js'
import type { Client, Tx } from '../db/database.js'
import { lineTableOf } from '../snapshot/snapshot-store.js'

export async function insertFactPack(
  client: Client,
  planId: string,
  chunkNo: number,
  pack: Buffer,
): Promise<void> {
  await client.query({
    name: 'insert-fact-pack',
    text: 'insert into plan_facts (plan_id, chunk_no, pack) values ($1, $2, $3)',
    values: [planId, chunkNo, pack],
  })
}

// COPY sends bytes as they are; a query would send twice as many of hex text.
const SIGNATURE_BYTES = 19
const PACK_AT = SIGNATURE_BYTES + 2 + 4

/** The pack of facts of a chunk; undefined when the plan never settled it. */
export async function readFactPack(
  client: Client,
  planId: string,
  chunkNo: number,
): Promise<Buffer | undefined> {
  assert(/^\d+$/.test(planId) && Number.isSafeInteger(chunkNo), 'ids of a chunk')
  const pieces: Buffer[] = []
  const sent = copyOut(
    client,
    `copy (select pack from plan_facts where plan_id = ${planId} and chunk_no = ${chunkNo})
     to stdout (format binary)`,
  )
  for await (const piece of sent) pieces.push(piece)
  const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  if (bytes.length <= PACK_AT) return undefined
  return bytes.subarray(PACK_AT, PACK_AT + bytes.readInt32BE(PACK_AT - 4))
}

/**
 * Settles which posted lines the snapshot names under another customer; none in a period's first
 * run. A line that moved before and is gone now goes to the customer it was posted under last:
 * only together do its entries say what there is to reverse.
 */
export async function settleMovedLines(
  tx: Tx,
  planId: string,
  postingTable: string,
  snapshotId: number,
): Promise<void> {
  await tx.client.query(
    `with moved_before as (
       select distinct m.line_id
       from plan_moved_line m
       join plan earlier using (plan_id)
       join plan this using (programme, period)
       where this.plan_id = $1::bigint
     ), gone as (
       select distinct on (p.line_id) p.line_id, p.customer_id as last_customer_id
       from moved_before m
       join ${postingTable} p using (line_id)
       where not exists (select from ${lineTableOf(snapshotId)} l where l.line_id = m.line_id)
       order by p.line_id, p.posting_no desc, p.customer_id
     )
     insert into plan_moved_line (plan_id, line_id, from_customer_id, to_customer_id)
     select distinct $1::bigint, p.line_id, p.customer_id, l.customer_id
     from ${postingTable} p
     join ${lineTableOf(snapshotId)} l on l.line_id = p.line_id and l.customer_id <> p.customer_id
     union
     select $1::bigint, p.line_id, p.customer_id, g.last_customer_id
     from gone g
     join ${postingTable} p on p.line_id = g.line_id and p.customer_id <> g.last_customer_id`,
    [planId],
  )
}
