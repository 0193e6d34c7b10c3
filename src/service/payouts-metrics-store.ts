/** SQL of where the refunds are that were put into batches: counts and sums alone. */
import { boundedRead } from '../db/bounded-read.js'
import type { Client, Pool } from '../db/database.js'
import { byState } from './metrics-source.js'
import type { MetricsSource } from './metrics-source.js'

/**
 * Transfers change state when a person or a bank's file says so. 300,000 of them, all answered,
 * took two seconds on two busy cores: now and then is often enough, and no scrape waits for it.
 */
const KEEP_MS = 120_000
const STALE_MS = 60_000
const ANSWER_MS = 10_000

const STATES = [
  'prepared',
  'in_transit',
  'settled',
  'rejected',
  'returned',
  'contradicted',
  'cancelled',
]

export function payoutsMetrics(pool: Pool): MetricsSource {
  return {
    name: 'payouts',
    keepMs: KEEP_MS,
    staleMs: STALE_MS,
    read: async () => {
      const rows = await boundedRead(pool, ANSWER_MS, readStates)
      const counts = new Map(rows.map((it) => [it.state, it.count]))
      const sums = new Map(rows.map((it) => [it.state, Number(it.won)]))
      return [
        byState('redress_payout_transfers', 'Transfers of refunds by state.', counts, STATES),
        byState('redress_payout_won', 'Won in transfers of refunds by state.', sums, STATES),
      ]
    },
  }
}

async function readStates(
  client: Client,
): Promise<readonly { state: string; count: number; won: string }[]> {
  const { rows } = await client.query<{ state: string; count: number; won: string }>(
    `select state, count(*)::integer as count, sum(amount_krw)::bigint as won
     from transfer_state group by state`,
  )
  return rows
}
