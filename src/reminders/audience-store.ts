/**
 * SQL that draws up an audience with what the rules look at. At preparing it is asked of all lines
 * at once, at sending of a handful; the conditions are the same text.
 */
import { assert, unreachable } from '../assert.js'
import type { Client, Pool } from '../db/database.js'
import type { Audience } from '../rules/notices/audience.js'
import type { AudienceQuery } from './audience-query.js'
import { FACT_BITS } from './fact-mask.js'

/** Lines that are asked about, each with its event. */
export interface AskedLines {
  readonly lineIds: readonly string[]
  readonly events: readonly string[]
}

/**
 * Fills `notice_candidate` of the session: one row a line (and event) of the audience, with its
 * facts as a mask, and its number to make the digest of. It goes with the session or by
 * `dropCandidates`, since the messages are made in several transactions.
 * @param roundId where it was prepared before: `is_told` are those that it has messages for
 */
export async function stageCandidates(
  client: Client,
  query: AudienceQuery,
  roundId: string | null,
): Promise<void> {
  await client.query('begin')
  await client.query(`set local work_mem = '128MB'`)
  // Right after an import PostgreSQL knows no statistics, takes each side of a join for 200 rows,
  // and would go through one of them for every row of the other.
  await client.query('set local enable_nestloop = off')
  await client.query(
    `create temp table notice_candidate as
     with ${audienceOf(query.audience, false)},
     drawn as (select line_id, customer_id, number, event, facts from candidate)
     select drawn.*, told.line_id is not null as is_told
     from drawn
     left join outbox_line told
       on told.notice_round_id = $10::bigint and told.line_id = drawn.line_id
       and told.event = drawn.event`,
    [...valuesOf(query, null), roundId],
  )
  await client.query('create index on notice_candidate (line_id, event)')
  await client.query('analyze notice_candidate')
  await client.query('commit')
}

export async function dropCandidates(client: Client): Promise<void> {
  await client.query('drop table if exists notice_candidate')
}

export interface FactCount {
  readonly mask: number
  readonly isTold: boolean
  readonly lines: number
}

/** How often each combination of facts occurs. */
export async function countFacts(client: Client): Promise<readonly FactCount[]> {
  const { rows } = await client.query<FactCount>(
    `select facts as mask, is_told as "isTold", count(*)::integer as lines
     from notice_candidate group by 1, 2 order by 1, 2`,
  )
  return rows
}

export interface Candidate {
  readonly lineId: string
  readonly customerId: string
  readonly number: string
  readonly event: string
}

/** The next of those who are to be told and have no message yet, by line and event. */
export async function nextCandidates(
  client: Client,
  masks: readonly number[],
  after: Pick<Candidate, 'lineId' | 'event'>,
  limit: number,
): Promise<readonly Candidate[]> {
  const { rows } = await client.query<Candidate>(
    `select line_id as "lineId", customer_id as "customerId", number, event
     from notice_candidate
     where not is_told and facts = any ($1::smallint[])
       and (line_id, event) > ($2::bigint, $3::text)
     order by line_id, event limit $4`,
    [masks, after.lineId, after.event, limit],
  )
  return rows
}

/** Messages that there would be: one a person and number, and event. */
export async function countRecipients(client: Client, masks: readonly number[]): Promise<number> {
  const { rows } = await client.query<{ messages: number }>(
    `select count(*)::integer as messages from (
       select distinct customer_id, number, event from notice_candidate
       where not is_told and facts = any ($1::smallint[])
     ) recipient`,
    [masks],
  )
  return rows[0]?.messages ?? 0
}

export interface AskedFacts {
  readonly lineId: string
  readonly event: string
  readonly mask: number
  /** Null where the line has none. */
  readonly number: string | null
}

/** Of the lines asked about, those that the audience would hold if it were drawn up now. */
export async function factsNow(
  pool: Pool,
  query: AudienceQuery,
  asked: AskedLines,
): Promise<readonly AskedFacts[]> {
  const { rows } = await pool.query<AskedFacts>(
    `with ${audienceOf(query.audience, true)}
     select line_id as "lineId", event, facts as mask, number
     from candidate
     join unnest($3::bigint[], $4::text[]) as asked (line_id, event) using (line_id, event)`,
    [...valuesOf(query, asked)],
  )
  return rows
}

