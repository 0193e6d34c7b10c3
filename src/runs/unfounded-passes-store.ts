/** SQL of passes that what was learnt later takes the ground from. */
import type { Client } from '../db/database.js'
import type { SettleQuery } from './settle-query.js'
import { IN_WINDOW } from './settle-store.js'

/**
 * Forgets the passes of this period that no longer go by the last choice before their issue: it was
 * withdrawn by then, or another one had come. Their lines are settled as if they held none, so what
 * they chose up to now counts, and a pass of another option takes a code. Only the lines of which
 * something was imported after the period's first plan are looked at.
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
     ), founded as (
       select distinct on (c.line_id) c.line_id, c.option
       from held h
       join choice c on c.line_id = h.subject_id
       left join choice_withdrawal w
         on w.choice_id = c.choice_id and w.import_id = any($1::bigint[])
       where c.benefit = 'ott_pass' and c.import_id = any($1::bigint[])
         and ${IN_WINDOW} and c.chosen_at < h.issued_at
         and (coalesce(c.withdrawn_at, w.withdrawn_at) is null
              or coalesce(c.withdrawn_at, w.withdrawn_at) >= h.issued_at)
       order by c.line_id, c.chosen_at desc, c.choice_id desc
     )
     delete from held_grant
     where (benefit, subject_id) in (select benefit, subject_id from held
       where not exists (select from founded
                         where line_id = held.subject_id and option = held.option))`,
    [query.inputs, query.ledgerRuns, window.from, window.to, query.period, query.zone],
  )
}
