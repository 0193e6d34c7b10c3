/** SQL that collects what a payout date pays, and freezes it. Sets, never a row at a time. */
import type { Client } from '../db/database.js'
import { assert } from '../assert.js'

export interface AssessedProgramme {
  readonly programme: string
  readonly version: number
}

/** Of the newest final assessment; undefined when nothing was assessed yet. */
export async function assessedProgramme(client: Client): Promise<AssessedProgramme | undefined> {
  const { rows } = await client.query<AssessedProgramme>(
    `select programme, version from refund_assessment where assessment_hash is not null
     order by assessment_id desc limit 1`,
  )
  return rows[0]
}

/** Whether applications are due on a day that no calendar of the programme has (A4). */
export async function isExceptionDate(client: Client, date: string): Promise<boolean> {
  const { rowCount } = await client.query(
    'select from application_state where payout_on = $1 limit 1',
    [date],
  )
  return rowCount === 1
}

export interface Due {
  readonly payoutOn: string
  /** An instant. */
  readonly now: string
  /** What the check of the holder has to say before money goes out. */
  readonly payableChecks: readonly string[]
}

/**
 * Fills `payout_candidate`, for this transaction: who applied and could be paid by the date, with
 * the reason that stands against it, or null.
 */
export async function collectCandidates(client: Client, due: Due): Promise<void> {
  await client.query('drop table if exists payout_candidate')
  await client.query(`create temp table payout_candidate on commit drop as ${CANDIDATES}`, [
    due.payoutOn,
    due.now,
    due.payableChecks,
  ])
  await client.query('analyze payout_candidate')
}

const CANDIDATES = `
  with decided as (
    select distinct on (line_id) line_id, decision, amount_krw
    from refund_decision order by line_id, decision_no desc
  ),
  stated as (
    select distinct on (application_id) application_id, line_id, state, payout_on
    from application_state order by application_id, state_no desc
  ),
  newest as (
    select distinct on (application_id) application_id, application_no, holder_check,
      withdrawn_at, bank_code, account_digest, holder_digest
    from refund_application order by application_id, application_no desc
  ),
  -- The attempt that has the money, which need not be the last one: the bank may say of an earlier
  -- one, after all, that it was paid.
  last_try as (
    select distinct on (line_id) *, max(attempt_no) over (partition by line_id) as attempts
    from transfer_state
    order by line_id, state in ('in_transit', 'settled', 'contradicted') desc, attempt_no desc
  ),
  lifted as (
    select line_id, application_id, approved_at from (
      select distinct on (line_id, application_id) line_id, application_id, outcome, approved_at
      from refund_review where kind = 'hold_lifted' and approved_at is not null
      order by line_id, application_id, review_id desc
    ) review where outcome = 'granted'
  ),
  lifted_line as (
    select stated.application_id, max(lifted.approved_at) as lifted_at
    from lifted join stated on stated.line_id = lifted.line_id
      and coalesce(lifted.application_id, stated.application_id) = stated.application_id
    group by stated.application_id
  ),
  open_claim as (
    select stated.*, decided.decision, decided.amount_krw, newest.application_no,
      newest.holder_check, newest.withdrawn_at, lifted_at,
      last_try.state as last_state, last_try.attempts,
      last_try.amount_krw as last_krw, last_try.payout_on as last_payout_on,
      last_try.retry_class, last_try.came_back_at, last_try.released,
      (newest.bank_code, newest.account_digest, newest.holder_digest)
        is distinct from (paid.bank_code, paid.account_digest, paid.holder_digest)
        as is_corrected
    from stated
    join newest using (application_id)
    left join decided on decided.line_id = stated.line_id
    left join last_try on last_try.line_id = stated.line_id
    left join refund_application paid on paid.application_no = last_try.application_no
    left join lifted_line on lifted_line.application_id = stated.application_id
    where not exists (select from unclaimed_refund u where u.line_id = stated.line_id)
      and (stated.state = 'held'
        or stated.state = 'accepted' and stated.payout_on <= $1::date
        or stated.state = 'not_refundable' and decided.decision = 'review')
  )
  select line_id, application_id, application_no, amount_krw,
    coalesce(attempts, 0) + 1 as attempt_no,
    case
      when state = 'held' then 'HOLDER_NOT_VERIFIED'
      when decision = 'review' then 'REVIEW_PENDING'
      when decision is distinct from 'refundable' then 'NOT_REFUNDABLE'
      when last_state = 'contradicted' then 'BANK_CONTRADICTS'
      when last_state = 'settled' then 'PAID_IN_PART'
      when withdrawn_at < $2::timestamptz then 'WITHDRAWN'
      when holder_check <> all ($3::text[]) and lifted_at is null then 'HOLDER_NOT_VERIFIED'
      when last_state in ('rejected', 'returned') then case
        when retry_class = 'never' then 'MAYBE_PAID'
        when retry_class = 'hold' and not coalesce(lifted_at > came_back_at, false)
          then 'BANK_HOLD'
        when retry_class = 'manual' and not coalesce(lifted_at > came_back_at, false)
          then 'BANK_REASON_TO_READ'
        when retry_class in ('ask_customer', 'fix_data') and not is_corrected
          then 'ACCOUNT_TO_CORRECT'
        when last_payout_on >= $1::date then 'NEXT_DATE'
      end
    end as hold
  from open_claim
  where last_state is null or last_state in ('cancelled', 'rejected', 'returned', 'contradicted')
    or last_state = 'settled' and amount_krw > last_krw`

