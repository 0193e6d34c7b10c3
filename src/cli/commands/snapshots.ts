/** `redress snapshot …`: import, list, show, diff, verify. */
import type { Command } from 'commander'
import { EXIT, RedressError } from '../../errors.js'
import { importSnapshotFile } from '../../intake/import-snapshot-file.js'
import { REASON_LENGTH } from '../../snapshot/snapshot.js'
import type { SealedSnapshot } from '../../snapshot/snapshot.js'
import {
  listChunks,
  listSnapshots,
  readSnapshot,
  supersededBy,
} from '../../snapshot/snapshot-store.js'
import { verifySnapshot } from '../../snapshot/verify-snapshot.js'
import { isRealDate } from '../../rules/calendar.js'
import type { Context } from '../context.js'
import type { Act } from '../act.js'
import { lateStage } from '../output.js'
import { formatCount } from '../chart.js'
import { MOST_SAMPLED, showSnapshotDiff } from '../snapshot-diff-report.js'
import { table } from '../text-table.js'
import { importOptionsOf, onReading, reportHeld, showImport, withImportOptions } from './imports.js'
import type { ImportFlags } from './imports.js'

export function addSnapshots(program: Command, act: Act): void {
  const snapshot = program.command('snapshot').description('line snapshots: frozen populations')
  withImportOptions(snapshot.command('import <file>').description('import a file and seal it'))
    .requiredOption('--as-of <date>', 'the day at whose end the lines were in service')
    .option('--reason <text>', 'why it corrects the snapshot of that day, which it supersedes')
    .action(act(importSnapshot))
  snapshot.command('list').description('all sealed snapshots').action(act(list))
  snapshot.command('show <id>').description('one snapshot and its chunks').action(act(show))
  snapshot
    .command('verify <id>')
    .description('recompute its hash from the rows')
    .action(act(verify))
  snapshot
    .command('diff <was> <is>')
    .description('lines and customers added, gone and changed from one snapshot to another')
    .option('--sample <n>', `changed lines to show, 0 to ${formatCount(MOST_SAMPLED)}`, '20')
    .action(act(diff))
}

async function importSnapshot(
  context: Context,
  file: string,
  flags: ImportFlags & { asOf: string; reason?: string },
): Promise<number> {
  if (!isRealDate(flags.asOf)) {
    throw new RedressError('USAGE', { problem: '--as-of: not a date; expected YYYY-MM-DD' })
  }
  const reason = reasonOf(flags.reason)
  const reading = onReading(context, `read ${file}`)
  const sealing = lateStage(context.out.progress, { label: 'seal', unit: 'lines' })
  const report = await reportHeld(context, () =>
    importSnapshotFile({
      ...importOptionsOf(context, file, flags),
      asOf: flags.asOf,
      reason,
      onProgress: reading.update,
      onSealProgress: (done, total) => {
        reading.finish()
        sealing.update(done, total)
      },
    }),
  )
  reading.finish()
  sealing.finish()
  const { snapshot, ...counts } = report
  const successor = await supersededBy(context.pool, snapshot.snapshotId)
  const document = {
    snapshot_id: snapshot.snapshotId,
    as_of: snapshot.asOf,
    read: counts.read,
    accepted: counts.accepted,
    quarantined: counts.quarantined,
    duplicate: counts.duplicate,
    sha256: counts.sha256,
    content_hash: snapshot.contentHash,
    sealed: true,
    already: counts.already,
    import_id: counts.importId,
    customers: snapshot.customers,
    supersedes: snapshot.supersedes,
    reason: snapshot.reason,
    superseded_by: successor ?? null,
    unknown_columns: counts.unknownColumns,
  }
  context.out.result(document, () =>
    [
      ...showImport(report),
      `snapshot ${snapshot.snapshotId} as of ${snapshot.asOf} is sealed: ` +
        `${formatCount(snapshot.lines)} lines of ${formatCount(snapshot.customers)} customers`,
      `content hash ${snapshot.contentHash}`,
      ...(snapshot.supersedes === null
        ? []
        : [`it supersedes snapshot ${snapshot.supersedes}: ${snapshot.reason}`]),
      ...(successor === undefined ? [] : [`it is superseded by snapshot ${successor}`]),
    ].join('\n'),
  )
  if (reason !== undefined && snapshot.reason !== reason) {
    context.out.note(
      report.already
        ? '--reason is not kept: the snapshot was sealed before'
        : `--reason is not kept: there is no snapshot as of ${snapshot.asOf} to supersede`,
    )
  }
  return EXIT.done
}

