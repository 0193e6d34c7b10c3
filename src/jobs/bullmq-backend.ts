/**
 * Where messages wait: Redis when there is one, else BullMQ's own tables in the schema `bullmq` of
 * the same database. Either may lose every message at any time; PostgreSQL knows which chunks are
 * open, and they are rung for again.
 */
import {
  DEFAULT_SCHEMA,
  LATEST_SCHEMA_VERSION,
  SchemaMigrationRequiredError,
  SchemaVersionMismatchError,
  assertSchemaCompatibility,
  createPostgresBackend,
  createRedisBackend,
  runMigrations,
} from 'bullmq'
import type { BackendFactory, IQueueBackend, PgPool, PgPoolClient } from 'bullmq'
import { Redis } from 'ioredis'
import { setTimeout as sleep } from 'node:timers/promises'
import { withClient } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { RedressError } from '../errors.js'

/** `pool` as opened with `jobsDatabaseUrl` and `jobsPoolSize`; whoever opened it closes it. */
export type JobsPlace = { readonly redisUrl: string } | { readonly pool: Pool }

export type JobsConnection = { readonly redis: Redis } | { readonly pool: Pool }

export interface JobsBackend {
  readonly kind: 'redis' | 'postgres'
  readonly queueName: string
  /** Before every key in Redis; PostgreSQL's schema does the same there. */
  readonly prefix: string
  readonly factory: BackendFactory<IQueueBackend, JobsConnection>
  /** A connection for a queue, which fails soon, or for a worker, which waits for its server. */
  connect(use: 'queue' | 'worker'): JobsConnection
}

export interface JobsBackendOptions {
  /** Tells apart the queues of several databases in one Redis. */
  readonly name?: string
}

export function openJobsBackend(place: JobsPlace, options: JobsBackendOptions = {}): JobsBackend {
  return {
    kind: 'redisUrl' in place ? 'redis' : 'postgres',
    queueName: options.name ?? 'chunks',
    prefix: 'redress',
    factory: createBackend,
    connect: (use) => ('redisUrl' in place ? { redis: connectRedis(place.redisUrl, use) } : place),
  }
}

/**
 * The same database with BullMQ's schema in front: its statements name their tables without one.
 * The other settings repeat those of the pool, which `options` in a URL would replace.
 */
export function jobsDatabaseUrl(databaseUrl: string): string {
  const url = new URL(databaseUrl)
  const settings = '-c timezone=UTC -c datestyle=ISO -c intervalstyle=iso_8601'
  // Messages may be lost: to wait for the disk three times a chunk would be for nothing.
  const queue = `-c search_path=${DEFAULT_SCHEMA} -c synchronous_commit=off`
  url.searchParams.set('options', `${settings} ${queue}`)
  return url.href
}

/**
 * A connection for each lane, and one each to listen, to renew locks, to look for stalled jobs, to
 * ring.
 */
export function jobsPoolSize(lanes: number): number {
  return lanes + 4
}

const CHECKED = { skipVersionCheck: false }

/** Brings BullMQ's schema up to date; one process does, the others wait for it. */
export async function prepareJobsSchema(pool: Pool): Promise<void> {
  await withClient(pool, async (client) => {
    try {
      const version = await assertSchemaCompatibility(client, DEFAULT_SCHEMA, CHECKED)
      if (version >= LATEST_SCHEMA_VERSION) return
    } catch (error) {
      if (error instanceof SchemaVersionMismatchError) throw newerSchema()
      if (!(error instanceof SchemaMigrationRequiredError)) throw error
    }
    await runMigrations(client, DEFAULT_SCHEMA, CHECKED)
  })
}

/**
 * Waits for `ready`, but not for ever, nor after `signal`: a queue that cannot be reached is an
 * error.
 */
export async function within<T>(
  timeoutMs: number,
  ready: Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const giveUp = new AbortController()
  const ends = signal === undefined ? giveUp.signal : AbortSignal.any([giveUp.signal, signal])
  const late = sleep(timeoutMs, undefined, { signal: ends }).then(() => {
    throw queueUnavailable('no answer')
  })
  try {
    return await Promise.race([ready, late])
  } catch (error) {
    if (error instanceof RedressError) throw error
    const label = labelOf(error)
    throw queueUnavailable(label === 'Error' ? 'the connection was lost' : `error ${label}`)
  } finally {
    giveUp.abort()
    late.catch(() => undefined)
  }
}

/** An error in one word: texts of drivers may quote what they were working on. */
export function labelOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown'
  if ('code' in error && typeof error.code === 'string' && error.code !== '') return error.code
  return error instanceof Error ? error.name : 'unknown'
}

const createBackend: BackendFactory<IQueueBackend, JobsConnection> = (name, opts, extra) => {
  const { connection } = opts
  if ('redis' in connection) {
    return createRedisBackend(name, { ...opts, connection: connection.redis }, extra)
  }
  const backend = createPostgresBackend(name, { ...opts, connection: lend(connection.pool) }, extra)
  // Ten seconds as on Redis instead of an hour: a notification lost with a connection costs no
  // more.
  Object.defineProperty(backend, 'maximumBlockTimeout', { value: 10 })
  return backend
}

/**
 * The pool as BullMQ sees it. BullMQ hangs a listener on a pool for each queue and worker and never
 * takes it off; the pool has one of its own that does the same.
 */
function lend(pool: Pool): PgPool {
  const lent = {
    options: pool.options,
    connect: async () => (await pool.connect()) as unknown as PgPoolClient,
    query: async (text: string, values?: readonly unknown[]) =>
      await pool.query(text, values && [...values]),
    end: () => Promise.resolve(),
    on: () => lent,
    removeAllListeners: () => lent,
  }
  return lent as unknown as PgPool
}

function connectRedis(url: string, use: 'queue' | 'worker'): Redis {
  const redis = new Redis(url, {
    // A worker waits until Redis is back; whoever rings wants to know within seconds.
    maxRetriesPerRequest: use === 'worker' ? null : 3,
    retryStrategy: (times) => Math.min(2_000, 100 * 2 ** Math.min(times, 10)),
    connectTimeout: 5_000,
    keepAlive: 10_000,
    enableReadyCheck: true,
    enableOfflineQueue: true,
    lazyConnect: false,
  })
  // Without a listener a lost connection would end the process; commands under way tell of it.
  redis.on('error', () => undefined)
  return redis
}

function queueUnavailable(problem: string): RedressError {
  const expected = 'a Redis or PostgreSQL that answers'
  return new RedressError('QUEUE_UNAVAILABLE', { problem, expected })
}

function newerSchema(): RedressError {
  return new RedressError('SCHEMA_MISMATCH', {
    problem: 'the schema bullmq was made by a newer version',
    expected: 'the same version of Redress or a newer one',
  })
}
