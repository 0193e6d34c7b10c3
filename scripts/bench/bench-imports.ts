/** The import of a snapshot, validated and sealed, beside a plain COPY of the same file. */
import { spawnSync } from 'node:child_process'
import { openPool } from '../../src/db/database.js'
import { contest } from './contest.js'
import type { Contestant, Standing } from './contest.js'
import type { BenchOptions } from './options.js'
import { makePlainTable, plainStatement } from './plain-copy.js'
import { makePopulation } from './population.js'
import type { Population } from './population.js'
import { spawnTask } from './spawn-task.js'
import type { Outcome, Task } from './task.js'
import { usageOf } from './usage.js'

export const IMPORT = 'redress import'
export const PLAIN_COPY = 'plain COPY'
export const PSQL_COPY = 'psql \\copy'

export const FILE_ORDERS = ['customer', 'shuffled'] as const

export interface ImportBench {
  readonly lines: number
  readonly order: (typeof FILE_ORDERS)[number]
  readonly fileBytes: number
  readonly standings: readonly Standing[]
}

export async function benchImports(
  options: BenchOptions,
  lines: number,
  order: ImportBench['order'],
): Promise<ImportBench> {
  const { server, note, repeats } = options
  note(`import: ${lines} lines in ${order} order`)
  const population = await makePopulation({ lines }, order)
  const { snapshot: file } = population
  const empty = `empty_${lines}`
  await server.create(empty)
  const rival = (name: string, task: Task): Contestant => ({
    name,
    run: async () =>
      await server.onClone(empty, async (clone) => await spawnTask(options, clone, task)),
  })
  const contestants = [
    rival(IMPORT, { kind: 'import', file }),
    rival(PLAIN_COPY, { kind: 'plain_copy', file }),
  ]
  if (hasPsql()) {
    contestants.push({
      name: PSQL_COPY,
      run: async () =>
        await server.onClone(empty, async (clone) => await copyByPsql(options, clone, population)),
    })
  }
  const standings = await contest(contestants, repeats, note)
  await server.drop(empty)
  return { lines: population.lines, order, fileBytes: population.bytes, standings }
}

function hasPsql(): boolean {
  return spawnSync('psql', ['--version'], { stdio: 'ignore' }).status === 0
}

async function copyByPsql(
  { server }: BenchOptions,
  clone: string,
  { snapshot, lines }: Population,
): Promise<Outcome> {
  const url = server.urlOf(clone)
  const pool = openPool({ url, max: 1, name: 'redress bench' })
  try {
    await makePlainTable(pool)
    const statement = await plainStatement(snapshot)
    const path = snapshot.replaceAll("'", "''")
    const command = `\\${statement.replace('from stdin', () => `from '${path}'`)}`
    const usage = await usageOf(pool, server.postmaster, () => {
      const { status } = spawnSync('psql', ['--quiet', '--no-psqlrc', url, '--command', command], {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      return status === 0 ? Promise.resolve() : Promise.reject(new Error('psql could not copy'))
    })
    // The memory and the time are this process's, which only waits; psql's own are not known.
    const unknown = { nodeCpuSeconds: 0, peakRssBytes: 0 }
    return { usage: { ...usage, ...unknown }, lines, written: lines, lastCustomerId: null }
  } finally {
    await pool.end()
  }
}
