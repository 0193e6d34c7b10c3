/**
 * What the tests of whole commands start from: a fresh database, a folder for files, and a small
 * population of which every decision is known by heart.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { expect } from 'vitest'
import { redress } from '../support/cli.js'
import type { CliDocument, CliEnvironment, CliResult } from '../support/cli.js'
import { testDatabase } from '../support/database.js'

export const AS_OF = '2026-01-13'
export const NOW = '2026-02-01T09:00:00+09:00'

/** A month is planned and run on its first day, at the hour of `NOW`. */
export function nowFor(args: readonly string[]): string {
  const [command, period] = args
  return command === 'plan' || command === 'run' ? `${period}-01T09:00:00+09:00` : NOW
}

export interface Setting {
  readonly url: string
  readonly environment: CliEnvironment
  readonly folder: string
  /** Writes a file of these lines and tells its path. */
  file(name: string, lines: readonly string[]): string
  /** With --json, and --now where it is not said; any exit code. */
  run(...args: readonly string[]): Promise<CliResult>
  /** The JSON document of a command that must end with 0. */
  ok(...args: readonly string[]): Promise<CliDocument>
  list(...args: readonly string[]): Promise<readonly CliDocument[]>
  query(statement: string): Promise<readonly Row[]>
  entries(...flags: readonly string[]): Promise<readonly Entry[]>
  drop(): Promise<void>
}

export async function setting(): Promise<Setting> {
  const database = await testDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'redress-commands-'))
  const environment = { DATABASE_URL: database.url, REDRESS_HOME: folder }
  const run: Setting['run'] = (...args) =>
    redress(
      [...args, '--json', ...(args.includes('--now') ? [] : ['--now', nowFor(args)])],
      environment,
    )
  const ok: Setting['ok'] = async (...args) => {
    const result = await run(...args)
    const complaints = result.stderr.split('\n').filter((it) => it.startsWith('redress:'))
    const { exitCode } = result
    expect({ args, complaints, exitCode }).toEqual({ args, complaints: [], exitCode: 0 })
    return result.json
  }
  return {
    url: database.url,
    environment,
    folder,
    run,
    ok,
    list: async (...args) => (await ok(...args)) as unknown as readonly CliDocument[],
    file: (name, lines) => {
      const path = join(folder, name)
      writeFileSync(path, `${lines.join('\n')}\n`)
      return path
    },
    query: (statement) => query(database.url, statement),
    entries: async (...flags) => {
      const out = join(folder, 'entries.csv')
      await ok('ledger', 'export', '--out', out, ...flags)
      return entriesIn(await readFile(out, 'utf8'))
    },
    drop: async () => {
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type Row = Readonly<Record<string, unknown>>

export async function query(url: string, statement: string): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<Row>(statement)
    return rows
  } finally {
    await client.end()
  }
}

export const COLUMNS = [
  'programme',
  'version',
  'period',
  'benefit',
  'customer_id',
  'line_id',
  'entry_no',
  'entry_type',
  'quantity',
  'unit',
  'option',
  'valid_from',
  'valid_to',
  'reason',
  'run_id',
  'recorded_at',
] as const
export type Entry = Readonly<Record<(typeof COLUMNS)[number], string>>

/** No value of the ledger needs quotes. */
export function entriesIn(csv: string): readonly Entry[] {
  const [header, ...rows] = csv.trimEnd().split('\n')
  expect(header).toBe(COLUMNS.join(','))
  return rows.map((row) => {
    const fields = row.split(',')
    expect(fields).toHaveLength(COLUMNS.length)
    return Object.fromEntries(COLUMNS.map((name, index) => [name, fields[index] ?? ''])) as Entry
  })
}

export function subjectOf(entry: Entry): string {
  return entry.benefit === 'insurance' ? `customer ${entry.customer_id}` : `line ${entry.line_id}`
}

/** What each subject holds: grants minus reversals, told without when and by what it came. */
export function holdingsOf(entries: readonly Entry[]): Readonly<Record<string, number>> {
  const held = new Map<string, number>()
  for (const it of entries) {
    const validity = `${it.valid_from}..${it.valid_to}`
    const what = `${it.period} ${it.benefit} ${subjectOf(it)} ${it.unit} ${validity}`
    const quantity = Number(it.quantity) * (it.entry_type === 'grant' ? 1 : -1)
    held.set(what, (held.get(what) ?? 0) + quantity)
  }
  const rest = [...held].filter(([, quantity]) => quantity !== 0)
  return Object.fromEntries(rest.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** The one line on stderr that says what went wrong. */
export function complaintOf(result: CliResult): string {
  const said = result.stderr.split('\n').filter((it) => it !== '')
  const complaints = said.filter((it) => it.startsWith('redress: '))
  expect(complaints, result.stderr).toHaveLength(1)
  expect(result.stderr).not.toMatch(/^\s+at /m)
  return complaints[0] ?? ''
}

const PLAIN = {
  line_id: '',
  customer_id: '',
  customer_kind: 'individual',
  birth_date: '1987-06-05',
  network: 'kt',
  line_kind: 'handset',
  payment: 'postpaid',
  status: 'active',
  activated_on: '2024-02-29',
  contract_event: '',
  contract_event_on: '',
  plan_restriction: 'none',
  guardian_consent_on: '',
  roaming_promotion_ends_on: '',
  notice_number: '01099887766',
}
export const HEADER = Object.keys(PLAIN).join(',')

export function row(changes: Partial<typeof PLAIN>): string {
  return Object.values({ ...PLAIN, ...changes }).join(',')
}

/**
 * Nine lines of eight customers. In 2026-02 of version 1: data for 101, 102, 108 and 109,
 * membership for all but 103 and 104, insurance for customer 901.
 */
export const NINE_LINES: readonly string[] = [
  HEADER,
  row({ line_id: '101', customer_id: '900' }),
  row({ line_id: '102', customer_id: '901', birth_date: '1950-03-04' }),
  row({ line_id: '103', customer_id: '902', network: 'mvno' }),
  row({
    line_id: '104',
    customer_id: '903',
    customer_kind: 'corporate',
    birth_date: '',
    line_kind: 'tablet',
  }),
  row({ line_id: '105', customer_id: '904', payment: 'prepaid' }),
  row({ line_id: '106', customer_id: '905', status: 'suspended' }),
  row({ line_id: '107', customer_id: '906', birth_date: '2015-08-09', plan_restriction: 'minor' }),
  row({ line_id: '108', customer_id: '900' }),
  row({ line_id: '109', customer_id: '907', roaming_promotion_ends_on: '2026-03-15' }),
]

/** Changes what 102 and 107 get: one left before the period, one's guardian agreed in time. */
export const LATE_STATUS = [
  'line_id,status,effective_at',
  '102,terminated,2026-01-20T10:00:00+09:00',
]
export const LATE_CONSENT = ['line_id,guardian_consent_on', '107,2026-01-15']
