/** After the last payout date, what is still owed becomes unclaimed and ages (A3, A49). */
import { withTransaction } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import { dayOfInstant } from '../rules/refunds/instant.js'
import { payableUntil, payoutDates } from '../rules/refunds/payout-date.js'
import type { TermsOf } from './prepare-batch.js'
import { lockPayouts } from './batch-store.js'
import { assessedProgramme } from './prepare-store.js'
import { setAsideUnclaimed } from './unclaimed-store.js'
import type { SetAside } from './unclaimed-store.js'

export interface UnclaimedPass extends SetAside {
  readonly lastDate: string
  /** Of the last payout date: refunds first due earlier lapse earlier. */
  readonly payableUntil: string
}

/** @param now an instant @throws RedressError NOTHING_DUE before the last payout date is over */
export async function setAside(pool: Pool, termsOf: TermsOf, now: string): Promise<UnclaimedPass> {
  return await withTransaction(pool, async ({ client }) => {
    await lockPayouts(client)
    const assessed = await assessedProgramme(client)
    const terms = assessed && termsOf(assessed.programme, assessed.version)
    const lastDate = terms && payoutDates(terms.payout).at(-1)
    if (terms === undefined || lastDate === undefined) {
      throw new RedressError('NOTHING_DUE', { date: 'unclaimed', expected: 'an assessment' })
    }
    if (dayOfInstant(now) <= lastDate) {
      const expected = `a day after ${lastDate}, the last payout date`
      throw new RedressError('NOTHING_DUE', { date: 'unclaimed', expected })
    }
    const aside = await setAsideUnclaimed(client, now, lastDate)
    return { ...aside, lastDate, payableUntil: payableUntil(terms, lastDate) }
  })
}
