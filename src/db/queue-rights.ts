/** The queue's own schema in PostgreSQL, opened to those who ring and those who work. */
import type { Pool } from './database.js'

const ROLES = 'redress_operator, redress_worker'

/**
 * Does nothing for whoever does not own the schema, or once it was done. Statements sent together
 * are one transaction.
 * @param queueNames all that anybody will ring on: a queue's first job makes a sequence of it, for
 * which nobody else has the right
 */
export async function grantQueue(pool: Pool, queueNames: readonly string[]): Promise<void> {
  const { rows } = await pool.query<{ owns: boolean; due: boolean }>(
    `select pg_has_role(nspowner, 'usage') as owns,
       not has_schema_privilege('redress_worker', oid, 'usage') as due
     from pg_namespace where nspname = 'bullmq'`,
  )
  if (rows[0]?.owns !== true) return
  await pool.query(
    `select bullmq.next_job_id(name) from unnest($1::text[]) as name
     where to_regclass('bullmq.' || bullmq.job_id_seq_name(name)) is null`,
    [queueNames],
  )
  if (!rows[0].due) return
  const rights = ['select, insert, update, delete on tables', 'usage, select on sequences']
  const defaults = rights.map(
    (it) => `alter default privileges in schema bullmq grant ${it} to ${ROLES};`,
  )
  await pool.query(
    `select pg_advisory_xact_lock(hashtext('redress queue rights'));
     grant select, insert, update, delete on all tables in schema bullmq to ${ROLES};
     grant usage, select on all sequences in schema bullmq to ${ROLES};
     ${defaults.join('\n')}
     grant usage on schema bullmq to ${ROLES}`,
  )
}
