/**
 * The rival of the import: the same file by one COPY as CSV into a table like the snapshot's, with
 * its key in place. PostgreSQL checks types; nothing is validated, quarantined, sorted or sealed.
 */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { assert } from '../../src/assert.js'
import { CopyIn } from '../../src/db/copy.js'
import { withClient } from '../../src/db/database.js'
import type { Client, Pool } from '../../src/db/database.js'
import type { Bench } from './redress-tasks.js'
import type { Outcome } from './task.js'
import { usageOf } from './usage.js'

export const PLAIN_TABLE = 'plain_line'
const READ_BYTES = 256 * 1_024

export async function benchPlainCopy(bench: Bench, file: string): Promise<Outcome> {
  await makePlainTable(bench.pool)
  const statement = await plainStatement(file)
  let rows = 0
  const usage = await withClient(bench.pool, async (client) => {
    return await usageOf(bench.pool, bench.postmaster, async () => {
      rows = await copyFile(client, statement, file)
    })
  })
  return { usage, lines: rows, written: rows, lastCustomerId: null }
}

export async function makePlainTable(pool: Pool): Promise<void> {
  await pool.query(`create table ${PLAIN_TABLE} (like snapshot_line including defaults)`)
  await pool.query(`alter table ${PLAIN_TABLE} alter column snapshot_id set default 1`)
  await pool.query(`create unique index ${PLAIN_TABLE}_key on ${PLAIN_TABLE} (line_id)`)
}

/** The file's header names the columns. */
export async function plainStatement(file: string): Promise<string> {
  const handle = await open(file, 'r')
  try {
    for await (const header of handle.readLines({ autoClose: false })) {
      assert(/^[a-z_,]+$/.test(header), 'a header of column names')
      return `copy ${PLAIN_TABLE} (${header}) from stdin with (format csv, header)`
    }
  } finally {
    await handle.close()
  }
  throw new Error(`${file} is empty`)
}

async function copyFile(client: Client, statement: string, file: string): Promise<number> {
  const copy = new CopyIn(client, statement)
  let writing = Promise.resolve()
  for await (const piece of createReadStream(file, { highWaterMark: READ_BYTES })) {
    await writing
    writing = copy.write(piece as Buffer)
  }
  await writing
  return await copy.finish()
}
