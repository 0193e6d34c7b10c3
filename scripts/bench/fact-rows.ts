/**
 * What came after the base date, as the SQL rival reads it: one row for each line that a later
 * status or consent makes differ from the snapshot. Redress keeps the same in a form of its own.
 */
import type { Pool } from '../../src/db/database.js'
import { lineTableOf } from '../../src/snapshot/snapshot-store.js'
import { AS_OF, PERIOD } from './task.js'

export const FACT_TABLE = 'bench_line_fact'

/** Made before the clock starts, with statistics and a visibility map. */
export async function makeFactRows(pool: Pool, snapshotId: number): Promise<void> {
  await pool.query(`
    create table ${FACT_TABLE} as
    with status as (
      select distinct on (line_id) line_id, status
      from status_change
      where effective_at >= ('${AS_OF}'::date + 1)::timestamp at time zone 'Asia/Seoul'
        and effective_at <= '${PERIOD}-01'::timestamp at time zone 'Asia/Seoul'
      order by line_id, effective_at desc, sequence_no desc
    ), consent as (
      select line_id, min(guardian_consent_on) as consent_on from guardian_consent group by line_id
    )
    select l.customer_id, l.line_id, nullif(s.status, l.status) as status_at_start,
      case when c.consent_on < coalesce(l.guardian_consent_on, 'infinity')
           then c.consent_on end as guardian_consent_on
    from status s
    full join consent c using (line_id)
    join ${lineTableOf(snapshotId)} l using (line_id)
    where s.status <> l.status
       or c.consent_on < coalesce(l.guardian_consent_on, 'infinity')
    order by l.customer_id, l.line_id`)
  await pool.query(`alter table ${FACT_TABLE} add primary key (customer_id, line_id)`)
  await pool.query(`vacuum (analyze) ${FACT_TABLE}`)
}
