/**
 * One chunk, one transaction: lock, read, decide, take the difference, COPY, mark, commit. Killed
 * at any moment it leaves nothing behind; told twice, it finds the chunk posted.
 */
import { withTransaction } from '../db/database.js'
import type { Client, Pool } from '../db/database.js'
import { assert } from '../assert.js'
import { ChunkDecider } from './decide-chunk.js'
import type { DecisionMemo } from './decision-memo.js'
import { UnplannedEntrySet } from './entry-sets.js'
import type { PeriodContext } from './period-context.js'
import { openPostings } from './posting-store.js'
import { COPY_TRAILER, PostingRows } from './posting-writer.js'
import { readChunkInput } from './read-chunk-input.js'
import type { ChunkRef } from './run.js'
import * as store from './run-store.js'
import { canonicalTallies, entriesOf } from './tally.js'
import type { Tallies } from './tally.js'
import { CodeTaken, issueCodes } from './voucher-store.js'

/** A run's context; its memo holds the dictionary that the plan fixed. */
export interface RunContext extends PeriodContext {
  readonly runId: string
  readonly ledgerNo: number
  readonly memo: DecisionMemo
  readonly worker: string
  /** The time as ISO 8601. */
  readonly now: () => string
}

export type ChunkOutcome =
  | { readonly outcome: 'posted'; readonly lines: number; readonly entries: number }
  /** Posted before, being worked on elsewhere, or of a run that is not open: nothing to do. */
  | { readonly outcome: 'done' | 'busy' | 'run_not_open' }
  | { readonly outcome: 'refused'; readonly because: string }

class ChunkDiffers extends Error {}

export async function applyChunk(
  pool: Pool,
  context: RunContext,
  ref: ChunkRef,
): Promise<ChunkOutcome> {
  try {
    return await withTransaction(pool, async ({ client }) => {
      const lock = await store.lockChunk(client, ref)
      if (lock !== 'locked') return { outcome: lock }
      return await postChunk(client, context, ref)
    })
  } catch (error) {
    const isRefusal =
      error instanceof ChunkDiffers ||
      error instanceof UnplannedEntrySet ||
      error instanceof CodeTaken
    if (!isRefusal) throw error
    await withTransaction(pool, ({ client }) => store.markRefused(client, ref, error.message))
    return { outcome: 'refused', because: error.message }
  }
}

async function postChunk(
  client: Client,
  context: RunContext,
  ref: ChunkRef,
): Promise<ChunkOutcome> {
  const input = await readChunkInput(client, context, ref.chunkNo)
  const planned = await store.readPlannedDigest(client, context.plan.planId, ref.chunkNo)
  const decider = new ChunkDecider(context.memo, input)
  const rows = new PostingRows(context.ledgerNo)
  const stored = await copyPostings(client, context.ledgerNo, decider, rows)
  const { postings } = rows.digest
  assert(stored === postings, 'PostgreSQL to count the postings that were sent')
  const tallies = canonicalTallies(decider.tallies())
  const digest = rows.digest.finish(JSON.stringify(tallies))
  rows.release()
  if (!digest.equals(planned)) throw new ChunkDiffers('its decisions differ from the plan')
  await giveCodes(client, context, ref, tallies)
  const entries = entriesOf(tallies)
  await store.markPosted(client, ref, {
    digest,
    postings,
    entries,
    lines: decider.lines,
    worker: context.worker,
    postedAt: context.now(),
  })
  return { outcome: 'posted', lines: decider.lines, entries }
}

/** Every pass that is granted has its code, and no code goes out without a pass. */
async function giveCodes(
  client: Client,
  context: RunContext,
  ref: ChunkRef,
  tallies: Tallies,
): Promise<void> {
  if (context.plan.result?.codes.length === 0) return
  const kept = await issueCodes(client, context, ref.runId, ref.chunkNo)
  const granted = tallies.ott_pass?.grants ?? 0
  if (kept === granted) return
  throw new ChunkDiffers(`it grants ${granted} passes, the plan kept ${kept} codes for them`)
}

// 4,096 lines a step: the next rows are made while the socket takes the last ones, and the other
// lanes of the process get their turn about every half millisecond.
const STEP_LINES = 4_096

async function copyPostings(
  client: Client,
  ledgerNo: number,
  decider: ChunkDecider,
  rows: PostingRows,
): Promise<number> {
  const copy = openPostings(client, ledgerNo)
  try {
    let writing = copy.write(rows.header())
    for (let done = false; !done;) {
      done = decider.step(STEP_LINES, rows)
      if (!done && !rows.isReady) continue
      const bytes = rows.take()
      await writing
      writing = copy.write(bytes)
    }
    await writing
    await copy.write(COPY_TRAILER)
    return await copy.finish()
  } catch (error) {
    copy.abort()
    throw error
  }
}
