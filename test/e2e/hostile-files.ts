/**
 * Files as they should never come, made by code: a table of what each is, the exit code, and the
 * one line of error or the faults that it has to give. `FILE` stands for the path of the file.
 */
import { gzipSync } from 'node:zlib'
import {
  AS_OF, COLUMNS, accepted, after, badField, badHeader, good, header, oneFault, read, refused, row,
  text, third,
} from './hostile-file.js'
import type { HostileFile } from './hostile-file.js'

const gzip = gzipSync(text(header, ...good))
const WHOLE_GZIP = 'expected a whole gzip file and nothing after it'
const CANNOT = 'expected a file that can be read'
// 가 in cp949; its second byte is no UTF-8, and 가 in UTF-8 is no cp949.
const GA = Buffer.from([0xb0, 0xa1])
const withNote = (note: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${header},memo\n${row()},`), note, Buffer.from('\n')])
const quoted = (line: string): string => line.split(',').map((it) => `"${it}"`).join(',')

const harmless: readonly HostileFile[] = [
  accepted('a file as it should be', text(header, ...good)),
  accepted('CRLF as line end', Buffer.from([header, ...good, ''].join('\r\n'))),
  accepted('LF and CRLF mixed', Buffer.from(`${header}\r\n${good[0]}\n${good[1]}\r\n${good[2]}\n`)),
  accepted('a byte order mark', text(`\uFEFF${header}`, ...good)),
  accepted('a byte order mark before a quote', text(`\uFEFF${quoted(header)}`, ...good)),
  accepted('no line end after the last row', Buffer.from([header, ...good].join('\n'))),
  accepted('every field in quotes', text(...[header, ...good].map(quoted))),
  accepted(
    'columns in reverse order',
    text(COLUMNS.toReversed().join(','), row({}, COLUMNS.toReversed())),
    1,
  ),
  accepted('a header and no row', text(header), 0),
  accepted('gzip', gzip),
  accepted('gzip of several members', Buffer.concat([
    gzipSync(text(header, good[0] ?? '')), gzipSync(text(...good.slice(1)))])),
  accepted('dates at their bounds', after(
    row({ line_id: '102', customer_id: '901', birth_date: '1900-01-01', activated_on: AS_OF }),
    row({ line_id: '103', customer_id: '902', birth_date: AS_OF }),
    row({ line_id: '104', guardian_consent_on: '9999-12-31' })), 4),
  accepted(
    'ids of 18 digits',
    third({ line_id: '999999999999999999', customer_id: '100000000000000000' }),
    2,
  ),
  {
    name: 'an unknown column with line feeds, commas and quotes in it', exit: 0,
    content: text(
      `memo,${header}`, `"a\n""b"",\r\n",${row()}`, `,${row({ line_id: '102' })}`,
      `,${row({ line_id: 'x' })}`,
    ),
    ...read(3, 1), faults: ['6 line_id NOT_AN_ID'], unknownColumns: ['memo'],
  },
  {
    ...accepted('formulas in an unknown column and its name', text(
      `${header},=cmd|' /C calc'!A0`, `${row()},=1+1`), 1),
    unknownColumns: ['column 16'],
  },
  {
    ...accepted('terminal escapes in the name of an unknown column', text(
      `${header},\u001b[2Jmemo`, `${row()},x`), 1),
    unknownColumns: ['column 16'],
  },
  {
    ...accepted('cp949, as it says', withNote(GA), 1),
    encoding: 'cp949',
    unknownColumns: ['memo'],
  },
  {
    ...accepted('100,000 unknown columns', text(
      `${header}${Array.from({ length: 100_000 }, (_, it) => `,c${it}`).join('')}`,
      `${row()}${','.repeat(100_000)}`), 1),
    unknownColumns: Array.from({ length: 20 }, (_, it) => `c${it}`),
  },
]

const headers: readonly HostileFile[] = [
  refused('an empty file', Buffer.alloc(0), 'FILE: is empty; expected a header line and rows'),
  refused(
    'a byte order mark alone',
    Buffer.from('\uFEFF'),
    'FILE: is empty; expected a header line and rows',
  ),
  refused('an empty gzip', gzipSync(''), 'FILE: is empty; expected a header line and rows'),
  badHeader(
    'a missing column',
    text(...[header, row()].map((it) => it.split(',').toSpliced(3, 1).join(','))),
    ':birth_date',
    'missing column',
  ),
  badHeader(
    'a repeated column', text(`${header},line_id`, `${row()},102`), ':line_id', 'repeated column',
  ),
  badHeader(
    'a repeated unknown column',
    text(`${header},memo,memo`, `${row()},a,b`),
    ':memo',
    'repeated column',
  ),
  badHeader(
    'two columns without a name',
    text(`${header},,`, `${row()},,`),
    ':column 17',
    'repeated column',
  ),
  badHeader(
    'a column name in capitals', text(header.toUpperCase(), row()), ':line_id', 'missing column',
  ),
  badHeader(
    'semicolons',
    text(...[header, row()].map((it) => it.replaceAll(',', ';'))),
    ':line_id',
    'missing column',
  ),
  badHeader('no header line', text(...good), ':line_id', 'missing column'),
  badHeader(
    'no header line and equal personal values',
    text(`${row()},1987-06-05`),
    ':line_id',
    'missing column',
  ),
  badHeader('a blank first line', text('', header, row()), ':line_id', 'missing column'),
  badHeader(
    'CR as line end', Buffer.from([header, ...good].join('\r')), '', 'CR without LF in the header',
  ),
  badHeader(
    'UTF-16 without a mark', Buffer.from(`${header}\n`, 'utf16le'), '', 'NUL byte in the header',
  ),
  badHeader(
    'quotes inside a column name',
    text(header.replace('line_id', 'line"_"id'), row()),
    '',
    'quote inside a column name',
  ),
  refused('a header of 10 MB', Buffer.from(`${header},${'x'.repeat(10 << 20)}\n`),
    'FILE:1: a row is longer than 1 MiB; expected shorter rows, or a quote to be closed'),
]

const bytes: readonly HostileFile[] = [
  refused('a directory', 'directory', `FILE: is a directory; ${CANNOT}`),
  refused('no file', 'missing', `FILE: does not exist; ${CANNOT}`),
  refused('a file of somebody else', 'unreadable', `FILE: may not be read by this user; ${CANNOT}`),
  refused('UTF-16', Buffer.from(`\uFEFF${header}\n`, 'utf16le'),
    'FILE: starts with the byte order mark of UTF-16; expected UTF-8 or cp949'),
  refused('a byte that is no UTF-8', Buffer.concat([after(), Buffer.of(0xff), Buffer.from(row())]),
    'FILE:3: has a byte that is not utf-8; expected utf-8 (or --encoding cp949)'),
  refused('UTF-8 cut off at the end of the file', Buffer.concat([after(), Buffer.of(0xea, 0xb0)]),
    'FILE:3: has a byte that is not utf-8; expected utf-8 (or --encoding cp949)'),
  refused('an overlong form', Buffer.concat([after(), Buffer.from([0xc0, 0xaf])]),
    'FILE:3: has a byte that is not utf-8; expected utf-8 (or --encoding cp949)'),
  refused('cp949 taken for UTF-8', withNote(Buffer.concat([GA, GA])),
    'FILE:2: has a byte that is not utf-8; expected utf-8 (or --encoding cp949)'),
  {
    ...refused('UTF-8 taken for cp949', withNote(Buffer.from('가나다')),
      'FILE:2: has a byte that is not cp949; expected cp949 (or --encoding utf-8)'),
    encoding: 'cp949',
  },
  {
    ...refused('UTF-8 with a mark taken for cp949', text(`\uFEFF${header}`, row()),
      'FILE: starts with the byte order mark of UTF-8; expected cp949, as --encoding says'),
    encoding: 'cp949',
  },
  refused(
    'gzip cut short',
    gzip.subarray(0, gzip.length - 9),
    `FILE: is a gzip file cut short; ${WHOLE_GZIP}`,
  ),
  refused(
    'gzip without its check sum',
    gzip.subarray(0, gzip.length - 4),
    `FILE: is a gzip file cut short; ${WHOLE_GZIP}`,
  ),
  refused('gzip with bytes after it', Buffer.concat([gzip, Buffer.from('line_id')]),
    `FILE: is a broken gzip file (Z_DATA_ERROR); ${WHOLE_GZIP}`),
  refused('gzip with a piece of another one after it', Buffer.concat([gzip, gzip.subarray(0, 2)]),
    `FILE: is a gzip file cut short; ${WHOLE_GZIP}`),
  refused('gzip with zeros after it', Buffer.concat([gzip, Buffer.alloc(512)]),
    `FILE: has bytes after the end of its gzip data; ${WHOLE_GZIP}`),
  refused('gzip with a wrong check sum', Buffer.concat([gzip.subarray(0, -8), Buffer.alloc(8, 1)]),
    `FILE: is a broken gzip file (Z_DATA_ERROR); ${WHOLE_GZIP}`),
  refused('gzip inside gzip', gzipSync(gzip),
    'FILE:1: has a byte that is not utf-8; expected utf-8 (or --encoding cp949)'),
  refused('an unclosed quote', after(`"${row({ line_id: '102' })}`),
    'FILE:3: a quote is not closed; expected a closing quote before the end of the file'),
  refused('an unclosed quote in a long file', after('"', `${row()}\n`.repeat(20_000)),
    'FILE:3: a row is longer than 1 MiB; expected shorter rows, or a quote to be closed'),
  refused('a field of 10 MB', after(row({ line_id: '102', notice_number: '1'.repeat(10 << 20) })),
    'FILE:3: a row is longer than 1 MiB; expected shorter rows, or a quote to be closed'),
]

