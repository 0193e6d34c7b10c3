/**
 * The demo's chapter of refunds: those who left get their penalties back on three dates, through a
 * bank that refuses some, answers twice and out of order. By the functions of the commands.
 */
import { join } from 'node:path'
import { fixedClock } from '../../config/clock.js'
import { RedressError } from '../../errors.js'
import { answerPayments } from '../../generate/bank-answers.js'
import type { Bounced } from '../../generate/bank-answers.js'
import { importApplicationsFile, importTerminationsFile } from '../../intake/import-refund-files.js'
import type { ImportReport } from '../../intake/import-file.js'
import { approveBatch } from '../../payouts/approve-batch.js'
import { exportBatch } from '../../payouts/export-batch.js'
import { importStatus } from '../../payouts/import-status.js'
import type { OutcomeCounts } from '../../payouts/bank-status-store.js'
import { PAIN_001 } from '../../payouts/pain001.js'
import type { PayoutBatch } from '../../payouts/payout-batch.js'
import { payoutReport } from '../../payouts/payout-report.js'
import { prepareBatch } from '../../payouts/prepare-batch.js'
import { reconcile } from '../../payouts/reconcile.js'
import { reportPage } from '../../payouts/report-page.js'
import { setAside } from '../../payouts/set-aside.js'
import { WholeFile } from '../../privacy/whole-file.js'
import { addDays } from '../../rules/calendar.js'
import { assessRefunds } from '../../refunds/assess-refunds.js'
import { exportRefunds } from '../../refunds/export-refunds.js'
import { refundTermsOf } from '../../refunds/refund-terms-of.js'
import { approveReview, proposeReview } from '../../refunds/review-refund.js'
import { importOptionsOf } from '../commands/imports.js'
import { versionOf } from '../commands/plans.js'
import type { Context } from '../context.js'
import { payerOf, termsOf } from '../payout-settings.js'
import { REFUND_DATES } from './refund-figures.js'
import type { DemoPayout, RefundDate, RefundStory } from './refund-figures.js'
import {
  applicationsAt,
  applicationsUntil,
  bouncedApplications,
  lineOf,
  ROUNDS,
  takenAt,
  takenBeforeRound,
  terminationsIn,
  writeCorrections,
} from './refund-files.js'
import type { DemoScene } from './post-plan.js'
import { RoundsStory } from './rounds-story.js'

/** The day after the last payout date on which a refund may go again. */
const CLOSED_AT = '2026-03-27T09:00:00+09:00'
/** Blocked accounts that a person looks into; what is told stays short. */
const REVIEWED = 2

interface Bank {
  readonly seed: number
  /** Signs where one signature is not enough. */
  readonly second: { readonly name: string; readonly pool: Context['pool'] }
}

export async function playRefunds(scene: DemoScene, bank: Bank): Promise<RefundStory> {
  const { context, files } = scene
  const since = takenBeforeRound(ROUNDS[0].date)
  note(scene, since, 'those who left: terminations and applications come in')
  const options = importOptionsOf(at(context, since), terminationsIn(files.folder), {})
  const terminations = await takeIn(scene, () => importTerminationsFile(options))
  const payouts: DemoPayout[] = []
  let applications = 0
  let fourEyes = ''
  const rounds = await RoundsStory.open(scene, async (instant) => {
    applications += await takeApplications(scene, applicationsAt(files.folder, instant), instant)
  })
  for (const date of REFUND_DATES) {
    const before = payouts.at(-1)
    await rounds.playUntil(takenAt(date))
    const taken = takenAt(date)
    applications += await takeApplications(scene, applicationsAt(files.folder, taken), taken)
    const answered = before === undefined ? NOBODY : await answer(scene, date, before)
    const payout = await payOn(scene, bank, date, (said) => (fourEyes ||= said))
    payouts.push({ ...payout, ...answered })
  }
  const books = await closeBooks(scene)
  const told = await rounds.close()
  return { terminations, applications, fourEyes, payouts, rounds: told, ...books }
}

