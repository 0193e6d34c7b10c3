/** Columns of the applications for a refund (contracts §2.6). */
import { BANK_CODES, isBankCodeInUse } from '../rules/refunds/bank-codes.js'
import type { FileColumns } from './column.js'

/** As many characters of a name as a payment message carries (ISO 20022, Max140Text). */
const NAME_CHARACTERS = 140

export const APPLICATION_COLUMNS: FileColumns = {
  columns: [
    { name: 'application_id', rule: { type: 'text_id', most: 64 }, required: true },
    { name: 'line_id', rule: { type: 'id' }, required: true },
    {
      name: 'channel',
      rule: { type: 'one_of', values: ['web', 'call_center', 'store'] },
      required: true,
    },
    { name: 'applied_at', rule: { type: 'instant' }, required: true },
    {
      name: 'bank_code',
      rule: { type: 'one_of', values: [...new Set(BANK_CODES.map((it) => it.code))] },
      required: true,
    },
    { name: 'account_number', rule: { type: 'account', least: 10, most: 14 }, required: true },
    { name: 'account_holder', rule: { type: 'name', most: NAME_CHARACTERS }, required: true },
    {
      name: 'holder_check',
      rule: { type: 'one_of', values: ['match', 'mismatch', 'unchecked'] },
      required: true,
    },
    { name: 'withdrawn_at', rule: { type: 'instant' }, required: false },
  ],
  agreements: [
    { type: 'not_before', column: 'withdrawn_at', than: 'applied_at' },
    { type: 'valid_then', column: 'bank_code', at: 'applied_at', isValid: isBankCodeInUse },
  ],
}
