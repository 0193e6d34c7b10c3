/**
 * The neutral fixed-width profile (A50): the fields of its records, and how a value fills one. It
 * is nobody's standard: the records of the clearing institute and of each bank are theirs, and are
 * one more `BankFormat` each. docs/fixed-width-profile.md is this file for people.
 *
 * Lengths are bytes of UTF-8. EUC-KR would be the custom, but it lacks syllables that stand in
 * names, and a name with another character in its place fails the bank's check of the holder.
 */
import { assert } from '../assert.js'
import { fitBytes } from './bank-text.js'

export interface Field {
  readonly name: string
  readonly bytes: number
  /** Numbers stand right with leading zeros, texts left with trailing spaces. */
  readonly kind: 'number' | 'text'
}

export interface RecordLayout {
  /** Its first byte, which tells records apart. */
  readonly type: string
  /** Those after the first byte; spaces fill the rest of the record. */
  readonly fields: readonly Field[]
}

/** Without the line feed that ends each record. */
export const INSTRUCTION_BYTES = 240
export const RESULT_BYTES = 100
export const INSTRUCTION_PROFILE = 'REDRESS-PAY-1'
export const RESULT_PROFILE = 'REDRESS-RESULT-1'

const text = (name: string, bytes: number): Field => ({ name, bytes, kind: 'text' })
const number = (name: string, bytes: number): Field => ({ name, bytes, kind: 'number' })

export const INSTRUCTION_HEADER: RecordLayout = {
  type: 'H',
  fields: [
    text('profile', 16),
    text('message_id', 35),
    text('created_at', 35),
    number('payout_on', 8),
    text('currency', 3),
    number('debtor_bank', 3),
    text('debtor_account', 14),
    text('debtor_name', 60),
    number('count', 9),
    number('total_krw', 15),
  ],
}

export const INSTRUCTION_DATA: RecordLayout = {
  type: 'D',
  fields: [
    number('sequence', 9),
    text('end_to_end_id', 35),
    number('bank_code', 3),
    text('account_number', 14),
    number('amount_krw', 15),
    text('account_holder', 80),
    text('remittance', 80),
  ],
}

export const INSTRUCTION_TRAILER: RecordLayout = {
  type: 'T',
  fields: [text('message_id', 35), number('count', 9), number('total_krw', 15)],
}

export const RESULT_HEADER: RecordLayout = {
  type: 'H',
  fields: [text('profile', 16), text('message_id', 35), text('created_at', 35)],
}

export const RESULT_DATA: RecordLayout = {
  type: 'R',
  fields: [
    number('sequence', 9),
    text('end_to_end_id', 35),
    number('amount_krw', 15),
    text('result_code', 4),
  ],
}

export const RESULT_TRAILER: RecordLayout = {
  type: 'T',
  fields: [number('count', 9), number('total_krw', 15)],
}

/** One record with its line feed; values in the order of the fields. */
export function record(
  layout: RecordLayout,
  recordBytes: number,
  values: readonly (string | number)[],
): string {
  assert(values.length === layout.fields.length, 'a value for every field')
  let line = layout.type
  let left = recordBytes - 1
  for (const [index, field] of layout.fields.entries()) {
    line += filled(field, values[index] as string | number)
    left -= field.bytes
  }
  return `${line}${' '.repeat(left)}\n`
}

function filled(field: Field, value: string | number): string {
  if (field.kind === 'number') {
    const digits = String(value)
    assert(/^\d+$/.test(digits) && digits.length <= field.bytes, 'a number that its field holds')
    return digits.padStart(field.bytes, '0')
  }
  const fitting = fitBytes(String(value), field.bytes)
  return fitting + ' '.repeat(field.bytes - Buffer.byteLength(fitting))
}
