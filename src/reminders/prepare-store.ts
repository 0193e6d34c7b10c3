/** SQL of preparing: the round, its messages, and the lines they tell of, a chunk at a time. */
import { assert } from '../assert.js'
import type { Client, Pool, Tx } from '../db/database.js'
import type { RoundResult } from './notice-round.js'

export interface StoredRound {
  readonly roundId: string
  readonly programme: string
  readonly version: number
  readonly campaign: string
  /** 0 where the campaign follows events. */
  readonly round: number
  readonly dueAt: string | null
  /** Null while its first preparing is not finished. */
  readonly result: RoundResult | null
}

export const ROUND_COLUMNS = `notice_round_id as "roundId", programme, version, campaign, round,
  due_at as "dueAt", result`

/** Waits for a preparing under way; held by the session. */
export async function lockPreparing(client: Client): Promise<void> {
  await client.query(`select pg_advisory_lock(hashtext('redress reminders prepare'))`)
}

export async function unlockPreparing(client: Client): Promise<void> {
  await client.query(`select pg_advisory_unlock(hashtext('redress reminders prepare'))`)
}

export async function findRound(
  client: Client | Pool,
  programme: string,
  campaign: string,
  round: number,
): Promise<StoredRound | undefined> {
  const { rows } = await client.query<StoredRound>(
    `select ${ROUND_COLUMNS} from notice_round
     where (programme, campaign, round) = ($1, $2, $3)`,
    [programme, campaign, round],
  )
  return rows[0]
}

/** The round, made when it is not there; once made, only its result changes. */
export async function openRound(
  client: Client,
  draft: Omit<StoredRound, 'roundId' | 'result'> & { readonly now: string },
): Promise<StoredRound> {
  await client.query(
    `insert into notice_round (programme, version, campaign, round, due_at, prepared_at)
     values ($1, $2, $3, $4, $5, $6) on conflict (programme, campaign, round) do nothing`,
    [draft.programme, draft.version, draft.campaign, draft.round, draft.dueAt, draft.now],
  )
  const found = await findRound(client, draft.programme, draft.campaign, draft.round)
  assert(found !== undefined, 'the round that was made')
  return found
}

/** Whether any of its messages was tried, or is not to go any more. */
export async function isBeingSent(client: Client, roundId: string): Promise<boolean> {
  const { rows } = await client.query<{ sent: boolean }>(
    `select exists (select from outbox_message
       where notice_round_id = $1 and (state <> 'queued' or attempts > 0)) as sent`,
    [roundId],
  )
  return rows[0]?.sent === true
}

/** Imports of terminations and applications that the last assessment did not look at yet. */
export async function countUnassessed(client: Client): Promise<number> {
  const { rows } = await client.query<{ imports: number }>(
    `select count(*)::integer as imports from import
     where kind in ('terminations', 'applications') and state = 'accepted'
       and import_id <> all (coalesce((
         select inputs from refund_assessment where assessment_hash is not null
         order by assessment_id desc limit 1), '{}'))`,
  )
  return rows[0]?.imports ?? 0
}

export async function isAssessed(pool: Pool): Promise<boolean> {
  const { rowCount } = await pool.query(
    'select from refund_assessment where assessment_hash is not null limit 1',
  )
  return rowCount === 1
}

export interface MessageRows {
  readonly roundId: string
  readonly templateVersion: number
  /** The day, in the programme's zone, whose text it is. */
  readonly preparedOn: string
  readonly kind: 'SMS' | 'LMS'
  readonly lineIds: readonly string[]
  readonly customerIds: readonly string[]
  readonly events: readonly string[]
  readonly recipients: readonly Buffer[]
  readonly keys: readonly string[]
}

/** Messages for recipients that have none in the round, and all the lines with their messages. */
export async function insertMessages(
  { client }: Tx,
  rows: MessageRows,
): Promise<{ readonly messages: number; readonly lines: number }> {
  const { roundId, lineIds, events, recipients } = rows
  const made = await client.query(
    `insert into outbox_message (notice_round_id, recipient, channel, event, idempotency_key,
       template_version, prepared_on, kind)
     select $1, recipient, 'text', event, key, $2, $3, $4
     from (
       select recipient, event, key, min(line_id) as line_id
       from unnest($5::bytea[], $6::text[], $7::text[], $8::bigint[])
         as wanted (recipient, event, key, line_id)
       group by recipient, event, key
     ) message
     order by line_id
     on conflict (notice_round_id, recipient, channel, event) do nothing`,
    [
      roundId,
      rows.templateVersion,
      rows.preparedOn,
      rows.kind,
      recipients,
      events,
      rows.keys,
      lineIds,
    ],
  )
  const told = await client.query(
    `insert into outbox_line (notice_round_id, line_id, event, customer_id, message_id)
     select $1, line_id, wanted.event, customer_id, message_id
     from unnest($2::bigint[], $3::text[], $4::bigint[], $5::bytea[])
       as wanted (line_id, event, customer_id, recipient)
     join outbox_message message
       on message.notice_round_id = $1 and message.recipient = wanted.recipient
       and message.channel = 'text' and message.event = wanted.event
     order by line_id
     on conflict (notice_round_id, line_id, event) do nothing`,
    [roundId, lineIds, events, rows.customerIds, recipients],
  )
  return { messages: made.rowCount ?? 0, lines: told.rowCount ?? 0 }
}

export async function finishRound(
  client: Client,
  roundId: string,
  suppressed: RoundResult['suppressed'],
): Promise<RoundResult> {
  const { rows } = await client.query<{ queued: number }>(
    'select count(*)::integer as queued from outbox_line where notice_round_id = $1',
    [roundId],
  )
  const queued = rows[0]?.queued ?? 0
  const refused = Object.values(suppressed).reduce((sum, it) => sum + it, 0)
  const result = { audience: queued + refused, suppressed, queued }
  await client.query('update notice_round set result = $2 where notice_round_id = $1', [
    roundId,
    JSON.stringify(result),
  ])
  return result
}

export async function countMessages(client: Client, roundId: string): Promise<number> {
  const { rows } = await client.query<{ messages: number }>(
    'select count(*)::integer as messages from outbox_message where notice_round_id = $1',
    [roundId],
  )
  return rows[0]?.messages ?? 0
}
