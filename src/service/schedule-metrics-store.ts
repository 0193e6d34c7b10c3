/** SQL of the scheduled tasks: some thousand rows in a programme's year. */
import { boundedRead } from '../db/bounded-read.js'
import type { Client, Pool } from '../db/database.js'
import { byState } from './metrics-source.js'
import type { MetricsSource } from './metrics-source.js'

const KEEP_MS = 15_000
const ANSWER_MS = 5_000

/** Nothing is left to do in these: their age would only grow. */
const SETTLED = ['done', 'skipped', 'merged']

export function scheduleMetrics(pool: Pool): MetricsSource {
  return {
    name: 'schedule',
    keepMs: KEEP_MS,
    read: async (now) => {
      const rows = await boundedRead(pool, ANSWER_MS, (it) => readStates(it, now))
      const counts = new Map(rows.map((it) => [it.state, it.count]))
      const ages = new Map(
        rows
          .filter((it) => !SETTLED.includes(it.state))
          .map((it) => [it.state, Number(it.age ?? 0)]),
      )
      return [
        byState('redress_schedule_tasks', 'Scheduled tasks by state.', counts),
        byState(
          'redress_schedule_oldest_age_seconds',
          'For how long the oldest task of a state that is not settled has been due.',
          ages,
        ),
      ]
    },
  }
}

interface Row {
  state: string
  count: number
  age: string | null
}

async function readStates(client: Client, now: string): Promise<readonly Row[]> {
  const { rows } = await client.query<Row>(
    `select state::text, count(*)::integer as count,
       greatest(0, extract(epoch from $1::timestamptz - min(due_at))) as age
     from scheduled_task group by state order by state`,
    [now],
  )
  return rows
}