function valuesOf(query: AudienceQuery, asked: AskedLines | null): readonly unknown[] {
  return [
    query.now,
    query.cut,
    asked?.lineIds ?? null,
    asked?.events ?? null,
    query.snapshotId,
    query.baseDate,
    query.zone,
    query.passKinds,
    query.programme,
  ]
}

// Gives each parameter its type, whether the audience needs it or not; nothing reads it.
const GIVEN = `given as (
  select $1::timestamptz, $2::timestamptz, $3::bigint[], $4::text[], $5::integer, $6::date,
    $7::text, $8::text[], $9::text
)`

function audienceOf(audience: Audience, isAsked: boolean): string {
  const asksToApply = audience === 'refundable' || audience === 'refundable_not_applied'
  const applied = asksToApply ? 'a.line_id is not null' : 'false'
  const paid = asksToApply ? 'p.line_id is not null' : 'false'
  const facts = [
    applied,
    'base.number is not null',
    ...['opted_out', 'number_reassigned', 'deceased', 'seized'].map(restrictedBy),
    paid,
    restrictedBy('advertising_consent'),
  ]
  assert(facts.length === FACT_BITS.length, 'a fact for each bit')
  const mask = facts.map((it, bit) => `(${it})::integer * ${1 << bit}`).join(' + ')
  return `${GIVEN},
    ${baseOf(audience, isAsked)},
    ${asksToApply ? `${applicants(isAsked)},` : ''}
    ${RESTRICTED}
    , candidate as (
      select base.line_id, base.customer_id, base.number, base.event,
        (${mask})::smallint as facts
      from base
      left join restricted r on r.line_id = base.line_id
      ${asksToApply ? 'left join applied a on a.line_id = base.line_id' : ''}
      ${asksToApply ? 'left join paid p on p.line_id = base.line_id' : ''}
    )`
}

function restrictedBy(kind: string): string {
  return `coalesce('${kind}' = any (r.kinds), false)`
}

/** Asked of the line and of its customer apart: of an "or" PostgreSQL makes no hash join. */
const RESTRICTED = `
  holder as (select distinct line_id, customer_id from base),
  said as (
    select h.line_id, 'line' as subject, s.kind, s.since, s.until, s.restriction_no
    from holder h join contact_restriction s on s.line_id = h.line_id
    union all
    select h.line_id, 'customer', s.kind, s.since, s.until, s.restriction_no
    from holder h join contact_restriction s on s.customer_id = h.customer_id
  ),
  restricted as (
    select line_id, array_agg(kind) as kinds from (
      select distinct on (line_id, subject, kind, since) line_id, kind, since, until
      from said order by line_id, subject, kind, since, restriction_no desc
    ) last_said
    where since <= $1::timestamptz and (until is null or until > $1::timestamptz)
    group by line_id
  )`

function ofLines(isAsked: boolean, column = 'line_id'): string {
  return isAsked ? `and ${column} = any ($3::bigint[])` : ''
}

function applicants(isAsked: boolean): string {
  const of = ofLines(isAsked)
  return `
    applied as (
      select distinct a.line_id
      from (
        select distinct on (application_id) application_id, line_id, applied_at, withdrawn_at
        from refund_application where true ${of}
        order by application_id, application_no desc
      ) a
      left join (
        select distinct on (application_id) application_id, state
        from application_state where true ${of}
        order by application_id, state_no desc
      ) s using (application_id)
      where case
        when $2::timestamptz is null then coalesce(s.state, 'accepted') in ('accepted', 'held')
          and (a.withdrawn_at is null or a.withdrawn_at > $1::timestamptz)
        else s.state in ('accepted', 'held') and a.applied_at < $2::timestamptz
      end
    ),
    paid as (
      select distinct line_id
      from payout_transfer t
      join payout_batch b using (batch_id)
      where b.state = 'approved' and not t.released ${ofLines(isAsked, 't.line_id')}
        and ${notSaid(`'rejected', 'returned'`)}
    )`
}

