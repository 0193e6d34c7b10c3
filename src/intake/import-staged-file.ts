/** Files that are staged, compared with what is stored, and stored in one transaction. */
import { withTransaction } from '../db/database.js'
import type { Client } from '../db/database.js'
import { openVoucherCode } from '../privacy/voucher-code.js'
import { CHOICE_COLUMNS } from './choices-file.js'
import * as choices from './choices-store.js'
import type { FileColumns } from './column.js'
import { CONSENT_COLUMNS } from './consents-file.js'
import * as consents from './consents-store.js'
import { CopyLanes } from './copy-lanes.js'
import type { RowSink } from './copy-lanes.js'
import { importFile } from './import-file.js'
import type { ImportOptions, ImportReport } from './import-file.js'
import type { ImportKind } from './import-store.js'
import type { Loading } from './loading.js'
import { readReusedRows } from './reused-rows-store.js'
import type { StoredRows } from './reused-rows-store.js'
import { STATUS_COLUMNS } from './status-file.js'
import * as statuses from './status-store.js'
import { SEALED_COLUMNS, VoucherSealer } from './voucher-sealer.js'
import { VOUCHER_COLUMNS } from './vouchers-file.js'
import * as vouchers from './vouchers-store.js'

/** How the rows of a kind are staged and stored. */
export interface StagedKind {
  readonly kind: ImportKind
  /** How `redress` is told to import such a file; `<kind> import` where absent. */
  readonly command?: string
  readonly columns: FileColumns
  readonly stage: (client: Client) => Promise<void>
  readonly copyStatement: (columnNames: readonly string[]) => string
  readonly store: (client: Client, importId: string) => Promise<StoredRows>
  /** Reads the file's rows into the COPY; where absent, as they stand. */
  readonly read?: (loading: Loading, sink: RowSink) => Promise<number>
  /** The columns that `read` makes of the file's. */
  readonly stagedColumns?: readonly string[]
  /** What a row should have said whose key is known with another content. */
  readonly expectedOfReused?: string
}

/** `status import`. */
export async function importStatusFile(options: ImportOptions): Promise<ImportReport> {
  return await importStaged(options, {
    kind: 'status',
    columns: STATUS_COLUMNS,
    stage: statuses.stageStatusRows,
    copyStatement: statuses.copyStatusStatement,
    store: neverReused(statuses.storeStatusRows),
  })
}

/** `consents import`. */
export async function importConsentsFile(options: ImportOptions): Promise<ImportReport> {
  return await importStaged(options, {
    kind: 'consents',
    columns: CONSENT_COLUMNS,
    stage: consents.stageConsentRows,
    copyStatement: consents.copyConsentsStatement,
    store: neverReused(consents.storeConsentRows),
  })
}

/** `choices import`. */
export async function importChoicesFile(options: ImportOptions): Promise<ImportReport> {
  return await importStaged(options, {
    kind: 'choices',
    columns: CHOICE_COLUMNS,
    stage: choices.stageChoiceRows,
    copyStatement: choices.copyChoicesStatement,
    store: choices.storeChoiceRows,
    expectedOfReused: 'what its choice_id came with first, or a first withdrawn_at',
  })
}

/**
 * `vouchers import`.
 * @throws RedressError SETTING_INVALID too, for another data key than that of the stored codes:
 * its digests would let a known code in a second time
 */
export async function importVouchersFile(options: ImportOptions): Promise<ImportReport> {
  return await importStaged(options, {
    kind: 'vouchers',
    columns: VOUCHER_COLUMNS,
    stage: vouchers.stageVoucherRows,
    copyStatement: vouchers.copyVouchersStatement,
    store: async (client, importId) => {
      const rows = await vouchers.storeVoucherRows(client, importId)
      const oldest = await vouchers.readOldestCode(client)
      if (oldest !== undefined) openVoucherCode(options.cipher, oldest.option, oldest)
      return rows
    },
    read: async (loading, sink) => {
      const sealer = new VoucherSealer(sink, options.cipher, loading.columnNames)
      const rows = await loading.readInto(sealer)
      await sealer.finish()
      return rows
    },
    stagedColumns: SEALED_COLUMNS,
    expectedOfReused: 'the date that its code came with first',
  })
}

/** A `store` for rows whose keys may come with any content. */
export function neverReused(
  store: (client: Client, importId: string) => Promise<number>,
): StagedKind['store'] {
  return async (client, importId) => ({ stored: await store(client, importId), reused: 0 })
}

export async function importStaged(
  options: ImportOptions,
  staged: StagedKind,
): Promise<ImportReport> {
  return await importFile(
    {
      kind: staged.kind,
      asOf: null,
      columns: staged.columns,
      command: `redress ${staged.command ?? `${staged.kind} import`} ${options.path}`,
      load: async (loading) => await loadStaged(loading, staged),
      recall: () => Promise.resolve({}),
    },
    options,
  )
}

async function loadStaged(loading: Loading, staged: StagedKind): Promise<object> {
  await withTransaction(loading.pool, async ({ client }) => {
    await staged.stage(client)
    const columns = staged.stagedColumns ?? loading.columnNames
    const lanes = new CopyLanes([client], staged.copyStatement(columns))
    await lanes.fedBy((sink) => staged.read?.(loading, sink) ?? loading.readInto(sink))
    loading.assertWithinBudget()
    const { stored, reused } = await loading.cancellable(client, () =>
      staged.store(client, loading.importId),
    )
    if (reused > 0) await quarantineReused(loading, client, staged.expectedOfReused ?? '')
    loading.addDuplicates(loading.counts.accepted - stored)
    await loading.accept(client)
  })
  return {}
}

async function quarantineReused(loading: Loading, client: Client, expected: string): Promise<void> {
  await loading.quarantineAgain(async (after) => {
    const rows = await readReusedRows(client, after)
    return rows.map((it) => ({ ...it, reason: 'ID_REUSED', expected }))
  })
  loading.assertWithinBudget()
}
