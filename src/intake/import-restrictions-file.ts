/** `contacts import-restrictions`. */
import type { ImportOptions, ImportReport } from './import-file.js'
import { importStaged, neverReused } from './import-staged-file.js'
import { RESTRICTION_COLUMNS } from './restrictions-file.js'
import * as restrictions from './restrictions-store.js'

export async function importRestrictionsFile(options: ImportOptions): Promise<ImportReport> {
  return await importStaged(options, {
    kind: 'restrictions',
    command: 'contacts import-restrictions',
    columns: RESTRICTION_COLUMNS,
    stage: restrictions.stageRestrictionRows,
    copyStatement: restrictions.copyRestrictionsStatement,
    store: neverReused(restrictions.storeRestrictionRows),
  })
}
