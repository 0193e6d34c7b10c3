/** `snapshot import`: the lines in service on a day, loaded, made unique, and sealed. */
import { assert } from '../assert.js'
import type { Client, Pool } from '../db/database.js'
import { sealSnapshot } from '../snapshot/seal-snapshot.js'
import type { SealedSnapshot } from '../snapshot/snapshot.js'
import { readSnapshot } from '../snapshot/snapshot-store.js'
import { copyOnTwoLanes } from './copy-lanes.js'
import { importFile } from './import-file.js'
import type { FileKind, ImportOptions, ImportReport } from './import-file.js'
import type { LateFault, Loading } from './loading.js'
import { snapshotColumns } from './snapshot-file.js'
import * as store from './snapshot-load-store.js'

export interface SnapshotImportOptions extends ImportOptions {
  /** The day, YYYY-MM-DD, at whose end the lines were in service. */
  readonly asOf: string
  /** Why it corrects the snapshot of that day that it supersedes, if there is one. */
  readonly reason?: string | undefined
  /** Called while the snapshot is sealed, after the file was read. */
  readonly onSealProgress?: ((done: number, total: number) => void) | undefined
  /** See `SealOptions`. */
  readonly chunkLines?: number | undefined
}

export type SnapshotImportReport = ImportReport & { readonly snapshot: SealedSnapshot }

export async function importSnapshotFile(
  options: SnapshotImportOptions,
): Promise<SnapshotImportReport> {
  const { asOf, path } = options
  const kind: FileKind<{ snapshot: SealedSnapshot }> = {
    kind: 'snapshot',
    asOf,
    columns: snapshotColumns(asOf),
    command: `redress snapshot import ${path} --as-of ${asOf}${reasonFlag(options.reason)}`,
    load: async (loading) => ({ snapshot: await loadSnapshot(loading, options) }),
    recall: recallSnapshot,
  }
  return await importFile(kind, options)
}

async function loadSnapshot(
  loading: Loading,
  options: SnapshotImportOptions,
): Promise<SealedSnapshot> {
  const snapshotId = await store.openSnapshot(loading.control, loading.importId, options.asOf)
  const statement = store.copyLinesStatement(snapshotId, loading.columnNames)
  await copyOnTwoLanes(loading.pool, statement, (sink) => loading.readInto(sink))
  loading.assertWithinBudget()
  if (!(await onControl(loading, (it) => store.buildLineKey(it, snapshotId)))) {
    await quarantineRepeatedLines(loading, snapshotId)
    const built = await onControl(loading, (it) => store.buildLineKey(it, snapshotId))
    assert(built, 'no line_id twice once the repeated ones are gone')
  }
  const first = await seal(loading, snapshotId, options)
  if (first.outcome === 'sealed') return first.snapshot
  await quarantineConflictingCustomers(loading, snapshotId)
  const second = await seal(loading, snapshotId, options)
  assert(second.outcome === 'sealed', 'no customer in conflict once the conflicting are gone')
  return second.snapshot
}

// As a shell takes it.
function reasonFlag(reason: string | undefined): string {
  return reason === undefined ? '' : ` --reason '${reason.replaceAll(`'`, `'\\''`)}'`
}

async function seal(
  loading: Loading,
  snapshotId: number,
  options: SnapshotImportOptions,
): ReturnType<typeof sealSnapshot> {
  return await sealSnapshot(loading.pool, snapshotId, {
    now: options.now,
    reason: options.reason,
    signal: loading.signal,
    onProgress: options.onSealProgress,
    chunkLines: options.chunkLines,
    onSeal: ({ client }) => loading.accept(client),
  })
}

async function quarantineRepeatedLines(loading: Loading, snapshotId: number): Promise<void> {
  await onControl(loading, (it) => store.doomRepeatedLines(it, snapshotId))
  await quarantineDoomed(loading, snapshotId, {
    column: 'line_id',
    reason: 'DUPLICATE_LINE',
    expected: 'a line_id that no row above has',
  })
}

async function quarantineConflictingCustomers(loading: Loading, snapshotId: number): Promise<void> {
  await onControl(loading, (it) => store.doomConflictingCustomers(it, snapshotId))
  await quarantineDoomed(loading, snapshotId, {
    column: 'customer_id',
    reason: 'CUSTOMER_CONFLICT',
    expected: 'one customer_kind and one birth_date in all rows of a customer',
  })
}

async function quarantineDoomed(
  loading: Loading,
  snapshotId: number,
  fault: Omit<LateFault, 'rowNo'>,
): Promise<void> {
  const before = loading.counts.quarantined
  await loading.quarantineAgain(async (after) => {
    const rowNos = await store.readDoomed(loading.control, after)
    return rowNos.map((rowNo) => ({ rowNo, ...fault }))
  })
  loading.assertWithinBudget()
  const deleted = await onControl(loading, (it) => store.deleteDoomed(it, snapshotId))
  assert(deleted === loading.counts.quarantined - before, 'what is quarantined leaves the snapshot')
}

async function onControl<T>(loading: Loading, work: (it: Client) => Promise<T>): Promise<T> {
  return await loading.cancellable(loading.control, () => work(loading.control))
}

async function recallSnapshot(pool: Pool, importId: string): Promise<{ snapshot: SealedSnapshot }> {
  return { snapshot: await readSnapshot(pool, await store.snapshotOf(pool, importId)) }
}