function baseOf(audience: Audience, isAsked: boolean): string {
  switch (audience) {
    case 'refundable':
    case 'refundable_not_applied':
      return refundableLines(isAsked)
    case 'pass_choosers_open':
      return openChoosers(isAsked)
    case 'pass_issued':
      return isAsked ? ASKED_OF_SNAPSHOT : ISSUED_PASSES
    case 'insurance_granted':
      return isAsked ? ASKED_OF_SNAPSHOT : GRANTED_INSURANCES
    case 'payout_settled':
      return transfers(isAsked, `${said(`'settled'`)} and ${notSaid(CAME_BACK)}`)
    case 'payout_bounced':
      // Once another account came in, there is nothing to ask for any more.
      return transfers(
        isAsked,
        `not t.released and ${said(`'rejected', 'returned'`, `and retry_class = 'ask_customer'`)}
         and not exists (select from refund_application a
           where a.application_id = t.application_id and a.application_no > t.application_no)`,
      )
    default:
      unreachable(audience)
  }
}

function refundableLines(isAsked: boolean): string {
  const of = ofLines(isAsked)
  return `base as (
    select line_id, customer_id, notice_number as number, '' as event
    from (
      select distinct on (line_id) line_id, decision from refund_decision where true ${of}
      order by line_id, decision_no desc
    ) decided
    join (
      select distinct on (line_id) line_id, customer_id, notice_number
      from termination where true ${of}
      order by line_id, termination_no desc
    ) told using (line_id)
    where decision = 'refundable'
  )`
}

/** A pass that was issued stays, though its choice was withdrawn later. */
function openChoosers(isAsked: boolean): string {
  return `base as (
    select l.line_id, l.customer_id, l.notice_number as number, '' as event
    from snapshot_line l
    left join (
      select distinct on (line_id) line_id, status from status_change
      where effective_at >= (select ($6::date + 1)::timestamp at time zone $7)
        and effective_at <= $1::timestamptz ${ofLines(isAsked)}
      order by line_id, effective_at desc, sequence_no desc
    ) changed using (line_id)
    where l.snapshot_id = $5::integer ${ofLines(isAsked, 'l.line_id')}
      and concat_ws(' ', l.network, l.line_kind, l.payment, l.status,
        coalesce(changed.status, l.status)) = any ($8::text[])
      and not exists (
        select from choice c left join choice_withdrawal w using (choice_id)
        where c.line_id = l.line_id and c.benefit = 'ott_pass'
          and (coalesce(c.withdrawn_at, w.withdrawn_at, 'infinity') > $1::timestamptz
            or exists (select from voucher_issue v where v.line_id = c.line_id))
      )
  )`
}

/** What was given was given: of these the line and its number are asked again, nothing else. */
const ASKED_OF_SNAPSHOT = `base as (
  select l.line_id, l.customer_id, l.notice_number as number, e.event
  from unnest($3::bigint[], $4::text[]) as e (line_id, event)
  join snapshot_line l on l.snapshot_id = $5::integer and l.line_id = e.line_id
)`

const ISSUED_PASSES = `base as (
  select l.line_id, l.customer_id, l.notice_number as number, 'pass ' || v.code_id as event
  from voucher_issue v
  join run on run.run_id = v.run_id and run.programme = $9
  join snapshot_line l on l.snapshot_id = $5::integer and l.line_id = v.line_id
)`

const GRANTED_INSURANCES = `base as (
  select l.line_id, l.customer_id, l.notice_number as number, 'insurance ' || e.period as event
  from (
    select line_id, period from ledger_entry
    where programme = $9 and benefit = 'insurance'
    group by customer_id, line_id, period
    having sum(case entry_type when 'grant' then 1 else -1 end) > 0
  ) e
  join snapshot_line l on l.snapshot_id = $5::integer and l.line_id = e.line_id
)`

const CAME_BACK = `'rejected', 'returned', 'contradicts'`

function said(outcomes: string, more = ''): string {
  return `exists (select from bank_status said where said.end_to_end_id = t.end_to_end_id
    and said.outcome in (${outcomes}) ${more})`
}

function notSaid(outcomes: string): string {
  return `not ${said(outcomes)}`
}

function transfers(isAsked: boolean, condition: string): string {
  return `base as (
    select t.line_id, told.customer_id, told.notice_number as number, t.end_to_end_id as event
    from payout_transfer t
    join payout_batch b on b.batch_id = t.batch_id and b.state = 'approved'
    cross join lateral (
      select customer_id, notice_number from termination
      where termination.line_id = t.line_id order by termination_no desc limit 1
    ) told
    where ${condition} ${ofLines(isAsked, 't.line_id')}
  )`
}
