/**
 * Proves that decisions are what is payable, batches what was instructed, files what was in the
 * batches, and that what was settled, came back or is pending is what was sent.
 */
import { withTransaction } from '../db/database.js'
import type { Client, Pool } from '../db/database.js'
import { lockPayouts, readBatch } from './batch-store.js'
import { trialBalance } from './journal-store.js'
import type { AccountBalance } from './journal-store.js'
import { batchBalances, findProblems } from './reconcile-store.js'
import type { BatchBalance, Problem } from './reconcile-store.js'

export interface Reconciliation {
  readonly ok: boolean
  /** The first of each kind that does not fit. */
  readonly problems: readonly Problem[]
  readonly batches: readonly BatchBalance[]
  readonly accounts: readonly AccountBalance[]
}

/** @param batchId null for all @throws RedressError BATCH_UNKNOWN */
export async function reconcile(pool: Pool, batchId: string | null): Promise<Reconciliation> {
  return await withTransaction(pool, async ({ client }) => {
    await lockPayouts(client)
    if (batchId !== null) await readBatch(client, batchId)
    return await reconcileWithin(client, batchId)
  })
}

/** In a transaction of the caller's, who holds the lock. */
export async function reconcileWithin(
  client: Client,
  batchId: string | null,
): Promise<Reconciliation> {
  const found = await findProblems(client, batchId)
  const batches = await batchBalances(client, batchId)
  const accounts = await trialBalance(client)
  const problems = [...found, ...unbalanced(batches), ...untrue(accounts)]
  return { ok: problems.length === 0, problems, batches, accounts }
}

export function tellProblem({ lineId, batchId, problem }: Problem): string {
  const where = lineId === null ? '' : `line ${lineId}: `
  return `${where}${batchId === null ? '' : `batch ${batchId}, `}${problem}`
}

function unbalanced(batches: readonly BatchBalance[]): readonly Problem[] {
  return batches
    .filter(({ ok }) => !ok)
    .map(({ batchId }) => {
      return {
        lineId: null,
        batchId,
        problem: 'settled, returned and pending are not what was sent',
      }
    })
}

function untrue(accounts: readonly AccountBalance[]): readonly Problem[] {
  const sum = accounts.reduce((total, it) => total + it.balanceKrw, 0)
  if (sum === 0) return []
  return [{ lineId: null, batchId: null, problem: `the trial balance is ${sum}, not zero` }]
}
