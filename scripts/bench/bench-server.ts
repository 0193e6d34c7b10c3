/**
 * The server that all are measured on, and its databases. Every repetition works on a fresh copy of
 * a template, after a checkpoint, so that none inherits the pages or the debts of the one before.
 */
import { join } from 'node:path'
import { assert } from '../../src/assert.js'
import { projectRoot } from '../../src/config/project-root.js'
import { errorCodeOf, openPool } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import { homeAt, readPasswords } from '../../src/db/embedded-home.js'
import { useEmbeddedPostgres } from '../../src/db/embedded-postgres.js'
import { migrate } from '../../src/db/migrate.js'
import { jobsDatabaseUrl, prepareJobsSchema } from '../../src/jobs/bullmq-backend.js'
import { findPostmaster } from './usage.js'

const PREFIX = 'redress_bench_'
const OBJECT_IN_USE = '55006'
const SETTINGS = [
  'server_version',
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_level',
  'wal_sync_method',
  'data_checksums',
  'shared_buffers',
  'max_wal_size',
  'checkpoint_timeout',
  'autovacuum',
  'jit',
  'max_parallel_workers_per_gather',
]

export interface ServerFacts {
  readonly embedded: boolean
  readonly settings: Readonly<Record<string, string>>
  /** False when the login may not: then only what `create database` writes out is written out. */
  readonly checkpoints: boolean
}

export class BenchServer {
  readonly postmaster: number | null
  readonly facts: ServerFacts
  readonly #url: string
  readonly #admin: Pool
  readonly #superuser: Pool
  readonly #release: () => Promise<void>

  private constructor(
    { url, admin, superuser, release }: ServerParts,
    facts: ServerFacts,
    postmaster: number | null,
  ) {
    this.#url = url
    this.#admin = admin
    this.#superuser = superuser
    this.#release = release
    this.facts = facts
    this.postmaster = postmaster
  }

  /** @param databaseUrl of a server to use; absent, an embedded one of the bench's own is. */
  static async open(databaseUrl: string | undefined): Promise<BenchServer> {
    const parts = databaseUrl === undefined ? await embedded() : given(databaseUrl)
    const { rows } = await parts.admin.query<{ locked: boolean }>(
      `select pg_try_advisory_lock(hashtext('redress bench')) as locked`,
    )
    assert(rows[0]?.locked === true, 'no other bench on the same server')
    const facts = {
      embedded: databaseUrl === undefined,
      settings: await settingsOf(parts.admin),
      checkpoints: await checkpoint(parts.superuser),
    }
    const server = new BenchServer(parts, facts, await findPostmaster(parts.admin))
    await server.#dropAll()
    return server
  }

  urlOf(name: string): string {
    const url = new URL(this.#url)
    url.pathname = `/${PREFIX}${name}`
    return url.href
  }

  /** A migrated database with nothing in it, the queue's tables included. */
  async create(name: string): Promise<void> {
    await this.#admin.query(`create database ${PREFIX}${name} template template0`)
    const pool = openPool({ url: this.urlOf(name), max: 2, name: 'redress bench' })
    const jobs = openPool({ url: jobsDatabaseUrl(this.urlOf(name)), max: 2, name: 'redress bench' })
    try {
      // One process plays maker and approver.
      await migrate(pool, { rehearsal: true })
      await prepareJobsSchema(jobs)
    } finally {
      await Promise.all([pool.end(), jobs.end()])
    }
  }

  async clone(template: string, name: string): Promise<void> {
    // By files: pages come as they are, with their hint bits and their visibility maps.
    await this.#admin.query(
      `create database ${PREFIX}${name} template ${PREFIX}${template} strategy file_copy`,
    )
    await checkpoint(this.#superuser)
  }

  /** Lends a fresh copy to `work`. */
  async onClone<T>(template: string, work: (name: string) => Promise<T>): Promise<T> {
    const name = `${template}_clone`
    await this.clone(template, name)
    try {
      return await work(name)
    } finally {
      await this.drop(name)
    }
  }

  /**
   * By itself, dropping ends a vacuum of the server and waits for it; with force it would ask for
   * the right to end what belongs to a superuser. Force is for processes of a bench that was
   * killed.
   */
  async drop(name: string): Promise<void> {
    const statement = `drop database if exists ${PREFIX}${name}`
    try {
      await this.#admin.query(statement)
    } catch (error) {
      if (errorCodeOf(error) !== OBJECT_IN_USE) throw error
      await this.#admin.query(`${statement} with (force)`)
    }
  }

  async close(): Promise<void> {
    await this.#dropAll()
    await Promise.all([this.#admin.end(), this.#superuser.end()])
    await this.#release()
  }

  /** Also those of a bench that was killed. */
  async #dropAll(): Promise<void> {
    const { rows } = await this.#admin.query<{ name: string }>(
      'select datname as name from pg_database where starts_with(datname, $1)',
      [PREFIX],
    )
    for (const { name } of rows) await this.drop(name.slice(PREFIX.length))
  }
}

interface ServerParts {
  readonly url: string
  /** One connection, which holds the lock. */
  readonly admin: Pool
  readonly superuser: Pool
  readonly release: () => Promise<void>
}

async function embedded(): Promise<ServerParts> {
  const home = join(projectRoot(), '.cache', 'bench-postgres')
  const postgres = await useEmbeddedPostgres({ home })
  const superuser = new URL(postgres.url)
  superuser.username = 'postgres'
  superuser.password = readPasswords(homeAt(home))?.superuser ?? ''
  superuser.pathname = '/postgres'
  return {
    url: postgres.url,
    admin: adminPool(postgres.url),
    superuser: adminPool(superuser.href),
    release: () => postgres.release(),
  }
}

function given(url: string): ServerParts {
  return { url, admin: adminPool(url), superuser: adminPool(url), release: () => Promise.resolve() }
}

function adminPool(url: string): Pool {
  const pool = openPool({ url, max: 1, name: 'redress bench' })
  // The lock lives as long as its connection.
  pool.options.idleTimeoutMillis = 0
  return pool
}

async function checkpoint(superuser: Pool): Promise<boolean> {
  try {
    await superuser.query('checkpoint')
    return true
  } catch (error) {
    if (errorCodeOf(error) === '42501') return false
    throw error
  }
}

async function settingsOf(pool: Pool): Promise<Readonly<Record<string, string>>> {
  const { rows } = await pool.query<{ name: string; value: string }>(
    'select name, current_setting(name) as value from unnest($1::text[]) name',
    [SETTINGS],
  )
  return Object.fromEntries(rows.map((it) => [it.name, it.value]))
}
