/** Columns of the line snapshot (contracts §2.1). */
import type { FileColumns } from './column.js'

export function snapshotColumns(asOf: string): FileColumns {
  return {
    columns: [
      { name: 'line_id', rule: { type: 'id' }, required: true },
      { name: 'customer_id', rule: { type: 'id' }, required: true },
      {
        name: 'customer_kind',
        rule: { type: 'one_of', values: ['individual', 'corporate'] },
        required: true,
      },
      {
        name: 'birth_date',
        rule: { type: 'date', earliest: '1900-01-01', latest: asOf },
        required: false,
      },
      { name: 'network', rule: { type: 'one_of', values: ['kt', 'mvno'] }, required: true },
      {
        name: 'line_kind',
        rule: { type: 'one_of', values: ['handset', 'tablet', 'watch', 'iot'] },
        required: true,
      },
      {
        name: 'payment',
        rule: { type: 'one_of', values: ['postpaid', 'prepaid'] },
        required: true,
      },
      { name: 'status', rule: { type: 'one_of', values: ['active', 'suspended'] }, required: true },
      { name: 'activated_on', rule: { type: 'date', latest: asOf }, required: true },
      {
        name: 'contract_event',
        rule: { type: 'one_of', values: ['new', 'device_change', 'renewal'] },
        required: false,
      },
      { name: 'contract_event_on', rule: { type: 'date' }, required: false },
      {
        name: 'plan_restriction',
        rule: { type: 'one_of', values: ['none', 'minor'] },
        required: true,
      },
      { name: 'guardian_consent_on', rule: { type: 'date' }, required: false },
      { name: 'roaming_promotion_ends_on', rule: { type: 'date' }, required: false },
      { name: 'notice_number', rule: { type: 'digits', least: 9, most: 11 }, required: false },
    ],
    agreements: [
      { type: 'only_where', column: 'birth_date', where: 'customer_kind', is: 'individual' },
      { type: 'together', first: 'contract_event', second: 'contract_event_on' },
    ],
  }
}
