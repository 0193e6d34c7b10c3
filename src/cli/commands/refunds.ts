/** `redress refunds …`: from terminations and applications to what is owed. */
import type { Command } from 'commander'
import {
  importApplicationsFile,
  importTerminationsFile,
  importVictimsFile,
} from '../../intake/import-refund-files.js'
import { assessRefunds } from '../../refunds/assess-refunds.js'
import type { Assessment } from '../../refunds/assess-refunds.js'
import { exportRefunds } from '../../refunds/export-refunds.js'
import type { Act } from '../act.js'
import { formatBytes, formatCount } from '../chart.js'
import type { Context } from '../context.js'
import { lateStage } from '../output.js'
import type { RefundFlags } from '../refund-flags.js'
import { withProgramme } from '../refund-flags.js'
import { table } from '../text-table.js'
import { importWith, withImportOptions } from './imports.js'
import { versionOf } from './plans.js'
import { addRefundLooks } from './refund-looks.js'
import { addRefundReviews } from './refund-reviews.js'

export function addRefunds(program: Command, act: Act): void {
  const refunds = program.command('refunds').description('refunds of termination penalties')
  withImportOptions(
    refunds
      .command('import-terminations <file>')
      .description('terminated lines with what was billed and paid; a later row restates its line'),
  ).action(act(importWith(importTerminationsFile)))
  withImportOptions(
    refunds
      .command('import-applications <file>')
      .description('applications for a refund; accounts and their holders are stored sealed'),
  ).action(act(importWith(importApplicationsFile)))
  withImportOptions(
    refunds
      .command('import-victims <file>')
      .description('victims who took the discount of their own package; a person decides on them'),
  ).action(act(importWith(importVictimsFile)))
  withProgramme(
    refunds
      .command('assess')
      .description('decide on every terminated line and the state of every application'),
  ).action(act(assess))
  refunds
    .command('export')
    .description('decisions and applications as CSV, as they were last assessed')
    .requiredOption('--out <file>', 'the file to write')
    .action(act(exportAll))
  addRefundLooks(refunds, act)
  addRefundReviews(refunds, act)
}

async function assess(context: Context, flags: RefundFlags): Promise<void> {
  const version = versionOf(flags.programme)
  const stage = lateStage(context.out.progress, { label: 'assess', unit: 'lines' })
  const assessment = await assessRefunds({
    pool: context.pool,
    version,
    now: context.clock.now(),
    signal: context.signal,
    onProgress: stage.update,
  })
  stage.finish()
  const { assessmentId, hash, changed, ...result } = assessment
  context.out.result(
    { assessment_id: assessmentId, ...result, changed, assessment_hash: hash },
    () => describe(assessment),
  )
}

function describe(it: Assessment): string {
  const counts = (of: Readonly<Record<string, number>>) =>
    Object.entries(of).map(([name, count]) => [name, formatCount(count)])
  const dates = Object.entries(it.payout_dates).map(([date, { count, amount_krw }]) => [
    date,
    formatCount(count),
    formatCount(amount_krw),
  ])
  return [
    `assessment ${it.assessmentId}: ${formatCount(it.lines)} lines, ` +
      `${formatCount(it.applications)} applications, KRW ${formatCount(it.amount_krw)} owed; ` +
      `${formatCount(it.changed.decisions)} decisions and ` +
      `${formatCount(it.changed.states)} states are new`,
    '',
    table(['reason', 'lines'], counts(it.reasons)),
    '',
    table(['state', 'applications'], counts(it.states)),
    '',
    table(['payout on', 'applications', 'KRW'], dates),
    `hash ${it.hash}`,
  ].join('\n')
}

async function exportAll(context: Context, { out }: { out: string }): Promise<void> {
  const done = await exportRefunds(context.pool, out, context.signal)
  context.out.result(
    { out, assessment_id: done.assessmentId, bytes: done.bytes },
    () => `${formatBytes(done.bytes)} of assessment ${done.assessmentId}, in ${out}`,
  )
}
