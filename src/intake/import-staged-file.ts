/** Files that are staged, compared with what is stored, and stored in one transaction. */
import { withTransaction } from '../db/database.js'
import type { Client } from '../db/database.js'
import type { FileColumns } from './column.js'
import { CONSENT_COLUMNS } from './consents-file.js'
import * as consents from './consents-store.js'
import { CopyLanes } from './copy-lanes.js'
import { importFile } from './import-file.js'
import type { ImportOptions, ImportReport } from './import-file.js'
import type { ImportKind } from './import-store.js'
import type { Loading } from './loading.js'
import { STATUS_COLUMNS } from './status-file.js'
import * as statuses from './status-store.js'

/** How the rows of a kind are staged and stored. */
interface StagedKind {
  readonly kind: ImportKind
  readonly columns: FileColumns
  readonly stage: (client: Client) => Promise<void>
  readonly copyStatement: (columnNames: readonly string[]) => string
  /** Returns how many rows were stored; the others said nothing new. */
  readonly store: (client: Client, importId: string) => Promise<number>
}

/** `status import`. */
export async function importStatusFile(options: ImportOptions): Promise<ImportReport> {
  return await importStaged(options, {
    kind: 'status',
    columns: STATUS_COLUMNS,
    stage: statuses.stageStatusRows,
    copyStatement: statuses.copyStatusStatement,
    store: statuses.storeStatusRows,
  })
}

/** `consents import`. */
export async function importConsentsFile(options: ImportOptions): Promise<ImportReport> {
  return await importStaged(options, {
    kind: 'consents',
    columns: CONSENT_COLUMNS,
    stage: consents.stageConsentRows,
    copyStatement: consents.copyConsentsStatement,
    store: consents.storeConsentRows,
  })
}

async function importStaged(options: ImportOptions, staged: StagedKind): Promise<ImportReport> {
  return await importFile(
    {
      kind: staged.kind,
      asOf: null,
      columns: staged.columns,
      command: `redress ${staged.kind} import ${options.path}`,
      load: async (loading) => await loadStaged(loading, staged),
      recall: () => Promise.resolve({}),
    },
    options,
  )
}

async function loadStaged(loading: Loading, staged: StagedKind): Promise<object> {
  await withTransaction(loading.pool, async ({ client }) => {
    await staged.stage(client)
    const lanes = new CopyLanes([client], staged.copyStatement(loading.columnNames))
    await lanes.fedBy((sink) => loading.readInto(sink))
    loading.assertWithinBudget()
    const stored = await loading.cancellable(client, () => staged.store(client, loading.importId))
    loading.addDuplicates(loading.counts.accepted - stored)
    await loading.accept(client)
  })
  return {}
}
