/**
 * SQL that settles, once for all chunks of a plan, what the snapshot does not tell of its lines and
 * customers. Each step leaves a temporary table for the next; all are gone with the transaction.
 */
import { assert } from '../assert.js'
import { copyOut } from '../db/copy.js'
import type { Client } from '../db/database.js'
import type { BaseStatus, IsoDate, LineKind, LineStatus, Network, Payment } from '../rules/case.js'
import { lineTableOf } from '../snapshot/snapshot-store.js'
import { postingTableOf } from './posting-store.js'
import type { SettleQuery } from './settle-query.js'

function ofLines({ only }: SettleQuery, column: string): string {
  if (only === undefined) return ''
  assert(
    [only.customerId, ...only.lineIds].every((it) => /^\d+$/.test(it)),
    'ids of digits',
  )
  return `and ${column} = any('{${only.lineIds.join()}}')`
}

/**
 * Keeps PostgreSQL from joining row by row: of tables made a moment ago and of what is numbered
 * within a statement it guesses a handful of rows, and 45,000 choices against 150,000 codes then
 * took ten minutes instead of half a second.
 */
export async function prepareWholeJoins(client: Client, { only }: SettleQuery): Promise<void> {
  if (only !== undefined) return
  await client.query(`set local enable_nestloop = off`)
  await client.query(`set local work_mem = '64MB'`)
}

// Changes up to the end of the base date are the snapshot's own; of those after it, the last one
// at or before the period's start counts. The changes are set down and analysed first: without
// their number PostgreSQL looked each line up by itself, and the 120,000 of a May among 2,000,000
// lines took 1.8 s instead of 0.9.
export async function settleChanges(client: Client, query: SettleQuery): Promise<void> {
  await client.query(`create temp table settled_change (
    line_id bigint, status line_status, guardian_consent_on date) on commit drop`)
  await client.query(
    `insert into settled_change
     select coalesce(s.line_id, c.line_id), s.status, c.guardian_consent_on
     from (
       select distinct on (line_id) line_id, status
       from status_change
       where import_id = any($1::bigint[]) ${ofLines(query, 'line_id')}
         and effective_at >= ($2::date + 1)::timestamp at time zone $4
         and effective_at <= ($3 || '-01')::timestamp at time zone $4
       order by line_id, effective_at desc, sequence_no desc
     ) s
     full join (
       select line_id, min(guardian_consent_on) as guardian_consent_on
       from guardian_consent
       where import_id = any($1::bigint[]) ${ofLines(query, 'line_id')}
       group by line_id
     ) c on c.line_id = s.line_id`,
    [query.inputs, query.baseDate, query.period, query.zone],
  )
  await client.query('analyze settled_change')
}

/**
 * The passes and insurances that stand in the ledger, of all periods of the programme. They are
 * given once, so few entry sets speak of them and the postings are asked for those alone.
 */
export async function settleHeldGrants(client: Client, query: SettleQuery): Promise<void> {
  await client.query(`create temp table held_grant (
    benefit text, subject_id bigint, period text, issued_at timestamptz, issued_on date)
    on commit drop`)
  if (query.ledgerRuns.length === 0) return
  await client.query(
    `create temp table once_entry on commit drop as
     select e.entry_set_id, l.ledger_no, p.period, p.now_at as issued_at, entry.*
     from run r
     join plan p using (plan_id)
     join ledger l on l.programme = p.programme and l.period = p.period
     join entry_set e using (plan_id)
     cross join lateral jsonb_to_recordset(e.entries) as entry(
       benefit text, subject text, entry_type text, entry_no integer, valid_from date)
     where r.run_id = any($1::bigint[]) and entry.benefit in ('ott_pass', 'insurance')`,
    [query.ledgerRuns],
  )
  const { rows } = await client.query<{ ledger_no: number; reversals: boolean }>(
    `select ledger_no, bool_or(entry_type = 'reversal') as reversals
     from once_entry group by ledger_no order by ledger_no`,
  )
  for (const { ledger_no: ledgerNo, reversals } of rows) {
    // Where nothing was ever reversed, each subject has one such entry: no sort is needed.
    await client.query(
      `insert into held_grant
       select benefit, subject_id, period, issued_at, valid_from
       from (
         select ${reversals ? 'distinct on (e.benefit, subject_id)' : ''}
           e.benefit, e.period, e.issued_at, e.valid_from, e.entry_type,
           case e.subject when 'line' then p.line_id else p.customer_id end as subject_id
         from ${postingTableOf(ledgerNo)} p
         join once_entry e using (entry_set_id)
         ${query.only === undefined ? '' : `where p.customer_id = ${query.only.customerId}`}
         ${reversals ? 'order by e.benefit, subject_id, e.entry_no desc' : ''}
       ) last
       where entry_type = 'grant'`,
    )
  }
  await client.query('analyze held_grant')
}

