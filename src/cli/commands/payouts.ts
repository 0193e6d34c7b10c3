/** `redress payouts …`: from what is owed to what has arrived. */
import type { Command } from 'commander'
import { EXIT, RedressError } from '../../errors.js'
import { approveBatch, cancelBatch } from '../../payouts/approve-batch.js'
import { readBands, readBatch, readBatches, readStates } from '../../payouts/batch-store.js'
import { exportBatch } from '../../payouts/export-batch.js'
import { readExports } from '../../payouts/export-store.js'
import { importStatus } from '../../payouts/import-status.js'
import type { AmountBand, PayoutBatch } from '../../payouts/payout-batch.js'
import { prepareBatch } from '../../payouts/prepare-batch.js'
import { reconcile, tellProblem } from '../../payouts/reconcile.js'
import { setAside } from '../../payouts/set-aside.js'
import type { Act } from '../act.js'
import { barChart, formatBytes, formatCount, formatWon } from '../chart.js'
import type { Context } from '../context.js'
import { lateStage } from '../output.js'
import { bankFormatNamed, payerOf, splitOf, termsOf } from '../payout-settings.js'
import { table } from '../text-table.js'
import { addPayoutReport } from './payout-report.js'
import { addPayoutResolutions } from './payout-resolutions.js'

export function addPayouts(program: Command, act: Act): void {
  const payouts = program.command('payouts').description('refunds on their way through the bank')
  payouts
    .command('prepare <date>')
    .description('collect what is due by a payout date, hold what may not go, freeze the rest')
    .action(act(prepare))
  payouts
    .command('approve <batch-id>')
    .description('sign a batch that another person made; the last signature books it')
    .action(act(approve))
  payouts
    .command('cancel <batch-id>')
    .description('give up a batch that is not approved')
    .action(act(cancel))
  payouts
    .command('export <batch-id>')
    .description('an approved batch as a file for the bank; the same bytes each time')
    .requiredOption('--out <file>', 'the file to write; account numbers stand in it in clear')
    .option('--format <name>', 'pain001 or fixed', 'pain001')
    .option('--split <transfers>', 'at most so many transfers a file')
    .action(act(exportFile))
  payouts
    .command('import-status <file>')
    .description("the bank's answers: pain.002, or results of the fixed-width profile")
    .action(act(importAnswers))
  payouts
    .command('unclaimed')
    .description('after the last payout date: what is still owed ages as unclaimed')
    .action(act(unclaimed))
  payouts.command('list').description('all batches').action(act(list))
  payouts.command('show <batch-id>').description('one batch').action(act(show))
  payouts
    .command('reconcile <batch-id>')
    .description('proves decisions, batches, files and answers against the books; `all` for all')
    .action(act(reconcileBooks))
  addPayoutResolutions(payouts, act)
  addPayoutReport(payouts, act)
}

async function prepare(context: Context, date: string): Promise<void> {
  const now = context.clock.now()
  const { batch, already } = await prepareBatch(context.pool, termsOf, date, now)
  const bands = await readBands(context.pool, batch.batchId)
  context.out.result({ ...documentOf(batch), already, histogram: bandsOf(bands) }, () =>
    [tellBatch(batch), chartOf(bands), tellHolds(batch)].filter((it) => it !== '').join('\n\n'),
  )
}

async function approve(context: Context, batchId: string): Promise<void> {
  const at = context.clock.now()
  const { batch, already } = await approveBatch(context.pool, termsOf, batchId, at)
  const missing = batch.checkers - batch.approvals.length
  context.out.result({ ...documentOf(batch), already }, () =>
    batch.state === 'approved'
      ? `batch ${batchId} is approved; \`redress payouts export ${batchId} --out FILE\` writes it`
      : `batch ${batchId} is signed${already ? ' already' : ''}; ${missing} more to sign`,
  )
}

async function cancel(context: Context, batchId: string): Promise<void> {
  const batch = await cancelBatch(context.pool, batchId)
  context.out.result(documentOf(batch), () => `batch ${batchId} is cancelled`)
}

interface ExportFlags {
  readonly out: string
  readonly format: string
  readonly split?: string
}

async function exportFile(context: Context, batchId: string, flags: ExportFlags): Promise<void> {
  const stage = lateStage(context.out.progress, { label: 'export', unit: 'rows' })
  const done = await exportBatch({
    pool: context.pool,
    cipher: context.cipher,
    batchId,
    format: bankFormatNamed(flags.format),
    payer: payerOf(context.settings),
    file: flags.out,
    transfersPerFile: splitOf(flags.split),
    at: context.clock.now(),
    signal: context.signal,
    onProgress: stage.update,
  })
  stage.finish()
  const { batch, exportId, parts } = done
  const files = parts.map((it) => ({
    file: it.path,
    message_id: it.messageId,
    count: it.count,
    total_krw: it.totalKrw,
    bytes: it.bytes,
    sha256: it.sha256,
  }))
  context.out.result({ ...documentOf(batch), export_id: exportId, files }, () =>
    parts
      .map((it) => `${it.path}: ${formatCount(it.count)} transfers, ${formatBytes(it.bytes)}`)
      .join('\n'),
  )
}