const NOBODY = { corrections: 0, reviews: 0 }

function at(context: Context, instant: string): Context {
  return { ...context, clock: fixedClock(instant) }
}

function note({ context }: DemoScene, instant: string, text: string): void {
  context.out.note(`${instant.slice(0, 10)}  ${text}`)
}

async function takeIn(scene: DemoScene, work: () => Promise<ImportReport>): Promise<number> {
  const report = await scene.times.measure('import for refunds', (it) => it.read, work)
  return report.accepted
}

async function takeApplications(scene: DemoScene, file: string, instant: string): Promise<number> {
  const options = importOptionsOf(at(scene.context, instant), file, {})
  return await takeIn(scene, () => importApplicationsFile(options))
}

/** Customers whose account the bank has refused name another; two people look into blocked ones. */
async function answer(
  scene: DemoScene,
  date: RefundDate,
  { bounced }: DemoPayout,
): Promise<Pick<DemoPayout, 'corrections' | 'reviews'>> {
  const { context, files } = scene
  const exported = join(files.folder, 'refunds.csv')
  await exportRefunds(context.pool, exported, context.signal)
  const applications = await bouncedApplications(exported)
  const corrected = join(files.folder, `corrections-${date}.csv`)
  const sources = applicationsUntil(files.folder, takenAt(date))
  const corrections = await writeCorrections(corrected, sources, bounced, applications)
  note(scene, takenAt(date), 'customers whose account was refused name another')
  await takeApplications(scene, corrected, takenAt(date))
  return { corrections, reviews: await review(scene, date, bounced, applications) }
}

async function review(
  { context, colleague }: DemoScene,
  date: RefundDate,
  bounced: readonly Bounced[],
  applications: ReadonlyMap<string, string>,
): Promise<number> {
  const terms = refundTermsOf(versionOf('kt-2026@1'))
  const lines = bounced.filter((it) => it.reason === 'AC06').map((it) => lineOf(it.endToEndId))
  let reviews = 0
  for (const lineId of lines.slice(0, REVIEWED)) {
    const applicationId = applications.get(lineId)
    if (applicationId === undefined) continue
    const proposed = await proposeReview(context.pool, terms, {
      lineId,
      kind: 'hold_lifted',
      outcome: 'granted',
      reason: 'a demonstration: the account may receive again',
      applicationId,
      exclusion: undefined,
      at: takenAt(date),
    })
    const { name: by, pool } = colleague
    await approveReview(pool, proposed.review_id, { by, at: takenAt(date) })
    reviews += 1
  }
  return reviews
}

async function payOn(
  scene: DemoScene,
  bank: Bank,
  date: RefundDate,
  onRefusal: (said: string) => void,
): Promise<Omit<DemoPayout, 'corrections' | 'reviews'>> {
  const { context, times, files } = scene
  const { pool, signal } = context
  const now = takenAt(date)
  const version = versionOf('kt-2026@1')
  note(scene, now, `refunds are assessed, and those due on ${date} become a batch`)
  const assessment = await times.measure(
    'assess refunds',
    (it) => it.lines,
    () => assessRefunds({ pool, version, now, signal }),
  )
  const batch = await times.measure(
    'prepare a batch',
    (it) => it.count,
    async () => (await prepareBatch(pool, termsOf, date, now)).batch,
  )
  onRefusal(await refusal(context, batch, now))
  const approved = await signBatch(scene, bank, batch)
  const sent = join(files.folder, `payout-${date}.xml`)
  await times.measure('export a batch for the bank', batch.count, () =>
    exportBatch({
      pool,
      cipher: context.cipher,
      batchId: batch.batchId,
      format: PAIN_001,
      payer: payerOf(context.settings),
      file: sent,
      // In one file, for the bank of the demo reads one.
      transfersPerFile: batch.count,
      at: now,
      signal,
    }),
  )
  const told = await askBank(scene, bank, date, sent)
  const signedBy = approved.approvals.map((it) => it.approvedBy)
  return { date, assessment, batch: approved, signedBy, ...told }
}

