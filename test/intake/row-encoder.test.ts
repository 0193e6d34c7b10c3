/** Each column's rule at its boundaries, on bytes as they stand in a file. */
import { expect, test } from 'vitest'
import { CONSENT_COLUMNS } from '../../src/intake/consents-file.js'
import { RowCursor } from '../../src/intake/csv.js'
import type { FileColumns } from '../../src/intake/column.js'
import { readHeader } from '../../src/intake/header.js'
import { RowEncoder } from '../../src/intake/row-encoder.js'
import { snapshotColumns } from '../../src/intake/snapshot-file.js'
import { STATUS_COLUMNS } from '../../src/intake/status-file.js'

/** What COPY is given of a row, or the column and the reason of its fault. */
function encode(file: FileColumns, values: Readonly<Record<string, string>>): string {
  const names = file.columns.map((it) => it.name)
  const text = `${names.join(',')}\n${names.map((it) => values[it] ?? '').join(',')}\n`
  const cursor = new RowCursor('file.csv', 'utf-8')
  cursor.append(Buffer.from(text))
  cursor.end()
  cursor.next()
  const encoder = new RowEncoder(file, readHeader(cursor, file.columns, 'file.csv'))
  cursor.next()
  if (encoder.encode(cursor, 7)) return encoder.buffer.toString('utf8', 0, encoder.length)
  return `${encoder.fault.column} ${encoder.fault.reason}`
}

const line = {
  line_id: '101',
  customer_id: '999999999999999999',
  customer_kind: 'individual',
  birth_date: '1980-02-29',
  network: 'kt',
  line_kind: 'handset',
  payment: 'postpaid',
  status: 'active',
  activated_on: '2026-01-13',
  plan_restriction: 'none',
}
const snapshot = snapshotColumns('2026-01-13')
const encodeLine = (changes: Readonly<Record<string, string>>): string =>
  encode(snapshot, { ...line, ...changes })

test('a good row becomes a row of COPY, with absent values and its place in the file', () => {
  expect(encodeLine({})).toBe(
    '101\t999999999999999999\tindividual\t1980-02-29\tkt\thandset\tpostpaid\tactive\t2026-01-13' +
      '\t\\N\t\\N\tnone\t\\N\t\\N\t\\N\t7\n',
  )
})

test.each([
  ['birth_date', '1900-01-01'],
  ['birth_date', '2026-01-13'],
  ['activated_on', '2024-02-29'],
  ['activated_on', '0001-01-01'],
  ['guardian_consent_on', '9999-12-31'],
  ['roaming_promotion_ends_on', '2000-02-29'],
  ['notice_number', '021234567'],
  ['notice_number', '01012345678'],
  ['line_id', '1'],
  ['plan_restriction', 'minor'],
  ['status', 'suspended'],
])('%s may be %s', (column, value) => {
  expect(encodeLine({ [column]: value }).split('\t')).toContain(value)
})

