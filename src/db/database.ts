/**
 * The pool, how values of PostgreSQL become values of TypeScript, and the one kind of transaction
 * there is.
 */
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { RedressError } from '../errors.js'
import type { Tables } from './tables.js'

export type Pool = pg.Pool
export type Client = pg.PoolClient

/** Queries by kysely and COPY by the client, on one connection inside one transaction. */
export interface Tx {
  readonly client: Client
  readonly db: Kysely<Tables>
}

const DATE = 1082
const TIMESTAMPTZ = 1184

// Dates stay the text they are (a Date would move them through a time zone); instants become ISO
// 8601 in UTC; bigint stays text, since 18 digits do not fit a number.
function parserOf(typeId: number, format?: 'text' | 'binary'): unknown {
  if (format !== 'binary') {
    if (typeId === DATE) return (text: string) => text
    if (typeId === TIMESTAMPTZ) return (text: string) => new Date(text).toISOString()
  }
  return pg.types.getTypeParser(typeId, format as 'text')
}

export interface PoolOptions {
  readonly url: string
  /** Upper bound of connections. */
  readonly max: number
  /** Seen in pg_stat_activity: which command this is. */
  readonly name: string
  /** Who acts, in a rehearsal; elsewhere the database takes no notice of it. */
  readonly actor?: string | undefined
}

export function openPool(options: PoolOptions): Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max,
    application_name: options.name,
    connectionTimeoutMillis: 15_000,
    idleTimeoutMillis: 10_000,
    keepAlive: true,
    types: { getTypeParser: parserOf as typeof pg.types.getTypeParser },
    // Time enters as data; a session in UTC prints instants the same way everywhere.
    options: `-c timezone=UTC -c datestyle=ISO -c intervalstyle=iso_8601${actorOption(options)}`,
  })
  // An idle connection that the server closes is replaced at the next use; without a listener it
  // would end the process.
  pool.on('error', () => undefined)
  return pool
}

// The server splits the options at white space, unless a backslash stands before it.
function actorOption({ actor }: PoolOptions): string {
  return actor === undefined ? '' : ` -c redress.actor=${actor.replace(/[\s\\]/g, '\\$&')}`
}

export function kyselyOn(pool: Pool): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
}

function kyselyOnClient(client: Client): Kysely<Tables> {
  const borrowed = { query: client.query.bind(client), release: () => undefined }
  return new Kysely<Tables>({
    dialect: new PostgresDialect({
      pool: { connect: () => Promise.resolve(borrowed), end: () => Promise.resolve() } as never,
    }),
  })
}

/**
 * Runs `work` in one transaction (READ COMMITTED, synchronous_commit as the server has it): it
 * commits when `work` returns and rolls back when it throws. A connection that broke is discarded.
 */
export async function withTransaction<T>(pool: Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  return await withClient(pool, async (client) => {
    await client.query('begin isolation level read committed')
    try {
      const result = await work({ client, db: kyselyOnClient(client) })
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback')
      throw error
    }
  })
}

/** Lends one connection; it is destroyed instead of reused when `work` throws. */
export async function withClient<T>(pool: Pool, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  // While lent, a broken connection fails the query under way; the event alone must not end the
  // process.
  const ignore = (): void => undefined
  client.on('error', ignore)
  let failure: Error | undefined
  try {
    return await work(client)
  } catch (error) {
    failure = error instanceof Error ? error : new Error('not an error')
    throw error
  } finally {
    client.off('error', ignore)
    client.release(failure)
  }
}

/** SQLSTATE of a PostgreSQL error, else the system's error code, else undefined. */
export function errorCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

const OUTAGE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  // admin_shutdown, crash_shutdown, cannot_connect_now, connection failures
  '57P01',
  '57P02',
  '57P03',
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
])

/** Whether the server was away, so that the same work can be tried again. */
export function isOutage(error: unknown): boolean {
  const code = errorCodeOf(error)
  if (code !== undefined && OUTAGE_CODES.has(code)) return true
  return (
    error instanceof Error &&
    /^Connection terminated|timeout exceeded when trying to connect|not queryable/.test(
      error.message,
    )
  )
}

/**
 * An error of the driver may quote values of the row at fault in its detail; only its code and
 * constraint go further.
 */
export function describeDatabaseError(error: unknown): RedressError {
  const code = errorCodeOf(error) ?? 'unknown'
  // insufficient_privilege
  if (code === '42501') {
    const expected = 'a member of the role for it, such as redress_operator'
    return new RedressError('RIGHT_MISSING', { expected })
  }
  const named =
    typeof error === 'object' && error !== null && 'constraint' in error
      ? error.constraint
      : undefined
  const constraint = typeof named === 'string' ? ` (${named})` : ''
  return new RedressError('DATABASE_UNAVAILABLE', {
    problem: `error ${code}${constraint}`,
    expected: 'a PostgreSQL 15 or later that answers',
  })
}
