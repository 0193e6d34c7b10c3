/** SQL of imports: begun, accepted once, held, or cleared away when their process is gone. */
import { errorCodeOf, withTransaction } from '../db/database.js'
import type { Client, Pool } from '../db/database.js'
import type { ImportTable } from '../db/tables.js'
import { RedressError } from '../errors.js'
import { dropSnapshotsOf } from './snapshot-load-store.js'

export type ImportKind = ImportTable['kind']

export interface ImportCounts {
  readonly read: number
  readonly accepted: number
  readonly quarantined: number
  readonly duplicate: number
}

export interface ReadFile {
  readonly counts: ImportCounts
  readonly sha256: Buffer
  readonly sizeBytes: number
  readonly finishedAt: string
}

/** Another import of the same bytes was accepted while this one was under way. */
export class AcceptedElsewhere extends Error {}

export async function isSizeKnown(
  pool: Pool,
  kind: ImportKind,
  asOf: string | null,
  sizeBytes: number,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `select 1 from import
     where state = 'accepted' and kind = $1 and as_of is not distinct from $2::date
       and size_bytes = $3 limit 1`,
    [kind, asOf, sizeBytes],
  )
  return rowCount === 1
}

export async function findAccepted(
  pool: Pool,
  kind: ImportKind,
  asOf: string | null,
  sha256: Buffer,
): Promise<{ importId: string; counts: ImportCounts } | undefined> {
  const { rows } = await pool.query<{
    import_id: string
    read: string
    accepted: string
    quarantined: string
    duplicate: string
  }>(
    `select import_id, rows_read as read, rows_accepted as accepted,
            rows_quarantined as quarantined, rows_duplicate as duplicate
     from import
     where state = 'accepted' and kind = $1 and as_of is not distinct from $2::date
       and sha256 = $3`,
    [kind, asOf, sha256],
  )
  const row = rows[0]
  if (row === undefined) return undefined
  const counts = {
    read: Number(row.read),
    accepted: Number(row.accepted),
    quarantined: Number(row.quarantined),
    duplicate: Number(row.duplicate),
  }
  return { importId: row.import_id, counts }
}

/** The number of the lock that a living import holds on its session. */
const LOCK = `hashtextextended('redress import ' || $1::text, 0)`

/** The row and the lock that says "still under way" become visible together. */
export async function startImport(
  client: Client,
  start: {
    readonly kind: ImportKind
    readonly asOf: string | null
    readonly fileName: string
    readonly startedAt: string
  },
): Promise<string> {
  await client.query('begin isolation level read committed')
  const { rows } = await client.query<{ import_id: string }>(
    `insert into import (kind, as_of, file_name, started_at)
     values ($1, $2, $3, $4) returning import_id`,
    [start.kind, start.asOf, start.fileName, start.startedAt],
  )
  const importId = String(rows[0]?.import_id)
  await client.query(`select pg_advisory_lock(${LOCK})`, [importId])
  await client.query('commit')
  return importId
}

export async function endImport(client: Client, importId: string): Promise<void> {
  await client.query(`select pg_advisory_unlock(${LOCK})`, [importId])
}

/** @throws AcceptedElsewhere when the same bytes were accepted in the meantime. */
export async function markAccepted(
  client: Client,
  importId: string,
  file: ReadFile,
): Promise<void> {
  try {
    await mark(client, importId, 'accepted', file)
  } catch (error) {
    if (errorCodeOf(error) === '23505') throw new AcceptedElsewhere()
    throw error
  }
  await dropHeldBefore(client, importId)
}

/** Nothing of the file stays but the report; the report of an earlier try at it goes. */
export async function markHeld(pool: Pool, importId: string, file: ReadFile): Promise<void> {
  await withTransaction(pool, async ({ client }) => {
    await dropSnapshotsOf(client, importId)
    await mark(client, importId, 'held', file)
    await dropHeldBefore(client, importId)
  })
}

async function mark(
  client: Client,
  importId: string,
  state: 'accepted' | 'held',
  file: ReadFile,
): Promise<void> {
  const { read, accepted, quarantined, duplicate } = file.counts
  const { rowCount } = await client.query(
    `update import
     set state = $2, sha256 = $3, size_bytes = $4, rows_read = $5, rows_accepted = $6,
         rows_quarantined = $7, rows_duplicate = $8, finished_at = $9
     where import_id = $1 and state = 'loading'`,
    [
      importId,
      state,
      file.sha256,
      file.sizeBytes,
      read,
      accepted,
      quarantined,
      duplicate,
      file.finishedAt,
    ],
  )
  if (rowCount === 1) return
  throw new RedressError('DATABASE_UNAVAILABLE', {
    problem: 'the connection that guards this import was lost, and another import cleared it',
    expected: 'the import to be repeated',
  })
}

async function dropHeldBefore(client: Client, importId: string): Promise<void> {
  await client.query(
    `delete from import earlier using import this
     where this.import_id = $1 and earlier.import_id < this.import_id and earlier.state = 'held'
       and earlier.kind = this.kind and earlier.sha256 = this.sha256
       and earlier.as_of is not distinct from this.as_of`,
    [importId],
  )
}

/**
 * Removes what imports left behind whose process is gone, of whatever file; those of snapshots only
 * where this login may.
 */
export async function clearAbandoned(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ import_id: string }>(
    `select import_id from import
     where state = 'loading'
       and (kind <> 'snapshot' or has_table_privilege('snapshot', 'delete'))
     order by import_id`,
  )
  for (const { import_id: importId } of rows) {
    await withTransaction(pool, async ({ client }) => {
      const lock = await client.query<{ free: boolean }>(
        `select pg_try_advisory_xact_lock(${LOCK}) as free`,
        [importId],
      )
      if (lock.rows[0]?.free === true) await deleteLoading(client, importId)
    })
  }
}

/** Removes an import of this process that failed. */
export async function clearOwn(pool: Pool, importId: string): Promise<void> {
  await withTransaction(pool, async ({ client }) => {
    // A connection that broke in mid-COPY may keep its lock on the table for a moment.
    await client.query(`set local lock_timeout = '10s'`)
    await deleteLoading(client, importId)
  })
}

async function deleteLoading(client: Client, importId: string): Promise<void> {
  const { rowCount } = await client.query(
    `select 1 from import where import_id = $1 and state = 'loading' for update`,
    [importId],
  )
  if (rowCount !== 1) return
  await dropSnapshotsOf(client, importId)
  await client.query('delete from import where import_id = $1', [importId])
}