/** What its maker is told who signs the own batch. */
async function refusal({ pool }: Context, batch: PayoutBatch, now: string): Promise<string> {
  try {
    await approveBatch(pool, termsOf, batch.batchId, now)
    return 'not refused'
  } catch (error) {
    if (error instanceof RedressError && error.code === 'BATCH_STATE') return error.message
    throw error
  }
}

async function signBatch(
  { colleague }: DemoScene,
  { second }: Bank,
  { batchId, payoutOn, checkers }: PayoutBatch,
): Promise<PayoutBatch> {
  const signedAt = takenAt(payoutOn as RefundDate)
  const { batch } = await approveBatch(colleague.pool, termsOf, batchId, signedAt)
  if (checkers === 1) return batch
  return (await approveBatch(second.pool, termsOf, batchId, signedAt)).batch
}

/** The evening's report comes first, then the morning's, late, the next day's, the first again. */
async function askBank(
  scene: DemoScene,
  { seed }: Bank,
  date: RefundDate,
  sent: string,
): Promise<Pick<DemoPayout, 'answers' | 'answerFiles' | 'bounced' | 'retries'>> {
  const { context, files, times } = scene
  const file = (name: string): string => join(files.folder, `bank-${date}-${name}.xml`)
  const reports = { taken: file('taken'), results: file('results'), nextDay: file('next-day') }
  const { bounced, retries } = await answerPayments({ sent, seed, reports })
  note(scene, date, 'the bank answers, twice and out of order')
  const order = [reports.results, reports.taken, reports.nextDay, reports.results]
  const evening = `${date}T18:30:00+09:00`
  const all: OutcomeCounts[] = []
  for (const it of order) {
    const counted = (done: { readonly counts: OutcomeCounts }): number => sumOf(done.counts)
    const done = await times.measure("import the bank's answers", counted, () =>
      importStatus({
        pool: context.pool,
        file: it,
        at: it === reports.nextDay ? `${addDays(date, 1)}T10:30:00+09:00` : evening,
        signal: context.signal,
      }),
    )
    all.push(done.counts)
  }
  return { answers: all.reduce(together), answerFiles: all.length, bounced, retries }
}

function sumOf(counts: OutcomeCounts): number {
  return Object.values(counts).reduce((sum, it) => sum + it, 0)
}

function together(a: OutcomeCounts, b: OutcomeCounts): OutcomeCounts {
  return {
    settled: a.settled + b.settled,
    rejected: a.rejected + b.rejected,
    returned: a.returned + b.returned,
    pending: a.pending + b.pending,
    repeated: a.repeated + b.repeated,
    overtaken: a.overtaken + b.overtaken,
    contradicts: a.contradicts + b.contradicts,
    unknown: a.unknown + b.unknown,
    wrong_amount: a.wrong_amount + b.wrong_amount,
    noted: a.noted + b.noted,
  }
}

async function closeBooks(
  scene: DemoScene,
): Promise<Pick<RefundStory, 'unclaimed' | 'books' | 'report' | 'page'>> {
  const { context, files, times } = scene
  const { pool } = context
  note(scene, CLOSED_AT, 'what nobody could be paid is set aside; the books are proved')
  const unclaimed = await setAside(pool, termsOf, CLOSED_AT)
  const books = await times.measure(
    'reconcile the books',
    (it) => it.batches.length,
    () => reconcile(pool, null),
  )
  const report = await payoutReport(pool, CLOSED_AT)
  const page = join(files.folder, 'refunds.html')
  const file = await WholeFile.open(page)
  try {
    await file.write(Buffer.from(reportPage(report)))
    await file.keep()
  } catch (error) {
    await file.discard()
    throw error
  }
  return { unclaimed, books, report, page }
}