/** @throws RedressError USAGE */
function reasonOf(text: string | undefined): string | undefined {
  const reason = text?.trim()
  if (reason === undefined) return undefined
  if (reason !== '' && reason.length <= REASON_LENGTH && !/\p{Cc}/u.test(reason)) return reason
  throw new RedressError('USAGE', {
    problem: `--reason: not a reason; expected one line of 1 to ${REASON_LENGTH} characters`,
  })
}

function documentOf(it: SealedSnapshot): object {
  return {
    snapshot_id: it.snapshotId,
    as_of: it.asOf,
    lines: it.lines,
    customers: it.customers,
    chunks: it.chunks,
    content_hash: it.contentHash,
    sealed: true,
    sealed_at: it.sealedAt,
    supersedes: it.supersedes,
    reason: it.reason,
  }
}

async function list(context: Context): Promise<void> {
  const snapshots = await listSnapshots(context.pool)
  context.out.result(snapshots.map(documentOf), () =>
    snapshots.length === 0
      ? 'no snapshot yet; `redress snapshot import FILE --as-of DATE` makes one'
      : table(
          [
            'snapshot',
            'as of',
            'lines',
            'customers',
            'sealed at',
            'content hash',
            'supersedes',
            'reason',
          ],
          snapshots.map((it) => [
            String(it.snapshotId),
            it.asOf,
            formatCount(it.lines),
            formatCount(it.customers),
            it.sealedAt,
            it.contentHash.slice(0, 16),
            it.supersedes === null ? '' : String(it.supersedes),
            it.reason ?? '',
          ]),
        ),
  )
}

async function show(context: Context, id: string): Promise<void> {
  const snapshot = await readSnapshot(context.pool, snapshotIdOf(id))
  const chunks = await listChunks(context.pool, snapshot.snapshotId)
  const successor = await supersededBy(context.pool, snapshot.snapshotId)
  const sizes = chunks.map((it) => it.lines)
  const document = {
    ...documentOf(snapshot),
    superseded_by: successor ?? null,
    chunk_lines: { smallest: Math.min(...sizes), largest: Math.max(...sizes) },
  }
  context.out.result(document, () =>
    table(
      ['snapshot', String(snapshot.snapshotId)],
      [
        ['as of', snapshot.asOf],
        ['lines', formatCount(snapshot.lines)],
        ['customers', formatCount(snapshot.customers)],
        [
          'chunks',
          `${snapshot.chunks} of ${formatCount(Math.min(...sizes))} to ` +
            `${formatCount(Math.max(...sizes))} lines`,
        ],
        ['sealed at', snapshot.sealedAt],
        ['content hash', snapshot.contentHash],
        ...(snapshot.supersedes === null
          ? []
          : [
              ['supersedes', `snapshot ${snapshot.supersedes}`],
              ['reason', snapshot.reason ?? ''],
            ]),
        ...(successor === undefined ? [] : [['superseded by', `snapshot ${successor}`]]),
      ],
    ),
  )
}

async function diff(
  context: Context,
  was: string,
  is: string,
  flags: { sample: string },
): Promise<void> {
  await showSnapshotDiff(
    context,
    await readSnapshot(context.pool, snapshotIdOf(was)),
    await readSnapshot(context.pool, snapshotIdOf(is)),
    flags.sample,
  )
}

async function verify(context: Context, id: string): Promise<number> {
  const snapshot = await readSnapshot(context.pool, snapshotIdOf(id))
  const stage = context.out.progress.stage({
    label: `verify snapshot ${id}`,
    total: snapshot.lines,
    unit: 'lines',
  })
  const found = await verifySnapshot(context.pool, snapshot, {
    signal: context.signal,
    onProgress: (done) => stage.update(done),
  })
  stage.finish()
  const document = {
    snapshot_id: snapshot.snapshotId,
    ok: found.ok,
    content_hash: found.contentHash,
    expected_content_hash: snapshot.contentHash,
    altered_chunks: found.alteredChunks,
  }
  context.out.result(document, () =>
    found.ok
      ? `snapshot ${id}: ${formatCount(snapshot.lines)} lines are as they were sealed, ` +
        `content hash ${found.contentHash}`
      : `snapshot ${id}: altered in chunks ${found.alteredChunks.join(', ')}`,
  )
  if (!found.ok) {
    throw new RedressError('SNAPSHOT_ALTERED', {
      snapshot: id,
      problem: `${found.alteredChunks.length} chunks differ`,
    })
  }
  return EXIT.done
}

/** @throws RedressError SNAPSHOT_UNKNOWN */
export function snapshotIdOf(text: string): number {
  const id = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined
  if (id === undefined) {
    throw new RedressError('SNAPSHOT_UNKNOWN', {
      snapshot: text,
      expected: 'an id from `redress snapshot list`',
    })
  }
  return id
}
