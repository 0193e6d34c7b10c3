/**
 * The rival of `reminders prepare`: the one statement that somebody would write who knows the
 * tables, into the same tables with their keys and triggers. It makes the same rows, the digests of
 * recipients included, which PostgreSQL computes as the cipher does (RFC 2104). Nobody is counted
 * by reason, and a kill undoes all of it.
 */
import { withTransaction } from '../../src/db/database.js'
import { onlyKey } from '../../src/privacy/data-keys.js'
import { instantOf } from '../../src/reminders/local-time.js'
import { cutOf } from '../../src/rules/notices/campaign.js'
import { noticeText } from '../../src/rules/notices/notice-terms.js'
import { roundToMeasure } from './notice-tasks.js'
import type { Bench } from './redress-tasks.js'
import { DATA_KEY, NOTICE_ROUND, PREPARED_AT } from './task.js'
import type { Outcome } from './task.js'
import { usageOf } from './usage.js'

export async function benchPlainNotices({ pool, postmaster }: Bench): Promise<Outcome> {
  const { version, terms, campaign, round } = roundToMeasure()
  const offset = terms.zoneOffset.value
  const day = PREPARED_AT.slice(0, 10)
  const text = noticeText(terms, campaign, day)
  const name = [version.programme, campaign.campaign, NOTICE_ROUND, 'text', '', ''].join('\0')
  let [lines, written] = [0, 0]
  const usage = await usageOf(pool, postmaster, async () => {
    await withTransaction(pool, async ({ client }) => {
      // As Redress has them.
      await client.query('set local enable_nestloop = off')
      await client.query(`set local work_mem = '128MB'`)
      const made = await client.query<{ id: string }>(ROUND, [
        version.programme,
        version.version,
        campaign.campaign,
        NOTICE_ROUND,
        instantOf(round!.dueAt, offset),
        PREPARED_AT,
      ])
      const { rowCount } = await client.query(PREPARE, [
        made.rows[0]?.id,
        text.version,
        day,
        text.kind,
        PREPARED_AT,
        cutOf(round!, offset),
        ...padsOf(onlyKey(DATA_KEY).digestKey),
        Buffer.from('notice recipient\0'),
        Buffer.from(name),
        `${campaign.campaign.slice(0, 20)}.${NOTICE_ROUND}.`,
      ])
      lines = rowCount ?? 0
    })
    const { rows } = await pool.query<{ messages: number }>(
      'select count(*)::integer as messages from outbox_message',
    )
    written = rows[0]?.messages ?? 0
  })
  return { usage, lines, written, lastCustomerId: null }
}

const BLOCK_BYTES = 64

/** The key as the inner and the outer hash take it. */
function padsOf(key: Buffer): readonly Buffer[] {
  const block = Buffer.alloc(BLOCK_BYTES)
  key.copy(block)
  return [0x36, 0x5c].map((pad) => block.map((it) => it ^ pad) as Buffer)
}

const ROUND = `
  insert into notice_round (programme, version, campaign, round, due_at, prepared_at, result)
  values ($1, $2, $3, $4, $5, $6, '{}') returning notice_round_id as id`

const PREPARE = `
  with decided as (
    select distinct on (line_id) line_id, decision
    from refund_decision order by line_id, decision_no desc
  ),
  told as (
    select distinct on (line_id) line_id, customer_id, notice_number as number
    from termination order by line_id, termination_no desc
  ),
  applied as (
    select line_id
    from (
      select distinct on (application_id) application_id, line_id, applied_at
      from refund_application order by application_id, application_no desc
    ) newest
    join (
      select distinct on (application_id) application_id, state
      from application_state order by application_id, state_no desc
    ) stated using (application_id)
    where state in ('accepted', 'held') and applied_at < $6::timestamptz
  ),
  due as materialized (
    select line_id, customer_id, sha256($8::bytea || sha256($7::bytea || $9::bytea ||
      convert_to(customer_id || ' ' || number, 'UTF8'))) as recipient
    from decided join told using (line_id)
    where decision = 'refundable' and number is not null
      and not exists (select from applied a where a.line_id = told.line_id)
      and not exists (select from payout_transfer paid
        where paid.line_id = told.line_id and not paid.released)
      and not exists (select from contact_restriction r where r.line_id = told.line_id
        and kind <> 'advertising_consent' and since <= $5::timestamptz
        and (until is null or until > $5::timestamptz))
      and not exists (select from contact_restriction r where r.customer_id = told.customer_id
        and kind <> 'advertising_consent' and since <= $5::timestamptz
        and (until is null or until > $5::timestamptz))
  ),
  made as (
    insert into outbox_message (notice_round_id, recipient, channel, idempotency_key,
      template_version, prepared_on, kind)
    select $1, recipient, 'text',
      $11::text || left(encode(sha256($10::bytea || recipient), 'hex'), 32), $2, $3::date, $4
    from (select recipient, min(line_id) as line_id from due group by recipient) message
    order by line_id
    returning message_id, recipient
  )
  insert into outbox_line (notice_round_id, line_id, customer_id, message_id)
  select $1, line_id, customer_id, message_id from due join made using (recipient)
  order by line_id`
