/** SQL of refunds that nobody could be paid: set aside, and their age. */
import type { Client } from '../db/database.js'

export interface SetAside {
  readonly passId: string | null
  readonly count: number
  readonly totalKrw: number
}

/**
 * Moves whatever is still owed, and on no way to the bank, to the unclaimed. What a person has to
 * clear up first, and what waits in a batch, stays. Again, it moves nothing.
 * @param lastDate from which a refund ages that was due on no date
 */
export async function setAsideUnclaimed(
  client: Client,
  now: string,
  lastDate: string,
): Promise<SetAside> {
  await client.query(`create temp table aside on commit drop as ${OWED}`, [lastDate])
  const { rows } = await client.query<{ count: number; totalKrw: string | null }>(
    'select count(*)::integer as count, sum(amount_krw) as "totalKrw" from aside',
  )
  const count = rows[0]?.count ?? 0
  if (count === 0) return { passId: null, count, totalKrw: 0 }
  const made = await client.query<{ passId: string }>(
    `insert into unclaimed_pass (now_at, made_at, made_by) values ($1, $1, '')
     returning pass_id as "passId"`,
    [now],
  )
  const passId = made.rows[0]?.passId ?? ''
  await client.query(
    `insert into unclaimed_refund (line_id, pass_id, account, amount_krw, due_on)
     select line_id, $1, account, amount_krw, due_on from aside order by line_id`,
    [passId],
  )
  await client.query(
    `insert into journal (event, event_key, line_id, debit, credit, amount_krw, at, source)
     select 'unclaimed', 'unclaimed:' || line_id || ':' || account, line_id, account, 'unclaimed',
       amount_krw, $2::timestamptz, 'unclaimed ' || $1::bigint
     from aside order by line_id`,
    [passId, now],
  )
  return { passId, count, totalKrw: Number(rows[0]?.totalKrw ?? 0) }
}

const OWED = `
  with side as (
    select line_id, credit as account, amount_krw::bigint as krw from journal
    union all select line_id, debit, -amount_krw from journal
  ),
  balance as (
    select line_id, account, sum(krw) as amount_krw from side
    where account in ('refunds_payable', 'returned')
    group by line_id, account having sum(krw) > 0
  ),
  busy as (
    select line_id from transfer_state
    where state = 'contradicted' or not released and state = 'prepared'
  ),
  first_due as (
    select line_id, min(payout_on) as due_on from application_state group by line_id
  )
  select line_id, account, amount_krw, coalesce(due_on, $1::date) as due_on
  from balance left join first_due using (line_id)
  where line_id not in (select line_id from busy)
    and not exists (select from unclaimed_refund u
      where u.line_id = balance.line_id and u.account = balance.account)`

export interface UnclaimedAge {
  /** Since the payout date: completed months, up to and including; null for all above. */
  readonly uptoMonths: number | null
  readonly count: number
  readonly totalKrw: number
}

const AGE_ENDS = [3, 12, 36, 60]

/** `on` is an ISO date. */
export async function unclaimedAges(client: Client, on: string): Promise<readonly UnclaimedAge[]> {
  const { rows } = await client.query<{ band: number; count: number; totalKrw: string }>(
    `select width_bucket(months, $2::integer[]) as band, count(distinct line_id)::integer as count,
       sum(amount_krw) as "totalKrw"
     from (
       select line_id, amount_krw, greatest(0, extract(year from age($1::date, due_on)) * 12
         + extract(month from age($1::date, due_on)))::integer as months
       from unclaimed_refund
     ) it
     group by 1 order by 1`,
    [on, [0, ...AGE_ENDS]],
  )
  return rows.map((it) => ({
    uptoMonths: AGE_ENDS[it.band - 1] ?? null,
    count: it.count,
    totalKrw: Number(it.totalKrw),
  }))
}
