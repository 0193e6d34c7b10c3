/**
 * A plan: every case of the population decided by the code that a run uses, counted and hashed, and
 * no entry written. Its hash stands for all that went in and all that came out.
 */
import { createHash } from 'node:crypto'
import { assert } from '../assert.js'
import { withClient, withTransaction } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import { previousMonth } from '../rules/calendar.js'
import type { Period } from '../rules/case.js'
import { BENEFITS } from '../rules/decision.js'
import type { Benefit } from '../rules/decision.js'
import { rulesVersion, versionName } from '../rules/programme.js'
import type { ProgrammeVersion } from '../rules/programme.js'
import type { SealedSnapshot } from '../snapshot/snapshot.js'
import { rootHashOf } from './close-run.js'
import { ChunkDecider } from './decide-chunk.js'
import { DecisionMemo } from './decision-memo.js'
import { EntrySets } from './entry-sets.js'
import type { ReasonMigration } from './reason-migration.js'
import { comparePlans } from './compare-plans.js'
import * as facts from './fact-store.js'
import { judgePlan } from './judge-plan.js'
import { readPeriodContext } from './period-context.js'
import type { PeriodContext } from './period-context.js'
import * as store from './plan-store.js'
import type { PlannedChunk } from './plan-store.js'
import { PostingDigest } from './posting-writer.js'
import { readChunkInput } from './read-chunk-input.js'
import type { Plan, PlanResult } from './run.js'
import { postingTableOf } from './posting-store.js'
import { unfinishedRun } from './run-store.js'
import { settle, settledPacks } from './settle-facts.js'
import { settleQuery } from './settle-query.js'
import { storeVouchers } from './settle-vouchers-store.js'
import type { CodeDemand } from './settle-vouchers-store.js'
import { listChunks } from '../snapshot/snapshot-store.js'
import { addTallies, canonicalTallies, emptyTallies, entriesOf } from './tally.js'
import type { Tallies } from './tally.js'

export interface PlanRequest {
  readonly version: ProgrammeVersion
  readonly period: Period
  readonly snapshot: SealedSnapshot
  /** ISO 8601 instant. */
  readonly now: string
  /** Chunks decided at the same time. */
  readonly lanes: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((lines: number) => void) | undefined
}

/**
 * @throws RedressError PERIOD_UNKNOWN; SNAPSHOT_WRONG_DATE; RUN_STATE while a run of the period is
 * unfinished, since the ledger is then between two states.
 */
export async function planPeriod(pool: Pool, request: PlanRequest): Promise<Plan> {
  const { version, period, snapshot, now } = request
  refuseMisfits(version, period, snapshot)
  await refuseDuringRun(pool, version.programme, period)
  const inputs = await store.currentInputs(pool, version.programme)
  const planId = await store.insertPlan(pool, {
    programme: version.programme,
    version: version.version,
    period,
    snapshotId: snapshot.snapshotId,
    now,
    rulesVersion,
    ...inputs,
  })
  const context = await readPeriodContext(pool, planId)
  const settled = await settleFacts(pool, context)
  await settleMovedLines(pool, context)
  const sets = new EntrySets([], 'growing')
  const memo = new DecisionMemo(context.rules, sets)
  const chunks = await decideChunks(pool, context, memo, request)
  await refuseDuringRun(pool, version.programme, period)
  const result = {
    ...resultOf(request, context, chunks),
    codes: settled.demand,
    migrations: await migrationsOf(pool, context, request),
  }
  const planHash = await hashOf(pool, request, { chunks, settled, ledgerRuns: inputs.ledgerRuns })
  await withTransaction(pool, async (tx) => {
    await store.insertPlanChunks(tx, planId, chunks)
    await store.insertEntrySets(tx, planId, sets.all())
    await judgePlan(tx, planId, version, period, result)
    await store.finishPlan(tx, planId, planHash, result)
  })
  return await store.readPlan(pool, planId)
}

interface Settlement {
  readonly demand: readonly CodeDemand[]
  /** SHA-256 of the facts of each chunk. */
  readonly hashes: readonly Buffer[]
}

async function settleFacts(pool: Pool, context: PeriodContext): Promise<Settlement> {
  const { plan, version } = context
  const query = settleQuery(version, plan)
  const chunks = await listChunks(pool, plan.snapshotId)
  return await withTransaction(pool, async ({ client }) => {
    const settled = await settle(client, query, version)
    if (settled.vouchers) await storeVouchers(client, plan.planId)
    const hashes: Buffer[] = []
    await withClient(pool, async (writer) => {
      for await (const { chunkNo, pack } of settledPacks(client, query, settled, chunks)) {
        hashes[chunkNo] = createHash('sha256').update(pack).digest()
        await facts.insertFactPack(writer, plan.planId, chunkNo, pack)
      }
    })
    return { demand: settled.demand, hashes }
  })
}

/** Whose answer changed since the period was last run: empty in its first run. */
async function migrationsOf(
  pool: Pool,
  context: PeriodContext,
  request: PlanRequest,
): Promise<readonly ReasonMigration[]> {
  if (context.lastPlanId === undefined) return []
  const before = await readPeriodContext(pool, context.lastPlanId)
  const { signal } = request
  return (await comparePlans(pool, before, context, { sample: 0, signal })).migrations
}

