/** SQL of snapshots, their lines and their chunks. */
import { assert } from '../assert.js'
import { copyOut } from '../db/copy.js'
import type { Client, Pool, Tx } from '../db/database.js'
import { RedressError } from '../errors.js'
import type { SealedSnapshot, SnapshotChunk, WalkedChunk } from './snapshot.js'

/** The partition of a snapshot's lines; made by open_snapshot() in the migrations. */
export function lineTableOf(snapshotId: number): string {
  assert(Number.isSafeInteger(snapshotId), 'a snapshot id')
  return `snapshot_line_${snapshotId}`
}

export async function countLines(tx: Tx, table: string): Promise<number> {
  const { rows } = await tx.client.query<{ lines: string }>(
    `select count(*) as lines from ${table}`,
  )
  return Number(rows[0]?.lines)
}

/**
 * Sorting is the whole cost of this read: let it use two processes and stay in memory for some
 * millions of rows.
 */
export async function prepareSortedRead(client: Client): Promise<void> {
  await client.query(`set work_mem = '256MB'`)
}

// Columns in this order for ever: the content hash depends on it.
const COLUMNS = `customer_id, line_id, birth_date, customer_kind, network, line_kind, payment,
  status, plan_restriction, guardian_consent_on, roaming_promotion_ends_on, activated_on,
  contract_event, contract_event_on, notice_number`

/** In the binary format that RowCutter cuts and RowView reads. */
export function sortedRows(client: Client, table: string): AsyncIterable<Buffer> {
  return copyOut(
    client,
    `copy (select ${COLUMNS} from ${table}
      order by customer_id, line_id) to stdout (format binary)`,
  )
}

