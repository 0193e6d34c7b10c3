/** `redress ledger export` and `verify`. */
import type { Command } from 'commander'
import { EXIT, RedressError } from '../../errors.js'
import { exportLedger } from '../../ledger/export-ledger.js'
import { BENEFITS } from '../../rules/decision.js'
import { verifyLedger } from '../../runs/verify-ledger.js'
import { formatBytes, formatCount } from '../chart.js'
import type { Context } from '../context.js'
import type { Act } from '../act.js'
import { lateStage } from '../output.js'
import { table } from '../text-table.js'

interface ExportFlags {
  readonly out: string
  readonly period?: string
  readonly benefit?: string
  readonly run?: string
}

export function addLedger(program: Command, act: Act): void {
  const ledger = program.command('ledger').description('the entries that were posted')
  ledger
    .command('export')
    .description('entries as CSV')
    .requiredOption('--out <file>', 'the file to write')
    .option('--period <period>', 'of one period')
    .option('--benefit <benefit>', 'of one benefit')
    .option('--run <id>', 'of one run')
    .action(act(exportEntries))
  ledger
    .command('verify')
    .description('recompute all hashes from the stored rows')
    .option('--replay', 'and make every decision again from the sealed inputs')
    .action(act(verify))
}

async function exportEntries(context: Context, flags: ExportFlags): Promise<void> {
  refuseFlag('--period', flags.period, /^\d{4}-\d{2}$/, 'YYYY-MM')
  refuseFlag('--run', flags.run, /^[1-9]\d{0,17}$/, 'a run id')
  refuseFlag(
    '--benefit',
    flags.benefit,
    new RegExp(`^(${BENEFITS.join('|')})$`),
    BENEFITS.join(', '),
  )
  const stage = lateStage(context.out.progress, { label: 'export', unit: 'entries' })
  const done = await exportLedger(
    context.pool,
    flags.out,
    { period: flags.period, benefit: flags.benefit, runId: flags.run },
    { signal: context.signal, onProgress: stage.update },
  )
  stage.finish()
  context.out.result(
    { out: flags.out, entries: done.entries, bytes: done.bytes },
    () => `${formatCount(done.entries)} entries, ${formatBytes(done.bytes)}, in ${flags.out}`,
  )
}

function refuseFlag(name: string, value: string | undefined, form: RegExp, expected: string): void {
  if (value === undefined || form.test(value)) return
  throw new RedressError('USAGE', { problem: `${name}: unusable; expected ${expected}` })
}

async function verify(context: Context, flags: { replay?: boolean }): Promise<number> {
  const label = flags.replay === true ? 'verify and replay' : 'verify'
  const stage = lateStage(context.out.progress, { label, unit: 'chunks' })
  const runs = await verifyLedger(context.pool, {
    replay: flags.replay === true,
    lanes: context.settings.lanes,
    signal: context.signal,
    onProgress: stage.update,
  })
  stage.finish()
  const differences = runs.flatMap((it) => it.differences)
  const document = {
    ok: differences.length === 0,
    replayed: flags.replay === true,
    differences,
    runs: runs.map((it) => ({
      run_id: it.run.runId,
      period: it.run.period,
      chunks: it.chunks,
      postings: it.postings,
      root_hash: it.rootHash,
      ok: it.differences.length === 0,
    })),
  }
  context.out.result(document, () =>
    [
      runs.length === 0
        ? 'no finished run to verify'
        : table(
            ['run', 'period', 'chunks', 'postings', 'root hash', 'as posted'],
            runs.map((it) => [
              it.run.runId,
              it.run.period,
              String(it.chunks),
              formatCount(it.postings),
              it.rootHash.slice(0, 16),
              it.differences.length === 0 ? 'yes' : 'NO',
            ]),
          ),
      ...differences,
    ].join('\n'),
  )
  if (differences.length === 0) return EXIT.done
  throw new RedressError('LEDGER_MISMATCH', {
    problem: differences[0] ?? '',
    expected: 'what was posted',
  })
}
