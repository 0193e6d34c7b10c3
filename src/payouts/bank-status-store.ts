/** SQL of the bank's answers: staged by COPY, judged as sets, and booked. */
import { CopyIn, copyText } from '../db/copy.js'
import type { Client } from '../db/database.js'
import { assert } from '../assert.js'

export type AnswerOutcome =
  | 'settled'
  | 'rejected'
  | 'returned'
  | 'pending'
  | 'repeated'
  | 'overtaken'
  | 'contradicts'
  | 'unknown'
  | 'wrong_amount'
  | 'noted'

export type OutcomeCounts = Readonly<Record<AnswerOutcome, number>>

export interface KnownFile {
  readonly fileId: string
  readonly counts: OutcomeCounts
}

export async function knownFile(client: Client, sha256: Buffer): Promise<KnownFile | undefined> {
  const { rows } = await client.query<KnownFile>(
    'select file_id as "fileId", counts from bank_status_file where sha256 = $1',
    [sha256],
  )
  return rows[0]
}

export interface StagedAnswer {
  readonly messageId: string
  /** Null for a whole message. */
  readonly endToEndId: string | null
  readonly status: string
  readonly meaning: 'settled' | 'rejected' | 'pending' | 'unknown'
  readonly reason: string | null
  readonly retryClass: string | null
  /** Undefined when the bank gives none; null when it gives one that is no whole won. */
  readonly amountKrw: number | null | undefined
  readonly saidAt: string | null
  /** Whether it stands for every transfer of the message. */
  readonly coversAll: boolean
}

/** Inside a transaction, which alone sees them. */
export class AnswerStage {
  readonly #copy: CopyIn
  #seq = 0
  #rows: string[] = []

  private constructor(copy: CopyIn) {
    this.#copy = copy
  }

  static async open(client: Client): Promise<AnswerStage> {
    await client.query(`create temp table staged_answer (
      seq integer, message_id text, end_to_end_id text, status text, meaning text, reason text,
      retry_class text, has_amount boolean, amount_krw bigint, said_at timestamptz,
      covers_all boolean
    ) on commit drop`)
    return new AnswerStage(new CopyIn(client, 'copy staged_answer from stdin'))
  }

