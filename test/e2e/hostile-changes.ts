/** Files of choices and of voucher codes as they should never come, beside those of snapshots. */
import { gzipSync } from 'node:zlib'
import { fileOf, read, text } from './hostile-file.js'
import type { HostileFile } from './hostile-file.js'

type Values = Readonly<Record<string, string>>

const CHOICE = {
  choice_id: 'c-1',
  line_id: '101',
  benefit: 'ott_pass',
  option: 'tving',
  channel: 'app',
  chosen_at: '2026-02-03T09:00:00+09:00',
  guardian_consent: '',
  withdrawn_at: '',
}
const CODE = { option: 'tving', code: 'SECRET-CODE-1', expires_on: '2026-12-31' }
const headerOf = (values: Values): string => Object.keys(values).join(',')
const line = (values: Values): string => Object.values(values).join(',')

let choices = 0
/** Choices of their own: all files go into one database. */
const choice = (changes: Values = {}): string => {
  choices += 1
  return line({ ...CHOICE, choice_id: `hostile-${choices}`, ...changes })
}
let codes = 0
const code = (changes: Values = {}): string => {
  codes += 1
  return line({ ...CODE, code: `SECRET-CODE-${codes}`, ...changes })
}

/** A header, a good row on line 2, and then these rows. */
const choicesOf = (...rows: readonly string[]): Buffer => text(headerOf(CHOICE), choice(), ...rows)
const codesOf = (...rows: readonly string[]): Buffer => text(headerOf(CODE), code(), ...rows)

const choiceFile = fileOf('choices')
const codeFile = fileOf('vouchers')

const badChoice = (name: string, changes: Values, fault: string): HostileFile =>
  choiceFile(name, choicesOf(choice(changes)), { read: 2, faults: [`3 ${fault}`] })
const badCode = (name: string, changes: Values, fault: string): HostileFile =>
  codeFile(name, codesOf(code(changes)), { read: 2, faults: [`3 ${fault}`] })

const choiceFiles: readonly HostileFile[] = [
  choiceFile('gzip', gzipSync(choicesOf(choice())), { read: 2 }),
  choiceFile('a header and no row', text(headerOf(CHOICE)), { read: 0 }),
  badChoice('an id of 65 characters', { choice_id: 'x'.repeat(65) }, 'choice_id NOT_AN_ID'),
  badChoice('an id with a terminal escape', { choice_id: '\u001b[2J' }, 'choice_id NOT_AN_ID'),
  badChoice('an id with a line feed', { choice_id: '"a\nb"' }, 'choice_id NOT_AN_ID'),
  badChoice('no id', { choice_id: '' }, 'choice_id VALUE_MISSING'),
  badChoice('a benefit nobody applies for', { benefit: 'data' }, 'benefit NOT_IN_LIST'),
  badChoice('a service that is none', { option: 'netflix' }, 'option NOT_IN_LIST'),
  badChoice('no service', { option: '' }, 'option VALUE_MISSING'),
  badChoice('insurance with a service', { benefit: 'insurance' }, 'option VALUE_UNEXPECTED'),
  badChoice(
    'an instant without offset',
    { chosen_at: '2026-02-03T09:00:00' },
    'chosen_at NOT_AN_INSTANT',
  ),
  badChoice('a consent in capitals', { guardian_consent: 'TRUE' }, 'guardian_consent NOT_IN_LIST'),
  badChoice(
    'a withdrawal a second before the choice',
    { withdrawn_at: '2026-02-02T23:59:59Z' },
    'withdrawn_at INSTANT_TOO_EARLY',
  ),
  choiceFile(
    'an id of quotes, backslashes and the null of COPY',
    choicesOf(
      choice({ choice_id: '"a""b"' }),
      choice({ choice_id: '\\N' }),
      choice({ choice_id: '\\.' }),
    ),
    { read: 4 },
  ),
  choiceFile('a formula for an id', choicesOf(choice({ choice_id: '=1+1' })), { read: 2 }),
  choiceFile(
    'an id twice with another line',
    choicesOf(choice({ choice_id: 'twice' }), choice({ choice_id: 'twice', line_id: '102' })),
    { read: 3, faults: ['4 line_id ID_REUSED'] },
  ),
  choiceFile(
    'an id twice in capitals',
    choicesOf(choice({ choice_id: 'cased' }), choice({ choice_id: 'CASED' })),
    { read: 3 },
  ),
  choiceFile(
    'a row a hundred times',
    choicesOf(...Array.from({ length: 100 }, () => choice({ choice_id: 'hundred' }))),
    { read: 101, duplicate: 99 },
  ),
  {
    kind: 'choices',
    name: 'choices: ids used again over the budget',
    exit: 3,
    budget: '1',
    content: choicesOf(
      ...['101', '102', '103'].map((it) => choice({ choice_id: 'o', line_id: it })),
    ),
    ...read(4, 2),
    faults: ['4 line_id ID_REUSED', '5 line_id ID_REUSED'],
    error: 'FILE: 2 of 4 rows quarantined; expected at most 1',
  },
  {
    kind: 'choices',
    name: 'choices: without the column of withdrawals',
    exit: 2,
    content: text(headerOf(CHOICE).replace(',withdrawn_at', ''), choice().replace(/,$/, '')),
    error:
      'FILE:1:withdrawn_at: missing column; expected a header line with the columns ' +
      Object.keys(CHOICE).join(', '),
  },
]

