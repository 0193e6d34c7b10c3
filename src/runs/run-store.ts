/** SQL of runs and their chunks, and of what a chunk reads. */
import { assert } from '../assert.js'
import type { Client, Pool, Tx } from '../db/database.js'
import { RedressError } from '../errors.js'
import type { Period } from '../rules/case.js'
import type { Balance, ChunkRef, Run, RunProgress, RunState } from './run.js'

interface RunRow {
  run_id: string
  plan_id: string
  programme: string
  period: string
  state: RunState
  chunks: number
  started_at: string
  closed_at: string | null
  root_hash: string | null
  held_because: string | null
  balance: Balance | null
}

const RUN_COLUMNS = `run_id, plan_id, programme, period, state, chunks, started_at, closed_at,
  encode(root_hash, 'hex') as root_hash, held_because, balance`

function runOf(row: RunRow): Run {
  return {
    runId: row.run_id,
    planId: row.plan_id,
    programme: row.programme,
    period: row.period,
    state: row.state,
    chunks: row.chunks,
    startedAt: row.started_at,
    closedAt: row.closed_at,
    rootHash: row.root_hash,
    heldBecause: row.held_because,
    balance: row.balance,
  }
}

/** @throws RedressError RUN_UNKNOWN */
export async function readRun(client: Client | Pool, runId: string): Promise<Run> {
  const known = /^[1-9]\d{0,17}$/.test(runId)
  const { rows } = known
    ? await client.query<RunRow>(`select ${RUN_COLUMNS} from run where run_id = $1`, [runId])
    : { rows: [] }
  if (rows[0] === undefined) throw new RedressError('RUN_UNKNOWN', { run: runId })
  return runOf(rows[0])
}

/** Those of these ids, ascending. */
export async function readRuns(pool: Pool, runIds: readonly string[]): Promise<readonly Run[]> {
  const { rows } = await pool.query<RunRow>(
    `select ${RUN_COLUMNS} from run where run_id = any ($1::bigint[]) order by run_id`,
    [runIds],
  )
  return rows.map(runOf)
}

export async function listRuns(pool: Pool): Promise<readonly Run[]> {
  const { rows } = await pool.query<RunRow>(`select ${RUN_COLUMNS} from run order by run_id`)
  return rows.map(runOf)
}

/** The one run that works on the period now, if any. */
export async function unfinishedRun(
  pool: Client | Pool,
  programme: string,
  period: Period,
): Promise<Run | undefined> {
  const { rows } = await pool.query<RunRow>(
    `select ${RUN_COLUMNS} from run
     where programme = $1 and period = $2 and state in ('open', 'held')`,
    [programme, period],
  )
  return rows[0] && runOf(rows[0])
}

/** Of any period: runs of a programme wait for each other. */
export async function unfinishedRunOf(pool: Pool, programme: string): Promise<Run | undefined> {
  const { rows } = await pool.query<RunRow>(
    `select ${RUN_COLUMNS} from run where programme = $1 and state in ('open', 'held')`,
    [programme],
  )
  return rows[0] && runOf(rows[0])
}

export async function closedRuns(
  pool: Client | Pool,
  programme: string,
  period: Period,
): Promise<readonly Run[]> {
  const { rows } = await pool.query<RunRow>(
    `select ${RUN_COLUMNS} from run
     where programme = $1 and period = $2 and state = 'closed' order by run_id`,
    [programme, period],
  )
  return rows.map(runOf)
}

export async function runOfPlan(pool: Client | Pool, planId: string): Promise<Run | undefined> {
  const { rows } = await pool.query<RunRow>(`select ${RUN_COLUMNS} from run where plan_id = $1`, [
    planId,
  ])
  return rows[0] && runOf(rows[0])
}

/**
 * Makes the run of a plan with all its chunks open. Undefined when the programme has an unfinished
 * run already: whoever starts the same period second joins that one.
 */
