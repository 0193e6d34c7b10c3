/** Collects what is due by a payout date, holds what may not go, and freezes the rest. */
import { assert } from '../assert.js'
import { withTransaction } from '../db/database.js'
import type { Client, Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import { checkersNeeded } from '../rules/refunds/checkers-needed.js'
import { endToEndId } from '../rules/refunds/end-to-end-id.js'
import { payoutDates } from '../rules/refunds/payout-date.js'
import type { RefundTerms } from '../rules/refunds/refund-terms.js'
import { batchesOn, lockPayouts, readBatch } from './batch-store.js'
import type { PayoutBatch } from './payout-batch.js'
import {
  assessedProgramme,
  collectCandidates,
  countPayable,
  nextBatchId,
  freezeTransfers,
  insertBatch,
  isExceptionDate,
} from './prepare-store.js'
import type { FrozenName } from './prepare-store.js'

/** @throws RedressError PROGRAMME_UNKNOWN */
export type TermsOf = (programme: string, version: number) => RefundTerms

export interface PreparedBatch {
  readonly batch: PayoutBatch
  /** It was there before: nothing was done. */
  readonly already: boolean
}

/**
 * A batch of the date that waits for approval is returned as it is; one that is approved stays, and
 * what became due since goes in another of the same date.
 * @param now an instant
 * @throws RedressError PAYOUT_DATE_UNKNOWN, NOTHING_DUE
 */
export async function prepareBatch(
  pool: Pool,
  termsOf: TermsOf,
  payoutOn: string,
  now: string,
): Promise<PreparedBatch> {
  return await withTransaction(pool, async ({ client }) => {
    await lockPayouts(client)
    const assessed = await assessedProgramme(client)
    if (assessed === undefined) throw nothingDue(payoutOn, '`redress refunds assess` first')
    const { programme, version } = assessed
    const terms = termsOf(programme, version)
    await refuseOtherDates(client, terms, payoutOn)
    const [known] = await batchesOn(client, programme, payoutOn)
    if (known?.state === 'prepared') return { batch: known, already: true }

    const payableChecks = terms.applications.payableChecks.value
    await collectCandidates(client, { payoutOn, now, payableChecks })
    if ((await countPayable(client)) === 0) {
      if (known !== undefined) return { batch: known, already: true }
      throw nothingDue(payoutOn, 'an accepted application that is due and not held')
    }
    const batchId = await nextBatchId(client)
    const { count, totalKrw, first, last } = await freezeTransfers(client, batchId, programme, now)
    for (const it of [first, last]) assertNamed(programme, it)
    const checkers = checkersNeeded(terms, totalKrw)
    await insertBatch(client, { ...assessed, batchId, payoutOn, count, totalKrw, checkers, now })
    return { batch: await readBatch(client, batchId), already: false }
  })
}

async function refuseOtherDates(
  client: Client,
  terms: RefundTerms,
  payoutOn: string,
): Promise<void> {
  const dates = payoutDates(terms.payout)
  if (dates.includes(payoutOn)) return
  const isDate = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(payoutOn)
  if (isDate && !Number.isNaN(Date.parse(payoutOn)) && (await isExceptionDate(client, payoutOn))) {
    return
  }
  throw new RedressError('PAYOUT_DATE_UNKNOWN', {
    date: isDate ? payoutOn : 'given',
    expected: `${dates.join(', ')}, or a day on which an exception is due`,
  })
}

/** The set-based name is the one of the rule, at both ends of the batch. */
function assertNamed(programme: string, it: FrozenName | null): void {
  assert(it !== null, 'a batch has a first and a last transfer')
  const { lineId, attemptNo } = it
  assert(it.endToEndId === endToEndId(programme, lineId, attemptNo), 'one name for one attempt')
}

function nothingDue(date: string, expected: string): RedressError {
  return new RedressError('NOTHING_DUE', { date, expected })
}
