/** Columns of the terminated lines (contracts §2.5). */
import type { Column, FileColumns } from './column.js'

/** Twelve digits are more than any bill has, and a million of them add up within a bigint. */
const WON_DIGITS = 12

const amount = (name: string): Column => ({
  name,
  rule: { type: 'won', most: WON_DIGITS },
  required: true,
})
const oneOf = (name: string, values: readonly string[], required = true): Column => ({
  name,
  rule: { type: 'one_of', values },
  required,
})

export const TERMINATION_COLUMNS: FileColumns = {
  columns: [
    { name: 'line_id', rule: { type: 'id' }, required: true },
    { name: 'customer_id', rule: { type: 'id' }, required: true },
    oneOf('customer_kind', ['individual', 'corporate']),
    oneOf('network', ['kt', 'mvno']),
    oneOf('line_kind', ['handset', 'tablet', 'watch', 'iot']),
    { name: 'activated_on', rule: { type: 'date' }, required: true },
    oneOf('contract_event', ['new', 'device_change', 'renewal'], false),
    { name: 'contract_event_on', rule: { type: 'date' }, required: false },
    { name: 'terminated_at', rule: { type: 'instant' }, required: true },
    oneOf('termination_kind', ['voluntary', 'port_out', 'ex_officio']),
    amount('subsidy_clawback_krw'),
    amount('discount_clawback_krw'),
    amount('other_charges_krw'),
    amount('paid_krw'),
    amount('already_waived_krw'),
    { name: 'resubscribed_on', rule: { type: 'date' }, required: false },
    oneOf('hardship', ['military', 'abroad', 'hospital', 'custody', 'remote_area'], false),
    { name: 'hardship_ended_on', rule: { type: 'date' }, required: false },
    { name: 'notice_number', rule: { type: 'digits', least: 9, most: 11 }, required: false },
  ],
  agreements: [
    { type: 'together', first: 'contract_event', second: 'contract_event_on' },
    { type: 'together', first: 'hardship', second: 'hardship_ended_on' },
  ],
}
