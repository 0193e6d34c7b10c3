/** SQL of messages that nobody tries any more, until a person decides. */
import { withTransaction } from '../db/database.js'
import type { Pool } from '../db/database.js'

export interface DeadLetter {
  readonly messageId: string
  readonly campaign: string
  readonly round: number
  readonly state: 'dead' | 'unknown'
  readonly reason: string | null
  readonly attempts: number
  readonly gateway: string | null
  readonly lines: number
  /** Of the last try, ISO 8601. */
  readonly triedAt: string | null
}

/** The first `limit`, by their ids. */
export async function listDeadLetters(pool: Pool, limit: number): Promise<readonly DeadLetter[]> {
  const { rows } = await pool.query<DeadLetter>(
    `select message_id as "messageId", campaign, round, state, reason, attempts, gateway,
       (select count(*)::integer from outbox_line l where l.message_id = m.message_id) as lines,
       (select max(at) from delivery d where d.message_id = m.message_id) as "triedAt"
     from outbox_message m join notice_round using (notice_round_id)
     where state in ('dead', 'unknown') order by message_id limit $1`,
    [limit],
  )
  return rows
}

export async function countDeadLetters(
  pool: Pool,
): Promise<{ readonly dead: number; readonly unknown: number }> {
  const { rows } = await pool.query<{ dead: number; unknown: number }>(
    `select count(*) filter (where state = 'dead')::integer as dead,
       count(*) filter (where state = 'unknown')::integer as unknown
     from outbox_message where state in ('dead', 'unknown')`,
  )
  return rows[0] ?? { dead: 0, unknown: 0 }
}

export interface Verdict {
  readonly verdict: 'drained' | 'waived'
  /** Of a waiver; no personal data. */
  readonly reason: string | null
  /** ISO 8601. */
  readonly at: string
}

/**
 * Each message once. `all` are the dead ones: those of which the gateway cannot tell might come
 * twice, so they are named one by one.
 * @returns the messages that it was said of
 */
export async function decide(
  pool: Pool,
  which: { readonly messageId: string } | 'all',
  { verdict, reason, at }: Verdict,
): Promise<readonly string[]> {
  return await withTransaction(pool, async ({ client }) => {
    const { rows } = await client.query<{ id: string }>(
      `with mine as (
         select message_id, state as was from outbox_message
         where case when $1::bigint is null then state = 'dead'
           else message_id = $1 and state in ('dead', 'unknown') end
         order by message_id for update
       ),
       decided as (
         insert into outbox_verdict (message_id, verdict, was, reason, decided_at)
         select message_id, $2, was, $3, $4 from mine order by message_id
       )
       update outbox_message m
       set state = case $2 when 'drained' then 'queued' else 'waived' end, not_before = null
       from mine where m.message_id = mine.message_id
       returning m.message_id as id`,
      [which === 'all' ? null : which.messageId, verdict, reason, at],
    )
    return rows.map((it) => it.id)
  })
}

/** The state of a message; undefined where there is none. */
export async function stateOf(pool: Pool, messageId: string): Promise<string | undefined> {
  const { rows } = await pool.query<{ state: string }>(
    'select state from outbox_message where message_id = $1',
    [messageId],
  )
  return rows[0]?.state
}
