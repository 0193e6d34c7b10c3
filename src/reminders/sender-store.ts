/**
 * SQL of senders. Each has a number and, as long as its session lives, the lock of that number: so
 * a message in hand is told from one whose sender was killed.
 */
import { withClient } from '../db/database.js'
import type { Client, Pool } from '../db/database.js'
import { assert } from '../assert.js'

export interface Sender {
  readonly senderId: string
  /** Aborted when the session that holds the lock is gone: somebody else may take over now. */
  readonly lost: AbortSignal
  close(): Promise<void>
}

const LOCK = `hashtextextended('redress sender ' || $1::text, 0)`

/** Keeps one connection of the pool until it is closed. */
export async function openSender(pool: Pool): Promise<Sender> {
  const client = await pool.connect()
  const lost = new AbortController()
  const onError = (): void => lost.abort()
  client.on('error', onError)
  client.on('end', onError)
  try {
    const { rows } = await client.query<{ id: string }>(`select nextval('notice_sender') as id`)
    assert(rows[0] !== undefined, 'a number')
    const senderId = rows[0].id
    await client.query(`select pg_advisory_lock(${LOCK})`, [senderId])
    return {
      senderId,
      lost: lost.signal,
      close: async () => {
        client.off('end', onError)
        const isGone = lost.signal.aborted
        if (!isGone) await client.query(`select pg_advisory_unlock(${LOCK})`, [senderId])
        client.off('error', onError)
        client.release(isGone)
      },
    }
  } catch (error) {
    client.release(true)
    throw error
  }
}

/** Those that have messages in hand of the gateway, living or not. */
export async function sendersWithMessages(pool: Pool, gateway: string): Promise<readonly string[]> {
  const { rows } = await pool.query<{ sender_id: string }>(
    `select distinct sender_id from outbox_message
     where state = 'handing_over' and gateway = $1 order by sender_id`,
    [gateway],
  )
  return rows.map((it) => it.sender_id)
}

/**
 * Does `work` in place of a sender that is gone, with its lock, so that two do not.
 * @returns false where it is living, or somebody else does so already
 */
export async function inPlaceOf(
  pool: Pool,
  senderId: string,
  work: () => Promise<void>,
): Promise<boolean> {
  return await withClient(pool, async (client) => {
    if (!(await tryLock(client, senderId))) return false
    await work()
    await client.query(`select pg_advisory_unlock(${LOCK})`, [senderId])
    return true
  })
}

async function tryLock(client: Client, senderId: string): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    `select pg_try_advisory_lock(${LOCK}) as locked`,
    [senderId],
  )
  return rows[0]?.locked === true
}
