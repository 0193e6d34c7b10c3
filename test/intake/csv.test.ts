/** Whatever an RFC 4180 writer writes, in whatever pieces it arrives, is read back. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FLAW, MAX_ROW_BYTES } from '../../src/intake/csv.js'
import type { Encoding } from '../../src/intake/encoding.js'
import { rowsOf } from './rows-of.js'

const fieldsOf = (text: string | Buffer, cuts?: number[], encoding?: Encoding): unknown =>
  rowsOf(Buffer.from(text as string), cuts, encoding).map((it) => it.fields)

const field = fc
  .oneof(
    fc.constantFrom(
      '',
      'a',
      '"',
      '""',
      ',',
      '\n',
      '\r\n',
      '\r',
      '"\n"',
      '가나다',
      '\uFEFF',
      '😀',
      ' ',
    ),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
  )
  .filter((it) => !it.includes('\0'))

const writer = fc.record({
  rows: fc.array(fc.array(fc.tuple(field, fc.boolean()), { minLength: 1, maxLength: 6 }), {
    minLength: 1,
  }),
  lineEnd: fc.constantFrom('\n', '\r\n'),
  mark: fc.boolean(),
  lastLineEnd: fc.boolean(),
  cuts: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
})

test('what an RFC 4180 writer wrote is read back, however the bytes are cut', () => {
  fc.assert(
    fc.property(writer, ({ rows, lineEnd, mark, lastLineEnd, cuts }) => {
      const lines = rows.map((row) =>
        row
          .map(([text, quoted]) =>
            quoted || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text,
          )
          .join(','),
      )
      // A last line without a line end and without a byte is no line.
      const isLost = !lastLineEnd && lines.at(-1) === ''
      const first = !mark && lines[0]?.startsWith('\uFEFF') === true
      fc.pre(!isLost && !first)
      const text = `${mark ? '\uFEFF' : ''}${lines.join(lineEnd)}${lastLineEnd ? lineEnd : ''}`
      const read = rowsOf(Buffer.from(text), cuts)
      expect(read.map((it) => it.fields)).toEqual(rows.map((row) => row.map(([it]) => it)))
      expect(read.every((it) => it.flaw === FLAW.none)).toBe(true)
      expect(read.map((it) => it.raw)).toEqual(lines)
    }),
    { numRuns: 500 },
  )
})

test('a row knows the line on which it begins', () => {
  const rows = rowsOf(Buffer.from('a,b\n"1\n2\r\n3",x\n\ny,z'))
  expect(rows.map((it) => it.lineNo)).toEqual([1, 2, 5, 6])
})

test.each([
  ['a quote inside an unquoted field', 'a"b,c', FLAW.strayQuote],
  ['text after a closing quote', '"a"b,c', FLAW.strayQuote],
  ['a NUL byte', 'a\0,c', FLAW.nul],
  ['a NUL byte in quotes', '"a\0",c', FLAW.nul],
  ['a CR alone', 'a\rb,c', FLAW.loneCr],
  ['a CR after a quote', '"a"\r,c', FLAW.loneCr],
])('%s is a flaw of its row alone', (_, text, flaw) => {
  const rows = rowsOf(Buffer.from(`x,y\n${text}\nx,y\n`), [1])
  expect(rows.map((it) => it.flaw)).toEqual([FLAW.none, flaw, FLAW.none])
  expect(rows.map((it) => it.fields.length)).toEqual([2, 2, 2])
})

test('a CR at the end of the file is no line end', () => {
  expect(rowsOf(Buffer.from('a,b\r')).map((it) => it.flaw)).toEqual([FLAW.loneCr])
})

test('an unclosed quote refuses the file at the line where its row begins', () => {
  expect(() => rowsOf(Buffer.from('a,b\nc,d\n"e,f\ng,h\n'))).toThrow(
    'file.csv:3: a quote is not closed; expected a closing quote before the end of the file',
  )
})

test('a row of more than 1 MiB refuses the file, in quotes or not', () => {
  const long = 'x'.repeat(MAX_ROW_BYTES + 1)
  const message =
    'file.csv:2: a row is longer than 1 MiB; expected shorter rows, or a quote to be closed'
  expect(() => rowsOf(Buffer.from(`a\n${long}\n`), [65_536])).toThrow(message)
  expect(() => rowsOf(Buffer.from(`a\n"${long}"\n`), [65_536])).toThrow(message)
  expect(rowsOf(Buffer.from(`a\n${long.slice(1)}\nb\n`), [65_536])).toHaveLength(3)
})

test('an undecodable byte refuses the file and names its line', () => {
  const korean = Buffer.from('a,가\nb,나\n')
  const bad = Buffer.concat([korean, Buffer.from([0x63, 0x2c, 0xff, 0x0a]), korean])
  for (const cut of [1, 2, 3, 5, 100]) {
    expect(() => rowsOf(bad, [cut])).toThrow(
      'file.csv:3: has a byte that is not utf-8; expected utf-8 (or --encoding cp949)',
    )
  }
  expect(() => rowsOf(Buffer.concat([korean, Buffer.from([0xea, 0xb0])]), [1])).toThrow(
    'file.csv:3',
  )
})

// 가 is in the older set, 갂 (0x8141) only in the windows extension that cp949 means.
const cp949 = Buffer.from([0x61, 0x2c, 0xb0, 0xa1, 0x81, 0x41, 0x0a, 0x62, 0x2c, 0x63, 0x0a])

test('cp949 is decoded, wherever it is cut', () => {
  for (const cut of [1, 2, 3, 4, 100]) {
    expect(fieldsOf(cp949, [cut], 'cp949')).toEqual([
      ['a', '가갂'],
      ['b', 'c'],
    ])
  }
})

test('a byte that is no cp949 refuses the file and names its line', () => {
  const bad = Buffer.concat([cp949, Buffer.from([0x78, 0xff, 0x0a, 0x79, 0x0a])])
  for (const cut of [1, 2, 3, 100]) {
    expect(() => rowsOf(bad, [cut], 'cp949')).toThrow('file.csv:3: has a byte that is not cp949')
  }
  expect(() => rowsOf(cp949.subarray(0, 3), [2], 'cp949')).toThrow('file.csv:1')
})

test('byte order marks tell of the encoding', () => {
  expect(fieldsOf('\uFEFFa,b\n', [1])).toEqual([['a', 'b']])
  expect(() => rowsOf(Buffer.from('\uFEFFa\n'), [1], 'cp949')).toThrow(
    'file.csv: starts with the byte order mark of UTF-8; expected cp949, as --encoding says',
  )
  expect(() => rowsOf(Buffer.from('\uFEFFa\n', 'utf16le'))).toThrow(
    'file.csv: starts with the byte order mark of UTF-16; expected UTF-8 or cp949',
  )
})
