/** SQL of what was imported and what of it lies in quarantine, from the one row an import has. */
import { boundedRead } from '../db/bounded-read.js'
import type { Client, Pool } from '../db/database.js'
import type { MetricsSource } from './metrics-source.js'

const KEEP_MS = 15_000
const ANSWER_MS = 5_000

export function importsMetrics(pool: Pool): MetricsSource {
  return {
    name: 'imports',
    keepMs: KEEP_MS,
    read: async () => {
      const rows = await boundedRead(pool, ANSWER_MS, readImports)
      return [
        {
          kind: 'gauge',
          name: 'redress_imports',
          help: 'Imports by kind of file and state.',
          figures: rows.map(({ kind, state, imports }) => {
            return { labels: { import: kind, state }, value: imports }
          }),
        },
        {
          kind: 'gauge',
          name: 'redress_quarantined_rows',
          help: 'Rows that imports, accepted or held, put into quarantine, by kind of file.',
          figures: [...quarantinedByKind(rows)].map(([kind, value]) => {
            return { labels: { import: kind }, value }
          }),
        },
      ]
    },
  }
}

interface Row {
  kind: string
  state: string
  imports: number
  quarantined: string
}

async function readImports(client: Client): Promise<readonly Row[]> {
  const { rows } = await client.query<Row>(
    `select kind, state, count(*)::integer as imports, sum(rows_quarantined) as quarantined
     from import group by kind, state order by kind, state`,
  )
  return rows
}

function quarantinedByKind(rows: readonly Row[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const { kind, quarantined } of rows) {
    found.set(kind, (found.get(kind) ?? 0) + Number(quarantined))
  }
  return found
}
