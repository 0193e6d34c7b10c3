/** SQL of sending: what is due, and each step of a message's way out. Always sets of messages. */
import { withTransaction } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { ROUND_COLUMNS } from './prepare-store.js'
import type { StoredRound } from './prepare-store.js'

export interface RoundFilter {
  readonly programme?: string | undefined
  readonly campaign?: string | undefined
  /** 0 where the campaign follows events. */
  readonly round?: number | undefined
}

/** Those whose preparing is finished and whose time has come, the earliest first. */
export async function dueRounds(
  pool: Pool,
  filter: RoundFilter,
  now: string,
): Promise<readonly StoredRound[]> {
  const { rows } = await pool.query<StoredRound>(
    `select ${ROUND_COLUMNS} from notice_round
     where result is not null and (due_at is null or due_at <= $1::timestamptz)
       and ($2::text is null or programme = $2) and ($3::text is null or campaign = $3)
       and ($4::smallint is null or round = $4)
     order by due_at nulls first, notice_round_id`,
    [now, filter.programme ?? null, filter.campaign ?? null, filter.round ?? null],
  )
  return rows
}

export async function readRound(pool: Pool, roundId: string): Promise<StoredRound | undefined> {
  const { rows } = await pool.query<StoredRound>(
    `select ${ROUND_COLUMNS} from notice_round where notice_round_id = $1`,
    [roundId],
  )
  return rows[0]
}

/** Messages of one round, by their ids, both inclusive: a piece of work for the queue. */
export interface MessageRange {
  readonly roundId: string
  readonly from: string
  readonly to: string
}

export interface DueRange extends MessageRange {
  /** That were due in it. */
  readonly messages: number
}

const IS_DUE = `state = 'queued' and (not_before is null or not_before <= $2::timestamptz)`

/** What is due, in ranges of at most `size` messages; of all of them, at most `limit` messages. */
export async function dueRanges(
  pool: Pool,
  roundIds: readonly string[],
  now: string,
  { size, limit }: { readonly size: number; readonly limit: number },
): Promise<readonly DueRange[]> {
  const { rows } = await pool.query<DueRange>(
    `select "roundId", min(message_id) as "from", max(message_id) as "to",
       count(*)::integer as messages
     from (
       select notice_round_id as "roundId", message_id,
         (row_number() over (partition by notice_round_id order by message_id) - 1) / $3 as piece
       from (
         select notice_round_id, message_id from outbox_message
         where notice_round_id = any ($1::bigint[]) and ${IS_DUE}
         order by array_position($1::bigint[], notice_round_id), message_id limit $4
       ) due
     ) cut
     group by "roundId", piece
     order by array_position($1::bigint[], "roundId"), piece`,
    [roundIds, now, size, limit],
  )
  return rows
}

/** Those of the ranges that still have something due, and how many messages are due in them. */
export async function openRanges(
  pool: Pool,
  ranges: readonly MessageRange[],
  now: string,
): Promise<{ readonly pieces: readonly MessageRange[]; readonly messages: number }> {
  const { rows } = await pool.query<DueRange>(
    `select round_id as "roundId", first_id as "from", last_id as "to", messages
     from unnest($1::bigint[], $3::bigint[], $4::bigint[])
       with ordinality as piece (round_id, first_id, last_id, place)
     cross join lateral (
       select count(*)::integer as messages from outbox_message
       where notice_round_id = round_id and message_id between first_id and last_id and ${IS_DUE}
     ) due
     where messages > 0 order by place`,
    [ranges.map((it) => it.roundId), now, ranges.map((it) => it.from), ranges.map((it) => it.to)],
  )
  return { pieces: rows, messages: rows.reduce((sum, it) => sum + it.messages, 0) }
}

/** Messages that a gateway took from a sender. */
export async function countAccepted(pool: Pool, senderId: string): Promise<number> {
  const { rows } = await pool.query<{ messages: number }>(
    `select count(*)::integer as messages from outbox_message
     where sender_id = $1 and state = 'sent'`,
    [senderId],
  )
  return rows[0]?.messages ?? 0
}

