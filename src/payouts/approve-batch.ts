/** A batch is signed by others than its maker, as many as its total asks for, or cancelled. */
import { actingPerson } from '../db/acting-person.js'
import { withTransaction } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import { checkersNeeded } from '../rules/refunds/checkers-needed.js'
import type { RefundTerms } from '../rules/refunds/refund-terms.js'
import {
  cancelBatchRow,
  firstStale,
  hashOfTransfers,
  lockPayouts,
  readBatch,
  signBatch,
} from './batch-store.js'
import type { PayoutBatch } from './payout-batch.js'

export interface BatchApproval {
  readonly batch: PayoutBatch
  /** The same person had signed before: nothing was done. */
  readonly already: boolean
}

/**
 * With the last signature that is needed the money is on its way, in the books at the same moment.
 * @param at an instant
 * @throws RedressError BATCH_UNKNOWN, BATCH_STATE (not prepared, own batch, stale, altered)
 */
export async function approveBatch(
  pool: Pool,
  termsOf: (programme: string, version: number) => RefundTerms,
  batchId: string,
  at: string,
): Promise<BatchApproval> {
  const { name } = await actingPerson(pool)
  return await withTransaction(pool, async ({ client }) => {
    await lockPayouts(client)
    const batch = await readBatch(client, batchId)
    const mine = batch.approvals.some(({ approvedBy }) => approvedBy === name)
    if (mine && batch.state !== 'cancelled') return { batch, already: true }
    if (batch.state !== 'prepared') throw refused(batchId, `is ${batch.state}`, 'a prepared one')
    if (batch.madeBy === name) {
      throw refused(batchId, 'its maker signs', 'another person than its maker')
    }
    if (
      batch.checkers !== checkersNeeded(termsOf(batch.programme, batch.version), batch.totalKrw)
    ) {
      throw refused(batchId, 'the number of its checkers is wrong', 'the tiers of its programme')
    }
    if ((await hashOfTransfers(client, batchId)) !== batch.batchHash) {
      throw refused(batchId, 'its transfers are not those of its hash', 'a new batch')
    }
    const stale = await firstStale(client, batchId)
    if (stale !== undefined) {
      throw refused(
        batchId,
        `stale, line ${stale.lineId}: ${stale.problem}`,
        '`redress payouts cancel` and a new batch',
      )
    }
    await signBatch(client, batch, at)
    return { batch: await readBatch(client, batchId), already: false }
  })
}

/** Its refunds are free for another batch. @throws RedressError BATCH_UNKNOWN, BATCH_STATE */
export async function cancelBatch(pool: Pool, batchId: string): Promise<PayoutBatch> {
  return await withTransaction(pool, async ({ client }) => {
    await lockPayouts(client)
    const batch = await readBatch(client, batchId)
    if (batch.state === 'cancelled') return batch
    if (batch.state !== 'prepared') throw refused(batchId, `is ${batch.state}`, 'a prepared one')
    await cancelBatchRow(client, batchId)
    return await readBatch(client, batchId)
  })
}

function refused(batch: string, problem: string, expected: string): RedressError {
  return new RedressError('BATCH_STATE', { batch, problem, expected })
}
