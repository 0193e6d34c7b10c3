/**
 * A population in a database of its own, imported once as the commands do and then cloned for
 * each scenario, so that every scenario starts from equal rows.
 */
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createHash, randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { openPool } from '../../src/db/database.js'
import { generateSnapshot } from '../../src/generate/generate-snapshot.js'
import { importSnapshotFile } from '../../src/intake/import-snapshot-file.js'
import { Cipher } from '../../src/privacy/cipher.js'
import { redress } from '../support/cli.js'
import type { CliResult } from '../support/cli.js'
import { dropDatabase, testDatabase } from '../support/database.js'

export const NOW = '2026-02-01T09:00:00+09:00'
export const AS_OF = '2026-01-13'

export interface Population {
  readonly folder: string
  readonly files: {
    readonly snapshot: string
    readonly status: string
    readonly consents: string
    readonly choices: string
  }
  readonly lines: number
  /** Of the database that is cloned. */
  readonly url: string
  /** A database with the same rows and another identity. */
  clone(): Promise<Clone>
  drop(): Promise<void>
}

export interface Clone {
  readonly url: string
  readonly home: string
  drop(): Promise<void>
}

/**
 * `seed` makes the same files again; with `chunkLines` the snapshot is cut into more chunks than a
 * command would, so that more can happen between them.
 */
export async function populationOf(
  lines: number,
  seed: number,
  chunkLines?: number,
): Promise<Population> {
  const folder = mkdtempSync(join(tmpdir(), 'redress-simulation-'))
  const files = await generateFiles(folder, lines, seed)
  const database = await testDatabase()
  const environment = { DATABASE_URL: database.url, REDRESS_HOME: folder }
  await importInChunks(database.url, files.snapshot, chunkLines)
  await succeeds(['status', 'import', files.status], environment)
  await succeeds(['consents', 'import', files.consents], environment)
  return {
    folder,
    files,
    lines,
    url: database.url,
    clone: () => cloneOf(database.url, folder),
    drop: async () => {
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

// By the function of the command, which has no option for it.
async function importInChunks(
  url: string,
  path: string,
  chunkLines: number | undefined,
): Promise<void> {
  const pool = openPool({ url, max: 8, name: 'population' })
  try {
    await importSnapshotFile({
      pool,
      path,
      chunkLines,
      asOf: AS_OF,
      cipher: new Cipher(Buffer.alloc(32, 7)),
      now: () => NOW,
    })
  } finally {
    await pool.end()
  }
}

export async function generateFiles(
  folder: string,
  lines: number,
  seed: number,
): Promise<Population['files']> {
  const files = {
    snapshot: join(folder, 'snapshot.csv'),
    status: join(folder, 'status.csv'),
    consents: join(folder, 'consents.csv'),
    choices: join(folder, 'choices.csv'),
  }
  await generateSnapshot({
    size: { lines },
    seed,
    asOf: AS_OF,
    badRows: 0,
    order: 'customer',
    out: files.snapshot,
    statusOut: files.status,
    consentsOut: files.consents,
    choicesOut: files.choices,
  })
  return files
}

/**
 * Imports the choices, and exactly as many codes as a plan of the period at `now` has passes to
 * grant.
 */
export async function addChoices(
  { folder, files, url, clone }: Population,
  period: string,
  now: string,
): Promise<number> {
  const environment = { DATABASE_URL: url, REDRESS_HOME: folder }
  await succeeds(['choices', 'import', files.choices], environment)
  const trial = await clone()
  await succeeds(['plan', period, '--now', now], { ...environment, DATABASE_URL: trial.url })
  const wanted = await within(trial.url, async (it) => {
    const { rows } = await it.query<{ option: string; wanted: number }>(
      `select it.* from plan, jsonb_to_recordset(result->'codes') it(option text, wanted int)`,
    )
    return rows
  })
  await trial.drop()
  const codes = wanted.flatMap((it) =>
    Array.from({ length: it.wanted }, (_, index) => `${it.option},CODE-${index},2026-12-31`),
  )
  const path = join(folder, 'vouchers.csv')
  writeFileSync(path, ['option,code,expires_on', ...codes, ''].join('\n'))
  await succeeds(['vouchers', 'import', path], environment)
  return codes.length
}

/** Runs a command that must end with 0; its JSON document comes back in the result. */
export async function succeeds(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<CliResult> {
  const result = await redress(args.includes('--json') ? args : [...args, '--json'], environment)
  if (result.exitCode === 0) return result
  throw new Error(`redress ${args.join(' ')}: exit ${result.exitCode}\n${result.stderr}`)
}

async function cloneOf(url: string, home: string): Promise<Clone> {
  const template = nameIn(url)
  // The name keeps the owner's mark, by which databases of killed tests are found and dropped.
  const name = template.replace(/_[^_]+$/, `_${randomBytes(4).toString('hex')}`)
  const own = withName(url, name)
  await asAdmin(url, async (admin) => {
    await untilUnused(admin, template)
    await admin.query(`create database ${name} template ${template}`)
  })
  // Another installation, or the clones would share their messages in one Redis.
  await within(own, (it) =>
    it.query(`alter table installation disable trigger user;
      update installation set installation_id = gen_random_uuid();
      alter table installation enable trigger user`),
  )
  return {
    url: own,
    home,
    drop: () => asAdmin(url, (admin) => dropDatabase(admin, name)),
  }
}

// A command that has ended may still be counted as connected for a moment.
async function untilUnused(admin: pg.Client, name: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const { rowCount } = await admin.query('select 1 from pg_stat_activity where datname = $1', [
      name,
    ])
    if (rowCount === 0) return
    await sleep(50)
  }
}

async function asAdmin(url: string, work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  await within(withName(url, 'postgres'), work)
}

export async function within<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function nameIn(url: string): string {
  return new URL(url).pathname.slice(1)
}

function withName(url: string, name: string): string {
  const named = new URL(url)
  named.pathname = `/${name}`
  return named.href
}

export interface ExportSummary {
  readonly entries: number
  /** How many keys (programme, period, benefit, subject, entry_no) come twice. */
  readonly repeated: number
  /** Of all rows without run_id and recorded_at, in order of their text. */
  readonly sha256: string
}

/** Reads a `ledger export`; entries are compared without who posted them and when. */
export async function summaryOf(file: string): Promise<ExportSummary> {
  const rows: string[] = []
  const keys = new Set<string>()
  let repeated = 0
  let isHeader = true
  for await (const row of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (isHeader) {
      isHeader = false
      continue
    }
    const fields = row.split(',')
    const [programme, , period, benefit, customer, line, entryNo] = fields
    const subject = benefit === 'insurance' ? customer : line
    const key = `${programme},${period},${benefit},${subject},${entryNo}`
    if (keys.has(key)) repeated += 1
    keys.add(key)
    rows.push(fields.slice(0, -2).join(','))
  }
  const hash = createHash('sha256')
  for (const row of rows.toSorted()) hash.update(`${row}\n`)
  return { entries: rows.length, repeated, sha256: hash.digest('hex') }
}
