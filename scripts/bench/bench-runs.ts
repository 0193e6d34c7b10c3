/** The run of a period beside other ways to write the same postings, and the plan before it. */
import { join } from 'node:path'
import { assert } from '../../src/assert.js'
import { openPool } from '../../src/db/database.js'
import { readLedgerNo, postingTableOf } from '../../src/runs/posting-store.js'
import { listChunks } from '../../src/snapshot/snapshot-store.js'
import { contest } from './contest.js'
import type { Contestant, Standing } from './contest.js'
import { countRows, ledgerContent } from './ledger-content.js'
import type { LedgerContent } from './ledger-content.js'
import { importPopulation, makePopulation, planPopulation, workFolder } from './population.js'
import type { Planned } from './population.js'
import { captureRows } from './ready-rows.js'
import { firstChunks } from './rivals.js'
import { ENTRY_TABLE } from './row-shape.js'
import type { BenchOptions } from './options.js'
import { spawnTask } from './spawn-task.js'
import { PERIOD } from './task.js'
import type { Outcome, ReadyRows, Shape, Task } from './task.js'

export const RUN = 'redress run'
export const PLAN = 'redress plan'
export const CHUNKED_SQL = 'chunked SQL'
export const RAW_COPY = 'raw COPY'
export const QUERY_BUILDER = 'query builder'
/** The same two, but with a row for each entry instead of one for all entries of a line. */
export const RAW_COPY_OF_ENTRIES = 'raw COPY of entries'
export const QUERY_BUILDER_OF_ENTRIES = 'query builder of entries'

export interface RunBench {
  readonly lines: number
  readonly chunks: number
  readonly postings: number
  readonly entries: number
  readonly standings: readonly Standing[]
  /** Repetitions whose ledger was compared with the first run's, and found equal. */
  readonly equalLedgers: number
  readonly ledgerHash: string
}

/** Waiting for all of it would take minutes. */
const QUERY_BUILDER_LINES = 100_000

export async function benchRuns(options: BenchOptions, lines: number): Promise<RunBench> {
  const { server, note } = options
  note(`run: ${lines} lines`)
  const population = await makePopulation({ lines })
  const imported = await importPopulation(options, population)
  const planned = await planPopulation(options, imported)
  const reference = await postOnce(options, planned)
  let equalLedgers = 0
  const rival = (name: string, task: Task): Contestant => ({
    name,
    run: async () =>
      await server.onClone(planned.database, async (clone) => {
        const outcome = await spawnTask(options, clone, task)
        await assertEqual(server.urlOf(clone), reference, name, outcome)
        equalLedgers += 1
        return outcome
      }),
  })
  const entryRival = (name: string, task: Task): Contestant => ({
    name,
    run: async () =>
      await server.onClone(planned.database, async (clone) => {
        const outcome = await spawnTask(options, clone, task)
        await assertEntries(server.urlOf(clone), reference, name, outcome)
        return outcome
      }),
  })
  const plan: Contestant = {
    name: PLAN,
    run: async () =>
      await server.onClone(
        imported.database,
        async (clone) => await spawnTask(options, clone, { kind: 'plan' }),
      ),
  }
  const { rows, entryRows } = reference
  const mostLines = QUERY_BUILDER_LINES
  const standings = await contest(
    [
      plan,
      rival(RUN, { kind: 'run' }),
      rival(CHUNKED_SQL, { kind: 'chunked_sql' }),
      rival(RAW_COPY, { kind: 'raw_copy', rows }),
      rival(QUERY_BUILDER, { kind: 'query_builder', rows, mostLines }),
      entryRival(RAW_COPY_OF_ENTRIES, { kind: 'raw_copy', rows: entryRows }),
      entryRival(QUERY_BUILDER_OF_ENTRIES, { kind: 'query_builder', rows: entryRows, mostLines }),
    ],
    options.repeats,
    note,
  )
  for (const it of [planned, imported]) await server.drop(it.database)
  return {
    lines: population.lines,
    chunks: reference.chunks,
    equalLedgers,
    standings,
    postings: reference.content.postings,
    entries: reference.content.entries,
    ledgerHash: reference.content.hash,
  }
}

interface Reference {
  readonly content: LedgerContent
  /** Of the chunks that the query builder posts. */
  readonly share: LedgerContent
  readonly chunks: number
  readonly table: string
  /** What was posted, row by row as it stands in the ledger, and entry by entry. */
  readonly rows: ReadyRows
  readonly entryRows: ReadyRows
}

/** One run outside the contest: what it posted is what all others must post. */
async function postOnce(
  options: BenchOptions,
  { database, snapshotId }: Planned,
): Promise<Reference> {
  const { server } = options
  return await server.onClone(database, async (clone) => {
    await spawnTask(options, clone, { kind: 'run' })
    const url = server.urlOf(clone)
    const pool = openPool({ url, max: 2, name: 'redress bench' })
    try {
      const ledgerNo = await readLedgerNo(pool, 'kt-2026', PERIOD)
      assert(ledgerNo !== undefined, 'a ledger of the run')
      const table = postingTableOf(ledgerNo)
      const chunks = await listChunks(pool, snapshotId)
      const readyRows = async (shape: Shape): Promise<ReadyRows> => {
        const rows = { shape, path: join(workFolder(), `${database}.${shape}`) }
        await captureRows(pool, table, chunks, rows)
        return rows
      }
      const [rows, entryRows] = [await readyRows('postings'), await readyRows('entries')]
      const content = await ledgerContent(url, table, null)
      const last = firstChunks(chunks, QUERY_BUILDER_LINES).at(-1)
      const share = await ledgerContent(url, table, last?.lastCustomerId ?? null)
      return { content, share, chunks: chunks.length, table, rows, entryRows }
    } finally {
      await pool.end()
    }
  })
}

async function assertEqual(
  url: string,
  reference: Reference,
  name: string,
  { written, lastCustomerId }: Outcome,
): Promise<void> {
  const content = await ledgerContent(url, reference.table, null)
  assert(content.postings === written, `${name}: as many postings as it counted`)
  const expected = lastCustomerId === null ? reference.content : reference.share
  assert(content.postings === expected.postings, `${name}: as many postings as the first run`)
  assert(content.hash === expected.hash, `${name}: the same postings as the first run`)
}

/** Every entry of the ledger, by number: its content came out of the ledger itself. */
async function assertEntries(
  url: string,
  reference: Reference,
  name: string,
  { written, lastCustomerId }: Outcome,
): Promise<void> {
  const found = await countRows(url, ENTRY_TABLE)
  const expected = lastCustomerId === null ? reference.content : reference.share
  assert(found === written, `${name}: as many rows as it counted`)
  assert(found === expected.entries, `${name}: as many rows as the first run has entries`)
}
