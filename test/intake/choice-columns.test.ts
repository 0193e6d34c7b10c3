/** The columns of choices and voucher codes at their boundaries, on bytes of a file. */
import { expect, test } from 'vitest'
import { CHOICE_COLUMNS } from '../../src/intake/choices-file.js'
import type { FileColumns } from '../../src/intake/column.js'
import { RowCursor } from '../../src/intake/csv.js'
import { readHeader } from '../../src/intake/header.js'
import { RowEncoder } from '../../src/intake/row-encoder.js'
import { VOUCHER_COLUMNS } from '../../src/intake/vouchers-file.js'

/** What COPY is given of a row, or the column and the reason of its fault. */
function encode(file: FileColumns, values: Readonly<Record<string, string>>): string {
  const names = file.columns.map((it) => it.name)
  const field = (it: string): string => `"${(values[it] ?? '').replaceAll('"', '""')}"`
  const cursor = new RowCursor('file.csv', 'utf-8')
  cursor.append(Buffer.from(`${names.join(',')}\n${names.map(field).join(',')}\n`))
  cursor.end()
  cursor.next()
  const encoder = new RowEncoder(file, readHeader(cursor, file.columns, 'file.csv'))
  cursor.next()
  if (encoder.encode(cursor, 7)) return encoder.buffer.toString('utf8', 0, encoder.length)
  return `${encoder.fault.column} ${encoder.fault.reason}`
}

const CHOSEN_AT = '2026-02-03T09:00:00+09:00'
const choice = (changes: Readonly<Record<string, string>>): string =>
  encode(CHOICE_COLUMNS, {
    choice_id: 'c-1',
    line_id: '101',
    benefit: 'ott_pass',
    option: 'tving',
    channel: 'app',
    chosen_at: CHOSEN_AT,
    ...changes,
  })
const voucher = (changes: Readonly<Record<string, string>>): string =>
  encode(VOUCHER_COLUMNS, {
    option: 'tving',
    code: 'ABCD-1234',
    expires_on: '2026-12-31',
    ...changes,
  })

test('a good choice becomes a row of COPY', () => {
  expect(choice({})).toBe(`c-1\t101\tott_pass\ttving\tapp\t${CHOSEN_AT}\t\\N\t\\N\t7\n`)
  const withdrawn = '2026-02-03T01:00:00Z'
  const application = { benefit: 'insurance', option: '', guardian_consent: 'true' }
  expect(choice({ ...application, withdrawn_at: withdrawn })).toBe(
    `c-1\t101\tinsurance\t\\N\tapp\t${CHOSEN_AT}\ttrue\t${withdrawn}\t7\n`,
  )
})

test.each([
  ['a', 'a'],
  ['선택-1', '선택-1'],
  ['a b', 'a b'],
  ['a\\Nb', 'a\\\\Nb'],
  ['a,"b"', 'a,"b"'],
  ['가'.repeat(64), '가'.repeat(64)],
  ['😀'.repeat(64), '😀'.repeat(64)],
  ['\u00a0', '\u00a0'],
])('a choice_id may be %j', (id, copied) => {
  expect(choice({ choice_id: id }).split('\t')[0]).toBe(copied)
})

test.each([
  ['choice_id', '', 'VALUE_MISSING'],
  ['choice_id', 'a'.repeat(65), 'NOT_AN_ID'],
  ['choice_id', '가'.repeat(65), 'NOT_AN_ID'],
  ['choice_id', '😀'.repeat(65), 'NOT_AN_ID'],
  ['choice_id', 'a\tb', 'NOT_AN_ID'],
  ['choice_id', 'a\nb', 'NOT_AN_ID'],
  ['choice_id', '\u001b[2J', 'NOT_AN_ID'],
  ['choice_id', 'a\u007f', 'NOT_AN_ID'],
  ['choice_id', 'a\u0085', 'NOT_AN_ID'],
  ['line_id', '0', 'NOT_AN_ID'],
  ['benefit', 'data', 'NOT_IN_LIST'],
  ['option', 'netflix', 'NOT_IN_LIST'],
  ['option', '', 'VALUE_MISSING'],
  ['benefit', 'insurance', 'VALUE_UNEXPECTED'],
  ['channel', 'fax', 'NOT_IN_LIST'],
  ['chosen_at', '2026-02-03', 'NOT_AN_INSTANT'],
  ['guardian_consent', 'yes', 'NOT_IN_LIST'],
  ['guardian_consent', 'TRUE', 'NOT_IN_LIST'],
  ['withdrawn_at', 'never', 'NOT_AN_INSTANT'],
])('%s may not be %j: %s', (column, value, reason) => {
  const named = reason === 'VALUE_UNEXPECTED' ? 'option' : column
  expect(choice({ [column]: value })).toBe(`${named} ${reason}`)
})

test.each([
  ['2026-02-03T09:00:00+09:00', true],
  ['2026-02-03T00:00:00Z', true],
  ['2026-02-03T09:00+09:00', true],
  ['2026-02-03T09:00:00.000001+09:00', true],
  ['2026-02-03T14:00:00+14:00', true],
  ['2026-02-02T23:59:59.999999Z', false],
  ['2026-02-03T09:00:00+09:30', false],
  ['2026-02-03T08:59:59+09:00', false],
  ['0001-01-01T00:00:00Z', false],
  ['9999-12-31T23:59:59Z', true],
])('of a choice at 09:00 in Seoul, withdrawn at %s: %s', (withdrawnAt, good) => {
  const told = choice({ withdrawn_at: withdrawnAt })
  if (good) expect(told.split('\t')[7]).toBe(withdrawnAt)
  else expect(told).toBe('withdrawn_at INSTANT_TOO_EARLY')
})

test('microseconds tell two instants apart', () => {
  const at = (fraction: string): string => `2026-02-03T09:00:00.${fraction}+09:00`
  const told = (chosen: string, withdrawn: string): string =>
    choice({ chosen_at: at(chosen), withdrawn_at: at(withdrawn) })
  expect(told('123456', '123455')).toBe('withdrawn_at INSTANT_TOO_EARLY')
  expect(told('123456', '123456')).toContain(at('123456'))
  expect(told('5', '50')).toContain(at('50'))
  expect(told('5', '49')).toBe('withdrawn_at INSTANT_TOO_EARLY')
})

test.each(['x', '!', '~', 'A'.repeat(64), 'a"b', 'a,b', '\\N'])('a code may be %j', (code) => {
  const copied = code.replaceAll('\\', '\\\\')
  expect(voucher({ code })).toBe(`tving\t${copied}\t2026-12-31\t7\n`)
})

test.each([
  ['code', '', 'VALUE_MISSING'],
  ['code', 'A'.repeat(65), 'NOT_A_CODE'],
  ['code', 'A B', 'NOT_A_CODE'],
  ['code', ' AB', 'NOT_A_CODE'],
  ['code', 'AB\n', 'NOT_A_CODE'],
  ['code', 'AB\u007f', 'NOT_A_CODE'],
  ['code', '코드', 'NOT_A_CODE'],
  ['option', '', 'VALUE_MISSING'],
  ['option', 'Tving', 'NOT_IN_LIST'],
  ['expires_on', '', 'VALUE_MISSING'],
  ['expires_on', '2026-02-30', 'NOT_A_DATE'],
])('%s of a voucher may not be %j: %s', (column, value, reason) => {
  expect(voucher({ [column]: value })).toBe(`${column} ${reason}`)
})
