/**
 * What comes back of a payout in the demo's year: the bank's answers on three occasions, and the
 * other accounts that customers name once one was refused.
 */
import { join } from 'node:path'
import { answerPayments } from '../../generate/bank-answers.js'
import type { Bounced } from '../../generate/bank-answers.js'
import { importApplicationsFile } from '../../intake/import-refund-files.js'
import { importStatus } from '../../payouts/import-status.js'
import { messageIdOf } from '../../payouts/payout-batch.js'
import type { PayoutBatch } from '../../payouts/payout-batch.js'
import { exportRefunds } from '../../refunds/export-refunds.js'
import { addDays } from '../../rules/calendar.js'
import { importOptionsOf } from '../commands/imports.js'
import type { Context } from '../context.js'
import { applicationsUntil, bouncedApplications, writeCorrections } from './refund-files.js'

/** When something comes back, and what has to be done then. */
export interface BankDay {
  readonly at: string
  readonly take: () => Promise<void>
}

/** @param batch whose file lies in the folder of payouts */
export async function bankDaysOf(
  context: Context,
  folder: string,
  seed: number,
  batch: PayoutBatch,
): Promise<readonly BankDay[]> {
  const { settings } = context
  const date = batch.payoutOn
  const file = (name: string): string => join(folder, `bank-${date}-${name}.xml`)
  const reports = { taken: file('taken'), results: file('results'), nextDay: file('next-day') }
  const sent = join(settings.home, 'payouts', `${messageIdOf(batch)}.xml`)
  const { bounced } = await answerPayments({ sent, seed, reports })
  const days: readonly (readonly [string, string])[] = [
    [`${date}T09:40:00+09:00`, reports.taken],
    [`${date}T18:30:00+09:00`, reports.results],
    [`${addDays(date, 1)}T10:20:00+09:00`, reports.nextDay],
  ]
  const answers = days.map(([at, report]) => ({ at, take: () => takeAnswer(context, report) }))
  const asked = `${addDays(date, 3)}T18:00:00+09:00`
  return [...answers, { at: asked, take: () => nameOtherAccounts(context, folder, date, bounced) }]
}

async function takeAnswer({ pool, clock, signal }: Context, file: string): Promise<void> {
  await importStatus({ pool, file, at: clock.now(), signal })
}

async function nameOtherAccounts(
  context: Context,
  folder: string,
  date: string,
  bounced: readonly Bounced[],
): Promise<void> {
  const exported = join(folder, 'refunds.csv')
  await exportRefunds(context.pool, exported, context.signal)
  const applications = await bouncedApplications(exported)
  const corrected = join(folder, `corrections-${date}.csv`)
  const sources = applicationsUntil(folder, `${date}T23:59:59+09:00`)
  if ((await writeCorrections(corrected, sources, bounced, applications)) === 0) return
  await importApplicationsFile(importOptionsOf(context, corrected, {}))
}
