/** Columns of the guardians' later consents (contracts §2.2). */
import type { FileColumns } from './column.js'

export const CONSENT_COLUMNS: FileColumns = {
  columns: [
    { name: 'line_id', rule: { type: 'id' }, required: true },
    { name: 'guardian_consent_on', rule: { type: 'date' }, required: true },
  ],
  agreements: [],
}
