/** The refunds on the demo's page: three payouts, what bounced and why, the books. */
import pc from 'picocolors'
import { RESULT_CODES } from '../../payouts/result-codes.js'
import { barChart, formatCount, formatWon } from '../chart.js'
import { table } from '../text-table.js'
import { roundDocuments, roundsSection } from './rounds-section.js'
import type { DemoPayout, RefundStory } from './refund-figures.js'

type Section = readonly [title: string, lines: readonly string[]]

export function refundSections(refunds: RefundStory, width: number): readonly Section[] {
  return [
    ['Refunds of those who left: three payouts', payouts(refunds)],
    ['What the bank sent back, and why', [bounced(refunds, width)]],
    ['What is held, or nobody claimed', held(refunds, width)],
    ['The books', books(refunds)],
    roundsSection(refunds.rounds),
  ]
}

function payouts({ report, payouts: all, ...refunds }: RefundStory): readonly string[] {
  const rows = report.batches.map((it) => [
    it.batchId,
    it.payoutOn,
    ...[it.due, it.paid, it.bounced].flatMap(({ count, totalKrw }) => [
      formatCount(count),
      formatCount(totalKrw),
    ]),
    all.find((of) => of.batch.batchId === it.batchId)?.signedBy.join(', ') ?? '',
  ])
  const maker = all[0]?.batch.madeBy ?? ''
  return [
    `${formatCount(refunds.terminations)} rows of terminations and ` +
      `${formatCount(refunds.applications)} of applications came in; ` +
      `${formatCount(report.overall.owed.count)} lines are owed ` +
      `${formatWon(report.overall.owed.totalKrw)}.`,
    `${maker} tries to sign the own batch: ${pc.red(refunds.fourEyes)}`,
    '',
    table(['batch', 'date', 'sent', 'KRW', 'paid', 'KRW', 'came back', 'KRW', 'signed by'], rows),
    '',
    ...all.flatMap(told),
  ]
}

function told(it: DemoPayout): readonly string[] {
  const { answers, answerFiles, date, corrections, reviews, retries } = it
  const again =
    `another account named: ${formatCount(corrections)}; blocked ones looked into by two ` +
    `people: ${formatCount(reviews)}; transfers that go again: ${formatCount(retries)}`
  const bank =
    `the bank writes ${answerFiles} times: ${formatCount(answers.settled)} settled, ` +
    `${formatCount(answers.rejected)} rejected, ${formatCount(answers.returned)} returned after ` +
    `they were paid;`
  const more =
    `${formatCount(answers.repeated)} answers said again and ${formatCount(answers.overtaken)} ` +
    'overtaken change nothing'
  const lines = corrections + reviews === 0 ? [bank, more] : [again, bank, more]
  return lines.map((line, index) => `${index === 0 ? pc.cyan(date.slice(5)) : '     '}  ${line}`)
}

function bounced({ payouts: all }: RefundStory, width: number): string {
  const counts = new Map<string, number>()
  for (const { reason } of all.flatMap((it) => it.bounced)) {
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  const means = (reason: string): string =>
    RESULT_CODES.find((it) => it.reason === reason)?.means ?? 'other'
  const rows = [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason, value]) => ({ label: `${reason}, ${means(reason)}`, value }))
  return rows.length === 0 ? 'nothing' : barChart(rows, { width })
}

function held({ payouts: all, unclaimed }: RefundStory, width: number): readonly string[] {
  const last = all.at(-1)?.batch
  const rows = Object.entries(last?.holds ?? {})
    .toSorted(([, a], [, b]) => b - a)
    .map(([label, value]) => ({ label, value }))
  return [
    ...(rows.length === 0
      ? []
      : [`Applications held on ${last?.payoutOn}:`, barChart(rows, { width })]),
    `After ${unclaimed.lastDate}, ${formatCount(unclaimed.count)} refunds of ` +
      `${formatWon(unclaimed.totalKrw)} are unclaimed; the latest can be ` +
      `paid until ${unclaimed.payableUntil}.`,
  ]
}

function books({ books: proved, page }: RefundStory): readonly string[] {
  const sum = proved.accounts.reduce((total, it) => total + it.balanceKrw, 0)
  return [
    table(
      ['account', 'debit KRW', 'credit KRW', 'balance KRW'],
      proved.accounts.map((it) => [
        it.account,
        formatCount(it.debitKrw),
        formatCount(it.creditKrw),
        formatCount(it.balanceKrw),
      ]),
    ),
    proved.ok
      ? `${pc.green('✔')} The balances add up to ${formatWon(sum)}: decisions are what is ` +
        'payable, batches what was sent, and each won sent is settled, came back or is pending.'
      : `${pc.red('✘')} The books do not fit: \`redress payouts reconcile all\` names where.`,
    `The page for finance, with charts: ${page}`,
  ]
}

/** The same as data, for `--json`. */
export function refundDocument(refunds: RefundStory): object {
  const { terminations, applications, fourEyes, payouts: all, unclaimed, books: proved } = refunds
  return {
    terminations,
    applications,
    four_eyes: fourEyes,
    payouts: all.map((it) => ({
      date: it.date,
      batch_id: it.batch.batchId,
      batch_hash: it.batch.batchHash,
      count: it.batch.count,
      total_krw: it.batch.totalKrw,
      holds: it.batch.holds,
      made_by: it.batch.madeBy,
      signed_by: it.signedBy,
      corrections: it.corrections,
      reviews: it.reviews,
      retries: it.retries,
      answers: it.answers,
    })),
    unclaimed: { count: unclaimed.count, total_krw: unclaimed.totalKrw },
    overall: refunds.report.overall,
    books_ok: proved.ok,
    trial_balance: Object.fromEntries(proved.accounts.map((it) => [it.account, it.balanceKrw])),
    page: refunds.page,
    rounds: roundDocuments(refunds.rounds),
  }
}