export interface DueMessage {
  readonly messageId: string
  readonly recipient: Buffer
  readonly key: string
  readonly event: string
  readonly templateVersion: number
  readonly preparedOn: string
}

export async function nextDue(
  pool: Pool,
  range: MessageRange,
  now: string,
  limit: number,
): Promise<readonly DueMessage[]> {
  const { rows } = await pool.query<DueMessage>(
    `select message_id as "messageId", recipient, idempotency_key as key, event,
       template_version as "templateVersion", prepared_on as "preparedOn"
     from outbox_message
     where notice_round_id = $1 and ${IS_DUE}
       and message_id between $3::bigint and $4::bigint
     order by message_id limit $5`,
    [range.roundId, now, range.from, range.to, limit],
  )
  return rows
}

export interface ToldLine {
  readonly messageId: string
  readonly lineId: string
  readonly event: string
  readonly customerId: string
}

/** By message, then line. */
export async function linesOf(
  pool: Pool,
  messageIds: readonly string[],
): Promise<readonly ToldLine[]> {
  const { rows } = await pool.query<ToldLine>(
    `select message_id as "messageId", line_id as "lineId", event, customer_id as "customerId"
     from outbox_line where message_id = any ($1::bigint[]) order by message_id, line_id`,
    [messageIds],
  )
  return rows
}

/** What is due of a range waits for the end of the quiet hours. @returns how many messages */
export async function holdRange(
  pool: Pool,
  range: MessageRange,
  now: string,
  until: string,
): Promise<number> {
  const { rowCount } = await pool.query(
    `update outbox_message set is_held = true, not_before = $5
     where notice_round_id = $1 and ${IS_DUE} and message_id between $3::bigint and $4::bigint`,
    [range.roundId, now, range.from, range.to, until],
  )
  return rowCount ?? 0
}

export interface Suppressed {
  readonly messageId: string
  readonly reason: string
}

export async function suppress(pool: Pool, messages: readonly Suppressed[]): Promise<void> {
  await pool.query(
    `update outbox_message m set state = 'suppressed', reason = told.reason,
       is_held = false, not_before = null
     from unnest($1::bigint[], $2::text[]) as told (message_id, reason)
     where m.message_id = told.message_id and m.state = 'queued'`,
    [messages.map((it) => it.messageId), messages.map((it) => it.reason)],
  )
}

export interface MovedLine extends ToldLine {
  readonly recipient: Buffer
  readonly key: string
}

/**
 * Lines whose number is another one by now go to the message of that recipient, made like their own
 * where the round has none: whoever was told already is not told again.
 */
export async function readdress(
  pool: Pool,
  roundId: string,
  lines: readonly MovedLine[],
): Promise<void> {
  const values = [
    roundId,
    lines.map((it) => it.messageId),
    lines.map((it) => it.lineId),
    lines.map((it) => it.event),
    lines.map((it) => it.recipient),
    lines.map((it) => it.key),
  ]
  const moved = `unnest($2::bigint[], $3::bigint[], $4::text[], $5::bytea[], $6::text[])
    as moved (message_id, line_id, event, recipient, key)`
  await withTransaction(pool, async ({ client }) => {
    await client.query(
      `insert into outbox_message (notice_round_id, recipient, channel, event, idempotency_key,
         template_version, prepared_on, kind)
       select distinct on (moved.recipient, moved.event) $1::bigint, moved.recipient, channel,
         moved.event, moved.key, template_version, prepared_on, kind
       from ${moved} join outbox_message using (message_id)
       order by moved.recipient, moved.event, message_id
       on conflict (notice_round_id, recipient, channel, event) do nothing`,
      values,
    )
    await client.query(
      `update outbox_line it set message_id = message.message_id
       from ${moved}
       join outbox_message message
         on message.notice_round_id = $1::bigint and message.recipient = moved.recipient
         and message.channel = 'text' and message.event = moved.event
       where it.notice_round_id = $1::bigint and it.line_id = moved.line_id
         and it.event = moved.event and it.message_id = moved.message_id`,
      values,
    )
  })
}

