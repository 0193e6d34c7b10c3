/** Every hostile file through the importer: exit code, one line of error, counts, no secrets. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPool } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import { RedressError } from '../../src/errors.js'
import type { ImportOptions, ImportReport } from '../../src/intake/import-file.js'
import {
  importApplicationsFile,
  importTerminationsFile,
} from '../../src/intake/import-refund-files.js'
import { importSnapshotFile } from '../../src/intake/import-snapshot-file.js'
import { importChoicesFile, importVouchersFile } from '../../src/intake/import-staged-file.js'
import { parseBudget } from '../../src/intake/quarantine.js'
import { quarantineReport } from '../../src/intake/quarantine-store.js'
import { Cipher } from '../../src/privacy/cipher.js'
import { testDatabase } from '../support/database.js'
import type { TestDatabase } from '../support/database.js'
import { AS_OF, SECRETS } from './hostile-file.js'
import type { HostileFile } from './hostile-file.js'
import { HOSTILE_CHANGES } from './hostile-changes.js'
import { HOSTILE_FILES } from './hostile-files.js'
import { HOSTILE_REFUNDS } from './hostile-refunds.js'

const FILES = [...HOSTILE_FILES, ...HOSTILE_CHANGES, ...HOSTILE_REFUNDS]

let database: TestDatabase
let pool: Pool
const folder = mkdtempSync(join(tmpdir(), 'redress-hostile-'))

beforeAll(async () => {
  database = await testDatabase()
  pool = openPool({ url: database.url, max: 5, name: 'hostile files' })
})

afterAll(async () => {
  await pool.end()
  await database.drop()
  rmSync(folder, { recursive: true })
})

test('there are many of them, each with its own name', () => {
  const names = new Set(FILES.map((it) => it.name))
  expect(names.size).toBe(FILES.length)
  expect(names.size).toBeGreaterThan(120)
})

test.each(FILES.map((it, index) => ({ ...it, index })))('$name', async (file) => {
  const path = place(file, join(folder, `${file.index}.csv`))
  const outcome = await tryImport(file, path)
  const said = JSON.stringify(outcome)
  expect(outcome.error?.replaceAll(path, 'FILE')).toBe(file.error)
  expect(outcome.exit).toBe(file.exit)
  expect(outcome.error ?? '').not.toContain('\n')
  for (const secret of SECRETS) expect(said).not.toContain(secret)
  if (file.counts === undefined) {
    expect(outcome.importId).toBeUndefined()
  } else {
    const { read, quarantined, duplicate = 0 } = file.counts
    const accepted = file.exit === 0 ? read - quarantined - duplicate : 0
    expect(await storedCounts(String(outcome.importId))).toEqual({
      state: file.exit === 0 ? 'accepted' : 'held',
      read,
      accepted,
      quarantined,
      duplicate,
    })
    expect(await rowsOf(String(outcome.importId))).toBe(accepted)
  }
  if (file.faults !== undefined) expect(outcome.faults).toEqual(file.faults)
  expect(outcome.unknownColumns).toEqual(file.unknownColumns ?? [])
  await expectNothingLeftBehind()
})

interface Outcome {
  readonly exit: number
  readonly error?: string
  readonly importId?: string
  readonly faults?: readonly string[]
  readonly unknownColumns: readonly string[]
  readonly report?: ImportReport
}

async function tryImport(file: HostileFile, path: string): Promise<Outcome> {
  try {
    const report = await asReader(file, () =>
      importAs(file.kind, {
        pool,
        cipher: new Cipher(Buffer.alloc(32, 7)),
        path,
        encoding: file.encoding,
        budget: file.budget === undefined ? undefined : parseBudget(file.budget),
        now: () => '2026-02-01T09:00:00+09:00',
      }),
    )
    const { importId, unknownColumns } = report
    return { exit: 0, importId, unknownColumns, report, faults: await faultsOf(importId) }
  } catch (error) {
    if (!(error instanceof RedressError)) throw error
    const outcome = { exit: error.exitCode, error: error.message, unknownColumns: [] }
    const importId = error.details['import']
    if (importId === undefined) return outcome
    return { ...outcome, importId: String(importId), faults: await faultsOf(String(importId)) }
  }
}

async function importAs(kind: HostileFile['kind'], options: ImportOptions): Promise<ImportReport> {
  if (kind === 'choices') return await importChoicesFile(options)
  if (kind === 'vouchers') return await importVouchersFile(options)
  if (kind === 'terminations') return await importTerminationsFile(options)
  if (kind === 'applications') return await importApplicationsFile(options)
  return await importSnapshotFile({ ...options, asOf: AS_OF })
}

async function faultsOf(importId: string): Promise<readonly string[]> {
  const report = await quarantineReport(pool, importId)
  return report.rows.map((it) => `${it.lineNo} ${it.column} ${it.reason}`)
}

// Root reads whatever it likes; the file of somebody else is read as nobody then.
async function asReader<T>(file: HostileFile, work: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0
  if (file.content !== 'unreadable' || !isRoot) return await work()
  process.seteuid?.(65_534)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}

function place(file: HostileFile, path: string): string {
  if (file.content === 'missing') return path
  if (file.content === 'directory') mkdirSync(path)
  else writeFileSync(path, file.content === 'unreadable' ? 'line_id\n' : file.content)
  if (file.content === 'unreadable') chmodSync(path, 0)
  chmodSync(folder, 0o755)
  return path
}

async function storedCounts(importId: string): Promise<unknown> {
  const { rows } = await pool.query<Record<string, string>>(
    `select state, rows_read as read, rows_accepted as accepted,
            rows_quarantined as quarantined, rows_duplicate as duplicate
     from import where import_id = $1`,
    [importId],
  )
  const { state, ...counts } = rows[0] ?? {}
  return {
    state,
    ...Object.fromEntries(Object.entries(counts).map(([name, it]) => [name, Number(it)])),
  }
}

async function rowsOf(importId: string): Promise<number> {
  const { rows } = await pool.query<{ rows: string }>(
    `with stored as (
       select import_id from snapshot_line join snapshot using (snapshot_id)
       union all select import_id from choice
       union all select import_id from choice_withdrawal
       union all select import_id from voucher_code
       union all select import_id from termination
       union all select import_id from refund_application
     )
     select count(*) as rows from stored where import_id = $1`,
    [importId],
  )
  return Number(rows[0]?.rows)
}

async function expectNothingLeftBehind(): Promise<void> {
  const { rows } = await pool.query(
    `select relname::text as found from pg_class
     where relname ~ '^snapshot_line_\\d+$'
       and not exists (select from pg_inherits where inhrelid = pg_class.oid)
     union all
     select 'import ' || import_id from import where state = 'loading'
     union all
     select 'snapshot ' || snapshot_id from snapshot where sealed_at is null`,
  )
  expect(rows).toEqual([])
}