// Where all of a period comes from one snapshot, no line can have moved: 2 s saved at 2,000,000
// lines.
async function settleMovedLines(pool: Pool, context: PeriodContext): Promise<void> {
  const { plan, ledgerNo, postedSnapshots } = context
  const others = [...postedSnapshots].filter((it) => it !== plan.snapshotId)
  if (ledgerNo === undefined || others.length === 0) return
  await withTransaction(pool, (tx) =>
    facts.settleMovedLines(tx, plan.planId, postingTableOf(ledgerNo), plan.snapshotId),
  )
}

function refuseMisfits(version: ProgrammeVersion, period: Period, snapshot: SealedSnapshot): void {
  if (!version.periods.includes(period)) {
    throw new RedressError('PERIOD_UNKNOWN', {
      period,
      programme: versionName(version),
      expected: version.periods.join(', '),
    })
  }
  if (snapshot.asOf !== version.baseDate) {
    throw new RedressError('SNAPSHOT_WRONG_DATE', {
      snapshot: snapshot.snapshotId,
      asOf: snapshot.asOf,
      expected: version.baseDate,
      programme: versionName(version),
    })
  }
}

async function refuseDuringRun(pool: Pool, programme: string, period: Period): Promise<void> {
  const run = await unfinishedRun(pool, programme, period)
  if (run === undefined) return
  throw new RedressError('RUN_STATE', {
    run: run.runId,
    problem: `is ${run.state} for ${period}`,
    expected:
      `\`redress runs resume ${run.runId}\` or \`redress runs cancel ${run.runId}\` ` +
      `before a new plan`,
  })
}

/** The lanes share one list of chunks; the results are in order whatever lane took which. */
async function decideChunks(
  pool: Pool,
  context: PeriodContext,
  memo: DecisionMemo,
  request: PlanRequest,
): Promise<readonly PlannedChunk[]> {
  const planned: PlannedChunk[] = []
  let next = 0
  let lines = 0
  const lane = async (): Promise<void> => {
    while (next < request.snapshot.chunks) {
      request.signal?.throwIfAborted()
      const chunkNo = next
      next += 1
      const decided = await withClient(pool, async (client) => {
        const input = await readChunkInput(client, context, chunkNo)
        return decideOne(memo, chunkNo, input)
      })
      planned[chunkNo] = decided.chunk
      lines += decided.lines
      request.onProgress?.(lines)
    }
  }
  await Promise.all(Array.from({ length: request.lanes }, lane))
  return planned
}

function decideOne(
  memo: DecisionMemo,
  chunkNo: number,
  input: Awaited<ReturnType<typeof readChunkInput>>,
): { chunk: PlannedChunk; lines: number } {
  const decider = new ChunkDecider(memo, input)
  const digest = new PostingDigest()
  assert(decider.step(Infinity, digest), 'a chunk decided in one step')
  const tallies = canonicalTallies(decider.tallies())
  const { postings } = digest
  return {
    chunk: {
      chunkNo,
      digest: digest.finish(JSON.stringify(tallies)),
      postings,
      entries: entriesOf(tallies),
      tallies,
    },
    lines: decider.lines,
  }
}

function resultOf(
  request: PlanRequest,
  context: PeriodContext,
  chunks: readonly PlannedChunk[],
): Omit<PlanResult, 'codes' | 'migrations'> {
  const { due } = context.rules
  const benefits: Tallies = emptyTallies([...due.line, ...due.customer])
  for (const chunk of chunks) addTallies(benefits, chunk.tallies)
  const sum = (count: (chunk: PlannedChunk) => number): number =>
    chunks.reduce((all, it) => all + count(it), 0)
  return {
    lines: request.snapshot.lines,
    customers: request.snapshot.customers,
    chunks: chunks.length,
    postings: sum((it) => it.postings),
    entries: sum((it) => it.entries),
    rootHash: rootHashOf(chunks.map((it) => it.digest)).toString('hex'),
    benefits: canonicalTallies(benefits),
    baseDate: request.version.baseDate,
  }
}

/** No number that a database gave out goes in: equal inputs hash alike in any database. */
async function hashOf(
  pool: Pool,
  request: PlanRequest,
  {
    chunks,
    settled,
    ledgerRuns,
  }: { chunks: readonly PlannedChunk[]; settled: Settlement; ledgerRuns: readonly string[] },
): Promise<Buffer> {
  const hash = createHash('sha256').update(
    JSON.stringify({
      programme: request.version.programme,
      version: request.version.version,
      definition: request.version,
      period: request.period,
      now: new Date(request.now).toISOString(),
      rulesVersion,
      snapshot: request.snapshot.contentHash,
      ledger: await store.rootHashesOf(pool, ledgerRuns),
    }),
  )
  for (const facts of settled.hashes) hash.update(facts)
  for (const chunk of chunks) hash.update(chunk.digest)
  return hash.digest()
}

/** Granted and refused subjects against the period before: by how much they rose. */
export type PeriodChange = Partial<Record<Benefit, { grants: number; refused: number }>>

/** Empty in the first period, or when the one before was never planned. */
export async function changeFromPrevious(pool: Pool, plan: Plan): Promise<PeriodChange> {
  const before = await store.previousResult(pool, plan.programme, previousMonth(plan.period))
  const change: PeriodChange = {}
  if (before === undefined || plan.result === null) return change
  for (const benefit of BENEFITS) {
    const now = plan.result.benefits[benefit]
    const then = before.benefits[benefit]
    if (now === undefined || then === undefined) continue
    change[benefit] = {
      grants: now.grants + now.unchanged - then.grants - then.unchanged,
      refused: now.refused - then.refused,
    }
  }
  return change
}
