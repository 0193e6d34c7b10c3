/** The jobs suite over BullMQ's PostgreSQL backend. */
import { openPool } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import {
  jobsDatabaseUrl,
  openJobsBackend,
  prepareJobsSchema,
} from '../../src/jobs/bullmq-backend.js'
import { buildForProcesses } from './build-for-processes.js'
import { testDatabase } from '../support/database.js'
import { jobsSuite } from './jobs-suite.js'

jobsSuite('PostgreSQL', async () => {
  buildForProcesses()
  const database = await testDatabase()
  const pool = openPool({ url: jobsDatabaseUrl(database.url), max: 16, name: 'jobs test' })
  const admin = openPool({ url: database.url, max: 2, name: 'jobs admin' })
  await prepareJobsSchema(admin)
  await prepareJobsSchema(pool)
  return {
    open: (name) => openJobsBackend({ pool }, { name }),
    processArguments: ['postgres', database.url],
    dump: () => dump(admin),
    empty: async () => {
      await admin.query('truncate bullmq.job, bullmq.event, bullmq.meta cascade')
    },
    cutConnections: async () => {
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name <> 'jobs admin'`,
      )
    },
    close: async () => {
      await pool.end()
      await admin.end()
      await database.drop()
    },
  }
})

async function dump(pool: Pool): Promise<string> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select quote_ident(tablename) as name from pg_tables
      where schemaname = 'bullmq' and tablename <> 'migration'`,
  )
  const parts: string[] = []
  for (const { name } of tables) {
    const { rows } = await pool.query<{ row: string }>(
      `select to_jsonb(t)::text as row from bullmq.${name} t`,
    )
    parts.push(...rows.map(({ row }) => `${name} ${row}`))
  }
  return parts.join('\n')
}