  async add(it: StagedAnswer): Promise<void> {
    this.#seq += 1
    const fields = [
      this.#seq,
      it.messageId,
      it.endToEndId,
      it.status,
      it.meaning,
      it.reason,
      it.retryClass,
      it.amountKrw === undefined ? 'f' : 't',
      it.amountKrw ?? null,
      it.saidAt,
      it.coversAll ? 't' : 'f',
    ]
    this.#rows.push(fields.map(copyText).join('\t'))
    if (this.#rows.length >= 2_000) await this.#flush()
  }

  async finish(): Promise<number> {
    await this.#flush()
    return await this.#copy.finish()
  }

  abort(): void {
    this.#copy.abort()
  }

  async #flush(): Promise<void> {
    if (this.#rows.length === 0) return
    const text = `${this.#rows.join('\n')}\n`
    this.#rows = []
    await this.#copy.write(Buffer.from(text))
  }
}

export interface StatusFile {
  readonly sha256: Buffer
  readonly bytes: number
  readonly answers: number
  /** An instant. */
  readonly at: string
}

/** Judges what was staged, books it, and says what each answer did. */
export async function bookAnswers(client: Client, file: StatusFile): Promise<KnownFile> {
  const { rows } = await client.query<{ id: string }>(
    'select coalesce(max(file_id), 0) + 1 as id from bank_status_file',
  )
  assert(rows[0] !== undefined, 'a number')
  const fileId = rows[0].id
  await client.query('analyze staged_answer')
  await client.query(JUDGE)
  await client.query(
    `insert into bank_status (file_id, seq, end_to_end_id, message_id, status, meaning, reason,
       retry_class, amount_krw, said_at, outcome, row_hash)
     select (it).file_id, (it).seq, (it).end_to_end_id, (it).message_id, (it).status,
       (it).meaning, (it).reason, (it).retry_class, (it).amount_krw, (it).said_at, (it).outcome,
       answer_hash(it)
     from (
       select row($1::bigint, row_number() over (order by seq, line_seq), end_to_end_id,
         message_id, status, meaning, reason, retry_class, amount_krw, said_at, outcome,
         ''::bytea)::bank_status as it
       from judged_answer
     ) judged`,
    [fileId],
  )
  const counts = await countOutcomes(client)
  await client.query(
    `insert into bank_status_file (file_id, sha256, bytes, answers, counts, imported_at,
       imported_by)
     values ($1, $2, $3, (select count(*) from judged_answer), $4, $5, '')`,
    [fileId, file.sha256, file.bytes, JSON.stringify(counts), file.at],
  )
  await client.query(BOOK, [fileId, file.at])
  return { fileId, counts }
}

// An answer for a message stands for each of its transfers. Those of one transfer are taken in the
// order of the file, after what earlier files said of it; the rule itself (transfer_state) knows no
// order, so that only what is booked by which entry depends on it, never where the money ends. Once
// people have resolved a contradiction, what says otherwise than they did is another one.
const JUDGE = `
  create temp table judged_answer on commit drop as
  with part as (
    select distinct message_id, batch_id, first_seq, last_seq
    from payout_export_part join payout_export using (export_id)
  ),
  spread as (
    select it.*, 0 as line_seq from staged_answer it where not covers_all
    union all
    select it.seq, it.message_id, t.end_to_end_id, it.status, it.meaning, it.reason,
      it.retry_class, false, null, it.said_at, true, t.seq
    from staged_answer it
    join part using (message_id)
    join payout_transfer t on t.batch_id = part.batch_id
      and t.seq between part.first_seq and part.last_seq
    where covers_all
    union all
    select it.*, 0 from staged_answer it
    where covers_all and not exists (select from part where part.message_id = it.message_id)
  ),
  sent as (
    select end_to_end_id, amount_krw::bigint as sent_krw
    from payout_transfer join payout_batch using (batch_id) where state = 'approved'
  ),
  earlier as (
    select end_to_end_id, bool_or(meaning = 'settled') as settled_before,
      bool_or(meaning = 'rejected') as rejected_before,
      max(said_at) filter (where meaning = 'rejected') as rejected_at,
      bool_or(said_at is null) as is_timeless,
      array_agg(distinct status || ' ' || coalesce(extract(epoch from said_at)::text, '')) as said
    from bank_status
    where end_to_end_id in (select end_to_end_id from spread)
      and outcome not in ('unknown', 'wrong_amount')
    group by end_to_end_id
  ),
  resolved as (
    select distinct on (end_to_end_id) end_to_end_id,
      case outcome when 'settled' then 'settled' else 'rejected' end as resolved_as
    from payout_resolution where approved_at is not null
    order by end_to_end_id, answers_to desc
  ),
  known as (
    select spread.*, sent_krw, resolved_as, coalesce(settled_before, false) as settled_before,
      coalesce(rejected_before, false) as rejected_before, rejected_at as earlier_rejected_at,
      status || ' ' || coalesce(extract(epoch from said_at)::text, '') = any (said) as was_said,
      case
        when end_to_end_id is null and (covers_all or meaning = 'unknown') then 'unknown'
        when end_to_end_id is null then 'noted'
        when sent_krw is null or meaning = 'unknown' then 'unknown'
        when has_amount and amount_krw is distinct from sent_krw then 'wrong_amount'
      end as fault
    from spread left join sent using (end_to_end_id) left join earlier using (end_to_end_id)
    left join resolved using (end_to_end_id)
  ),
  ordered as (
    select known.*,
      settled_before or coalesce(bool_or(meaning = 'settled') over so_far, false) as has_settled,
      rejected_before or coalesce(bool_or(meaning = 'rejected') over so_far, false)
        as has_rejected,
      greatest(earlier_rejected_at,
        max(said_at) filter (where meaning = 'rejected') over so_far) as rejected_at,
      coalesce(was_said, false) or row_number() over (
        partition by end_to_end_id, fault is null, status, said_at order by seq, line_seq) > 1
        as is_said
    from known
    window so_far as (partition by end_to_end_id, fault is null order by seq, line_seq
      rows between unbounded preceding and 1 preceding)
  )
  select seq, line_seq, end_to_end_id, message_id, status, meaning, reason, retry_class,
    amount_krw, said_at, case
      when fault is not null then fault
      when meaning <> 'pending' and resolved_as is not null
        then case when is_said or meaning = resolved_as then 'repeated' else 'contradicts' end
      when meaning = 'settled' and has_rejected then case
        when is_said then 'repeated'
        when said_at is null or rejected_at is null or said_at >= rejected_at then 'contradicts'
        else 'overtaken' end
      when meaning = 'settled' and has_settled or meaning = 'rejected' and has_rejected
        then 'repeated'
      when meaning = 'rejected' and has_settled then 'returned'
      when meaning = 'pending' and is_said then 'repeated'
      when meaning = 'pending' and (has_settled or has_rejected) then 'overtaken'
      else meaning
    end as outcome
  from ordered`

async function countOutcomes(client: Client): Promise<OutcomeCounts> {
  const { rows } = await client.query<{ outcome: AnswerOutcome; n: number }>(
    'select outcome, count(*)::integer as n from judged_answer group by outcome',
  )
  const counts: Record<AnswerOutcome, number> = {
    settled: 0,
    rejected: 0,
    returned: 0,
    pending: 0,
    repeated: 0,
    overtaken: 0,
    contradicts: 0,
    unknown: 0,
    wrong_amount: 0,
    noted: 0,
  }
  for (const { outcome, n } of rows) counts[outcome] = n
  return counts
}

const BOOK = `
  insert into journal (event, event_key, line_id, attempt_no, batch_id, debit, credit, amount_krw,
    at, source)
  select s.outcome, s.outcome || ':' || s.end_to_end_id, t.line_id, t.attempt_no, t.batch_id,
    case s.outcome when 'returned' then 'settled' else 'in_transit' end,
    case s.outcome when 'settled' then 'settled' else 'returned' end,
    t.amount_krw, $2::timestamptz, 'bank file ' || s.file_id
  from bank_status s join payout_transfer t using (end_to_end_id)
  where s.file_id = $1 and s.outcome in ('settled', 'rejected', 'returned')
  order by s.seq`

/** Transfers of which the bank says that they were paid and that they were not, lowest first. */
export async function contradictedTransfers(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select end_to_end_id as id from transfer_state where state = 'contradicted'
     order by line_id, attempt_no limit 100`,
  )
  return rows.map(({ id }) => id)
}
