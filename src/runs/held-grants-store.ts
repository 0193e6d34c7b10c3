/** SQL of what earlier runs granted once and for all periods. */
import type { Client } from '../db/database.js'
import { postingTableOf } from './posting-store.js'
import type { SettleQuery } from './settle-query.js'

/**
 * The passes and insurances that stand in the ledger, of all periods of the programme. They are
 * given once, so few entry sets speak of them and the postings are asked for those alone. `issues`
 * are the instants at which the subject was granted it since it last had none: the last of them is
 * `issued_at`, those before it are of grants that it took the place of.
 */
export async function settleHeldGrants(client: Client, query: SettleQuery): Promise<void> {
  await client.query(`create temp table held_grant (
    benefit text, subject_id bigint, period text, issued_at timestamptz, issued_on date,
    option text, issues timestamptz[]) on commit drop`)
  if (query.ledgerRuns.length === 0) return
  await client.query(
    `create temp table once_entry on commit drop as
     select e.entry_set_id, l.ledger_no, p.period, p.now_at as issued_at, entry.*
     from run r
     join plan p using (plan_id)
     join ledger l on l.programme = p.programme and l.period = p.period
     join entry_set e using (plan_id)
     cross join lateral jsonb_to_recordset(e.entries) as entry(
       benefit text, subject text, entry_type text, entry_no integer, valid_from date, option text,
       reason text)
     where r.run_id = any($1::bigint[]) and entry.benefit in ('ott_pass', 'insurance')`,
    [query.ledgerRuns],
  )
  const { rows } = await client.query<{ ledger_no: number; reversals: boolean }>(
    `select ledger_no, bool_or(entry_type = 'reversal') as reversals
     from once_entry group by ledger_no order by ledger_no`,
  )
  for (const { ledger_no: ledgerNo, reversals } of rows) {
    const entries = `
      select e.*, case e.subject when 'line' then p.line_id else p.customer_id end as subject_id
      from ${postingTableOf(ledgerNo)} p
      join once_entry e using (entry_set_id)
      ${query.only === undefined ? '' : `where p.customer_id = ${query.only.customerId}`}`
    await client.query(
      `insert into held_grant ${reversals ? standingOf(entries) : onlyGrantsOf(entries)}`,
    )
  }
  await client.query('analyze held_grant')
}

/** Where nothing was ever reversed, each subject has one such entry: no sort is needed. */
function onlyGrantsOf(entries: string): string {
  return `select benefit, subject_id, period, issued_at, valid_from, option, array[issued_at]
    from (${entries}) e`
}

function standingOf(entries: string): string {
  return `select distinct on (benefit, subject_id) benefit, subject_id, period, issued_at,
      valid_from, option, array_agg(issued_at) over (partition by benefit, subject_id)
    from (
      select e.*, max(entry_no)
        filter (where entry_type = 'reversal' and reason <> 'GRANT_CHANGED')
        over (partition by benefit, subject_id) as ended_no
      from (${entries}) e
    ) e
    where entry_type = 'grant' and entry_no > coalesce(ended_no, 0)
    order by benefit, subject_id, entry_no desc`
}
