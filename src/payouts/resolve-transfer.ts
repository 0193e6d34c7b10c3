/**
 * A transfer of which the bank says that it was paid and that it was not: one person of finance
 * finds out what it came to and says why, another approves, and the books follow once.
 */
import { actingPerson } from '../db/acting-person.js'
import { errorCodeOf, withTransaction } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import { lockPayouts } from './batch-store.js'
import * as store from './resolution-store.js'
import type { Resolution, ResolvedOutcome } from './resolution-store.js'

export interface ProposedResolution {
  readonly endToEndId: string
  readonly outcome: ResolvedOutcome
  readonly reason: string
  /** ISO 8601 instant. */
  readonly at: string
}

/** @throws RedressError TRANSFER_UNKNOWN, RESOLUTION_REFUSED (not contradicted) */
export async function proposeResolution(
  pool: Pool,
  { endToEndId, outcome, reason, at }: ProposedResolution,
): Promise<Resolution> {
  return await withTransaction(pool, async ({ client }) => {
    await lockPayouts(client)
    const state = await store.readTransferState(client, endToEndId)
    if (state === undefined) throw new RedressError('TRANSFER_UNKNOWN')
    if (state !== 'contradicted') {
      throw refused(`transfer ${endToEndId}`, `is ${state}`, CONTRADICTED)
    }
    return await store.insertResolution(client, {
      end_to_end_id: endToEndId,
      outcome,
      reason,
      proposed_at: at,
    })
  })
}

const CONTRADICTED = 'one that the bank calls paid and not paid'

export interface ResolutionApproval {
  readonly resolution: Resolution
  /** It had been approved before: nothing was done. */
  readonly already: boolean
}

/**
 * As another person than the one who proposed it; the money is where it belongs, in the books, at
 * the same moment.
 * @param at an ISO 8601 instant
 * @throws RedressError RESOLUTION_UNKNOWN, RESOLUTION_REFUSED (own proposal; resolved meanwhile;
 * the refund is on its way or paid by another attempt)
 */
export async function approveResolution(
  pool: Pool,
  id: string,
  at: string,
): Promise<ResolutionApproval> {
  const { name } = await actingPerson(pool)
  return await withTransaction(pool, async ({ client }) => {
    await lockPayouts(client)
    const before = await store.readResolution(client, id)
    if (before === undefined) throw new RedressError('RESOLUTION_UNKNOWN', { resolution: id })
    if (before.approved_at !== null) return { resolution: before, already: true }
    const what = `resolution ${id}`
    if (before.proposed_by === name) {
      throw refused(what, 'proposed by the person who would approve it', 'another person')
    }
    const state = await store.readTransferState(client, before.end_to_end_id)
    if (state !== 'contradicted') {
      throw refused(what, `its transfer is ${state} meanwhile`, CONTRADICTED)
    }
    try {
      await store.markResolutionApproved(client, id, at)
    } catch (error) {
      if (errorCodeOf(error) !== store.RESOLUTION_REFUSED_BY_DATABASE) throw error
      const expected = 'the other attempt to be cancelled or to come back first'
      throw refused(what, 'the refund is on its way or paid by another attempt', expected)
    }
    const resolution = await store.readResolution(client, id)
    if (resolution === undefined) throw new RedressError('RESOLUTION_UNKNOWN', { resolution: id })
    return { resolution, already: false }
  })
}

function refused(what: string, problem: string, expected: string): RedressError {
  return new RedressError('RESOLUTION_REFUSED', { what, problem, expected })
}
