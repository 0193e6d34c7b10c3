/** `refunds import-terminations`, `import-applications` and `import-victims`. */
import type { Client } from '../db/database.js'
import { openRefundAccount } from '../privacy/refund-account.js'
import { ApplicationHistory } from './application-history.js'
import { ApplicationSealer, SEALED_APPLICATION_COLUMNS } from './application-sealer.js'
import { APPLICATION_COLUMNS } from './applications-file.js'
import * as applications from './applications-store.js'
import type { ImportOptions, ImportReport } from './import-file.js'
import { importStaged, neverReused } from './import-staged-file.js'
import type { StoredRows } from './reused-rows-store.js'
import { TERMINATION_COLUMNS } from './terminations-file.js'
import * as terminations from './terminations-store.js'
import { VICTIM_COLUMNS } from './victims-file.js'
import * as victims from './victims-store.js'

export async function importTerminationsFile(options: ImportOptions): Promise<ImportReport> {
  return await importStaged(options, {
    kind: 'terminations',
    command: 'refunds import-terminations',
    columns: TERMINATION_COLUMNS,
    stage: terminations.stageTerminationRows,
    copyStatement: terminations.copyTerminationsStatement,
    store: neverReused(terminations.storeTerminationRows),
  })
}

export async function importVictimsFile(options: ImportOptions): Promise<ImportReport> {
  return await importStaged(options, {
    kind: 'victims',
    command: 'refunds import-victims',
    columns: VICTIM_COLUMNS,
    stage: victims.stageVictimRows,
    copyStatement: victims.copyVictimsStatement,
    store: neverReused(victims.storeVictimRows),
  })
}

/**
 * @throws RedressError SETTING_INVALID too, for other data keys than those of the stored
 * applications: their digests would let a repeated account in as another one
 */
export async function importApplicationsFile(options: ImportOptions): Promise<ImportReport> {
  return await importStaged(options, {
    kind: 'applications',
    command: 'refunds import-applications',
    columns: APPLICATION_COLUMNS,
    stage: applications.stageApplicationRows,
    copyStatement: applications.copyApplicationsStatement,
    store: async (client, importId) => {
      const rows = await storeApplicationRows(client, importId)
      const oldest = await applications.readOldestAccount(client)
      if (oldest !== undefined) openRefundAccount(options.cipher, oldest, oldest)
      return rows
    },
    read: async (loading, sink) => {
      const sealer = new ApplicationSealer(sink, options.cipher, loading.columnNames)
      const rows = await loading.readInto(sealer)
      await sealer.finish()
      return rows
    },
    stagedColumns: SEALED_APPLICATION_COLUMNS,
    expectedOfReused:
      'what its application_id came with, a first withdrawn_at, or while unpaid another account',
  })
}

/** Most rows are the only ones of an application nobody knows; the others have a history. */
async function storeApplicationRows(client: Client, importId: string): Promise<StoredRows> {
  await applications.admitNewApplications(client)
  let applicationId: string | undefined
  let history = new ApplicationHistory()
  for await (const page of applications.readContestedRows(client)) {
    const rowNumbers: number[] = []
    const columns: (string | null)[] = []
    for (const row of page) {
      if (row.application_id !== applicationId) {
        applicationId = row.application_id
        history = new ApplicationHistory()
      }
      if (row.row_no < 0) {
        history.recall(row, row.is_paid)
        continue
      }
      const verdict = history.take(row)
      if (verdict.type === 'duplicate') continue
      rowNumbers.push(row.row_no)
      columns.push(verdict.type === 'reused' ? verdict.column : null)
    }
    await applications.noteVerdicts(client, rowNumbers, columns)
  }
  return await applications.storeAdmittedRows(client, importId)
}
