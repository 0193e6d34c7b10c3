/**
 * Other ways to write the content of a run, over the same chunks, with the same locks and marks, on
 * two connections. They are spared what Redress also does: messages, decisions (but for SQL),
 * tallies, digests, the closing equation.
 */
import { Kysely, PostgresDialect } from 'kysely'
import { assert } from '../../src/assert.js'
import { CopyIn } from '../../src/db/copy.js'
import { withTransaction } from '../../src/db/database.js'
import type { Client, Pool } from '../../src/db/database.js'
import * as postings from '../../src/runs/posting-store.js'
import type { Run } from '../../src/runs/run.js'
import * as store from '../../src/runs/run-store.js'
import { startRun } from '../../src/runs/start-run.js'
import type { SnapshotChunk } from '../../src/snapshot/snapshot.js'
import { listChunks } from '../../src/snapshot/snapshot-store.js'
import { chunkStatement } from './chunk-sql.js'
import { objectsOf, readChunkStreams } from './ready-rows.js'
import type { RowObject } from './ready-rows.js'
import { newestPlan } from './redress-tasks.js'
import type { Bench } from './redress-tasks.js'
import { COLUMNS, ENTRY_TABLE, makeEntryTable } from './row-shape.js'
import { LANES, NOW } from './task.js'
import type { Outcome, ReadyRows, Shape } from './task.js'
import { usageOf } from './usage.js'

/** One statement a chunk that decides and posts; see chunk-sql.ts. */
export async function benchChunkedSql(bench: Bench): Promise<Outcome> {
  const rival = await prepareRival(bench.pool, 'postings')
  const { text, fixed } = await chunkStatement(bench.pool, rival.run.planId, rival.table)
  return await measureRival(bench, rival, rival.chunks, async (client, chunk) => {
    await client.query(`set local work_mem = '256MB'`)
    const values = [...fixed, chunk.firstCustomerId, chunk.lastCustomerId]
    const { rowCount } = await client.query(text, values)
    return rowCount ?? 0
  })
}

/** Ready-made rows, in the format in which Redress sends its own. */
export async function benchRawCopy(bench: Bench, rows: ReadyRows): Promise<Outcome> {
  const rival = await prepareRival(bench.pool, rows.shape)
  const streams = readChunkStreams(rows)
  const columns = COLUMNS[rows.shape].join()
  const statement = `copy ${rival.table} (${columns}) from stdin (format binary)`
  return await measureRival(bench, rival, rival.chunks, async (client, chunk) => {
    const bytes = streamOf(streams, chunk)
    const copy = new CopyIn(client, statement)
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      await copy.write(bytes.subarray(at, at + PIECE_BYTES))
    }
    return await copy.finish()
  })
}

const PIECE_BYTES = 128 * 1_024

/** A statement can have 65,535 parameters, and a row has ten at the most. */
const ROWS_A_STATEMENT = 1_000

/** Ready-made rows as objects, on the first chunks up to so many lines. */
export async function benchQueryBuilder(
  bench: Bench,
  rows: ReadyRows,
  mostLines: number,
): Promise<Outcome> {
  const rival = await prepareRival(bench.pool, rows.shape)
  const chunks = firstChunks(rival.chunks, mostLines)
  const streams = readChunkStreams(rows)
  const objects = new Map(
    chunks.map((it) => [it.chunkNo, objectsOf(rows.shape, streamOf(streams, it))]),
  )
  return await measureRival(bench, rival, chunks, async (client, chunk) => {
    const db = builderOn(client)
    const all = objects.get(chunk.chunkNo) ?? []
    for (let from = 0; from < all.length; from += ROWS_A_STATEMENT) {
      const values = all.slice(from, from + ROWS_A_STATEMENT)
      await db
        .insertInto(rival.table)
        .values(values)
        .onConflict((it) => it.doNothing())
        .execute()
    }
    return all.length
  })
}

function builderOn(client: Client): Kysely<Record<string, RowObject>> {
  const borrowed = { query: client.query.bind(client), release: () => undefined }
  const pool = { connect: () => Promise.resolve(borrowed), end: () => Promise.resolve() }
  return new Kysely({ dialect: new PostgresDialect({ pool: pool as never }) })
}

/** As many as hold so many lines, but one for each connection at least. */
export function firstChunks(
  chunks: readonly SnapshotChunk[],
  mostLines: number,
): readonly SnapshotChunk[] {
  let lines = 0
  return chunks.filter((it, index) => (lines += it.lines) <= mostLines || index < LANES)
}

function streamOf(streams: readonly Buffer[], chunk: SnapshotChunk): Buffer {
  const stream = streams[chunk.chunkNo]
  assert(stream !== undefined, 'ready-made rows of every chunk')
  return stream
}

interface Rival {
  readonly run: Run
  readonly table: string
  readonly chunks: readonly SnapshotChunk[]
}

/** The run's rows and the table to write are made before the clock starts. */
async function prepareRival(pool: Pool, shape: Shape): Promise<Rival> {
  const plan = await newestPlan(pool)
  const run = await startRun(pool, plan.planId, NOW)
  const ledgerNo = await postings.readLedgerNo(pool, run.programme, run.period)
  assert(ledgerNo !== undefined, 'a ledger of a run that was started')
  const chunks = await listChunks(pool, plan.snapshotId)
  if (shape === 'postings') return { run, table: postings.postingTableOf(ledgerNo), chunks }
  await makeEntryTable(pool)
  return { run, table: ENTRY_TABLE, chunks }
}

type PostChunk = (client: Client, chunk: SnapshotChunk) => Promise<number>

async function measureRival(
  bench: Bench,
  { run, chunks: all }: Rival,
  chunks: readonly SnapshotChunk[],
  post: PostChunk,
): Promise<Outcome> {
  let next = 0
  let written = 0
  const lane = async (): Promise<void> => {
    for (let chunk = chunks[next++]; chunk !== undefined; chunk = chunks[next++]) {
      const posted = await postChunk(bench.pool, run, chunk, post)
      written += posted
    }
  }
  const usage = await usageOf(bench.pool, bench.postmaster, async () => {
    await Promise.all(Array.from({ length: LANES }, lane))
  })
  const lines = chunks.reduce((sum, it) => sum + it.lines, 0)
  const last = chunks.length === all.length ? null : (chunks.at(-1)?.lastCustomerId ?? null)
  return { usage, lines, written, lastCustomerId: last }
}

const NO_DIGEST = Buffer.alloc(32)

async function postChunk(
  pool: Pool,
  { runId }: Run,
  chunk: SnapshotChunk,
  post: PostChunk,
): Promise<number> {
  const ref = { runId, chunkNo: chunk.chunkNo }
  return await withTransaction(pool, async ({ client }) => {
    assert((await store.lockChunk(client, ref)) === 'locked', 'a chunk that nobody else is at')
    const postings = await post(client, chunk)
    await store.markPosted(client, ref, {
      digest: NO_DIGEST,
      postings,
      entries: 0,
      lines: chunk.lines,
      worker: 'bench',
      postedAt: NOW,
    })
    return postings
  })
}