async function importAnswers(context: Context, file: string): Promise<void> {
  const { pool, signal } = context
  const done = await importStatus({ pool, file, at: context.clock.now(), signal })
  const { counts, contradicted } = done
  const document = {
    file_id: done.fileId,
    sha256: done.sha256,
    already: done.already,
    ...counts,
    rejected: counts.rejected + counts.returned,
    unknown: counts.unknown + counts.wrong_amount,
    contradicted,
  }
  if (counts.unknown + counts.wrong_amount > 0) {
    const faults = `${counts.unknown} unknown, ${counts.wrong_amount} of another amount`
    context.out.note(`answers that booked nothing: ${faults}`)
  }
  for (const it of contradicted) {
    context.out.note(`transfer ${it}: paid and not paid, says the bank; \`payouts resolve\` it`)
  }
  context.out.result(document, () =>
    table(
      ['answers', 'transfers'],
      Object.entries(counts)
        .filter(([, count]) => count > 0)
        .map(([name, count]) => [name, formatCount(count)]),
    ),
  )
}

async function unclaimed(context: Context): Promise<void> {
  const it = await setAside(context.pool, termsOf, context.clock.now())
  const document = {
    pass_id: it.passId,
    count: it.count,
    total_krw: it.totalKrw,
    last_payout_date: it.lastDate,
    payable_until: it.payableUntil,
  }
  context.out.result(
    document,
    () => `${formatCount(it.count)} refunds of ${formatWon(it.totalKrw)} are unclaimed now`,
  )
}

async function list(context: Context): Promise<void> {
  const batches = await readBatches(context.pool)
  context.out.result({ batches: batches.map(documentOf) }, () =>
    table(
      ['batch', 'date', 'state', 'refunds', 'total', 'signed'],
      batches.map((it) => [
        it.batchId,
        it.payoutOn,
        it.state,
        formatCount(it.count),
        formatWon(it.totalKrw),
        `${it.approvals.length} of ${it.checkers}`,
      ]),
    ),
  )
}

async function show(context: Context, batchId: string): Promise<void> {
  const batch = await readBatch(context.pool, batchId)
  const bands = await readBands(context.pool, batchId)
  const states = await readStates(context.pool, batchId)
  const exports = await readExports(context.pool, batchId)
  const transfers = Object.fromEntries(
    Object.entries(states).map(([state, it]) => {
      return [state, { count: it.count, total_krw: it.totalKrw }]
    }),
  )
  const document = {
    ...documentOf(batch),
    histogram: bandsOf(bands),
    transfers,
    exports: exports.map((it) => ({
      export_id: it.exportId,
      format: it.format,
      made_by: it.madeBy,
      made_at: it.madeAt,
      files: it.files,
      total_krw: it.totalKrw,
      sha256: it.sha256,
    })),
  }
  const told = Object.entries(states).map(([state, it]) => {
    return [state, formatCount(it.count), formatWon(it.totalKrw)]
  })
  context.out.result(document, () =>
    [tellBatch(batch), table(['transfers', 'count', 'total'], told), chartOf(bands)].join('\n\n'),
  )
}

async function reconcileBooks(context: Context, which: string): Promise<number> {
  const it = await reconcile(context.pool, which === 'all' ? null : which)
  const document = {
    ok: it.ok,
    problems: it.problems.map((problem) => ({
      line_id: problem.lineId,
      batch_id: problem.batchId,
      problem: problem.problem,
    })),
    batches: it.batches.map((batch) => ({
      batch_id: batch.batchId,
      date: batch.payoutOn,
      state: batch.state,
      sent_krw: batch.sentKrw,
      settled_krw: batch.settledKrw,
      rejected_krw: batch.returnedKrw,
      pending_krw: batch.pendingKrw,
      ok: batch.ok,
    })),
    trial_balance: Object.fromEntries(it.accounts.map((one) => [one.account, one.balanceKrw])),
  }
  context.out.result(document, () => {
    const accounts = it.accounts.map((one) => [one.account, formatWon(one.balanceKrw)])
    const verdict = it.ok ? 'the books are in order' : it.problems.map(tellProblem).join('\n')
    return `${table(['account', 'balance'], accounts)}\n\n${verdict}`
  })
  const [first] = it.problems
  if (first === undefined) return EXIT.done
  throw new RedressError('BOOKS_MISMATCH', {
    problem: tellProblem(first),
    expected: 'what was decided, sent and answered',
  })
}

function documentOf(batch: PayoutBatch): Readonly<Record<string, unknown>> {
  return {
    batch_id: batch.batchId,
    date: batch.payoutOn,
    count: batch.count,
    total_krw: batch.totalKrw,
    batch_hash: batch.batchHash,
    state: batch.state,
    checkers: batch.checkers,
    approvals: batch.approvals.map((it) => ({
      approved_by: it.approvedBy,
      authenticated: it.authenticated,
      approved_at: it.approvedAt,
    })),
    holds: batch.holds,
    made_by: batch.madeBy,
    made_at: batch.madeAt,
    approved_at: batch.approvedAt,
  }
}

function bandsOf(bands: readonly AmountBand[]): readonly object[] {
  return bands.map((it) => ({ upto_krw: it.uptoKrw, count: it.count, total_krw: it.totalKrw }))
}

function tellBatch(batch: PayoutBatch): string {
  const { batchId, payoutOn, count, totalKrw, state, checkers } = batch
  const what = `${formatCount(count)} refunds, ${formatWon(totalKrw)}`
  const who = `${batch.approvals.length} of ${checkers} signed`
  return `batch ${batchId} of ${payoutOn}, ${state}: ${what}; ${who}\nhash ${batch.batchHash}`
}

function tellHolds({ holds }: PayoutBatch): string {
  const rows = Object.entries(holds).map(([reason, n]) => [reason, formatCount(n)])
  return rows.length === 0 ? '' : table(['held', 'applications'], rows)
}

function chartOf(bands: readonly AmountBand[]): string {
  return barChart(
    bands.map((it) => ({
      label: it.uptoKrw === null ? 'above' : `to ${formatWon(it.uptoKrw)}`,
      value: it.count,
      note: formatWon(it.totalKrw),
    })),
  )
}
