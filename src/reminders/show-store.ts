/** SQL that tells how a round stands, and exports whom it told, by reference, not by number. */
import { copyOut } from '../db/copy.js'
import type { Client, Pool } from '../db/database.js'
import { assert } from '../assert.js'

/** Messages by what became of them; together they are all of the round's. */
export interface MessageCounts {
  readonly messages: number
  readonly waiting: number
  readonly handing_over: number
  readonly sent: number
  readonly unknown: number
  readonly dead: number
  readonly waived: number
  readonly suppressed_at_send: Readonly<Record<string, number>>
}

/** Parts of the counts above. */
export interface MessageDetails {
  /** Of those waiting. */
  readonly held_for_quiet_hours: number
  /** Of those waiting: refused before, and to be tried again. */
  readonly retrying: number
  /** Of those sent. */
  readonly delivered: number
  readonly undelivered: number
}

export interface RoundCounts extends MessageCounts, MessageDetails {
  readonly first_sent_at: string | null
  readonly last_sent_at: string | null
}

export async function countRound(pool: Pool, roundId: string): Promise<RoundCounts> {
  const { rows } = await pool.query<RoundCounts>(
    `select count(*)::integer as messages,
       count(*) filter (where state = 'queued')::integer as waiting,
       count(*) filter (where state = 'handing_over')::integer as handing_over,
       count(*) filter (where state = 'sent')::integer as sent,
       count(*) filter (where state = 'unknown')::integer as unknown,
       count(*) filter (where state = 'dead')::integer as dead,
       count(*) filter (where state = 'waived')::integer as waived,
       count(*) filter (where state = 'queued' and is_held)::integer as held_for_quiet_hours,
       count(*) filter (where state = 'queued' and attempts > 0)::integer as retrying,
       min(sent_at) as first_sent_at, max(sent_at) as last_sent_at,
       coalesce((
         select jsonb_object_agg(reason, n) from (
           select reason, count(*) as n from outbox_message
           where notice_round_id = $1 and state = 'suppressed' group by reason
         ) suppressed), '{}') as suppressed_at_send,
       (select count(*)::integer from ${LAST_REPORTS} where state = 'delivered') as delivered,
       (select count(*)::integer from ${LAST_REPORTS} where state = 'undelivered') as undelivered
     from outbox_message where notice_round_id = $1`,
    [roundId],
  )
  assert(rows[0] !== undefined, 'one row of counts')
  return rows[0]
}

/** A message that was delivered stays so, whatever is told of it later. */
const LAST_REPORTS = `(
  select message_id,
    case when bool_or(r.state = 'delivered') then 'delivered' else 'undelivered' end as state
  from reported_message r join outbox_message m using (message_id)
  where m.notice_round_id = $1 and m.state = 'sent' group by message_id
) reported`

export interface Effect {
  readonly applied_within_24h: number
  readonly applied_within_72h: number
}

/** Lines that were told and of which an application counts that came in so soon afterwards. */
export async function effectOf(pool: Pool, roundId: string): Promise<Effect> {
  const { rows } = await pool.query<Effect>(
    `with applied as (
       select l.line_id, min(a.applied_at - m.sent_at) as after
       from outbox_line l
       join outbox_message m using (message_id)
       join refund_application a on a.line_id = l.line_id and a.applied_at >= m.sent_at
       cross join lateral (
         select state from application_state s where s.application_id = a.application_id
         order by state_no desc limit 1
       ) last_state
       where l.notice_round_id = $1 and m.state = 'sent'
         and last_state.state in ('accepted', 'held')
       group by l.line_id
     )
     select count(*) filter (where after <= interval '24 hours')::integer as applied_within_24h,
       count(*) filter (where after <= interval '72 hours')::integer as applied_within_72h
     from applied`,
    [roundId],
  )
  assert(rows[0] !== undefined, 'one row of counts')
  return rows[0]
}

/** A row a line: what it was told by which message; no number and no text. */
export function copyRound(client: Client, roundId: string): AsyncIterable<Buffer> {
  assert(/^\d+$/.test(roundId), 'an id of digits')
  return copyOut(
    client,
    `copy (
      select l.line_id, l.event, m.idempotency_key as key, m.state, m.reason, m.template_version,
        m.kind, m.gateway, m.reference, to_char(m.sent_at at time zone 'UTC',
          'YYYY-MM-DD"T"HH24:MI:SS"Z"') as sent_at, reported.state as delivered
      from outbox_line l
      join outbox_message m using (message_id)
      left join ${LAST_REPORTS.replaceAll('$1', roundId)} using (message_id)
      where l.notice_round_id = ${roundId}
      order by l.line_id, l.event collate "C"
    ) to stdout (format csv, header)`,
  )
}