export interface Totals {
  readonly count: number
  readonly totalKrw: number
  /** The first and the last to be paid; null when there are none. */
  readonly first: FrozenName | null
  readonly last: FrozenName | null
}

export interface FrozenName {
  readonly lineId: string
  readonly attemptNo: number
  readonly endToEndId: string
}

/** A number for a batch to be, as its transfers are made before it. Under the lock. */
export async function nextBatchId(client: Client): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    'select coalesce(max(batch_id), 0) + 1 as id from payout_batch',
  )
  assert(rows[0] !== undefined, 'a number')
  return rows[0].id
}

export async function countPayable(client: Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'select count(*)::integer as count from payout_candidate where hold is null',
  )
  return rows[0]?.count ?? 0
}

/**
 * Makes transfers of the candidates. What came back and goes again is let go of, and is payable
 * once more in the books.
 */
export async function freezeTransfers(
  client: Client,
  batchId: string,
  programme: string,
  at: string,
): Promise<Totals> {
  await client.query(CORRECT, [batchId, at])
  await client.query(
    `insert into payout_transfer (batch_id, seq, line_id, attempt_no, application_id,
       application_no, amount_krw, end_to_end_id, row_hash)
     select (it).batch_id, (it).seq, (it).line_id, (it).attempt_no, (it).application_id,
       (it).application_no, (it).amount_krw, (it).end_to_end_id, transfer_hash(it)
     from (
       select row($1::bigint, row_number() over (order by line_id), line_id, attempt_no,
         application_id, application_no, amount_krw,
         $2::text || '-' || line_id || '-' || attempt_no, ''::bytea, false)::payout_transfer as it
       from payout_candidate where hold is null
     ) drafted
     order by (it).seq`,
    [batchId, programme],
  )
  await client.query(
    `insert into payout_hold (batch_id, line_id, application_id, reason)
     select $1, line_id, application_id, hold from payout_candidate where hold is not null`,
    [batchId],
  )
  const { rows } = await client.query<{
    count: number
    totalKrw: string | null
    first: FrozenName | null
    last: FrozenName | null
  }>(TOTALS, [batchId])
  assert(rows[0] !== undefined, 'one row of totals')
  return { ...rows[0], totalKrw: Number(rows[0].totalKrw ?? 0) }
}

const CORRECT = `
  with let_go as (
    update payout_transfer old set released = true
    from payout_candidate it
    where it.hold is null and old.line_id = it.line_id and not old.released
    returning old.line_id, old.attempt_no, old.amount_krw, old.end_to_end_id
  )
  insert into journal (event, event_key, line_id, attempt_no, batch_id, debit, credit, amount_krw,
    at, source)
  select 'corrected', 'corrected:' || end_to_end_id, line_id, attempt_no, $1::bigint, 'returned',
    'refunds_payable', amount_krw, $2::timestamptz, 'batch ' || $1::bigint
  from let_go order by line_id`

const NAME = `jsonb_build_object('lineId', line_id::text, 'attemptNo', attempt_no,
  'endToEndId', end_to_end_id)`

const TOTALS = `
  select count(*)::integer as count, sum(amount_krw) as "totalKrw",
    (select ${NAME} from payout_transfer where batch_id = $1 order by seq limit 1) as first,
    (select ${NAME} from payout_transfer where batch_id = $1 order by seq desc limit 1) as last
  from payout_transfer where batch_id = $1`

export interface BatchDraft extends AssessedProgramme {
  readonly batchId: string
  readonly payoutOn: string
  readonly count: number
  readonly totalKrw: number
  readonly checkers: number
  /** An instant. */
  readonly now: string
}

export async function insertBatch(client: Client, draft: BatchDraft): Promise<void> {
  await client.query(
    `insert into payout_batch (batch_id, programme, version, payout_on, now_at, count, total_krw,
       checkers, holds, batch_hash, made_at)
     select (it).batch_id, (it).programme, (it).version, (it).payout_on, (it).now_at, (it).count,
       (it).total_krw, (it).checkers, (
         select coalesce(jsonb_object_agg(reason, n), '{}') from (
           select reason, count(*) as n from payout_hold where batch_id = $1 group by reason
         ) held
       ), batch_hash_of(it), $8
     from (
       select jsonb_populate_record(null::payout_batch, jsonb_build_object('batch_id', $1::bigint,
         'programme', $2::text, 'version', $3::integer, 'payout_on', $4::date,
         'count', $5::integer, 'total_krw', $6::bigint, 'checkers', $7::integer,
         'now_at', $8::timestamptz)) as it
     ) drafted`,
    [
      draft.batchId,
      draft.programme,
      draft.version,
      draft.payoutOn,
      draft.count,
      draft.totalKrw,
      draft.checkers,
      draft.now,
    ],
  )
}