export interface InHand {
  readonly messageId: string
  /** Tries so far, this one included. */
  readonly attempts: number
}

/** Those that are still queued and nobody else took; none while notices are stopped. */
export async function takeInHand(
  pool: Pool,
  messageIds: readonly string[],
  by: { readonly senderId: string; readonly gateway: string; readonly now: string },
): Promise<readonly InHand[]> {
  const { rows } = await pool.query<InHand>(
    `with mine as (
       select message_id from outbox_message
       where message_id = any ($1::bigint[]) and ${IS_DUE} and not notices_are_stopped()
       order by message_id for update skip locked
     )
     update outbox_message m set state = 'handing_over', attempts = attempts + 1, sender_id = $3,
       gateway = $4, is_held = false, not_before = null, reason = null
     from mine where m.message_id = mine.message_id
     returning m.message_id as "messageId", attempts`,
    [messageIds, by.now, by.senderId, by.gateway],
  )
  return rows
}

export interface Outcome {
  readonly messageId: string
  readonly state: 'queued' | 'sent' | 'unknown' | 'dead'
  /** What the delivery says. */
  readonly outcome:
    | 'accepted'
    | 'refused'
    | 'throttled'
    | 'unknown'
    | 'found_taken'
    | 'found_not_taken'
    | 'found_unclear'
  readonly reason: string | null
  readonly reference: string | null
  readonly notBefore: string | null
}

/** What became of messages in the hand of a sender: each with its delivery, or neither. */
export async function markOutcomes(
  pool: Pool,
  senderId: string,
  now: string,
  outcomes: readonly Outcome[],
): Promise<void> {
  await pool.query(
    `with told as (
       select * from unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
         $8::timestamptz[]) as told (message_id, state, outcome, reason, reference, not_before)
     ),
     marked as (
       -- An answer that the gateway has too much is no try.
       update outbox_message m set state = told.state, reason = told.reason,
         reference = coalesce(told.reference, m.reference), not_before = told.not_before,
         attempts = m.attempts - (told.outcome = 'throttled')::integer,
         sent_at = case when told.state = 'sent' then $2::timestamptz end
       from told
       where m.message_id = told.message_id and m.state = 'handing_over' and m.sender_id = $1
       returning m.message_id, m.attempts + (told.outcome = 'throttled')::integer as attempt_no,
         m.gateway, told.outcome, told.reason, told.reference
     )
     insert into delivery (message_id, attempt_no, gateway, outcome, reason, reference, sender_id,
       at)
     select message_id, attempt_no, gateway, outcome, reason, reference, $1, $2::timestamptz
     from marked order by message_id`,
    [
      senderId,
      now,
      outcomes.map((it) => it.messageId),
      outcomes.map((it) => it.state),
      outcomes.map((it) => it.outcome),
      outcomes.map((it) => it.reason),
      outcomes.map((it) => it.reference),
      outcomes.map((it) => it.notBefore),
    ],
  )
}

export interface LeftMessage extends InHand {
  readonly key: string
  /** A carrier reported on it: it was taken. */
  readonly isReported: boolean
}

/** What a sender left in hand of a gateway. */
export async function leftInHand(
  pool: Pool,
  senderId: string,
  gateway: string,
): Promise<readonly LeftMessage[]> {
  const { rows } = await pool.query<LeftMessage>(
    `select message_id as "messageId", attempts, idempotency_key as key,
       exists (select from delivery_report r where r.key = m.idempotency_key) as "isReported"
     from outbox_message m
     where state = 'handing_over' and sender_id = $1 and gateway = $2
     order by message_id`,
    [senderId, gateway],
  )
  return rows
}
