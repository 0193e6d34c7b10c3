/** SQL that proves the books against the facts, and names the first row that does not fit. */
import type { Client } from '../db/database.js'

export interface Problem {
  /** Null where it is about no single line. */
  readonly lineId: string | null
  readonly batchId: string | null
  readonly problem: string
}

/**
 * What is looked at, in this order; `$1` is a batch, or null. Only the first row of each is told,
 * but all are made: in the hope of a quick first row the planner would join half a million rows one
 * by one with half a million, and where all is well there is no first row.
 */
const CHECKS: readonly string[] = [
  // A transfer that was altered, and one that belongs to nothing.
  `select line_id, batch_id, 'its transfer ' || end_to_end_id || ' was altered' as problem
   from payout_transfer t
   where row_hash is distinct from transfer_hash(t) and ($1::bigint is null or batch_id = $1)
   order by line_id`,
  `select line_id, batch_id, 'its transfer ' || end_to_end_id || ' is of no batch' as problem
   from payout_transfer t
   where ($1::bigint is null or batch_id = $1)
     and not exists (select from payout_batch b where b.batch_id = t.batch_id)
   order by line_id`,
  `select t.line_id, t.batch_id, 'its transfer ' || t.end_to_end_id
     || case when t.released then ' let go of it' else ' holds it' end as problem
   from transfer_state t
   left join payout_transfer next
     on next.line_id = t.line_id and next.attempt_no = t.attempt_no + 1
   where ($1::bigint is null or t.batch_id = $1)
     and t.released <> (t.state = 'cancelled' or next.line_id is not null)
   order by t.line_id`,
  // What no fact explains in the journal, a fact that is not booked, and one booked otherwise.
  `select coalesce(b.line_id, e.line_id) as line_id, coalesce(b.batch_id, e.batch_id) as batch_id,
     case
       when b.event_key is null then e.event_key || ' is not in the journal'
       when e.event_key is null then b.event_key || ' is in the journal, and nothing says so'
       else b.event_key || ' is booked otherwise than it was'
     end as problem
   from (select * from journal where $1::bigint is null or batch_id = $1) b
   full join (select * from expected_journal where $1::bigint is null or batch_id = $1) e
     on e.event_key = b.event_key
   where (b.event, b.line_id, b.attempt_no, b.batch_id, b.debit, b.credit, b.amount_krw::bigint,
       b.at, b.source)
     is distinct from (e.event, e.line_id, e.attempt_no, e.batch_id, e.debit, e.credit,
       e.amount_krw::bigint, e.at, e.source)
   order by 1, 3`,
  // A batch against its transfers: a gap in their numbers is where one is missing.
  `select null::bigint as line_id, batch_id,
     'transfer ' || seq || ' of the batch is missing' as problem
   from payout_batch b cross join lateral generate_series(1, b.count) seq
   where ($1::bigint is null or batch_id = $1)
     and (select count(*) from payout_transfer t where t.batch_id = b.batch_id) <> b.count
     and not exists (select from payout_transfer t
       where t.batch_id = b.batch_id and t.seq = seq.seq)
   order by batch_id, seq`,
  `select null::bigint as line_id, batch_id,
     'the batch is not the sum of its transfers, or not what was signed' as problem
   from payout_batch b
   left join lateral (select count(*) as n, coalesce(sum(amount_krw), 0) as krw
     from payout_transfer t where t.batch_id = b.batch_id) sent on true
   where ($1::bigint is null or batch_id = $1)
     and (n <> count or krw <> total_krw or batch_hash <> batch_hash_of(b))
   order by batch_id`,
  `select null::bigint as line_id, batch_id, 'approvals are missing or sign another hash' as problem
   from payout_batch b
   where state = 'approved' and ($1::bigint is null or batch_id = $1)
     and ((select count(*) from payout_approval a where a.batch_id = b.batch_id
         and a.batch_hash = b.batch_hash and a.approved_by <> b.made_by) <> checkers
       or approved_at is distinct from (select max(a.approved_at) from payout_approval a
         where a.batch_id = b.batch_id))
   order by batch_id`,
  `select null::bigint as line_id, b.batch_id, 'the refunds held are not those of the batch'
     as problem
   from payout_batch b
   left join lateral (select coalesce(jsonb_object_agg(reason, n), '{}') as holds
     from (select reason, count(*) as n from payout_hold
       where payout_hold.batch_id = b.batch_id group by reason) it) h on true
   where ($1::bigint is null or b.batch_id = $1) and h.holds is distinct from b.holds
   order by b.batch_id`,
  // What went to the bank against the batch.
  `select null::bigint as line_id, batch_id,
     'export ' || export_id || ' is not the total of the batch' as problem
   from payout_export e join payout_batch b using (batch_id)
   left join lateral (select coalesce(sum(total_krw), 0) as krw,
       coalesce(sum(last_seq - first_seq + 1), 0) as n
     from payout_export_part p where p.export_id = e.export_id) file on true
   where ($1::bigint is null or batch_id = $1)
     and (krw <> b.total_krw or n <> b.count or b.state <> 'approved')
   order by batch_id`,
  // What came from the bank.
  `select t.line_id, t.batch_id, 'answer ' || s.seq || ' of bank file ' || s.file_id
     || ' was altered' as problem
   from bank_status s left join payout_transfer t using (end_to_end_id)
   where s.row_hash is distinct from answer_hash(s) and ($1::bigint is null or t.batch_id = $1)
   order by s.file_id, s.seq`,
  `select null::bigint as line_id, null::bigint as batch_id, 'answer ' || seq || ' of bank file '
     || file_id || ' is missing' as problem
   from bank_status_file f cross join lateral generate_series(1, f.answers) seq
   where (select count(*) from bank_status s where s.file_id = f.file_id) <> f.answers
     and not exists (select from bank_status s where s.file_id = f.file_id and s.seq = seq.seq)
     and $1::bigint is null
   order by file_id, seq`,
  `select null::bigint as line_id, null::bigint as batch_id,
     'bank file ' || coalesce(f.file_id, s.file_id) || ' is not what its answers add up to'
       as problem
   from bank_status_file f
   full join (
     select file_id, sum(n) as answers, jsonb_object_agg(outcome, n) as counts
     from (select file_id, outcome, count(*) as n from bank_status group by file_id, outcome) it
     group by file_id
   ) s using (file_id)
   where $1::bigint is null and (f.file_id is null or coalesce(s.answers, 0) <> f.answers
     or not f.counts @> coalesce(s.counts, '{}'))
   order by 3`,
  // What people resolved.
  `select t.line_id, t.batch_id, 'its resolution ' || r.resolution_id || ' was altered' as problem
   from payout_resolution r left join payout_transfer t using (end_to_end_id)
   where r.row_hash is distinct from
       case when r.approved_at is not null then resolution_hash(r) end
     and ($1::bigint is null or t.batch_id = $1)
   order by r.resolution_id`,
  // All that was owed is somewhere: the accounts of a line add up to its decision.
  `select line_id, null::bigint as batch_id,
     'its accounts add up to another amount than its decision' as problem
   from (
     select distinct on (line_id) line_id, amount_krw::bigint as krw
     from refund_decision order by line_id, decision_no desc
   ) decided
   full join (
     select line_id, sum(case when debit = 'refund_expense' then amount_krw else -amount_krw end)
       as krw
     from journal where 'refund_expense' in (debit, credit) group by line_id
   ) booked using (line_id)
   where $1::bigint is null and coalesce(decided.krw, 0) <> coalesce(booked.krw, 0)
   order by line_id`,
  `select line_id, batch_id, 'more of it is on its way or paid than is in any batch' as problem
   from (
     select line_id, max(batch_id) as batch_id, sum(case when credit = 'in_transit' then amount_krw
         when debit = 'in_transit' then -amount_krw else 0 end) as in_transit,
       sum(case when credit = 'settled' then amount_krw
         when debit = 'settled' then -amount_krw else 0 end) as settled,
       sum(case when credit = 'returned' then amount_krw
         when debit = 'returned' then -amount_krw else 0 end) as returned
     from journal
     where debit <> credit and ($1::bigint is null or batch_id = $1) group by line_id
   ) it
   where in_transit < 0 or settled < 0 or $1::bigint is null and returned < 0
   order by line_id`,
]

