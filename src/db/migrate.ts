/**
 * Applies migrations/*.sql in order, each once, and refuses a database whose applied files differ
 * from ours.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../config/project-root.js'
import { RedressError } from '../errors.js'
import { errorCodeOf, withClient } from './database.js'
import type { Client, Pool } from './database.js'

export interface Migration {
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

/** The files in the order they are applied. */
export function migrations(): readonly Migration[] {
  const folder = join(projectRoot(), 'migrations')
  return readdirSync(folder)
    .filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name))
    .toSorted()
    .map((name) => {
      const sql = readFileSync(join(folder, name), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    })
}

export interface MigrateOptions {
  /** For a database made here: its login may claim to be anybody, and nobody trusts the name. */
  readonly rehearsal?: boolean
}

/**
 * Changes nothing, and needs no right to, where nothing is left to apply.
 * @throws RedressError SCHEMA_MISMATCH when the database was migrated by other files than these, or
 * this login may not apply those that are left.
 */
export async function migrate(pool: Pool, options: MigrateOptions = {}): Promise<void> {
  try {
    await applyPending(pool, options.rehearsal === true)
  } catch (error) {
    // insufficient_privilege; no schema that the login may use
    if (!['42501', '3F000'].includes(errorCodeOf(error) ?? '')) throw error
    throw new RedressError(
      'SCHEMA_MISMATCH',
      {
        problem: 'migrations are not applied, or this login may not see them',
        expected: "`redress migrate` by the schema's owner, or a login with one of the roles",
      },
      { cause: error },
    )
  }
}

async function applyPending(pool: Pool, rehearsal: boolean): Promise<void> {
  const files = migrations()
  await withClient(pool, async (client) => {
    if ((await pendingOf(client, files)).length === 0) return
    await client.query('begin')
    // One process migrates; the others wait here and then find nothing left to do.
    await client.query(`select pg_advisory_xact_lock(hashtext('redress migrations'))`)
    await client.query(`select set_config('redress.rehearsal', $1, true)`, [
      rehearsal ? 'on' : 'off',
    ])
    await client.query(
      `create table if not exists migration (
         name text primary key, checksum text not null)`,
    )
    for (const file of await pendingOf(client, files)) {
      await client.query(file.sql)
      await client.query('insert into migration (name, checksum) values ($1, $2)', [
        file.name,
        file.checksum,
      ])
    }
    await client.query('commit')
  })
}

/** @throws RedressError SCHEMA_MISMATCH when files are pending and nobody may apply them here. */
export async function assertMigrated(pool: Pool): Promise<void> {
  await withClient(pool, (client) => assertSchema(client, migrations()))
}

/**
 * @param files as they were when this process started, which an update may replace under it
 * @throws RedressError SCHEMA_MISMATCH when the schema is older or newer than `files`
 */
export async function assertSchema(client: Client, files: readonly Migration[]): Promise<void> {
  const pending = await pendingOf(client, files)
  if (pending.length === 0) return
  throw new RedressError('SCHEMA_MISMATCH', {
    problem: `${pending.length} migrations are not applied`,
    expected: '`redress migrate` to be run first',
  })
}

async function pendingOf(
  client: Client,
  files: readonly Migration[],
): Promise<readonly Migration[]> {
  const exists = await client.query<{ found: boolean }>(
    `select to_regclass('migration') is not null as found`,
  )
  if (exists.rows[0]?.found !== true) return files
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'select name, checksum from migration order by name',
  )
  for (const row of rows) {
    const file = files.find((it) => it.name === row.name)
    if (file?.checksum !== row.checksum) {
      throw new RedressError('SCHEMA_MISMATCH', {
        problem: `migration ${row.name} was applied with other content`,
        expected: 'the same version of Redress or a newer one',
      })
    }
  }
  const applied = new Set(rows.map((it) => it.name))
  return files.filter((it) => !applied.has(it.name))
}
