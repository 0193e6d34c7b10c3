/** A database, a folder and the options of imports, for the tests of intake. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPool } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import type { ImportOptions } from '../../src/intake/import-file.js'
import { Cipher } from '../../src/privacy/cipher.js'
import { testDatabase } from '../support/database.js'

export interface IntakeSetting {
  readonly url: string
  readonly pool: Pool
  readonly cipher: Cipher
  /** Writes a file and gives the options of its import. */
  optionsFor(content: string | Buffer, name?: string): ImportOptions
  query(sql: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>
  /** What no failed import may leave: loading imports, tables of unsealed snapshots. */
  leftovers(): Promise<readonly unknown[]>
  close(): Promise<void>
}

export async function intakeSetting(): Promise<IntakeSetting> {
  const database = await testDatabase()
  const pool = openPool({ url: database.url, max: 8, name: 'intake tests' })
  const folder = mkdtempSync(join(tmpdir(), 'redress-intake-'))
  const cipher = new Cipher(Buffer.alloc(32, 7))
  const query: IntakeSetting['query'] = async (sql, values = []) =>
    (await pool.query<Record<string, unknown>>(sql, [...values])).rows
  let files = 0
  return {
    url: database.url,
    pool,
    cipher,
    query,
    optionsFor: (content, name) => {
      files += 1
      const path = join(folder, name ?? `${files}.csv`)
      writeFileSync(path, content)
      return { pool, cipher, path, now: () => '2026-02-01T00:00:00.000Z' }
    },
    leftovers: async () => await query(LEFTOVERS),
    close: async () => {
      await pool.end()
      await database.drop()
      rmSync(folder, { recursive: true })
    },
  }
}

const LEFTOVERS = `
  select relname::text as found from pg_class
  where relname ~ '^snapshot_line_\\d+$'
    and not exists (select from pg_inherits where inhrelid = pg_class.oid)
  union all select 'import ' || import_id from import where state = 'loading'
  union all select 'snapshot ' || snapshot_id from snapshot where sealed_at is null
  union all select 'lock' from pg_locks where locktype = 'advisory' and database =
    (select oid from pg_database where datname = current_database())`
