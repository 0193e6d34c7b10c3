/**
 * Migrations: applied once and in order by whoever comes first, and refused when they are others.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { projectRoot } from '../../src/config/project-root.js'
import { openPool, withTransaction } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import { assertMigrated, migrate, migrations } from '../../src/db/migrate.js'
import { testDatabase } from '../support/database.js'
import type { TestDatabase } from '../support/database.js'

let database: TestDatabase
let pool: Pool
beforeAll(async () => {
  database = await testDatabase()
  pool = openPool({ url: database.url, max: 6, name: 'migrate tests' })
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})
beforeEach(async () => {
  await pool.query('drop schema public cascade')
  await pool.query('create schema public')
})

/** With the transaction that wrote each row: a row written again would have another. */
const applied = async (): Promise<readonly object[]> =>
  (await pool.query<object>('select name, checksum, xmin::text from migration order by name')).rows
const files = readdirSync(join(projectRoot(), 'migrations'))
  .filter((name) => name.endsWith('.sql'))
  .toSorted()

it('all files are applied in order, and once: a second time changes nothing', async () => {
  await expect(assertMigrated(pool)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' })
  await migrate(pool)
  await assertMigrated(pool)
  const first = await applied()
  expect(first.map((it) => Object.values(it)[0])).toEqual(files)
  expect(first).toMatchObject(migrations().map(({ name, checksum }) => ({ name, checksum })))
  await migrate(pool)
  expect(await applied()).toEqual(first)
})

it('four that migrate at the same time leave one schema', async () => {
  await Promise.all([migrate(pool), migrate(pool), migrate(pool), migrate(pool)])
  expect((await applied()).map((it) => Object.values(it)[0])).toEqual(files)
  const { rows } = await pool.query<{ count: string }>('select count(*) from installation')
  expect(rows).toEqual([{ count: '1' }])
})

it('a database that was migrated by other files is refused, and left as it is', async () => {
  await migrate(pool)
  const name = files[0]!
  await pool.query(`update migration set checksum = 'another' where name = $1`, [name])
  const refusal = {
    code: 'SCHEMA_MISMATCH',
    exitCode: 2,
    message: expect.stringContaining(name) as string,
  }
  await expect(migrate(pool)).rejects.toMatchObject(refusal)
  await expect(assertMigrated(pool)).rejects.toMatchObject(refusal)
})

it('a database of a newer version is refused', async () => {
  await migrate(pool)
  await pool.query(`insert into migration (name, checksum) values ('9999_of_tomorrow.sql', 'x')`)
  await expect(migrate(pool)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' })
})

it('a migration that fails half-way leaves nothing behind', async () => {
  // The last file cannot create a table that is there already.
  await withTransaction(pool, ({ client }) =>
    client.query('create table installation (in_the_way integer)'),
  )
  await expect(migrate(pool)).rejects.toMatchObject({ code: '42P07' })
  const { rows } = await pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace`,
  )
  expect(rows).toEqual([{ name: 'installation' }])
})
