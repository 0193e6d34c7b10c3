/** Columns of the voucher codes (contracts §2.4). */
import { PASS_OPTIONS } from './choices-file.js'
import type { FileColumns } from './column.js'

export const VOUCHER_COLUMNS: FileColumns = {
  columns: [
    { name: 'option', rule: { type: 'one_of', values: PASS_OPTIONS }, required: true },
    { name: 'code', rule: { type: 'code', most: 64 }, required: true },
    { name: 'expires_on', rule: { type: 'date' }, required: true },
  ],
  agreements: [],
}
