/**
 * Proves the ledger: every chunk's digest is taken again from the rows that are stored, and with
 * replay every decision is made again from the sealed inputs as the run knew them.
 */
import { verifyFacts } from './verify-facts.js'
import { errorCodeOf, isOutage, withClient } from '../db/database.js'
import type { Client, Pool } from '../db/database.js'
import { assert } from '../assert.js'
import { readSnapshot, listChunks } from '../snapshot/snapshot-store.js'
import type { SnapshotChunk } from '../snapshot/snapshot.js'
import { verifySnapshot } from '../snapshot/verify-snapshot.js'
import { rootHashOf } from './close-run.js'
import { ChunkDecider } from './decide-chunk.js'
import { DecisionMemo } from './decision-memo.js'
import { EntrySets } from './entry-sets.js'
import type { EntrySetRef } from './entry-sets.js'
import { readPeriodContext } from './period-context.js'
import type { PeriodContext } from './period-context.js'
import * as plans from './plan-store.js'
import { CUSTOMER_AT, LINE_AT, numberAt, POSTED_BYTES, setIdAt } from './posted-rows.js'
import { countPostings, readLedgerNo, readPostings } from './posting-store.js'
import { PostingDigest } from './posting-writer.js'
import { readChunkInput } from './read-chunk-input.js'
import type { Plan, Run } from './run.js'
import * as store from './run-store.js'
import { canonicalTallies } from './tally.js'
import { countMisgivenCodes } from './voucher-store.js'

