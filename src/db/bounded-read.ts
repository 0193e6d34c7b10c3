/** Reads that must not wait: for probes and figures, which are asked for while a server is away. */
import { setTimeout as sleep } from 'node:timers/promises'
import { RedressError } from '../errors.js'
import { withClient } from './database.js'
import type { Client, Pool } from './database.js'

/**
 * Lends a connection in a read-only transaction for `timeoutMs` at the most, counted from when the
 * pool has one. The server ends a statement that takes longer; a connection on which nothing is
 * heard any more is destroyed, since TCP alone would notice after minutes.
 * @throws RedressError DATABASE_UNAVAILABLE when the time is over
 */
export async function boundedRead<T>(
  pool: Pool,
  timeoutMs: number,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  return await withClient(pool, async (client) => {
    const giveUp = new AbortController()
    const late = sleep(timeoutMs, undefined, { signal: giveUp.signal }).then(() => {
      throw new RedressError('DATABASE_UNAVAILABLE', {
        problem: `no answer within ${timeoutMs} ms`,
        expected: 'a PostgreSQL 15 or later that answers',
      })
    })
    const read = readOnly(client, timeoutMs, work)
    try {
      return await Promise.race([read, late])
    } finally {
      giveUp.abort()
      late.catch(() => undefined)
      read.catch(() => undefined)
    }
  })
}

// Compiling a statement takes longer than these statements do.
async function readOnly<T>(
  client: Client,
  timeoutMs: number,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  await client.query(
    `begin isolation level read committed read only;
     set local statement_timeout = ${Math.round(timeoutMs)};
     set local jit = off`,
  )
  const result = await work(client)
  await client.query('commit')
  return result
}