const shapes: readonly HostileFile[] = [
  oneFault('a field too few', after(row().replace(/,[^,]*$/, '')), '3 null FIELD_COUNT'),
  oneFault('a field too many', after(`${row({ line_id: '102' })},`), '3 null FIELD_COUNT'),
  oneFault('a row of 100,000 fields', after(','.repeat(99_999)), '3 null FIELD_COUNT'),
  oneFault('a blank line at the end', after(''), '3 null FIELD_COUNT'),
  oneFault('a line of spaces', after('   '), '3 null FIELD_COUNT'),
  oneFault('a quote inside a field', third({ customer_id: '9"0' }), '3 null STRAY_QUOTE'),
  oneFault('text after a closing quote', third({ customer_id: '"90"0' }), '3 null STRAY_QUOTE'),
  oneFault('a NUL byte in a field', third({ customer_id: '9\u00000' }), '3 null NUL_BYTE'),
  oneFault('a NUL byte in quotes', third({ customer_id: '"900\u0000"' }), '3 null NUL_BYTE'),
  oneFault('a CR alone in a row', third({ customer_id: '9\r0' }), '3 null LONE_CR'),
  oneFault(
    'a CR at the very end',
    Buffer.from(`${header}\n${row()}\n${row({ line_id: '102' })}\r`),
    '3 null LONE_CR',
  ),
  oneFault(
    'a line feed in a quoted id', third({ customer_id: '"9\n0"' }), '3 customer_id NOT_AN_ID',
  ),
  oneFault('the end mark of COPY', after('\\.'), '3 null FIELD_COUNT'),
  {
    name: 'a second file pasted below, with its mark', exit: 0, ...read(3, 2),
    content: after(`\uFEFF${header}`, `\uFEFF${row({ line_id: '102' })}`),
    faults: ['3 line_id NOT_AN_ID', '4 line_id NOT_AN_ID'],
  },
]

