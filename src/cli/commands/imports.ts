/**
 * `redress status import`, `consents import`, `choices import`, `quarantine show`; and what all
 * imports share.
 */
import type { Command } from 'commander'
import { RedressError } from '../../errors.js'
import {
  importChoicesFile,
  importConsentsFile,
  importStatusFile,
} from '../../intake/import-staged-file.js'
import type { ImportOptions, ImportReport } from '../../intake/import-file.js'
import { ENCODINGS } from '../../intake/encoding.js'
import type { Encoding } from '../../intake/encoding.js'
import type { ImportProgress } from '../../intake/loading.js'
import { parseBudget } from '../../intake/quarantine.js'
import { quarantineReport } from '../../intake/quarantine-store.js'
import type { QuarantineReport } from '../../intake/quarantine-store.js'
import { formatCount } from '../chart.js'
import type { Context } from '../context.js'
import type { Act } from '../act.js'
import { lateStage } from '../output.js'
import { table } from '../text-table.js'

export interface ImportFlags {
  readonly encoding?: string
  readonly maxQuarantine?: string
}

export function addImports(program: Command, act: Act): void {
  const status = program.command('status').description('line status changes after the snapshot')
  withImportOptions(
    status.command('import <file>').description('suspensions, resumptions, terminations'),
  ).action(act(importWith(importStatusFile)))
  const consents = program.command('consents').description("guardians' later consents")
  withImportOptions(
    consents.command('import <file>').description('consents given after the snapshot'),
  ).action(act(importWith(importConsentsFile)))
  const choices = program.command('choices').description('choices and applications for benefits')
  withImportOptions(
    choices.command('import <file>').description('choices, applications and their withdrawals'),
  ).action(act(importWith(importChoicesFile)))
  const quarantine = program.command('quarantine').description('rows that were refused')
  quarantine
    .command('show <import-id>')
    .description('which rows of an import, and why')
    .action(act(showQuarantine))
}

export function withImportOptions(command: Command): Command {
  return command
    .option('--encoding <name>', `${ENCODINGS.join(' or ')}; utf-8 when not given`)
    .option(
      '--max-quarantine <budget>',
      'rows that may be refused, N or N%; the larger of 10 and 0.1% when not given',
    )
}

export function importOptionsOf(context: Context, path: string, flags: ImportFlags): ImportOptions {
  return {
    pool: context.pool,
    cipher: context.cipher,
    path,
    encoding: encodingOf(flags.encoding),
    budget: flags.maxQuarantine === undefined ? undefined : parseBudget(flags.maxQuarantine),
    now: context.clock.now,
    signal: context.signal,
  }
}

function encodingOf(name: string | undefined): Encoding | undefined {
  if (name === undefined) return undefined
  const encoding = ENCODINGS.find((it) => it === name.toLowerCase())
  if (encoding !== undefined) return encoding
  throw new RedressError('USAGE', {
    problem: `--encoding: unknown; expected ${ENCODINGS.join(' or ')}`,
  })
}

/** Progress in bytes of the file: rows are not known beforehand. */
export function onReading(
  context: Context,
  label: string,
): { update: (progress: ImportProgress) => void; finish: () => void } {
  const stage = lateStage(context.out.progress, { label, unit: 'bytes' })
  let rows = 0
  return {
    update: (progress) => {
      rows = progress.rows
      stage.update(progress.bytesRead, progress.bytesTotal)
    },
    finish: () => stage.finish(`${formatCount(rows)} rows`),
  }
}

/** A held import has a report to tell of, before its error ends the command. */
export async function reportHeld<T>(context: Context, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof RedressError && error.code === 'QUARANTINE_BUDGET') {
      const importId = String(error.details['import'])
      const { read, quarantined } = error.details
      context.out.result(
        { import_id: importId, state: 'held', read, accepted: 0, quarantined },
        () =>
          `held as import ${importId}; \`redress quarantine show ${importId}\` tells which ` +
          `rows and why`,
      )
    }
    throw error
  }
}

type Import = (options: ImportOptions) => Promise<ImportReport>

/** The action of a command that imports a file and tells what became of its rows. */
export function importWith(
  run: Import,
): (context: Context, file: string, flags: ImportFlags) => Promise<void> {
  return async (context, file, flags) => {
    const reading = onReading(context, `read ${file}`)
    const report = await reportHeld(context, () =>
      run({
        ...importOptionsOf(context, file, flags),
        onProgress: reading.update,
      }),
    )
    reading.finish()
    const document = {
      import_id: report.importId,
      read: report.read,
      accepted: report.accepted,
      quarantined: report.quarantined,
      duplicate: report.duplicate,
      sha256: report.sha256,
      already: report.already,
      unknown_columns: report.unknownColumns,
    }
    context.out.result(document, () => showImport(report).join('\n'))
  }
}

export function showImport(report: ImportReport): readonly string[] {
  const counts = (['read', 'accepted', 'quarantined', 'duplicate'] as const)
    .map((name) => `${formatCount(report[name])} ${name}`)
    .join(', ')
  return [
    ...(report.already ? ['this file was imported before: nothing changed'] : []),
    counts,
    `sha256 ${report.sha256}`,
    ...(report.unknownColumns.length > 0
      ? [`ignored unknown columns: ${report.unknownColumns.join(', ')}`]
      : []),
    ...(report.quarantined > 0
      ? [`\`redress quarantine show ${report.importId}\` tells which rows and why`]
      : []),
  ]
}

async function showQuarantine(context: Context, importId: string): Promise<void> {
  if (!/^[1-9]\d{0,17}$/.test(importId)) {
    throw new RedressError('USAGE', {
      problem: 'import id: not a number; expected one that an import printed',
    })
  }
  const report = await quarantineReport(context.pool, importId)
  context.out.result(
    {
      import_id: importId,
      quarantined: report.quarantined,
      reasons: report.reasons,
      first_rows: report.rows,
    },
    () => describeQuarantine(report),
  )
}

function describeQuarantine(report: QuarantineReport): string {
  if (report.quarantined === 0) return `import ${report.importId}: nothing was quarantined`
  return [
    `import ${report.importId}: ${formatCount(report.quarantined)} rows quarantined`,
    '',
    table(
      ['column', 'reason', 'rows', 'expected'],
      report.reasons.map((it) => [
        it.column ?? '(row)',
        it.reason,
        formatCount(it.count),
        it.expected,
      ]),
    ),
    '',
    `the first ${report.rows.length}:`,
    table(
      ['line', 'column', 'reason'],
      report.rows.map((it) => [String(it.lineNo), it.column ?? '(row)', it.reason]),
    ),
  ].join('\n')
}
