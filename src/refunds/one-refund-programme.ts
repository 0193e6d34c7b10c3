/**
 * A database keeps the refunds of one programme, in all its versions. Decisions, reviews, transfers
 * and books are a line's own, and one termination is paid for once; those of two programmes would
 * be taken for each other's.
 */
import type { Client } from '../db/database.js'
import { RedressError } from '../errors.js'
import type { ProgrammeVersion } from '../rules/programme.js'
import { refundProgrammeKept } from './refund-programme-store.js'

/** @throws RedressError OTHER_REFUND_PROGRAMME */
export async function refuseOtherRefundProgramme(
  client: Client,
  { programme }: ProgrammeVersion,
): Promise<void> {
  const kept = await refundProgrammeKept(client)
  if (kept === undefined || kept === programme) return
  throw new RedressError('OTHER_REFUND_PROGRAMME', { programme, kept })
}