const fields: readonly HostileFile[] = [
  badField('an id of 19 digits', 'line_id', '1234567890123456789', 'NOT_AN_ID'),
  badField('an id with a leading zero', 'line_id', '0102', 'NOT_AN_ID'),
  badField('the id 0', 'customer_id', '0', 'NOT_AN_ID'),
  badField('a negative id', 'line_id', '-102', 'NOT_AN_ID'),
  badField('an id in full-width digits', 'line_id', '１０２', 'NOT_AN_ID'),
  badField('an id with a space before it', 'line_id', ' 102', 'NOT_AN_ID'),
  badField('an id as a spreadsheet writes it', 'line_id', '1.02E+17', 'NOT_AN_ID'),
  badField('a formula for an id', 'line_id', '=1+1', 'NOT_AN_ID'),
  oneFault('a formula with quotes', third({ line_id: '=cmd("x")' }), '3 null STRAY_QUOTE'),
  badField('null as COPY writes it', 'birth_date', '\\N', 'NOT_A_DATE'),
  badField('a missing id', 'line_id', '', 'VALUE_MISSING'),
  badField('an empty field in quotes', 'line_id', '""', 'VALUE_MISSING'),
  badField('February 30', 'activated_on', '2025-02-30', 'NOT_A_DATE'),
  badField('February 29 of no leap year', 'activated_on', '2023-02-29', 'NOT_A_DATE'),
  badField('the year 0', 'contract_event_on', '0000-01-01', 'NOT_A_DATE'),
  badField('a date with slashes', 'activated_on', '2024/02/28', 'NOT_A_DATE'),
  badField('a date with a time', 'activated_on', '2024-02-28T00:00:00', 'NOT_A_DATE'),
  badField('infinity', 'roaming_promotion_ends_on', 'infinity', 'NOT_A_DATE'),
  badField('a birth before 1900', 'birth_date', '1899-06-05', 'DATE_TOO_EARLY'),
  badField('a birth after the as-of date', 'birth_date', '2031-06-05', 'DATE_TOO_LATE'),
  badField('a line activated after the as-of date', 'activated_on', '2026-01-14', 'DATE_TOO_LATE'),
  badField('an individual without a birth date', 'birth_date', '', 'VALUE_MISSING'),
  oneFault('a corporate with a birth date', third({ customer_kind: 'corporate' }),
    '3 birth_date VALUE_UNEXPECTED'),
  badField('a terminated line', 'status', 'terminated', 'NOT_IN_LIST'),
  badField('a status in capitals', 'status', 'ACTIVE', 'NOT_IN_LIST'),
  badField('no plan restriction', 'plan_restriction', '', 'VALUE_MISSING'),
  badField('a contract event without its date', 'contract_event_on', '', 'VALUE_MISSING'),
  badField('the date of no contract event', 'contract_event', '', 'VALUE_MISSING'),
  badField('a notice number with hyphens', 'notice_number', '010-9988-7766', 'NOT_DIGITS'),
  badField('a notice number of 12 digits', 'notice_number', '010998877661', 'NOT_DIGITS'),
]

