/** Files of terminations and of applications for a refund as they should never come. */
import { gzipSync } from 'node:zlib'
import { fileOf, read, text } from './hostile-file.js'
import type { HostileFile } from './hostile-file.js'

type Values = Readonly<Record<string, string>>

const TERMINATION = {
  line_id: '',
  customer_id: '900',
  customer_kind: 'individual',
  network: 'kt',
  line_kind: 'handset',
  activated_on: '2024-02-29',
  contract_event: '',
  contract_event_on: '',
  terminated_at: '2025-12-31T23:59:59+09:00',
  termination_kind: 'port_out',
  subsidy_clawback_krw: '120000',
  discount_clawback_krw: '0',
  other_charges_krw: '0',
  paid_krw: '120000',
  already_waived_krw: '0',
  resubscribed_on: '',
  hardship: '',
  hardship_ended_on: '',
  notice_number: '01099887766',
}
const APPLICATION = {
  application_id: '',
  line_id: '101',
  channel: 'web',
  applied_at: '2026-01-15T10:00:00+09:00',
  bank_code: '088',
  account_number: '99887766554433',
  account_holder: 'SECRET-HOLDER',
  holder_check: 'match',
  withdrawn_at: '',
}
const headerOf = (values: Values): string => Object.keys(values).join(',')
const line = (values: Values): string => Object.values(values).join(',')

let lines = 0
/** Lines and applications of their own: all files go into one database. */
const termination = (changes: Values = {}): string => {
  lines += 1
  return line({ ...TERMINATION, line_id: `${880_000 + lines}`, ...changes })
}
let applications = 0
const application = (changes: Values = {}): string => {
  applications += 1
  return line({ ...APPLICATION, application_id: `hostile-${applications}`, ...changes })
}

/** A header, a good row on line 2, and then these rows. */
const terminationsOf = (...rows: readonly string[]): Buffer =>
  text(headerOf(TERMINATION), termination(), ...rows)
const applicationsOf = (...rows: readonly string[]): Buffer =>
  text(headerOf(APPLICATION), application(), ...rows)

const terminationFile = fileOf('terminations')
const applicationFile = fileOf('applications')

const badTermination = (name: string, changes: Values, fault: string): HostileFile =>
  terminationFile(name, terminationsOf(termination(changes)), { read: 2, faults: [`3 ${fault}`] })
const badApplication = (name: string, changes: Values, fault: string): HostileFile =>
  applicationFile(name, applicationsOf(application(changes)), { read: 2, faults: [`3 ${fault}`] })

const terminationFiles: readonly HostileFile[] = [
  terminationFile('gzip', gzipSync(terminationsOf(termination())), { read: 2 }),
  terminationFile('a header and no row', text(headerOf(TERMINATION)), { read: 0 }),
  badTermination('money back', { paid_krw: '-120000' }, 'paid_krw NOT_AN_AMOUNT'),
  badTermination('half a won', { paid_krw: '0.5' }, 'paid_krw NOT_AN_AMOUNT'),
  badTermination('a number in powers', { paid_krw: '1e9' }, 'paid_krw NOT_AN_AMOUNT'),
  badTermination(
    'more money than there is',
    { subsidy_clawback_krw: '9'.repeat(13) },
    'subsidy_clawback_krw NOT_AN_AMOUNT',
  ),
  badTermination('no amount', { already_waived_krw: '' }, 'already_waived_krw VALUE_MISSING'),
  badTermination(
    'an event without a date',
    { contract_event: 'new' },
    'contract_event_on VALUE_MISSING',
  ),
  badTermination(
    'a hardship without an end',
    { hardship: 'custody' },
    'hardship_ended_on VALUE_MISSING',
  ),
  badTermination(
    'a telephone number in the place of a hardship',
    { hardship: '01099887766', hardship_ended_on: '2026-01-01' },
    'hardship NOT_IN_LIST',
  ),
  badTermination(
    'a date for an instant',
    { terminated_at: '2025-12-31' },
    'terminated_at NOT_AN_INSTANT',
  ),
  terminationFile(
    'a row a hundred times',
    terminationsOf(...Array.from({ length: 100 }, () => termination({ line_id: '889001' }))),
    { read: 101, duplicate: 99 },
  ),
  terminationFile(
    'a line restated to and fro',
    terminationsOf(
      ...['0', '5', '0', '5'].map((it) => termination({ line_id: '889002', paid_krw: it })),
    ),
    { read: 5 },
  ),
  {
    kind: 'terminations',
    name: 'terminations: without the column of what was paid',
    exit: 2,
    content: text(headerOf(TERMINATION).replace(',paid_krw', ''), termination()),
    error:
      'FILE:1:paid_krw: missing column; expected a header line with the columns ' +
      Object.keys(TERMINATION).join(', '),
  },
]

