/** The columns of terminations and applications at their boundaries, on bytes of a file. */
import { expect, test } from 'vitest'
import { APPLICATION_COLUMNS } from '../../src/intake/applications-file.js'
import type { FileColumns } from '../../src/intake/column.js'
import { RowCursor } from '../../src/intake/csv.js'
import { readHeader } from '../../src/intake/header.js'
import { RowEncoder } from '../../src/intake/row-encoder.js'
import { TERMINATION_COLUMNS } from '../../src/intake/terminations-file.js'
import { BANK_CODES, isBankCodeInUse } from '../../src/rules/refunds/bank-codes.js'

type Values = Readonly<Record<string, string>>

/** What COPY is given of a row by column, or the column and the reason of its fault. */
function encode(file: FileColumns, values: Values): Values | string {
  const names = file.columns.map((it) => it.name)
  const field = (it: string): string => `"${(values[it] ?? '').replaceAll('"', '""')}"`
  const cursor = new RowCursor('file.csv', 'utf-8')
  cursor.append(Buffer.from(`${names.join(',')}\n${names.map(field).join(',')}\n`))
  cursor.end()
  cursor.next()
  const encoder = new RowEncoder(file, readHeader(cursor, file.columns, 'file.csv'))
  cursor.next()
  if (!encoder.encode(cursor, 7)) return `${encoder.fault.column} ${encoder.fault.reason}`
  const fields = encoder.buffer.toString('utf8', 0, encoder.length).trimEnd().split('\t')
  return Object.fromEntries(encoder.columnNames.map((it, at) => [it, fields[at] ?? '']))
}

const TERMINATION = {
  line_id: '101',
  customer_id: '900',
  customer_kind: 'individual',
  network: 'kt',
  line_kind: 'handset',
  activated_on: '2024-02-29',
  terminated_at: '2025-12-31T23:59:59+09:00',
  termination_kind: 'port_out',
  subsidy_clawback_krw: '1',
  discount_clawback_krw: '2',
  other_charges_krw: '3',
  paid_krw: '4',
  already_waived_krw: '5',
}
const APPLICATION = {
  application_id: 'a-1',
  line_id: '101',
  channel: 'web',
  applied_at: '2026-01-15T10:00:00+09:00',
  bank_code: '088',
  account_number: '1234567890',
  account_holder: '김하늘',
  holder_check: 'match',
}
const termination = (changes: Values): Values | string =>
  encode(TERMINATION_COLUMNS, { ...TERMINATION, ...changes })
const application = (changes: Values): Values | string =>
  encode(APPLICATION_COLUMNS, { ...APPLICATION, ...changes })

test.each(['0', '1', '000', '999999999999'])('an amount may be %s', (won) => {
  expect(termination({ paid_krw: won })).toMatchObject({ paid_krw: won })
})

test.each(['-1', '+1', '1.0', '1,000', '1e3', ' 1', '１', '1000000000000', '원'])(
  'an amount may not be %j',
  (won) => expect(termination({ paid_krw: won })).toBe('paid_krw NOT_AN_AMOUNT'),
)

test.each(Object.keys(TERMINATION))('%s of a termination has to be there', (column) => {
  expect(termination({ [column]: '' })).toBe(`${column} VALUE_MISSING`)
})

test.each([
  [{ customer_kind: 'person' }, 'customer_kind NOT_IN_LIST'],
  [{ termination_kind: 'exofficio' }, 'termination_kind NOT_IN_LIST'],
  [{ terminated_at: '2025-12-31' }, 'terminated_at NOT_AN_INSTANT'],
  [{ contract_event: 'new' }, 'contract_event_on VALUE_MISSING'],
  [{ contract_event_on: '2025-01-01' }, 'contract_event VALUE_MISSING'],
  [{ hardship: 'abroad' }, 'hardship_ended_on VALUE_MISSING'],
  [{ hardship: 'vacation', hardship_ended_on: '2026-01-01' }, 'hardship NOT_IN_LIST'],
  [{ resubscribed_on: '2026-02-29' }, 'resubscribed_on NOT_A_DATE'],
  [{ notice_number: '010-1234-5678' }, 'notice_number NOT_DIGITS'],
])('a termination may not have %j', (changes, fault) => {
  expect(termination(changes)).toBe(fault)
})