export interface VerifyOptions {
  readonly replay: boolean
  readonly lanes: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

export interface RunVerification {
  readonly run: Run
  readonly chunks: number
  readonly postings: number
  readonly rootHash: string
  /** Sentences, each naming what differs; empty when all is as it was posted. */
  readonly differences: readonly string[]
}

/** All finished runs, oldest first. */
export async function verifyLedger(
  pool: Pool,
  options: VerifyOptions,
): Promise<readonly RunVerification[]> {
  const runs = (await store.listRuns(pool)).filter((it) => it.rootHash !== null)
  const total = runs.reduce((sum, it) => sum + it.chunks, 0)
  const snapshots = new Map<number, readonly string[]>()
  const ranges = new Map<number, readonly SnapshotChunk[]>()
  const verified: RunVerification[] = []
  let done = 0
  for (const run of runs) {
    const context = options.replay ? await readPeriodContext(pool, run.planId) : undefined
    const inputs = context ? await verifyInputs(pool, context, snapshots, options) : []
    const plan = context?.plan ?? (await plans.readPlan(pool, run.planId))
    const all = ranges.get(plan.snapshotId) ?? (await listChunks(pool, plan.snapshotId))
    ranges.set(plan.snapshotId, all)
    const chunks = await verifyChunks(pool, { run, context, ranges: all }, options, () => {
      done += 1
      options.onProgress?.(done, total)
    })
    const codes = await verifyCodes(pool, run, plan)
    verified.push({ ...chunks, differences: [...inputs, ...codes, ...chunks.differences] })
  }
  const strays = await findStrays(pool, runs, verified)
  return verified.map((it) => ({
    ...it,
    differences: [...it.differences, ...(strays.get(it.run.period) ?? [])],
  }))
}

async function verifyInputs(
  pool: Pool,
  context: PeriodContext,
  snapshots: Map<number, readonly string[]>,
  options: VerifyOptions,
): Promise<readonly string[]> {
  const { plan, version } = context
  const sealed =
    snapshots.get(plan.snapshotId) ?? (await verifySealed(pool, plan.snapshotId, options.signal))
  snapshots.set(plan.snapshotId, sealed)
  return [...sealed, ...(await verifyFacts(pool, plan, version))]
}

async function verifySealed(
  pool: Pool,
  snapshotId: number,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const snapshot = await readSnapshot(pool, snapshotId)
  const { ok, alteredChunks } = await verifySnapshot(pool, snapshot, signal ? { signal } : {})
  if (ok) return []
  return [`snapshot ${snapshotId}: ${alteredChunks.length} chunks differ from what was sealed`]
}

interface PostedRun {
  readonly run: Run
  /** What the decisions are made again from; undefined without a replay. */
  readonly context: PeriodContext | undefined
  /** Of the plan's snapshot. */
  readonly ranges: readonly SnapshotChunk[]
}

async function verifyChunks(
  pool: Pool,
  { run, context, ranges }: PostedRun,
  options: VerifyOptions,
  onChunk: () => void,
): Promise<RunVerification> {
  const ledgerNo = await readLedgerNo(pool, run.programme, run.period)
  assert(ledgerNo !== undefined, 'a ledger of a finished run')
  const chunks = await plans.readPlanChunks(pool, run.planId)
  const planned = new Map(chunks.map((it) => [it.chunkNo, it.tallies]))
  const posted = await store.readPostedDigests(pool, run.runId)
  const sets = await plans.readEntrySets(pool, [run.planId])
  const memo = context && new DecisionMemo(context.rules, new EntrySets(sets, 'growing'))
  const differences: string[] = []
  const digests: Buffer[] = []
  let next = 0
  let postings = 0
  const lane = async (): Promise<void> => {
    while (next < ranges.length) {
      options.signal?.throwIfAborted()
      const range = ranges[next]!
      next += 1
      const tallies = JSON.stringify(canonicalTallies(planned.get(range.chunkNo) ?? {}))
      const expected = posted.get(range.chunkNo)
      await withClient(pool, async (client) => {
        const stored = await digestOfStored(client, ledgerNo, range, sets)
        postings += stored.postings
        const digest = stored.finish(tallies)
        if (expected !== undefined) digests[range.chunkNo] = digest
        if (expected === undefined ? stored.postings > 0 : !digest.equals(expected)) {
          differences.push(
            `run ${run.runId} chunk ${range.chunkNo}: the entries differ from those posted`,
          )
        }
        if (context !== undefined && memo !== undefined && expected !== undefined) {
          const again = await replayed(client, context, range.chunkNo, memo)
          if (again === undefined || !again.equals(expected)) {
            const problem = again
              ? 'the rules decide otherwise'
              : 'what it was decided from cannot be read'
            differences.push(`run ${run.runId} chunk ${range.chunkNo}: ${problem}`)
          }
        }
      })
      onChunk()
    }
  }
  await Promise.all(Array.from({ length: options.lanes }, lane))
  const rootHash = rootHashOf(digests.filter((it) => it !== undefined)).toString('hex')
  if (rootHash !== run.rootHash)
    differences.push(`run ${run.runId}: the root hash differs from the one recorded`)
  return { run, chunks: ranges.length, postings, rootHash, differences }
}

async function verifyCodes(pool: Pool, { runId }: Run, plan: Plan): Promise<readonly string[]> {
  const codes = await countMisgivenCodes(pool, plan, runId)
  if (codes === 0) return []
  return [`run ${runId}: ${codes} codes given out differ from those kept for its lines`]
}

type StoredSets = Awaited<ReturnType<typeof plans.readEntrySets>>

async function digestOfStored(
  client: Client,
  ledgerNo: number,
  range: SnapshotChunk,
  sets: StoredSets,
): Promise<PostingDigest> {
  const dictionary = new EntrySets(sets, 'fixed')
  const refs = new Map<number, EntrySetRef>(dictionary.all().map((it) => [it.id, it]))
  const digest = new PostingDigest()
  const rows = await readPostings(client, ledgerNo, range, [...refs.keys()])
  for (let at = 0; at < rows.length; at += POSTED_BYTES) {
    digest.post(
      rows,
      at + CUSTOMER_AT,
      at + LINE_AT,
      refs.get(setIdAt(rows, at))!,
      numberAt(rows, at),
    )
  }
  return digest
}

/** Undefined when what was altered is no pack any more, or postings that no run can have made. */
async function replayed(
  client: Client,
  context: PeriodContext,
  chunkNo: number,
  memo: DecisionMemo,
): Promise<Buffer | undefined> {
  try {
    return await digestOfReplay(client, context, chunkNo, memo)
  } catch (error) {
    if (errorCodeOf(error) !== undefined || isOutage(error)) throw error
    return undefined
  }
}

async function digestOfReplay(
  client: Client,
  context: PeriodContext,
  chunkNo: number,
  memo: DecisionMemo,
): Promise<Buffer> {
  const input = await readChunkInput(client, context, chunkNo)
  const decider = new ChunkDecider(memo, input)
  const digest = new PostingDigest()
  assert(decider.step(Infinity, digest), 'a chunk decided in one step')
  return digest.finish(JSON.stringify(canonicalTallies(decider.tallies())))
}

/** Rows of a period that belong to no finished or unfinished run; by period. */
async function findStrays(
  pool: Pool,
  runs: readonly Run[],
  verified: readonly RunVerification[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const strays = new Map<string, readonly string[]>()
  for (const { programme, period } of runs) {
    if (strays.has(period) || (await store.unfinishedRun(pool, programme, period)) !== undefined)
      continue
    const ledgerNo = await readLedgerNo(pool, programme, period)
    assert(ledgerNo !== undefined, 'a ledger of a finished run')
    const counts = await withClient(pool, (client) => countPostings(client, ledgerNo))
    const stored = [...counts.values()].reduce((sum, it) => sum + it, 0)
    const known = verified
      .filter((it) => it.run.period === period)
      .reduce((sum, it) => sum + it.postings, 0)
    strays.set(
      period,
      stored === known ? [] : [`period ${period}: ${stored - known} postings belong to no run`],
    )
  }
  return strays
}