const applicationFiles: readonly HostileFile[] = [
  applicationFile(
    'accounts in groups, names of quotes, backslashes and the null of COPY',
    applicationsOf(
      application({ account_number: '998-8776-6554433' }),
      application({ account_holder: '"SECRET-HOLDER ""A"", B"' }),
      application({ account_holder: '\\N' }),
      application({ account_holder: '\\.' }),
    ),
    { read: 5 },
  ),
  badApplication(
    'an account of nine digits',
    { account_number: '998877665' },
    'account_number NOT_AN_ACCOUNT',
  ),
  badApplication(
    'an account of fifteen digits',
    { account_number: '998877665544332' },
    'account_number NOT_AN_ACCOUNT',
  ),
  badApplication(
    'an account in full-width digits',
    { account_number: '９９８８７７６６５５' },
    'account_number NOT_AN_ACCOUNT',
  ),
  badApplication(
    'a name in the place of an account',
    { account_number: 'SECRET-HOLDER' },
    'account_number NOT_AN_ACCOUNT',
  ),
  badApplication(
    'an account in the place of a bank',
    { bank_code: '99887766554433' },
    'bank_code NOT_IN_LIST',
  ),
  badApplication('a bank nobody knows', { bank_code: '000' }, 'bank_code NOT_IN_LIST'),
  badApplication('no holder', { account_holder: '' }, 'account_holder VALUE_MISSING'),
  badApplication('a blank holder', { account_holder: '   ' }, 'account_holder NOT_A_NAME'),
  badApplication(
    'a holder of 141 characters',
    { account_holder: 'SECRET-HOLDER'.padEnd(141, 'X') },
    'account_holder NOT_A_NAME',
  ),
  badApplication(
    'a holder with a terminal escape',
    { account_holder: 'SECRET-HOLDER\u001b[2J' },
    'account_holder NOT_A_NAME',
  ),
  badApplication(
    'a holder that no XML can carry',
    { account_holder: 'SECRET-HOLDER\uffff' },
    'account_holder NOT_A_NAME',
  ),
  badApplication(
    'a withdrawal before the application',
    { withdrawn_at: '2026-01-15T09:59:59+09:00' },
    'withdrawn_at INSTANT_TOO_EARLY',
  ),
  badApplication('a quote inside a name', { account_holder: 'SECRET"HOLDER' }, 'null STRAY_QUOTE'),
  applicationFile(
    'an id twice with another line, then with another account',
    applicationsOf(
      application({ application_id: 'twice' }),
      application({ application_id: 'twice', line_id: '102' }),
      application({ application_id: 'twice', account_number: '99887766554434' }),
    ),
    { read: 4, faults: ['4 line_id ID_REUSED'] },
  ),
  applicationFile(
    'a row a hundred times',
    applicationsOf(
      ...Array.from({ length: 100 }, () => application({ application_id: 'hundred' })),
    ),
    { read: 101, duplicate: 99 },
  ),
  {
    kind: 'applications',
    name: 'applications: ids used again over the budget',
    exit: 3,
    budget: '1',
    content: applicationsOf(
      ...['101', '102', '103'].map((it) => application({ application_id: 'o', line_id: it })),
    ),
    ...read(4, 2),
    faults: ['4 line_id ID_REUSED', '5 line_id ID_REUSED'],
    error: 'FILE: 2 of 4 rows quarantined; expected at most 1',
  },
  {
    kind: 'applications',
    name: 'applications: no header line',
    exit: 2,
    content: text(application(), application()),
    error:
      'FILE:1:application_id: missing column; expected a header line with the columns ' +
      Object.keys(APPLICATION).join(', '),
  },
]

export const HOSTILE_REFUNDS: readonly HostileFile[] = [...terminationFiles, ...applicationFiles]
