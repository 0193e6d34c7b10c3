/**
 * Columns of the confirmed victims who took the discount of their own package (A43). A later row
 * restates its line; one without a date takes back what an earlier one said.
 */
import type { FileColumns } from './column.js'

export const VICTIM_COLUMNS: FileColumns = {
  columns: [
    { name: 'line_id', rule: { type: 'id' }, required: true },
    { name: 'discount_taken_on', rule: { type: 'date' }, required: false },
  ],
  agreements: [],
}