const codeFiles: readonly HostileFile[] = [
  codeFile('CRLF as line end', Buffer.from([headerOf(CODE), code(), ''].join('\r\n')), { read: 1 }),
  codeFile('a code of commas and quotes', codesOf(code({ code: '"SECRET-CODE,"""' })), { read: 2 }),
  codeFile(
    'codes that COPY would read as something else',
    codesOf(code({ code: '\\N' }), code({ code: '\\.' }), code({ code: '\\x41' })),
    { read: 4 },
  ),
  badCode('no code', { code: '' }, 'code VALUE_MISSING'),
  badCode('a code with a space', { code: 'SECRET-CODE 1' }, 'code NOT_A_CODE'),
  badCode('a code with a tab', { code: 'SECRET-CODE\t1' }, 'code NOT_A_CODE'),
  badCode('a code with a line feed', { code: '"SECRET-CODE\n1"' }, 'code NOT_A_CODE'),
  badCode('a code in full-width letters', { code: 'ＳＥＣＲＥＴ' }, 'code NOT_A_CODE'),
  badCode('a code of 65 characters', { code: 'SECRET-CODE'.padEnd(65, 'X') }, 'code NOT_A_CODE'),
  badCode('a code in the place of the option', { option: 'SECRET-CODE-0' }, 'option NOT_IN_LIST'),
  badCode(
    'a code in the place of the date',
    { expires_on: 'SECRET-CODE-0' },
    'expires_on NOT_A_DATE',
  ),
  badCode('a quote inside a code', { code: 'SECRET-CODE"1' }, 'null STRAY_QUOTE'),
  codeFile(
    'a code twice with another date',
    codesOf(
      code({ code: 'SECRET-CODE-T' }),
      code({ code: 'SECRET-CODE-T', expires_on: '2027-01-01' }),
      code({ code: 'SECRET-CODE-T', option: 'disney_plus' }),
      code({ code: 'SECRET-CODE-T' }),
    ),
    { read: 5, faults: ['4 expires_on ID_REUSED'], duplicate: 1 },
  ),
  {
    kind: 'vouchers',
    name: 'vouchers: no header line',
    exit: 2,
    content: text(code(), code()),
    error:
      'FILE:1:option: missing column; expected a header line with the columns option, code, ' +
      'expires_on',
  },
  {
    kind: 'vouchers',
    name: 'vouchers: a quote that is not closed',
    exit: 2,
    content: codesOf('tving,"SECRET-CODE-Q,2026-12-31'),
    error: 'FILE:3: a quote is not closed; expected a closing quote before the end of the file',
  },
  {
    kind: 'vouchers',
    name: 'vouchers: twelve bad codes',
    exit: 3,
    ...read(13, 12),
    content: codesOf(...Array.from({ length: 12 }, () => code({ code: 'SECRET-CODE é' }))),
    error: 'FILE: 12 of 13 rows quarantined; expected at most 10',
    faults: Array.from({ length: 12 }, (_, it) => `${it + 3} code NOT_A_CODE`),
  },
]

export const HOSTILE_CHANGES: readonly HostileFile[] = [...choiceFiles, ...codeFiles]