export async function insertChunk(tx: Tx, snapshotId: number, chunk: WalkedChunk): Promise<void> {
  await tx.client.query(
    `insert into snapshot_chunk
       (snapshot_id, chunk_no, first_customer_id, last_customer_id, lines, customers, digest, pack)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      snapshotId,
      chunk.chunkNo,
      chunk.firstCustomerId,
      chunk.lastCustomerId,
      chunk.lines,
      chunk.customers,
      chunk.digest,
      chunk.pack,
    ],
  )
}

export interface SealedCounts {
  readonly lines: number
  readonly customers: number
  readonly chunks: number
  readonly contentHash: Buffer
  /** ISO 8601 instant. */
  readonly sealedAt: string
  /** Kept when there is a snapshot to supersede. */
  readonly reason: string
}

/**
 * From here to the commit no other snapshot of the day is sealed, so that of two at a time the
 * later one supersedes the earlier.
 */
export async function markSealed(
  tx: Tx,
  snapshotId: number,
  counts: SealedCounts,
): Promise<SealedSnapshot> {
  await tx.client.query(
    `select pg_advisory_xact_lock(hashtextextended('redress seal ' || as_of, 0))
     from snapshot where snapshot_id = $1`,
    [snapshotId],
  )
  await tx.client.query('select attach_lines($1)', [snapshotId])
  const { rows } = await tx.client.query<SnapshotRow>(
    `with counted_so_far as (
       select earlier.snapshot_id
       from snapshot this join snapshot earlier using (as_of)
       where this.snapshot_id = $1 and earlier.sealed_at is not null
         and ${isNotSuperseded('earlier')}
       order by earlier.snapshot_id desc limit 1
     )
     update snapshot
     set lines = $2, customers = $3, chunks = $4, content_hash = $5, sealed_at = $6,
         supersedes_snapshot_id = (select snapshot_id from counted_so_far),
         superseded_reason = (select $7::text from counted_so_far)
     where snapshot_id = $1 and sealed_at is null
     returning ${SNAPSHOT_COLUMNS}`,
    [
      snapshotId,
      counts.lines,
      counts.customers,
      counts.chunks,
      counts.contentHash,
      counts.sealedAt,
      counts.reason,
    ],
  )
  assert(rows[0] !== undefined, 'an unsealed snapshot to seal')
  return sealedOf(rows[0])
}

interface SnapshotRow {
  snapshot_id: number
  as_of: string
  lines: string
  customers: string
  chunks: number
  content_hash: string | null
  sealed_at: string | null
  supersedes: number | null
  reason: string | null
}

const SNAPSHOT_COLUMNS = `snapshot_id, as_of, lines, customers, chunks,
  encode(content_hash, 'hex') as content_hash, sealed_at,
  supersedes_snapshot_id as supersedes, superseded_reason as reason`

function isNotSuperseded(alias: string): string {
  return `not exists (select from snapshot later
    where later.supersedes_snapshot_id = ${alias}.snapshot_id)`
}

function sealedOf(row: SnapshotRow): SealedSnapshot {
  if (row.sealed_at === null || row.content_hash === null) {
    throw new RedressError('SNAPSHOT_NOT_SEALED', { snapshot: row.snapshot_id })
  }
  return {
    snapshotId: row.snapshot_id,
    asOf: row.as_of,
    lines: Number(row.lines),
    customers: Number(row.customers),
    chunks: row.chunks,
    contentHash: row.content_hash,
    sealedAt: row.sealed_at,
    supersedes: row.supersedes,
    reason: row.reason,
  }
}

/** @throws RedressError SNAPSHOT_UNKNOWN, SNAPSHOT_NOT_SEALED */
export async function readSnapshot(pool: Pool, snapshotId: number): Promise<SealedSnapshot> {
  const { rows } = await pool.query<SnapshotRow>(
    `select ${SNAPSHOT_COLUMNS} from snapshot where snapshot_id = $1`,
    [snapshotId],
  )
  if (rows[0] === undefined) {
    throw new RedressError('SNAPSHOT_UNKNOWN', {
      snapshot: snapshotId,
      expected: 'an id from `redress snapshot list`',
    })
  }
  return sealedOf(rows[0])
}

/** The default of every plan: the sealed snapshot of a day that none supersedes, or undefined. */
export async function newestSnapshotOf(
  pool: Pool,
  asOf: string,
): Promise<SealedSnapshot | undefined> {
  const { rows } = await pool.query<SnapshotRow>(
    `select ${SNAPSHOT_COLUMNS} from snapshot
     where as_of = $1 and sealed_at is not null and ${isNotSuperseded('snapshot')}
     order by snapshot_id desc limit 1`,
    [asOf],
  )
  return rows[0] && sealedOf(rows[0])
}

/** The snapshot that corrects this one, or undefined. */
export async function supersededBy(pool: Pool, snapshotId: number): Promise<number | undefined> {
  const { rows } = await pool.query<{ snapshot_id: number }>(
    'select snapshot_id from snapshot where supersedes_snapshot_id = $1',
    [snapshotId],
  )
  return rows[0]?.snapshot_id
}

export async function listSnapshots(pool: Pool): Promise<readonly SealedSnapshot[]> {
  const { rows } = await pool.query<SnapshotRow>(
    `select ${SNAPSHOT_COLUMNS} from snapshot where sealed_at is not null order by snapshot_id`,
  )
  return rows.map(sealedOf)
}

/** All chunks without their packs, in order. */
export async function listChunks(
  pool: Pool,
  snapshotId: number,
): Promise<readonly SnapshotChunk[]> {
  const { rows } = await pool.query<{
    chunk_no: number
    first_customer_id: string
    last_customer_id: string
    lines: number
    customers: number
  }>(
    `select chunk_no, first_customer_id, last_customer_id, lines, customers
     from snapshot_chunk where snapshot_id = $1 order by chunk_no`,
    [snapshotId],
  )
  return rows.map((it) => ({
    chunkNo: it.chunk_no,
    firstCustomerId: it.first_customer_id,
    lastCustomerId: it.last_customer_id,
    lines: it.lines,
    customers: it.customers,
  }))
}

export interface StoredChunk {
  readonly firstCustomerId: string
  readonly lastCustomerId: string
  readonly digest: Buffer
  readonly pack: Buffer
}

/**
 * One chunk with its pack. COPY sends it as raw bytes; a query would send twice as many of hex
 * text.
 */
export async function readChunk(
  client: Client,
  snapshotId: number,
  chunkNo: number,
): Promise<StoredChunk> {
  assert(Number.isSafeInteger(snapshotId) && Number.isSafeInteger(chunkNo), 'ids of a chunk')
  const pieces: Buffer[] = []
  const sent = copyOut(
    client,
    `copy (
    select first_customer_id, last_customer_id, digest, pack
    from snapshot_chunk where snapshot_id = ${snapshotId} and chunk_no = ${chunkNo}
  ) to stdout (format binary)`,
  )
  for await (const piece of sent) pieces.push(piece)
  const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  assert(bytes.length > DIGEST_AT + 36, 'a chunk of the sealed snapshot')
  const packAt = DIGEST_AT + 36
  return {
    firstCustomerId: String(bytes.readBigInt64BE(FIRST_AT)),
    lastCustomerId: String(bytes.readBigInt64BE(FIRST_AT + 12)),
    digest: bytes.subarray(DIGEST_AT, DIGEST_AT + 32),
    pack: bytes.subarray(packAt, packAt + bytes.readInt32BE(DIGEST_AT + 32)),
  }
}

/**
 * The customer that holds a line, and the chunk it is in; undefined for a line the snapshot does
 * not hold.
 */
export async function findLine(
  pool: Pool,
  snapshotId: number,
  lineId: string,
): Promise<{ customerId: string; chunkNo: number } | undefined> {
  const { rows } = await pool.query<{ customer_id: string; chunk_no: number }>(
    `select l.customer_id, c.chunk_no
     from ${lineTableOf(snapshotId)} l
     join snapshot_chunk c on c.snapshot_id = $1
       and l.customer_id between c.first_customer_id and c.last_customer_id
     where l.line_id = $2`,
    [snapshotId, lineId],
  )
  return rows[0] && { customerId: rows[0].customer_id, chunkNo: rows[0].chunk_no }
}

// A signature of 19 bytes, a field count of 2, then each field after its length of 4.
const FIRST_AT = 19 + 2 + 4
const DIGEST_AT = FIRST_AT + 8 + 12 + 4
