/** Columns of the choices and applications for benefits (contracts §2.3). */
import type { FileColumns } from './column.js'

/** The services that a pass can be for (facts §6), in choices and in voucher codes. */
export const PASS_OPTIONS: readonly string[] = ['tving', 'disney_plus']

export const CHOICE_COLUMNS: FileColumns = {
  columns: [
    { name: 'choice_id', rule: { type: 'text_id', most: 64 }, required: true },
    { name: 'line_id', rule: { type: 'id' }, required: true },
    {
      name: 'benefit',
      rule: { type: 'one_of', values: ['ott_pass', 'insurance'] },
      required: true,
    },
    { name: 'option', rule: { type: 'one_of', values: PASS_OPTIONS }, required: false },
    {
      name: 'channel',
      rule: { type: 'one_of', values: ['web', 'app', 'call_center', 'store'] },
      required: true,
    },
    { name: 'chosen_at', rule: { type: 'instant' }, required: true },
    {
      name: 'guardian_consent',
      rule: { type: 'one_of', values: ['true', 'false'] },
      required: false,
    },
    { name: 'withdrawn_at', rule: { type: 'instant' }, required: false },
  ],
  agreements: [
    { type: 'only_where', column: 'option', where: 'benefit', is: 'ott_pass' },
    { type: 'not_before', column: 'withdrawn_at', than: 'chosen_at' },
  ],
}