const wholes: readonly HostileFile[] = [
  {
    name: 'a line_id twice', exit: 0, ...read(3, 1), faults: ['3 line_id DUPLICATE_LINE'],
    content: after(row({ network: 'mvno' }), row({ line_id: '102' })),
  },
  {
    name: 'a line_id twice, first in a bad row', exit: 0, ...read(3, 2),
    content: text(header, row({ network: 'skt' }), row(), row({ payment: 'prepaid' })),
    faults: ['2 network NOT_IN_LIST', '4 line_id DUPLICATE_LINE'],
  },
  {
    name: 'a customer with two birth dates', exit: 0, ...read(4, 3),
    content: after(
      row({ line_id: '102', birth_date: '1987-06-06' }),
      row({ line_id: '103' }),
      row({ line_id: '104', customer_id: '901' })),
    faults: [
      '2 customer_id CUSTOMER_CONFLICT',
      '3 customer_id CUSTOMER_CONFLICT',
      '4 customer_id CUSTOMER_CONFLICT',
    ],
  },
  {
    name: 'a customer of two kinds', exit: 0, ...read(3, 2),
    content: after(
      row({ line_id: '102', customer_kind: 'corporate', birth_date: '' }),
      row({ line_id: '103', customer_id: '901' })),
    faults: ['2 customer_id CUSTOMER_CONFLICT', '3 customer_id CUSTOMER_CONFLICT'],
  },
  {
    name: 'a conflict that only a bad row makes', exit: 0, ...read(2, 1),
    content: third({ birth_date: '1987-06-06', status: 'off' }), faults: ['3 status NOT_IN_LIST'],
  },
  {
    name: 'a conflict that only a repeated line makes', exit: 0, ...read(2, 1),
    content: after(row({ birth_date: '1987-06-06' })), faults: ['3 line_id DUPLICATE_LINE'],
  },
  {
    name: 'bad, repeated and conflicting rows at once', exit: 0, ...read(5, 4),
    content: after(row(), row({ line_id: '102', birth_date: '1987-06-07' }), row({ line_id: 'x' }),
      row({ line_id: '104', customer_id: '901' })),
    faults: [
      '2 customer_id CUSTOMER_CONFLICT',
      '3 line_id DUPLICATE_LINE',
      '4 customer_id CUSTOMER_CONFLICT',
      '5 line_id NOT_AN_ID',
    ],
  },
  {
    name: 'ten bad rows, as many as the budget', exit: 0, ...read(11, 10),
    content: after(...Array.from({ length: 10 }, () => row({ line_id: 'x' }))),
    faults: Array.from({ length: 10 }, (_, it) => `${it + 3} line_id NOT_AN_ID`),
  },
  {
    name: 'eleven bad rows', exit: 3, ...read(12, 11),
    content: after(...Array.from({ length: 11 }, () => row({ line_id: 'x' }))),
    error: 'FILE: 11 of 12 rows quarantined; expected at most 10',
    faults: Array.from({ length: 11 }, (_, it) => `${it + 3} line_id NOT_AN_ID`),
  },
  {
    name: 'one bad row where none is allowed', exit: 3, ...read(2, 1), budget: '0',
    content: third({ line_id: 'x' }), faults: ['3 line_id NOT_AN_ID'],
    error: 'FILE: 1 of 2 rows quarantined; expected at most 0',
  },
  {
    name: 'repeated lines over the budget', exit: 3, ...read(3, 2), budget: '50%',
    content: after(row(), row()), faults: ['3 line_id DUPLICATE_LINE', '4 line_id DUPLICATE_LINE'],
    error: 'FILE: 2 of 3 rows quarantined; expected at most 1',
  },
  {
    name: 'a conflict over the budget', exit: 3, ...read(3, 2), budget: '1',
    content: after(
      row({ line_id: '102', birth_date: '1987-06-06' }),
      row({ line_id: '103', customer_id: '901' })),
    faults: ['2 customer_id CUSTOMER_CONFLICT', '3 customer_id CUSTOMER_CONFLICT'],
    error: 'FILE: 2 of 3 rows quarantined; expected at most 1',
  },
  {
    name: 'nothing but blank lines', exit: 3, ...read(2_000, 2_000),
    content: text(header, ...Array.from({ length: 2_000 }, () => '')),
    error: 'FILE: 2000 of 2000 rows quarantined; expected at most 10',
  },
]

export const HOSTILE_FILES: readonly HostileFile[] = [
  ...harmless, ...headers, ...bytes, ...shapes, ...fields, ...wholes,
]
