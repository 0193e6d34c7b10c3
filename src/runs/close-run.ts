/**
 * The end of a run. It is closed when, for every benefit, subjects = granted + unchanged + refused,
 * the ledger holds the entries that were counted, and the digests come to the plan's root hash;
 * else it is held and says which number is off.
 */
import { createHash } from 'node:crypto'
import { assert } from '../assert.js'
import { withTransaction } from '../db/database.js'
import type { Client, Pool, Tx } from '../db/database.js'
import { BENEFITS } from '../rules/decision.js'
import type { Benefit } from '../rules/decision.js'
import { rulesFor } from '../rules/decide.js'
import { findVersion } from '../rules/programmes/registry.js'
import { readEntrySets, readPlan, readPlanChunks } from './plan-store.js'
import { countPostings, readLedgerNo } from './posting-store.js'
import type { Balance, BenefitBalance, Plan, Run } from './run.js'
import * as store from './run-store.js'
import { addTallies } from './tally.js'
import type { Tallies } from './tally.js'

/**
 * Does nothing while a chunk is open or when somebody else has closed the run; returns it as it is
 * then.
 */
export async function closeRun(pool: Pool, runId: string, at: string): Promise<Run> {
  await withTransaction(pool, async (tx) => {
    const run = await store.lockRun(tx, runId)
    if (run.state !== 'open') return
    const chunks = await store.readRunChunks(tx, runId)
    if (chunks.some((it) => it.state === 'open')) return
    await settle(tx, run, chunks, at)
  })
  return await store.readRun(pool, runId)
}

type RunChunks = Awaited<ReturnType<typeof store.readRunChunks>>

async function settle(tx: Tx, run: Run, chunks: RunChunks, at: string): Promise<void> {
  const plan = await readPlan(tx.client, run.planId)
  assert(plan.result !== null, 'the result of a plan that runs')
  const counted = await countedBy(tx.client, plan)
  const found = await foundInLedger(tx.client, run)
  const balance = balanceOf(plan, counted, found)
  const refused = chunks.find((it) => it.state === 'refused')
  const rootHash = rootHashOf(chunks.map((it) => it.digest ?? Buffer.alloc(0)))
  const off = refused
    ? `chunk ${refused.chunkNo} was refused: ${refused.refusedBecause ?? 'unknown'}`
    : (firstOff(balance, counted, found) ?? rootHashOff(rootHash, plan))
  if (off === undefined) await store.markClosed(tx, run.runId, rootHash, balance, at)
  else await store.markHeld(tx, run.runId, off, balance)
}

/** The hash over the digests of all chunks in order. */
export function rootHashOf(digests: readonly Buffer[]): Buffer {
  const hash = createHash('sha256')
  for (const digest of digests) hash.update(digest)
  return hash.digest()
}

async function countedBy(client: Client, plan: Plan): Promise<Tallies> {
  const sum: Tallies = {}
  for (const chunk of await readPlanChunks(client, plan.planId)) addTallies(sum, chunk.tallies)
  return sum
}

type EntryCounts = Partial<Record<Benefit, { grants: number; reversals: number }>>

async function foundInLedger(client: Client, run: Run): Promise<EntryCounts> {
  const ledgerNo = await readLedgerNo(client, run.programme, run.period)
  assert(ledgerNo !== undefined, 'a ledger of the run')
  const postings = await countPostings(client, ledgerNo)
  const found: EntryCounts = {}
  for (const set of await readEntrySets(client, [run.planId])) {
    for (const entry of set.entries) {
      const counts = (found[entry.benefit] ??= { grants: 0, reversals: 0 })
      const times = postings.get(set.id) ?? 0
      if (entry.entryType === 'grant') counts.grants += times
      else counts.reversals += times
    }
  }
  return found
}

function balanceOf(plan: Plan, counted: Tallies, found: EntryCounts): Balance {
  const version = findVersion(`${plan.programme}@${plan.version}`)
  assert(version !== undefined && plan.result !== null, 'a plan that was finished')
  const { due } = rulesFor(version, plan.period)
  const balance: Record<string, BenefitBalance> = {}
  for (const benefit of BENEFITS) {
    const tally = counted[benefit]
    if (tally === undefined) continue
    const { grants, reversals } = found[benefit] ?? { grants: 0, reversals: 0 }
    const subjects = due.customer.includes(benefit) ? plan.result.customers : plan.result.lines
    const answered = tally.grants + tally.unchanged + tally.refused
    balance[benefit] = {
      subjects,
      granted: grants,
      reversed: reversals,
      unchanged: tally.unchanged,
      refused: tally.refused,
      ok: answered === subjects && grants === tally.grants && reversals === tally.reversals,
    }
  }
  return balance
}

function firstOff(balance: Balance, counted: Tallies, found: EntryCounts): string | undefined {
  for (const [name, it] of Object.entries(balance)) {
    if (it.ok) continue
    const tally = counted[name as Benefit]!
    const entries = found[name as Benefit] ?? { grants: 0, reversals: 0 }
    const answered = tally.grants + tally.unchanged + tally.refused
    if (answered !== it.subjects) {
      return `${name}: granted + unchanged + refused is ${answered}, subjects are ${it.subjects}`
    }
    return entries.grants === tally.grants
      ? `${name}: the ledger holds ${entries.reversals} reversals, ${tally.reversals} were counted`
      : `${name}: the ledger holds ${entries.grants} grants, ${tally.grants} were counted`
  }
  return undefined
}

function rootHashOff(rootHash: Buffer, plan: Plan): string | undefined {
  return rootHash.toString('hex') === plan.result?.rootHash
    ? undefined
    : 'the digests of the chunks do not come to the root hash of the plan'
}