/** Until when a choice counts: the pass issued in this period, else the plan's now (A26). */
const COUNTS = `c.chosen_at < coalesce(h.issued_at, $2)
  and (coalesce(c.withdrawn_at, w.withdrawn_at) is null
       or coalesce(c.withdrawn_at, w.withdrawn_at) >= coalesce(h.issued_at, $2))`

const IN_WINDOW = `c.chosen_at >= $3::date::timestamp at time zone $6
  and c.chosen_at < least(($4::date + 1)::timestamp at time zone $6,
                          (($5 || '-01')::date + interval '1 month') at time zone $6)`

/** Lines for which a choice counts or that hold a pass; false when there is none. */
export async function settleChoices(client: Client, query: SettleQuery): Promise<boolean> {
  const window = query.passWindow
  if (window === undefined) return false
  const { rowCount } = await client.query(
    `create temp table settled_choice on commit drop as
     select coalesce(c.line_id, h.subject_id) as line_id, c.option, c.chosen_at,
       h.subject_id is not null as held,
       coalesce(h.issued_on, ($2::timestamptz at time zone $6)::date) as issued_on,
       nullif(h.period, $5) as granted_in
     from (
       select distinct on (c.line_id) c.line_id, c.option, c.chosen_at
       from choice c
       left join choice_withdrawal w
         on w.choice_id = c.choice_id and w.import_id = any($1::bigint[])
       left join held_grant h
         on h.benefit = 'ott_pass' and h.period = $5 and h.subject_id = c.line_id
       where c.benefit = 'ott_pass' and c.import_id = any($1::bigint[])
         ${ofLines(query, 'c.line_id')}
         and ${IN_WINDOW} and ${COUNTS}
       order by c.line_id, c.chosen_at desc, c.choice_id desc
     ) c
     full join (
       select distinct on (subject_id) * from held_grant where benefit = 'ott_pass'
       order by subject_id, period = $5
     ) h on h.subject_id = c.line_id`,
    [query.inputs, query.now, window.from, window.to, query.period, query.zone],
  )
  await client.query('analyze settled_choice')
  return (rowCount ?? 0) > 0
}

/** Customers of whom an application counts or who are insured; false when there is none. */
export async function settleCustomers(client: Client, query: SettleQuery): Promise<boolean> {
  const window = query.applicationWindow
  if (window === undefined) return false
  const { rowCount } = await client.query(
    `create temp table settled_customer on commit drop as
     select coalesce(a.customer_id, h.subject_id) as customer_id, a.applications,
       nullif(h.period, $5) as granted_in
     from (
       select l.customer_id, string_agg(
         to_char(c.chosen_at at time zone $6, 'YYYY-MM-DD')
           || case when c.guardian_consent then '+' else '-' end, ' '
         order by c.chosen_at, c.choice_id) as applications
       from choice c
       join ${lineTableOf(query.snapshotId)} l using (line_id)
       left join choice_withdrawal w
         on w.choice_id = c.choice_id and w.import_id = any($1::bigint[])
       left join held_grant h
         on h.benefit = 'insurance' and h.period = $5 and h.subject_id = l.customer_id
       where c.benefit = 'insurance' and c.import_id = any($1::bigint[])
         ${ofLines(query, 'c.line_id')}
         and ${IN_WINDOW} and ${COUNTS}
       group by l.customer_id
     ) a
     full join (
       select distinct on (subject_id) * from held_grant where benefit = 'insurance'
       order by subject_id, period = $5
     ) h on h.subject_id = a.customer_id
     where a.customer_id is not null or h.period <> $5`,
    [query.inputs, query.now, window.from, window.to, query.period, query.zone],
  )
  return (rowCount ?? 0) > 0
}

