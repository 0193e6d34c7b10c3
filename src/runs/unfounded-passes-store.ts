/** SQL of passes that what was learnt later takes the ground from. */
import type { Client } from '../db/database.js'
import type { SettleQuery } from './settle-query.js'
import { countsAt, IN_WINDOW } from './settle-store.js'

/**
 * Forgets the passes of this period that no longer go by the last choice before their issue: it was
 * withdrawn by then, or another one had come. Their lines are settled as if they held none, so what
 * they chose up to now counts, and a pass of another option takes a code. Only the lines of which
 * something was imported after the period's first plan are looked at.
 *
 * A pass tells its day: it goes by the last choice before its issue, or before a later plan of that
 * day. Granted anew on its day it would be the same, and its code be given out a second time.
 */
export async function forgetUnfoundedPasses(client: Client, query: SettleQuery): Promise<void> {
  const window = query.passWindow
  if (window === undefined || query.ledgerRuns.length === 0) return
  await client.query(
    `with late_import as (
       select import_id from unnest($1::bigint[]) it(import_id)
       where exists (select from run join plan p using (plan_id)
                     where run_id = any($2::bigint[]) and p.period = $5
                       and it.import_id <> all(p.inputs))
     ), late as (
       select line_id from choice
       where benefit = 'ott_pass' and import_id in (select import_id from late_import)
       union
       select c.line_id from choice_withdrawal w join choice c using (choice_id)
       where c.benefit = 'ott_pass' and w.import_id in (select import_id from late_import)
     ), held as (
       select h.* from held_grant h join late on late.line_id = h.subject_id
       where h.benefit = 'ott_pass' and h.period = $5
     ), planned as (
       select p.now_at as at from run join plan p using (plan_id)
       where run_id = any($2::bigint[]) and p.period = $5
       union
       select $7::timestamptz
     ), last as (
       select distinct on (c.line_id, p.at) c.line_id, p.at, c.option = h.option as is_held
       from held h
       join planned p on (p.at at time zone $6)::date = h.issued_on and p.at >= h.issued_at
       join choice c on c.line_id = h.subject_id
       left join choice_withdrawal w
         on w.choice_id = c.choice_id and w.import_id = any($1::bigint[])
       where c.benefit = 'ott_pass' and c.import_id = any($1::bigint[])
         and ${IN_WINDOW} and ${countsAt('p.at')}
       order by c.line_id, p.at, c.chosen_at desc, c.choice_id desc
     ), founded as (
       select line_id, min(at) as at from last where is_held group by line_id
     ), dated as (
       update held_grant h set issued_at = f.at from founded f
       where h.benefit = 'ott_pass' and h.period = $5 and h.subject_id = f.line_id
         and h.issued_at <> f.at
     )
     delete from held_grant
     where benefit = 'ott_pass' and period = $5
       and subject_id in (select subject_id from held)
       and subject_id not in (select line_id from founded)`,
    [query.inputs, query.ledgerRuns, window.from, window.to, query.period, query.zone, query.now],
  )
}
