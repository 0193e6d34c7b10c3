/** SQL of loading a snapshot's lines: their table, its key, and the rows that have to go again. */
import { assert } from '../assert.js'
import { errorCodeOf } from '../db/database.js'
import type { Client, Pool } from '../db/database.js'
import { lineTableOf } from '../snapshot/snapshot-store.js'

/** Makes the snapshot and the table of its lines, in one transaction. */
export async function openSnapshot(
  client: Client,
  importId: string,
  asOf: string,
): Promise<number> {
  const { rows } = await client.query<{ snapshot_id: number }>(
    `with opened as (
       insert into snapshot (import_id, as_of) values ($1, $2) returning snapshot_id
     )
     select snapshot_id, open_snapshot(snapshot_id) from opened`,
    [importId, asOf],
  )
  const snapshotId = rows[0]?.snapshot_id
  assert(snapshotId !== undefined, 'a snapshot that was opened')
  return snapshotId
}

/** The snapshot of an import that was accepted. */
export async function snapshotOf(pool: Pool, importId: string): Promise<number> {
  const { rows } = await pool.query<{ snapshot_id: number }>(
    'select snapshot_id from snapshot where import_id = $1',
    [importId],
  )
  const snapshotId = rows[0]?.snapshot_id
  assert(snapshotId !== undefined, 'the snapshot of an accepted import')
  return snapshotId
}

export function copyLinesStatement(snapshotId: number, columnNames: readonly string[]): string {
  return `copy ${lineTableOf(snapshotId)} (${columnNames.join(', ')}) from stdin with (format text)`
}

/** Unsealed snapshots of an import, with the tables of their lines. */
export async function dropSnapshotsOf(client: Client, importId: string): Promise<void> {
  const { rows } = await client.query<{ snapshot_id: number }>(
    'select snapshot_id from snapshot where import_id = $1 and sealed_at is null',
    [importId],
  )
  for (const { snapshot_id: snapshotId } of rows) {
    await client.query('select drop_lines($1)', [snapshotId])
    await client.query('delete from snapshot where snapshot_id = $1', [snapshotId])
  }
}

/**
 * Building the key after loading costs a third of keeping it up row by row.
 * @returns false when a line_id is there twice
 */
export async function buildLineKey(client: Client, snapshotId: number): Promise<boolean> {
  await client.query('begin isolation level read committed')
  try {
    await client.query(`set local maintenance_work_mem = '256MB'`)
    await client.query('set local max_parallel_maintenance_workers = 2')
    await client.query('select build_line_key($1)', [snapshotId])
    await client.query('commit')
    return true
  } catch (error) {
    await client.query('rollback')
    if (errorCodeOf(error) === '23505') return false
    throw error
  }
}

/** Notes the rows that repeat the line_id of a row above them. */
export async function doomRepeatedLines(client: Client, snapshotId: number): Promise<number> {
  return await doom(
    client,
    `with repeated as (
       select line_id, min(row_no) as first_row_no
       from ${lineTableOf(snapshotId)} group by line_id having count(*) > 1
     )
     select line.row_no
     from ${lineTableOf(snapshotId)} line join repeated using (line_id)
     where line.row_no <> first_row_no`,
  )
}

/** Notes all rows of customers whose rows disagree on who they are. */
export async function doomConflictingCustomers(
  client: Client,
  snapshotId: number,
): Promise<number> {
  return await doom(
    client,
    `with conflicting as (
       select customer_id
       from ${lineTableOf(snapshotId)} group by customer_id
       having min(customer_kind) <> max(customer_kind)
         or min(birth_date) <> max(birth_date)
         or count(birth_date) not in (0, count(*))
     )
     select line.row_no
     from ${lineTableOf(snapshotId)} line join conflicting using (customer_id)`,
  )
}

async function doom(client: Client, rowNumbers: string): Promise<number> {
  await client.query('begin isolation level read committed')
  await client.query(`set local work_mem = '128MB'`)
  await client.query('drop table if exists pg_temp.doomed_row')
  await client.query('create temporary table doomed_row (row_no integer primary key)')
  const { rowCount } = await client.query(`insert into doomed_row (row_no) ${rowNumbers}`)
  await client.query('commit')
  return rowCount ?? 0
}

/** The next rows that were noted, in the order of the file. */
export async function readDoomed(client: Client, after: number): Promise<readonly number[]> {
  const { rows } = await client.query<{ row_no: number }>(
    'select row_no from pg_temp.doomed_row where row_no > $1 order by row_no limit 10000',
    [after],
  )
  return rows.map((it) => it.row_no)
}

export async function deleteDoomed(client: Client, snapshotId: number): Promise<number> {
  const { rowCount } = await client.query(
    `delete from ${lineTableOf(snapshotId)} line using pg_temp.doomed_row
     where line.row_no = doomed_row.row_no`,
  )
  await client.query('drop table pg_temp.doomed_row')
  return rowCount ?? 0
}
