/** SQL that settles who gets one of the codes that are left, and keeps it for the plan. */
import type { Client } from '../db/database.js'
import type { SettleQuery } from './settle-query.js'
import type { ChoosingKind, Settled } from './settle-store.js'

/**
 * Gives the lines of these kinds the codes that are free, by chosen_at, then line_id; the codes
 * that expire first go first. A line that was given a code of its option before keeps that one.
 * The two queues meet by grouping: a join on option and place was made on the option alone, and
 * 27,000 lines against as many codes took minutes.
 */
export async function settleVouchers(
  client: Client,
  query: SettleQuery,
  kinds: readonly ChoosingKind[],
): Promise<void> {
  await settleWanting(client, kinds)
  await settleGiven(client, query)
  await client.query(
    `create temp table settled_voucher on commit drop as
     with kept as (
       select distinct on (w.line_id) w.customer_id, w.line_id, w.option, g.code_id
       from wanting_code w
       join given_code g on g.line_id = w.line_id and g.option = w.option
       where g.expires_on >= ($3::timestamptz at time zone $4)::date
       order by w.line_id, g.code_id
     ), free as (
       select option, code_id,
         row_number() over (partition by option order by expires_on, code_id) as place
       from voucher_code v
       where import_id = any($1::bigint[])
         and expires_on >= ($3::timestamptz at time zone $4)::date
         and not exists (select from voucher_issue i
                         where i.code_id = v.code_id and i.run_id = any($2::bigint[]))
     ), queue as (
       select w.*, row_number() over (partition by option order by chosen_at, line_id) as place
       from wanting_code w
       where not exists (select from kept k where k.line_id = w.line_id)
     )
     select max(customer_id) as customer_id, max(line_id) as line_id, option,
       max(code_id) as code_id, false as reissued
     from (
       select option, place, customer_id, line_id, null::bigint as code_id from queue
       union all
       select option, place, null, null, code_id from free
     ) both_lists
     group by option, place having max(line_id) is not null
     union all
     select customer_id, line_id, option, code_id, true from kept`,
    [query.inputs, query.ledgerRuns, query.now, query.zone],
  )
  await client.query('analyze settled_voucher')
}

/**
 * Set down and counted: of a join by the facts of a kind PostgreSQL guesses a single line, and
 * compared 4,690 lines that wanted a code with all 60,000 codes of their option, 26 s instead of
 * a tenth.
 */
async function settleWanting(client: Client, kinds: readonly ChoosingKind[]): Promise<void> {
  await client.query(
    `create temp table wanting_code on commit drop as
     select s.customer_id, s.line_id, s.option, s.chosen_at
     from settled_line s
     join unnest($1::network[], $2::line_kind[], $3::payment[], $4::line_status[],
                 $5::line_status[])
       as k(network, line_kind, payment, base_status, start_status)
       on k.network = s.network and k.line_kind = s.line_kind and k.payment = s.payment
         and k.base_status = s.base_status
         and k.start_status = coalesce(s.status_at_start, s.base_status)
     where s.option is not null and not s.held`,
    [
      kinds.map((it) => it.network),
      kinds.map((it) => it.lineKind),
      kinds.map((it) => it.payment),
      kinds.map((it) => it.statusAtBase),
      kinds.map((it) => it.statusAtStart),
    ],
  )
  await client.query('analyze wanting_code')
}

/** The codes that finished runs gave to lines that want one now. */
async function settleGiven(client: Client, query: SettleQuery): Promise<void> {
  await client.query(
    `create temp table given_code on commit drop as
     with again as materialized (
       select code_id, line_id from voucher_issue
       where run_id = any($1::bigint[]) and line_id in (select line_id from wanting_code)
     )
     select a.code_id, a.line_id, v.option, v.expires_on
     from again a join voucher_code v using (code_id)`,
    [query.ledgerRuns],
  )
  await client.query('analyze given_code')
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
export async function countVoucherDifferences(
  client: Client,
  planId: string,
  { vouchers }: Settled,
): Promise<number> {
  const stored = `select line_id, code_id, reissued from plan_voucher where plan_id = $1`
  const settled = vouchers
    ? 'select line_id, code_id, reissued from settled_voucher where code_id is not null'
    : 'select line_id, code_id, reissued from plan_voucher where false'
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