/** The first of each kind; empty when all fits. */
export async function findProblems(
  client: Client,
  batchId: string | null,
): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  for (const check of CHECKS) {
    const { rows } = await client.query<{
      line_id: string | null
      batch_id: string | null
      problem: string
    }>(`with found as materialized (${check}) select * from found limit 1`, [batchId])
    for (const it of rows) {
      problems.push({ lineId: it.line_id, batchId: it.batch_id, problem: it.problem })
    }
  }
  return problems
}

export interface BatchBalance {
  readonly batchId: string
  readonly payoutOn: string
  readonly state: string
  readonly sentKrw: number
  readonly settledKrw: number
  /** Came back, by a rejection or after settlement. */
  readonly returnedKrw: number
  /** Nothing final was heard of it. */
  readonly pendingKrw: number
  readonly instructedKrw: number
  readonly ok: boolean
}

/** By the books alone. */
export async function batchBalances(
  client: Client,
  batchId: string | null,
): Promise<readonly BatchBalance[]> {
  const { rows } = await client.query<Record<string, string>>(
    `select b.batch_id as "batchId", b.payout_on as "payoutOn", b.state,
       b.total_krw as sent, coalesce(sum(amount_krw) filter (where event = 'instructed'), 0)
         as instructed,
       coalesce(sum(case when debit = credit then 0 when credit = 'settled' then amount_krw
         when debit = 'settled' then -amount_krw end), 0) as settled,
       coalesce(sum(case
         when debit = credit then 0
         when event = 'resolved' and credit = 'settled' then -amount_krw
         when credit = 'returned' then amount_krw end), 0) as returned,
       coalesce(sum(case when credit = 'in_transit' then amount_krw
         when debit = 'in_transit' then -amount_krw end), 0) as pending
     from payout_batch b
     left join journal j on j.batch_id = b.batch_id and event <> 'corrected'
     where $1::bigint is null or b.batch_id = $1
     group by b.batch_id order by b.batch_id`,
    [batchId],
  )
  return rows.map((it) => {
    const sentKrw = it['state'] === 'approved' ? Number(it['sent']) : 0
    const [settledKrw, returnedKrw, pendingKrw, instructedKrw] = [
      'settled',
      'returned',
      'pending',
      'instructed',
    ].map((name) => Number(it[name])) as [number, number, number, number]
    const ok = sentKrw === instructedKrw && settledKrw + returnedKrw + pendingKrw === sentKrw
    const { batchId: id = '', payoutOn = '', state = '' } = it
    const named = { batchId: id, payoutOn, state }
    return { ...named, sentKrw, settledKrw, returnedKrw, pendingKrw, instructedKrw, ok }
  })
}
