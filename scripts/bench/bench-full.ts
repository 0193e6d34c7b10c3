/** The rehearsal: the whole carrier once, each stage after the other on one database. */
import { openPool } from '../../src/db/database.js'
import { standingOf } from './contest.js'
import type { Standing } from './contest.js'
import type { BenchOptions } from './options.js'
import { makePopulation } from './population.js'
import { spawnTask } from './spawn-task.js'
import type { Task } from './task.js'

export interface FullBench {
  readonly customers: number
  readonly lines: number
  readonly fileBytes: number
  readonly generateSeconds: number
  readonly stages: readonly Standing[]
  readonly databaseBytes: number
  /** Tables with their indexes, the largest first. */
  readonly tables: Readonly<Record<string, number>>
}

export async function benchFull(options: BenchOptions, customers: number): Promise<FullBench> {
  const { server, note } = options
  note(`rehearsal: ${customers} customers`)
  const startedAt = performance.now()
  const population = await makePopulation({ customers })
  const generateSeconds = (performance.now() - startedAt) / 1_000
  note(`  generate: ${generateSeconds.toFixed(1)} s, ${population.lines} lines`)
  const { snapshot: file, changes: files } = population
  const database = 'full'
  await server.create(database)
  const tasks: readonly Task[] = [
    { kind: 'import', file },
    { kind: 'changes', files },
    { kind: 'plan' },
    { kind: 'run' },
  ]
  const stages: Standing[] = []
  for (const task of tasks) {
    const stage = standingOf(task.kind, [await spawnTask(options, database, task)])
    stages.push(stage)
    note(`  ${task.kind}: ${stage.seconds.toFixed(1)} s`)
  }
  const sizes = await sizesOf(server.urlOf(database))
  await server.drop(database)
  const { lines, bytes: fileBytes } = population
  return { customers: population.customers, lines, fileBytes, generateSeconds, stages, ...sizes }
}

async function sizesOf(url: string): Promise<Pick<FullBench, 'databaseBytes' | 'tables'>> {
  const pool = openPool({ url, max: 1, name: 'redress bench' })
  try {
    const {
      rows: [whole],
    } = await pool.query<{ bytes: string }>('select pg_database_size(current_database()) as bytes')
    const { rows } = await pool.query<{ name: string; bytes: string }>(
      `select c.relname as name, pg_total_relation_size(c.oid) as bytes
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind = 'r' and n.nspname in ('public', 'bullmq')
         and pg_total_relation_size(c.oid) > 1000000
       order by bytes desc`,
    )
    return {
      databaseBytes: Number(whole?.bytes),
      tables: Object.fromEntries(rows.map((it) => [it.name, Number(it.bytes)])),
    }
  } finally {
    await pool.end()
  }
}