export async function insertRun(tx: Tx, planId: string, at: string): Promise<string | undefined> {
  const { rows } = await tx.client.query<{ run_id: string }>(
    `insert into run (plan_id, programme, period, chunks, started_at)
     select plan_id, programme, period, (result->>'chunks')::integer, $2 from plan
     where plan_id = $1
     on conflict do nothing
     returning run_id`,
    [planId, at],
  )
  const runId = rows[0]?.run_id
  if (runId === undefined) return undefined
  await tx.client.query(
    `insert into run_chunk (run_id, chunk_no)
     select $1, chunk_no from plan_chunk where plan_id = $2`,
    [runId, planId],
  )
  await tx.client.query('select open_ledger(programme, period) from run where run_id = $1', [runId])
  return runId
}

export type ChunkLock = 'locked' | 'busy' | 'done' | 'run_not_open'

/**
 * Takes the chunk for this transaction. The run is locked in share mode, so that cancelling or
 * closing waits for the chunks under way and none starts afterwards. Somebody else's chunk is
 * passed over instead of waited for: a lane must not idle behind a duplicate message.
 */
export async function lockChunk(client: Client, ref: ChunkRef): Promise<ChunkLock> {
  const run = await client.query<{ state: RunState }>(
    'select state from run where run_id = $1 for key share',
    [ref.runId],
  )
  if (run.rows[0]?.state !== 'open') return 'run_not_open'
  const { rows } = await client.query<{ state: string }>(
    'select state from run_chunk where run_id = $1 and chunk_no = $2 for no key update skip locked',
    [ref.runId, ref.chunkNo],
  )
  if (rows[0] === undefined) return 'busy'
  return rows[0].state === 'open' ? 'locked' : 'done'
}

export async function readPlannedDigest(
  client: Client,
  planId: string,
  chunkNo: number,
): Promise<Buffer> {
  const { rows } = await client.query<{ digest: Buffer }>(
    'select digest from plan_chunk where plan_id = $1 and chunk_no = $2',
    [planId, chunkNo],
  )
  assert(rows[0] !== undefined, 'a chunk of the plan')
  return rows[0].digest
}

export interface PostedChunk {
  readonly digest: Buffer
  readonly postings: number
  readonly entries: number
  readonly lines: number
  readonly worker: string
  /** ISO 8601 instant. */
  readonly postedAt: string
}

export async function markPosted(client: Client, ref: ChunkRef, chunk: PostedChunk): Promise<void> {
  await client.query(
    `update run_chunk
     set state = 'posted', digest = $3, postings = $4, entries = $5, lines = $6, worker = $7,
         attempts = attempts + 1, posted_at = $8
     where run_id = $1 and chunk_no = $2`,
    [
      ref.runId,
      ref.chunkNo,
      chunk.digest,
      chunk.postings,
      chunk.entries,
      chunk.lines,
      chunk.worker,
      chunk.postedAt,
    ],
  )
}

export async function markRefused(client: Client, ref: ChunkRef, because: string): Promise<void> {
  await client.query(
    `update run_chunk set state = 'refused', refused_because = $3, attempts = attempts + 1
     where run_id = $1 and chunk_no = $2 and state = 'open'`,
    [ref.runId, ref.chunkNo, because],
  )
}

/** Open chunks that nobody works on at this moment, in order; at most `limit`. */
export async function idleChunks(
  pool: Pool,
  runId: string,
  limit: number,
): Promise<readonly number[]> {
  const { rows } = await pool.query<{ chunk_no: number }>(
    `select chunk_no from run_chunk
     where run_id = $1 and state = 'open'
     order by chunk_no limit $2 for no key update skip locked`,
    [runId, limit],
  )
  return rows.map((it) => it.chunk_no)
}

export async function hasOpenChunk(pool: Pool, runId: string): Promise<boolean> {
  const { rows } = await pool.query<{ open: boolean }>({
    name: 'has-open-chunk',
    text: `select exists (select from run_chunk where run_id = $1 and state = 'open') as open`,
    values: [runId],
  })
  return rows[0]?.open === true
}

