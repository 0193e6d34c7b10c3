/**
 * A fresh, migrated PostgreSQL database for a test file, cloned from a template that is migrated
 * once: on the server of TEST_DATABASE_URL, else on the embedded one under .cache.
 */
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { projectRoot } from '../../src/config/project-root.js'
import { errorCodeOf, openPool } from '../../src/db/database.js'
import { useEmbeddedPostgres } from '../../src/db/embedded-postgres.js'
import { migrate, migrations } from '../../src/db/migrate.js'
import { isLiving, markOf } from '../../src/db/process-mark.js'

export interface TestDatabase {
  readonly url: string
  drop(): Promise<void>
}

const TEMPLATE = 'redress_template_'
const CLONE = 'redress_test_'

export async function testDatabase(): Promise<TestDatabase> {
  const server = await testServer()
  const own = markOf(process.pid)
  const nonce = randomBytes(4).toString('hex')
  const name = `${CLONE}${process.pid}_${own?.startedAt ?? '0'}_${nonce}`
  await withAdmin(server.url, async (admin) => {
    await dropAbandoned(admin, server)
    const template = await prepareTemplate(admin, server)
    await admin.query(`create database ${name} template ${template}`)
  })
  return {
    url: urlFor(server.url, name),
    drop: async () => {
      await withAdmin(server.url, (admin) => dropDatabase(admin, name))
      await server.release()
    },
  }
}

/** Makes the one login of a test's database play several people, as in an embedded database. */
export async function rehearse(url: string): Promise<void> {
  await withAdmin(url, async (owner) => {
    await owner.query('alter table installation disable trigger user')
    await owner.query('update installation set rehearsal_login = session_user')
    await owner.query('alter table installation enable trigger user')
  })
}

interface TestServer {
  readonly url: string
  readonly embedded: boolean
  release(): Promise<void>
}

async function testServer(): Promise<TestServer> {
  const url = process.env['TEST_DATABASE_URL']
  if (url !== undefined && url !== '') {
    return { url, embedded: false, release: () => Promise.resolve() }
  }
  buildIfStale()
  const home = join(projectRoot(), '.cache', 'test-postgres')
  const postgres = await useEmbeddedPostgres({ home })
  return { url: postgres.url, embedded: true, release: () => postgres.release() }
}

/** The embedded server's keeper runs from dist, wherever the tests run from; it must be current. */
function buildIfStale(): void {
  const root = projectRoot()
  const [source, built] = [join(root, 'src', 'db'), join(root, 'dist', 'src', 'db')]
  const parts = readdirSync(source).filter((name) => /^(embedded-|process-mark).*\.ts$/.test(name))
  const isCurrent = (name: string): boolean => {
    const output = statSync(join(built, name.replace('.ts', '.js')), { throwIfNoEntry: false })
    return output !== undefined && output.mtimeMs >= statSync(join(source, name)).mtimeMs
  }
  if (parts.every(isCurrent)) return
  spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: 'inherit' })
}

/** One process migrates the template, the others wait; the flag is_template says it is complete. */
async function prepareTemplate(admin: pg.Client, server: TestServer): Promise<string> {
  const checksums = migrations().map((it) => it.checksum)
  const hash = createHash('sha256').update(JSON.stringify(checksums)).digest('hex')
  const template = `${TEMPLATE}${hash.slice(0, 12)}`
  if (await isComplete(admin, template)) return template
  await admin.query(`select pg_advisory_lock(hashtext('redress test template'))`)
  try {
    if (await isComplete(admin, template)) return template
    await dropOldTemplates(admin)
    await admin.query(`create database ${template} template template0`)
    const pool = openPool({ url: urlFor(server.url, template), max: 1, name: 'test template' })
    await migrate(pool)
    await pool.end()
    await admin.query(`alter database ${template} with is_template true`)
    return template
  } finally {
    await admin.query(`select pg_advisory_unlock(hashtext('redress test template'))`)
  }
}

async function isComplete(admin: pg.Client, template: string): Promise<boolean> {
  const found = await admin.query(
    'select 1 from pg_database where datname = $1 and datistemplate',
    [template],
  )
  return found.rowCount === 1
}

// Who is no superuser cannot end an autovacuum, which PostgreSQL refuses instead of waiting for it.
export async function dropDatabase(admin: pg.Client, name: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await admin.query(`drop database if exists ${name} with (force)`)
      return
    } catch (error) {
      if (tries === 40 || errorCodeOf(error) !== '42501') throw error
      await sleep(250)
    }
  }
}

async function dropOldTemplates(admin: pg.Client): Promise<void> {
  for (const name of await databasesLike(admin, TEMPLATE)) {
    await admin.query(`alter database ${name} with is_template false`)
    await dropDatabase(admin, name)
  }
}

/** Databases of tests that were killed; on a shared server the pid may be another machine's. */
async function dropAbandoned(admin: pg.Client, server: TestServer): Promise<void> {
  if (!server.embedded) return
  for (const name of await databasesLike(admin, CLONE)) {
    const [pid, startedAt] = name.slice(CLONE.length).split('_')
    if (isLiving({ pid: Number(pid), startedAt: startedAt ?? '' })) continue
    await dropDatabase(admin, name)
  }
}

async function databasesLike(admin: pg.Client, prefix: string): Promise<readonly string[]> {
  const { rows } = await admin.query<{ name: string }>(
    'select datname as name from pg_database where starts_with(datname, $1)',
    [prefix],
  )
  return rows.map((it) => it.name)
}

async function withAdmin(url: string, work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  try {
    await work(admin)
  } finally {
    await admin.end()
  }
}

function urlFor(server: string, database: string): string {
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.href
}