const lines = (query: SettleQuery, withChoices: boolean): string => `
  select l.customer_id, l.line_id, nullif(x.status, l.status) as status_at_start,
    case when x.guardian_consent_on < coalesce(l.guardian_consent_on, 'infinity')
         then x.guardian_consent_on end as guardian_consent_on,
    l.network, l.line_kind, l.payment, l.status as base_status,
    x.option, x.chosen_at, x.held, x.issued_on, x.granted_in
  from ${withChoices ? CHANGED_AND_CHOSEN : CHANGED} x
  join ${lineTableOf(query.snapshotId)} l on l.line_id = x.line_id
  where x.status is distinct from l.status and x.status is not null
     or x.guardian_consent_on < coalesce(l.guardian_consent_on, 'infinity')
     or x.issued_on is not null`

const CHANGED = `(
    select line_id, status, guardian_consent_on, null::text as option,
      null::timestamptz as chosen_at, null::boolean as held, null::date as issued_on,
      null::text as granted_in
    from settled_change)`

const CHANGED_AND_CHOSEN = `(
    select line_id, s.status, s.guardian_consent_on, c.option, c.chosen_at, c.held, c.issued_on,
      c.granted_in
    from settled_change s full join settled_choice c using (line_id))`

/** Sets the lines down: who gets a code is asked of them before they are told. */
export async function settleLines(client: Client, query: SettleQuery): Promise<void> {
  await client.query(`create temp table settled_line on commit drop as ${lines(query, true)}`)
  await client.query('analyze settled_line')
}

/** What the rules look at to say whether a line that chose gets a pass. */
export interface ChoosingKind {
  readonly network: Network
  readonly lineKind: LineKind
  readonly payment: Payment
  readonly statusAtBase: BaseStatus
  readonly statusAtStart: LineStatus
}

/** The few kinds of lines for which a choice counts and that hold no pass. */
export async function choosingKinds(client: Client): Promise<readonly ChoosingKind[]> {
  const { rows } = await client.query<{
    network: Network
    line_kind: LineKind
    payment: Payment
    base_status: BaseStatus
    start_status: LineStatus
  }>(
    `select distinct network, line_kind, payment, base_status,
       coalesce(status_at_start, base_status) as start_status
     from settled_line where option is not null and not held`,
  )
  return rows.map((it) => ({
    network: it.network,
    lineKind: it.line_kind,
    payment: it.payment,
    statusAtBase: it.base_status,
    statusAtStart: it.start_status,
  }))
}

/**
 * Gives the lines of these kinds the codes that are free, by chosen_at, then line_id; the codes
 * that expire first go first. A line that was given a code of its option before keeps that one.
 * Lines and codes are numbered within the statement, so PostgreSQL guesses few of either and would
 * merge them by their option alone: 29,000 lines against 37,000 codes took 100 s instead of one.
 */
export async function settleVouchers(
  client: Client,
  query: SettleQuery,
  kinds: readonly ChoosingKind[],
): Promise<void> {
  await client.query(`set local enable_mergejoin = off`)
  await client.query(
    `create temp table settled_voucher on commit drop as
     with wanting as (
       select s.customer_id, s.line_id, s.option, s.chosen_at
       from settled_line s
       join unnest($5::network[], $6::line_kind[], $7::payment[], $8::line_status[],
                   $9::line_status[])
         as k(network, line_kind, payment, base_status, start_status)
         on k.network = s.network and k.line_kind = s.line_kind and k.payment = s.payment
           and k.base_status = s.base_status
           and k.start_status = coalesce(s.status_at_start, s.base_status)
       where s.option is not null and not s.held
     ), given as (
       select code_id, line_id from voucher_issue where run_id = any($2::bigint[])
     ), kept as (
       select distinct on (w.line_id) w.customer_id, w.line_id, w.option, g.code_id
       from wanting w
       join given g using (line_id)
       join voucher_code v on v.code_id = g.code_id and v.option = w.option
       where v.expires_on >= ($3::timestamptz at time zone $4)::date
       order by w.line_id, g.code_id
     ), free as (
       select option, code_id,
         row_number() over (partition by option order by expires_on, code_id) as place
       from voucher_code v
       where import_id = any($1::bigint[])
         and expires_on >= ($3::timestamptz at time zone $4)::date
         and not exists (select from given g where g.code_id = v.code_id)
     ), queue as (
       select w.*, row_number() over (partition by option order by chosen_at, line_id) as place
       from wanting w
       where not exists (select from kept k where k.line_id = w.line_id)
     )
     select customer_id, line_id, option, code_id, false as reissued
     from queue q left join free f using (option, place)
     union all
     select customer_id, line_id, option, code_id, true from kept`,
    [
      query.inputs,
      query.ledgerRuns,
      query.now,
      query.zone,
      kinds.map((it) => it.network),
      kinds.map((it) => it.lineKind),
      kinds.map((it) => it.payment),
      kinds.map((it) => it.statusAtBase),
      kinds.map((it) => it.statusAtStart),
    ],
  )
  await client.query(`set local enable_mergejoin = on`)
  await client.query('analyze settled_voucher')
}