export async function readProgress(pool: Pool, runId: string): Promise<RunProgress> {
  const run = await readRun(pool, runId)
  const { rows } = await pool.query<{
    open: number
    posted: number
    refused: number
    lines: string
    total: string
    entries: string
    first_at: string | null
    last_at: string | null
  }>(
    `select
       (count(*) filter (where c.state = 'open'))::int as open,
       (count(*) filter (where c.state = 'posted'))::int as posted,
       (count(*) filter (where c.state = 'refused'))::int as refused,
       coalesce(sum(c.lines), 0) as lines,
       coalesce(sum(c.entries), 0) as entries,
       (select result->>'lines' from plan where plan_id = $2) as total,
       min(c.posted_at) as first_at, max(c.posted_at) as last_at
     from run_chunk c where c.run_id = $1`,
    [runId, run.planId],
  )
  const row = rows[0]
  assert(row !== undefined, 'one row')
  return {
    run,
    open: row.open,
    posted: row.posted,
    refused: row.refused,
    linesPosted: Number(row.lines),
    linesTotal: Number(row.total),
    entriesPosted: Number(row.entries),
    firstPostedAt: row.first_at,
    lastPostedAt: row.last_at,
  }
}

/** Waits for chunks under way; afterwards nothing is posted to the run any more. */
export async function lockRun(tx: Tx, runId: string): Promise<Run> {
  const { rows } = await tx.client.query<RunRow>(
    `select ${RUN_COLUMNS} from run where run_id = $1 for update`,
    [runId],
  )
  if (rows[0] === undefined) throw new RedressError('RUN_UNKNOWN', { run: runId })
  return runOf(rows[0])
}

export async function readRunChunks(
  tx: Tx,
  runId: string,
): Promise<
  readonly {
    chunkNo: number
    state: string
    digest: Buffer | null
    refusedBecause: string | null
  }[]
> {
  const { rows } = await tx.client.query<{
    chunk_no: number
    state: string
    digest: Buffer | null
    refused_because: string | null
  }>(
    `select chunk_no, state, digest, refused_because from run_chunk
      where run_id = $1 order by chunk_no`,
    [runId],
  )
  return rows.map((it) => ({
    chunkNo: it.chunk_no,
    state: it.state,
    digest: it.digest,
    refusedBecause: it.refused_because,
  }))
}

/** Digests of the chunks that were posted, by number. */
export async function readPostedDigests(
  pool: Pool,
  runId: string,
): Promise<ReadonlyMap<number, Buffer>> {
  const { rows } = await pool.query<{ chunk_no: number; digest: Buffer }>(
    `select chunk_no, digest from run_chunk where run_id = $1 and state = 'posted'`,
    [runId],
  )
  return new Map(rows.map((it) => [it.chunk_no, it.digest]))
}

export async function markClosed(
  tx: Tx,
  runId: string,
  rootHash: Buffer,
  balance: Balance,
  at: string,
): Promise<void> {
  await tx.client.query(
    `update run set state = 'closed', root_hash = $2, balance = $3, held_because = null,
       closed_at = $4 where run_id = $1`,
    [runId, rootHash, JSON.stringify(balance), at],
  )
}

export async function markHeld(
  tx: Tx,
  runId: string,
  because: string,
  balance: Balance,
): Promise<void> {
  await tx.client.query(
    `update run set state = 'held', held_because = $2, balance = $3 where run_id = $1`,
    [runId, because, JSON.stringify(balance)],
  )
}

export async function markOpenAgain(tx: Tx, runId: string): Promise<void> {
  await tx.client.query(
    `update run set state = 'open', held_because = null where run_id = $1 and state = 'held'`,
    [runId],
  )
  await tx.client.query(
    `update run_chunk set state = 'open', refused_because = null
      where run_id = $1 and state = 'refused'`,
    [runId],
  )
}

/** `rootHash` is over the chunks that were posted, or null when there are none. */
export async function markCancelled(
  tx: Tx,
  runId: string,
  rootHash: Buffer | null,
  at: string,
): Promise<void> {
  await tx.client.query(
    `update run set state = 'cancelled', held_because = null, root_hash = $2, closed_at = $3
     where run_id = $1`,
    [runId, rootHash, at],
  )
}
