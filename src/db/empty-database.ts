/** Makes a database as new. For the demo's own database alone. */
import type { Pool } from './database.js'
import { withClient } from './database.js'
import { migrate } from './migrate.js'

/** Drops everything Redress has in it, the queue's schema too, and migrates again. */
export async function emptyDatabase(pool: Pool): Promise<void> {
  await withClient(pool, async (client) => {
    await client.query('drop schema if exists bullmq cascade')
    await client.query('drop schema public cascade')
    await client.query('create schema public')
  })
  await migrate(pool, { rehearsal: true })
}

/**
 * From the next connection on, what was committed last may be lost in a power cut, and no commit
 * waits for the disk. For a database that can be made anew in a minute.
 */
export async function dispenseWithDurability(pool: Pool): Promise<void> {
  await pool.query(`do $$ begin execute
    format('alter database %I set synchronous_commit = off', current_database()); end $$`)
}
