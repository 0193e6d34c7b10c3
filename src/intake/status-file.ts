/** Columns of the line status changes (contracts §2.2). */
import type { FileColumns } from './column.js'

export const STATUS_COLUMNS: FileColumns = {
  columns: [
    { name: 'line_id', rule: { type: 'id' }, required: true },
    {
      name: 'status',
      rule: { type: 'one_of', values: ['active', 'suspended', 'terminated'] },
      required: true,
    },
    { name: 'effective_at', rule: { type: 'instant' }, required: true },
  ],
  agreements: [],
}
