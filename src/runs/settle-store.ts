/**
 * SQL that settles, once for all chunks of a plan, what the snapshot does not tell of its lines and
 * customers. Each step leaves a temporary table for the next; all are gone with the transaction.
 */
import { assert } from '../assert.js'
import { copyOut } from '../db/copy.js'
import type { Client } from '../db/database.js'
import type { BaseStatus, IsoDate, LineKind, LineStatus, Network, Payment } from '../rules/case.js'
import { lineTableOf } from '../snapshot/snapshot-store.js'
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

// Bounds stand in a query of their own, which is asked once: in the condition itself a bound was
// worked out for each row, three quarters of the scan's time.
//
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
         and effective_at >= (select ($2::date + 1)::timestamp at time zone $4)
         and effective_at <= (select ($3 || '-01')::timestamp at time zone $4)
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

/** Made before the instant and not withdrawn before it. */
export function countsAt(instant: string): string {
  return `(c.chosen_at < ${instant}
    and (coalesce(c.withdrawn_at, w.withdrawn_at) is null
         or coalesce(c.withdrawn_at, w.withdrawn_at) >= ${instant}))`
}

/** Until when a choice counts: the pass issued in this period, else the plan's now (A26). */
const COUNTS = countsAt('coalesce(h.issued_at, $2)')

/**
 * What counted when an insurance was issued in this period counts for good. Applications that came
 * later stand behind, so that whoever loses it by a correction is insured anew by one of them; and
 * those that it was issued by stay, or each plan would undo what the one before it corrected.
 */
const STANDS = `(${countsAt('$2')}
  or exists (select from unnest(h.issues) as issue(at) where ${countsAt('issue.at')}))`

/** $3 and $4 the window's days, $5 the period, $6 the zone. */
export const IN_WINDOW = `c.chosen_at >= (select $3::date::timestamp at time zone $6)
  and c.chosen_at < (select least(($4::date + 1)::timestamp at time zone $6,
                                  (($5 || '-01')::date + interval '1 month') at time zone $6))`

/** Whether anybody chose or applied, or holds what is given once. */
export async function isAnythingOnce(client: Client, query: SettleQuery): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    `select exists (select from choice where import_id = any($1::bigint[]))
         or exists (select from held_grant) as found`,
    [query.inputs],
  )
  return rows[0]?.found === true
}

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
         and ${IN_WINDOW} and ${STANDS}
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
  from ${withChoices ? 'changed_and_chosen' : CHANGED} x
  join ${lineTableOf(query.snapshotId)} l on l.line_id = x.line_id
  where x.status is distinct from l.status and x.status is not null
     or x.guardian_consent_on < coalesce(l.guardian_consent_on, 'infinity')
     or x.issued_on is not null`

const CHANGED = `(
    select line_id, status, guardian_consent_on, null::text as option,
      null::timestamptz as chosen_at, null::boolean as held, null::date as issued_on,
      null::text as granted_in
    from settled_change)`

/**
 * Sets the lines down: who gets a code is asked of them before they are told. Changes and choices
 * are brought together first: of a full join PostgreSQL knows no statistics, and would rather have
 * kept all lines of the snapshot in memory than these.
 */
export async function settleLines(client: Client, query: SettleQuery): Promise<void> {
  await client.query(
    `create temp table changed_and_chosen on commit drop as
     select line_id, s.status, s.guardian_consent_on, c.option, c.chosen_at, c.held, c.issued_on,
       c.granted_in
     from settled_change s full join settled_choice c using (line_id)`,
  )
  await client.query('analyze changed_and_chosen')
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