export async function storeVouchers(client: Client, planId: string): Promise<void> {
  await client.query(
    `insert into plan_voucher (plan_id, customer_id, line_id, code_id, reissued)
     select $1, customer_id, line_id, code_id, reissued from settled_voucher
     where code_id is not null order by customer_id, line_id`,
    [planId],
  )
}

/** Codes stored for the plan that are not those settled now, and the other way round. */
export async function countVoucherDifferences(client: Client, planId: string): Promise<number> {
  const stored = `select line_id, code_id, reissued from plan_voucher where plan_id = $1`
  const settled = `select line_id, code_id, reissued from settled_voucher
                   where code_id is not null`
  const { rows } = await client.query<{ differences: string }>(
    `select (select count(*) from (${stored} except ${settled}) a)
          + (select count(*) from (${settled} except ${stored}) b) as differences`,
    [planId],
  )
  return Number(rows[0]?.differences)
}

export interface CodeDemand {
  readonly option: string
  readonly wanted: number
  readonly missing: number
}

export async function codeDemand(client: Client): Promise<readonly CodeDemand[]> {
  const { rows } = await client.query<{ option: string; wanted: string; missing: string }>(
    `select option, count(*) as wanted, count(*) filter (where code_id is null) as missing
     from settled_voucher group by option order by option`,
  )
  return rows.map((it) => ({
    option: it.option,
    wanted: Number(it.wanted),
    missing: Number(it.missing),
  }))
}

/** What the steps before have left to tell. */
export interface Settled {
  readonly choices: boolean
  readonly vouchers: boolean
  readonly customers: boolean
}

/** Fields of a row of `settledRows`. */
export const SETTLED_FIELDS = 9

/**
 * All that is settled, in order of customer; a row with line_id 0, first of its customer, is about
 * the customer itself. Binary COPY.
 */
export function settledRows(
  client: Client,
  query: SettleQuery,
  settled: Settled,
): AsyncIterable<Buffer> {
  const ofLines = settled.choices ? 'settled_line' : `(${lines(query, false)})`
  const hasCode = settled.vouchers ? 's.held or v.code_id is not null' : 's.held'
  const codes = settled.vouchers
    ? 'left join settled_voucher v on v.customer_id = s.customer_id and v.line_id = s.line_id'
    : ''
  const ofCustomers = `union all
    select customer_id, 0, null, null, null, null, null, granted_in, coalesce(applications, '')
    from settled_customer`
  return copyOut(
    client,
    `copy (
      select s.customer_id, s.line_id, s.status_at_start, s.guardian_consent_on, s.option,
        ${hasCode} as has_code, s.issued_on, s.granted_in, null::text as applications
      from ${ofLines} s ${codes}
      ${settled.customers ? ofCustomers : ''}
      order by 1, 2
    ) to stdout (format binary)`,
  )
}

/** The day of an instant in the programme's zone is data of PostgreSQL's time zone tables. */
export async function dayOf(client: Client, at: string, zone: string): Promise<IsoDate> {
  const { rows } = await client.query<{ day: string }>(
    'select ($1::timestamptz at time zone $2)::date as day',
    [at, zone],
  )
  assert(rows[0] !== undefined, 'a day')
  return rows[0].day
}
