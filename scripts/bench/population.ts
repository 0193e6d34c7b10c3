/** A population of some size as files, and the template databases made of them. */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../src/config/project-root.js'
import { openPool } from '../../src/db/database.js'
import { markOf } from '../../src/db/process-mark.js'
import { generateSnapshot } from '../../src/generate/generate-snapshot.js'
import type { PopulationSize } from '../../src/generate/generate-snapshot.js'
import type { RowOrder } from '../../src/generate/row-order.js'
import { makeFactRows } from './fact-rows.js'
import { spawnTask } from './spawn-task.js'
import type { SpawnOptions } from './spawn-task.js'
import { AS_OF } from './task.js'
import type { ChangeFiles, Outcome } from './task.js'

export interface Population {
  readonly lines: number
  readonly customers: number
  /** The file of the lines, and its size. */
  readonly snapshot: string
  readonly bytes: number
  readonly changes: ChangeFiles
}

const SEED = 1

export async function makePopulation(
  size: PopulationSize,
  order: RowOrder = 'customer',
): Promise<Population> {
  const fileOf = (name: string): string =>
    join(workFolder(), `${name}-${Object.values(size)[0]}-${order}.csv`)
  const snapshot = fileOf('lines')
  const changes = { statuses: fileOf('statuses'), consents: fileOf('consents') }
  const made = await generateSnapshot({
    size,
    seed: SEED,
    asOf: AS_OF,
    badRows: 0,
    order,
    out: snapshot,
    statusOut: changes.statuses,
    consentsOut: changes.consents,
  })
  const { size: bytes } = statSync(snapshot)
  return { lines: made.lines, customers: made.customers, snapshot, bytes, changes }
}

/** For files that only the bench reads; removed by `clearWork`. */
export function workFolder(): string {
  const folder = join(projectRoot(), '.cache', `bench-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  return folder
}

/** Also of benches that were killed: a population of 13.5 million is a file of 2 GB. */
export function clearWork(): void {
  const cache = join(workFolder(), '..')
  for (const name of readdirSync(cache)) {
    const pid = Number(/^bench-(\d+)$/.exec(name)?.[1] ?? 0)
    if (pid === 0 || (pid !== process.pid && markOf(pid) !== undefined)) continue
    rmSync(join(cache, name), { recursive: true, force: true })
  }
}

export interface Imported {
  /** Name of the template that holds the population. */
  readonly database: string
  readonly imported: Outcome
}

/** Lines, and what changed later, as the commands import them. */
export async function importPopulation(
  options: SpawnOptions,
  population: Population,
): Promise<Imported> {
  const { snapshot, changes } = population
  const database = `imported_${population.lines}`
  await options.server.create(database)
  const imported = await spawnTask(options, database, { kind: 'import', file: snapshot })
  await spawnTask(options, database, { kind: 'changes', files: changes })
  await analyze(options.server.urlOf(database))
  return { database, imported }
}

// Autovacuum would come to it within a minute; so all copies have the same statistics.
async function analyze(url: string): Promise<void> {
  const pool = openPool({ url, max: 1, name: 'redress bench' })
  await pool.query('vacuum (analyze) status_change, guardian_consent, snapshot_line')
  await pool.end()
}

export interface Planned {
  readonly database: string
  readonly snapshotId: number
}

/**
 * A template with an approved plan, and all that the SQL rival may wish for: an index in the order
 * of the chunks, settled facts as rows, fresh statistics, and a visibility map.
 */
export async function planPopulation(
  options: SpawnOptions,
  { database: imported }: Imported,
): Promise<Planned> {
  const { server } = options
  const database = `planned_${imported}`
  await server.clone(imported, database)
  await spawnTask(options, database, { kind: 'plan' })
  const pool = openPool({ url: server.urlOf(database), max: 1, name: 'redress bench' })
  try {
    const { rows } = await pool.query<{ id: number }>('select max(snapshot_id) as id from snapshot')
    const snapshotId = rows[0]?.id ?? 0
    await pool.query(`create index on snapshot_line_${snapshotId} (customer_id, line_id)`)
    await makeFactRows(pool, snapshotId)
    await pool.query('vacuum (analyze) snapshot_line, entry_set, snapshot_chunk')
    return { database, snapshotId }
  } finally {
    await pool.end()
  }
}