const ID = 'NOT_AN_ID'
const DATE = 'NOT_A_DATE'
const LIST = 'NOT_IN_LIST'
test.each([
  ['line_id', '', 'VALUE_MISSING'],
  ['line_id', '0', ID],
  ['line_id', '01', ID],
  ['line_id', '1234567890123456789', ID],
  ['line_id', '-1', ID],
  ['line_id', '+1', ID],
  ['line_id', ' 1', ID],
  ['line_id', '1 ', ID],
  ['line_id', '1.0', ID],
  ['line_id', '1e3', ID],
  ['line_id', '0x1F', ID],
  ['line_id', '１２', ID],
  ['line_id', '\\N', ID],
  ['customer_id', '99a', ID],
  ['customer_kind', '', 'VALUE_MISSING'],
  ['customer_kind', 'Individual', LIST],
  ['customer_kind', 'individua', LIST],
  ['customer_kind', 'individual ', LIST],
  ['network', 'lgu', LIST],
  ['line_kind', 'phone', LIST],
  ['payment', 'post', LIST],
  ['status', 'terminated', LIST],
  ['status', 'ACTIVE', LIST],
  ['plan_restriction', '', 'VALUE_MISSING'],
  ['birth_date', '', 'VALUE_MISSING'],
  ['birth_date', '1899-12-31', 'DATE_TOO_EARLY'],
  ['birth_date', '2026-01-14', 'DATE_TOO_LATE'],
  ['birth_date', '1980-02-30', DATE],
  ['birth_date', '1900-02-29', DATE],
  ['birth_date', '1981-02-29', DATE],
  ['birth_date', '1980-00-10', DATE],
  ['birth_date', '1980-13-10', DATE],
  ['birth_date', '1980-04-31', DATE],
  ['birth_date', '1980-01-00', DATE],
  ['birth_date', '1980-1-1', DATE],
  ['birth_date', '80-01-01', DATE],
  ['birth_date', '19800101', DATE],
  ['birth_date', '1980/01/01', DATE],
  ['birth_date', '1980-01-01T00:00', DATE],
  ['birth_date', '1980-01-0a', DATE],
  ['birth_date', '0000-00-00', DATE],
  ['birth_date', 'infinity', DATE],
  ['activated_on', '2026-01-14', 'DATE_TOO_LATE'],
  ['activated_on', '2026-02-30', DATE],
  ['activated_on', '0000-01-01', DATE],
  ['activated_on', '', 'VALUE_MISSING'],
  ['guardian_consent_on', 'yes', DATE],
  ['notice_number', '12345678', 'NOT_DIGITS'],
  ['notice_number', '123456789012', 'NOT_DIGITS'],
  ['notice_number', '010-1234-56', 'NOT_DIGITS'],
])('%s may not be %j: %s', (column, value, reason) => {
  expect(encodeLine({ [column]: value })).toBe(`${column} ${reason}`)
})

test('a birth date is for individuals, and only for them', () => {
  expect(encodeLine({ customer_kind: 'corporate', birth_date: '' })).toContain('corporate')
  expect(encodeLine({ customer_kind: 'corporate' })).toBe('birth_date VALUE_UNEXPECTED')
})

test('a contract event and its date come both or neither', () => {
  const event = { contract_event: 'renewal', contract_event_on: '2024-01-01' }
  expect(encodeLine(event)).toContain('renewal\t2024-01-01')
  expect(encodeLine({ contract_event: 'renewal' })).toBe('contract_event_on VALUE_MISSING')
  expect(encodeLine({ contract_event_on: '2024-01-01' })).toBe('contract_event VALUE_MISSING')
  expect(encodeLine({ ...event, contract_event: 'transfer' })).toBe('contract_event NOT_IN_LIST')
})

const status = (effectiveAt: string): string =>
  encode(STATUS_COLUMNS, { line_id: '5', status: 'terminated', effective_at: effectiveAt })

test.each([
  '2026-01-14T09:00:00+09:00',
  '2026-01-14T00:00:00Z',
  '2026-01-14T23:59:59.123456-05:30',
  '2026-01-14T09:00+09:00',
  '2026-01-14T09:00:00.5+14:00',
  '9999-12-31T23:59:59+09:00',
])('%s is an instant', (text) => {
  expect(status(text)).toBe(`5\tterminated\t${text}\t7\n`)
})

test.each([
  '2026-01-14T09:00:00',
  '2026-01-14 09:00:00+09:00',
  '2026-01-14',
  '2026-02-30T09:00:00+09:00',
  '2026-01-14T24:00:00+09:00',
  '2026-01-14T09:60:00+09:00',
  '2026-01-14T09:00:60+09:00',
  '2026-01-14T09:00:00+9:00',
  '2026-01-14T09:00:00+0900',
  '2026-01-14T09:00:00+15:00',
  '2026-01-14T09:00:00+09:60',
  '2026-01-14T09:00:00.+09:00',
  '2026-01-14T09:00:00.1234567+09:00',
  '2026-01-14T09:00:00ZZ',
  '2026-01-14T09:00:00',
  '2026-01-14T9:00:00+09:00',
  '2026-01-14t09:00:00z',
  '9999-12-31T23:59:59-01:00',
  '0001-01-01T00:00:00+09:00',
  'now',
])('%s is no instant', (text) => {
  expect(status(text)).toBe('effective_at NOT_AN_INSTANT')
})

test('a consent is a line and a day', () => {
  const row = { line_id: '5', guardian_consent_on: '2026-02-01' }
  expect(encode(CONSENT_COLUMNS, row)).toBe('5\t2026-02-01\t7\n')
  expect(encode(CONSENT_COLUMNS, { line_id: '5' })).toBe('guardian_consent_on VALUE_MISSING')
})
