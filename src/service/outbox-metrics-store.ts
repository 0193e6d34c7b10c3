/**
 * SQL of what waits to be sent, and of what waits for a person. Messages may be as many as
 * customers are: those that were sent are not counted, the others by the partial indexes of their
 * states, and no further than needed to see that it is far too many.
 */
import { boundedRead } from '../db/bounded-read.js'
import type { Client, Pool } from '../db/database.js'
import { byState, oneFigure } from './metrics-source.js'
import type { MetricsSource } from './metrics-source.js'

const KEEP_MS = 15_000
const ANSWER_MS = 5_000
/** Half a second by an index, on two busy cores; the largest round of reminders has 150,000. */
const MOST = 1_000_000

export function outboxMetrics(pool: Pool): MetricsSource {
  return {
    name: 'outbox',
    keepMs: KEEP_MS,
    read: async (now) => {
      const { counts, ageSeconds } = await boundedRead(pool, ANSWER_MS, async (client) => ({
        counts: await countUnsettled(client),
        ageSeconds: await ageOfOldest(client, now),
      }))
      const help = `Outbox messages that are not settled, by state, counted up to ${MOST}.`
      return [
        byState('redress_outbox_messages', help, counts),
        oneFigure(
          'gauge',
          'redress_outbox_oldest_age_seconds',
          'For how long the oldest round or event with a queued message has been due.',
          ageSeconds,
        ),
      ]
    },
  }
}

// Each state is spelled out, so that its partial index is taken.
async function countUnsettled(client: Client): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ state: string; count: number }>(
    `select 'queued' as state, count(*)::integer as count from (
       select from outbox_message where state = 'queued' limit $1
     ) it
     union all select 'handing_over', count(*)::integer from (
       select from outbox_message where state = 'handing_over' limit $1
     ) it
     union all select 'dead', count(*)::integer from (
       select from outbox_message where state = 'dead' limit $1
     ) it
     union all select 'unknown', count(*)::integer from (
       select from outbox_message where state = 'unknown' limit $1
     ) it`,
    [MOST],
  )
  return new Map(rows.map((it) => [it.state, it.count]))
}

/** 0 when nothing is queued, or not due yet. */
async function ageOfOldest(client: Client, now: string): Promise<number> {
  const { rows } = await client.query<{ age: string | null }>(
    `select extract(epoch from $1::timestamptz - min(coalesce(due_at, prepared_at))) as age
     from notice_round r
     where exists (
       select from outbox_message m
       where m.notice_round_id = r.notice_round_id and m.state = 'queued'
     )`,
    [now],
  )
  return Math.max(0, Number(rows[0]?.age ?? 0))
}