test.each([
  ['1234567890', '1234567890'],
  ['12345678901234', '12345678901234'],
  ['110-000-123456', '110000123456'],
  ['-1-2-3-4-5--67890-', '1234567890'],
  ['0000000000', '0000000000'],
])('an account may be %s', (account, copied) => {
  expect(application({ account_number: account })).toMatchObject({ account_number: copied })
})

test.each([
  '123456789',
  '123456789012345',
  '12345-6789',
  '1234567890a',
  '123456 7890',
  '----------',
])('an account may not be %j', (account) =>
  expect(application({ account_number: account })).toBe('account_number NOT_AN_ACCOUNT'),
)

test.each([
  ['김하늘', '김하늘'],
  ['O’Neill, "Pat"', 'O’Neill, "Pat"'],
  ['a\\b', 'a\\\\b'],
  ['가'.repeat(140), '가'.repeat(140)],
  ['Ｋ', 'Ｋ'],
])('a holder may be %j', (holder, copied) => {
  expect(application({ account_holder: holder })).toMatchObject({ account_holder: copied })
})

test.each([
  '가'.repeat(141),
  ' ',
  '   ',
  'a\tb',
  'a\nb',
  '\u001b[2J',
  'a\u0085',
  '\ufffe',
  'a\uffff',
])('a holder may not be %j', (holder) =>
  expect(application({ account_holder: holder })).toBe('account_holder NOT_A_NAME'),
)

test.each(Object.keys(APPLICATION))('%s of an application has to be there', (column) => {
  expect(application({ [column]: '' })).toBe(`${column} VALUE_MISSING`)
})

test.each([
  [{ channel: 'app' }, 'channel NOT_IN_LIST'],
  [{ bank_code: '88' }, 'bank_code NOT_IN_LIST'],
  [{ bank_code: '999' }, 'bank_code NOT_IN_LIST'],
  [{ holder_check: 'MATCH' }, 'holder_check NOT_IN_LIST'],
  [{ withdrawn_at: '2026-01-15T09:59:59+09:00' }, 'withdrawn_at INSTANT_TOO_EARLY'],
])('an application may not have %j', (changes, fault) => {
  expect(application(changes)).toBe(fault)
})

test('the banks are those of the facts, each once', () => {
  const codes = BANK_CODES.map((it) => it.code)
  expect(new Set(codes).size).toBe(22)
  expect(codes).toHaveLength(22)
  for (const code of codes) expect(isBankCodeInUse(code, '2026-01-15')).toBe(true)
  expect(isBankCodeInUse('001', '2026-01-15')).toBe(false)
})

test('a code is in use from its first day to its last', () => {
  const codes = [{ code: '900', bank: 'a', from: '2026-01-14', to: '2026-01-15' }]
  const days = ['2026-01-13', '2026-01-14', '2026-01-15', '2026-01-16']
  const inUse = days.map((it) => isBankCodeInUse('900', it, codes))
  expect(inUse).toEqual([false, true, true, false])
})

test('whether a code is in use is asked for the day in Seoul of the application', () => {
  const asked: string[] = []
  const file: FileColumns = {
    ...APPLICATION_COLUMNS,
    agreements: [
      {
        type: 'valid_then',
        column: 'bank_code',
        at: 'applied_at',
        isValid: (code, on) => asked.push(`${code} ${on}`) < 2,
      },
    ],
  }
  const at = (applied_at: string): Values => ({ ...APPLICATION, applied_at })
  expect(encode(file, at('2026-01-14T15:00:00Z'))).toMatchObject({ bank_code: '088' })
  expect(encode(file, at('2026-01-14T14:59:59.999999Z'))).toBe('bank_code NOT_VALID_THEN')
  expect(asked).toEqual(['088 2026-01-15', '088 2026-01-14'])
})
