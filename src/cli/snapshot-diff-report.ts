/** What `redress snapshot diff` says: lines and customers added, gone, changed, and a sample. */
import { RedressError } from '../errors.js'
import { diffSnapshots } from '../snapshot/diff-snapshots.js'
import type { ChangedLine, ColumnChange, SnapshotDiff } from '../snapshot/diff-snapshots.js'
import type { SealedSnapshot } from '../snapshot/snapshot.js'
import { formatCount } from './chart.js'
import type { Context } from './context.js'
import { lateStage } from './output.js'
import { table } from './text-table.js'

/** Changed lines that may be shown. */
export const MOST_SAMPLED = 1_000

/** @param sampleSize the changed lines to show, as it was given */
export async function showSnapshotDiff(
  context: Context,
  was: SealedSnapshot,
  is: SealedSnapshot,
  sampleSize: string,
): Promise<void> {
  const sample = sampleSizeOf(sampleSize)
  const { progress } = context.out
  const lines = progress.stage({ label: 'compare lines', total: was.lines, unit: 'lines' })
  const customers = lateStage(progress, { label: 'compare customers', unit: 'customers' })
  const diff = await diffSnapshots(context.pool, was, is, {
    sample,
    signal: context.signal,
    onLines: (done) => lines.update(done),
    onCustomers: (done, total) => {
      lines.finish()
      customers.update(done, total)
    },
  })
  lines.finish()
  customers.finish()
  context.out.result(documentOf(was, is, diff), () => describe(was, is, diff))
}

/** @throws RedressError USAGE */
function sampleSizeOf(text: string): number {
  const size = /^\d{1,4}$/.test(text) ? Number(text) : Infinity
  if (size <= MOST_SAMPLED) return size
  throw new RedressError('USAGE', {
    problem: `--sample: not a number that can be shown; expected 0 to ${formatCount(MOST_SAMPLED)}`,
  })
}

function documentOf(was: SealedSnapshot, is: SealedSnapshot, diff: SnapshotDiff): object {
  return {
    was: sideOf(was),
    is: sideOf(is),
    lines: diff.lines,
    customers: diff.customers,
    sample: diff.sample.map(({ lineId, changes }) => ({ line_id: lineId, changes })),
  }
}

function sideOf(it: SealedSnapshot): object {
  return {
    snapshot_id: it.snapshotId,
    as_of: it.asOf,
    lines: it.lines,
    customers: it.customers,
    content_hash: it.contentHash,
  }
}

function describe(was: SealedSnapshot, is: SealedSnapshot, diff: SnapshotDiff): string {
  const { lines, customers, sample } = diff
  const counts = (name: string, it: Omit<typeof lines, 'columns'>): readonly string[] => [
    name,
    ...[it.added, it.gone, it.changed, it.unchanged].map(formatCount),
  ]
  const columns = [
    ...Object.entries(lines.columns).map(([name, count]) => ['lines', name, count] as const),
    ...Object.entries(customers.columns).map(
      ([name, count]) => ['customers', name, count] as const,
    ),
  ].filter(([, , count]) => count > 0)
  return [
    `from snapshot ${was.snapshotId} as of ${was.asOf} to snapshot ${is.snapshotId} ` +
      `as of ${is.asOf}`,
    '',
    table(
      ['', 'added', 'gone', 'changed', 'unchanged'],
      [counts('lines', lines), counts('customers', customers)],
    ),
    ...(columns.length === 0
      ? []
      : [
          '',
          table(
            ['of', 'changed column', 'changed'],
            columns.map(([of, name, count]) => [of, name, formatCount(count)]),
          ),
        ]),
    ...(sample.length === 0
      ? []
      : [
          '',
          `the first ${formatCount(sample.length)} of ${formatCount(lines.changed)} changed lines:`,
          table(['line', 'column', 'was', 'is'], sample.flatMap(rowsOf)),
        ]),
  ].join('\n')
}

function rowsOf({ lineId, changes }: ChangedLine): readonly (readonly string[])[] {
  return changes.map((it, index) => [index === 0 ? lineId : '', it.column, ...shown(it)])
}

function shown(change: ColumnChange): readonly string[] {
  if (change.personal) return ['(personal)', '(differs)']
  return [change.was ?? '(none)', change.is ?? '(none)']
}
