/**
 * SQL of how runs get on, out of the control tables alone: 540 chunks a run at 13.5 million lines,
 * while the ledger itself is never read. 200 such runs took 50 to 90 ms on two busy cores.
 */
import { boundedRead } from '../db/bounded-read.js'
import type { Pool } from '../db/database.js'
import { byState, oneFigure } from './metrics-source.js'
import type { FigureFamily, MetricsSource } from './metrics-source.js'
import { RateMeter } from './rate-meter.js'

const KEEP_MS = 5_000
const ANSWER_MS = 5_000

interface Row {
  run_state: string
  chunk_state: string
  chunks: number
  lines: string
  entries: string
  attempts: string
}

/** Runs, their chunks, what they posted, and how fast over 10 s or since the last reading. */
export function runsMetrics(pool: Pool): MetricsSource {
  let meter: RateMeter | undefined
  return {
    name: 'runs',
    keepMs: KEEP_MS,
    read: async () => {
      const { runs, rows } = await readRuns(pool)
      const lines = sumOf(rows, (it) => Number(it.lines))
      const nowMs = performance.now()
      meter ??= new RateMeter(nowMs, lines)
      meter.add(nowMs, lines)
      return familiesOf(runs, rows, lines, meter.rate())
    },
  }
}

function readRuns(
  pool: Pool,
): Promise<{ runs: ReadonlyMap<string, number>; rows: readonly Row[] }> {
  return boundedRead(pool, ANSWER_MS, async (client) => {
    const runs = await client.query<{ state: string; runs: number }>(
      'select state, count(*)::integer as runs from run group by state',
    )
    // Summed a run at a time: the join then meets a few hundred rows instead of 100,000.
    const { rows } = await client.query<Row>(
      `with summed as (
         select run_id, state, count(*) as chunks, sum(lines) as lines, sum(entries) as entries,
           sum(attempts) as attempts
         from run_chunk group by run_id, state
       )
       select r.state as run_state, s.state as chunk_state, sum(s.chunks)::integer as chunks,
         coalesce(sum(s.lines), 0) as lines, coalesce(sum(s.entries), 0) as entries,
         sum(s.attempts) as attempts
       from summed s join run r using (run_id)
       group by r.state, s.state`,
    )
    return { runs: new Map(runs.rows.map((it) => [it.state, it.runs])), rows }
  })
}

function familiesOf(
  runs: ReadonlyMap<string, number>,
  rows: readonly Row[],
  lines: number,
  linesPerSecond: number,
): readonly FigureFamily[] {
  const unfinished = new Map<string, number>()
  for (const it of rows) {
    if (it.run_state !== 'open' && it.run_state !== 'held') continue
    unfinished.set(it.chunk_state, (unfinished.get(it.chunk_state) ?? 0) + it.chunks)
  }
  const entries = sumOf(rows, (it) => Number(it.entries))
  const attempts = sumOf(rows, (it) => Number(it.attempts))
  return [
    byState('redress_runs', 'Runs by state.', runs, ['open', 'held', 'closed', 'cancelled']),
    byState('redress_run_chunks', 'Chunks of the runs that are open or held.', unfinished, [
      'open',
      'posted',
      'refused',
    ]),
    oneFigure('counter', 'redress_lines_posted_total', 'Lines of chunks that were posted.', lines),
    oneFigure('counter', 'redress_entries_posted_total', 'Ledger entries posted.', entries),
    oneFigure(
      'counter',
      'redress_chunk_attempts_total',
      'Tries at chunks that came to an end, posted or refused.',
      attempts,
    ),
    oneFigure(
      'gauge',
      'redress_run_lines_per_second',
      'Lines posted a second by all workers, since the reading before.',
      linesPerSecond,
    ),
  ]
}

function sumOf(rows: readonly Row[], value: (row: Row) => number): number {
  return rows.reduce((sum, it) => sum + value(it), 0)
}
