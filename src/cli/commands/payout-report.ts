/** `redress payouts report`: figures for finance, as CSV and as a page. */
import type { Command } from 'commander'
import { RedressError } from '../../errors.js'
import { payoutReport, reportCsv } from '../../payouts/payout-report.js'
import { reportPage } from '../../payouts/report-page.js'
import { WholeFile } from '../../privacy/whole-file.js'
import type { Act } from '../act.js'
import type { Context } from '../context.js'

interface ReportFlags {
  readonly outCsv?: string
  readonly outHtml?: string
}

export function addPayoutReport(payouts: Command, act: Act): void {
  payouts
    .command('report')
    .description('due, paid, bounced, held, unclaimed and its age, per batch and overall')
    .option('--out-csv <file>', 'the figures as CSV')
    .option('--out-html <file>', 'the figures with charts, as one page that prints well')
    .action(act(report))
}

async function report(context: Context, flags: ReportFlags): Promise<void> {
  const { outCsv, outHtml } = flags
  if (outCsv === undefined && outHtml === undefined) {
    throw new RedressError('USAGE', {
      problem: 'nothing to write; expected --out-csv FILE, --out-html FILE or both',
    })
  }
  const it = await payoutReport(context.pool, context.clock.now())
  if (outCsv !== undefined) await write(outCsv, reportCsv(it))
  if (outHtml !== undefined) await write(outHtml, reportPage(it))
  context.out.result(
    { on: it.on, csv: outCsv ?? null, html: outHtml ?? null, overall: it.overall },
    () => `written: ${[outCsv, outHtml].filter((file) => file !== undefined).join(', ')}`,
  )
}

async function write(path: string, text: string): Promise<void> {
  const file = await WholeFile.open(path)
  try {
    await file.write(Buffer.from(text))
    await file.keep()
  } catch (error) {
    await file.discard()
    throw error
  }
}
