/** Columns of contact restrictions: whom nobody writes to, and who consents to advertising. */
import type { FileColumns } from './column.js'

export const RESTRICTION_COLUMNS: FileColumns = {
  columns: [
    { name: 'line_id', rule: { type: 'id' }, required: false },
    { name: 'customer_id', rule: { type: 'id' }, required: false },
    {
      name: 'kind',
      rule: {
        type: 'one_of',
        values: ['opted_out', 'number_reassigned', 'deceased', 'seized', 'advertising_consent'],
      },
      required: true,
    },
    { name: 'since', rule: { type: 'instant' }, required: true },
    { name: 'until', rule: { type: 'instant' }, required: false },
  ],
  agreements: [
    { type: 'one_of_both', first: 'line_id', second: 'customer_id' },
    { type: 'not_before', column: 'until', than: 'since' },
  ],
}
