/**
 * Builds the parts that a command works with, and takes them down again. Only here are they wired.
 */
import { createHash } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import type { Logger } from 'pino'
import { fixedClock, systemClock } from '../config/clock.js'
import type { Clock } from '../config/clock.js'
import { createLogger } from '../config/logger.js'
import type { Settings } from '../config/settings.js'
import { openPool } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { useEmbeddedPostgres } from '../db/embedded-postgres.js'
import type { EmbeddedPostgres } from '../db/embedded-postgres.js'
import { assertMigrated, migrate } from '../db/migrate.js'
import { assert } from '../assert.js'
import {
  jobsDatabaseUrl,
  jobsPoolSize,
  openJobsBackend,
  prepareJobsSchema,
} from '../jobs/bullmq-backend.js'
import type { JobsBackend } from '../jobs/bullmq-backend.js'
import { openCipher } from '../privacy/cipher.js'
import type { Cipher } from '../privacy/cipher.js'
import type { Output } from './output.js'

export interface GlobalOptions {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  readonly as?: string
  readonly now?: string
}

export interface Context {
  readonly settings: Settings
  readonly options: GlobalOptions
  readonly out: Output
  readonly pool: Pool
  readonly clock: Clock
  readonly log: Logger
  readonly cipher: Cipher
  /** The person who acts: the database login, or the name claimed in a rehearsal. */
  readonly actor: string
  /** Names this process in `runs show`; says nothing of a person. */
  readonly workerName: string
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  /** Brings an embedded database back that was stopped under a running command. */
  readonly revive: () => Promise<unknown>
  jobs(): Promise<JobsBackend>
}

export interface ContextParts {
  readonly options: GlobalOptions
  readonly out: Output
  readonly signal: AbortSignal
  readonly settings: Settings
}

/** Lends a context to `work` and closes everything afterwards, whatever happened. */
export async function withContext<T>(
  { options, out, signal, settings }: ContextParts,
  work: (context: Context) => Promise<T>,
): Promise<T> {
  const clock = options.now === undefined ? systemClock() : fixedClock(options.now)
  const log = createLogger(settings.logLevel)
  const pools: Pool[] = []
  let embedded: EmbeddedPostgres | undefined
  try {
    if (settings.databaseUrl === undefined) {
      embedded = await useEmbeddedPostgres({ home: settings.home, log: (line) => log.info(line) })
    }
    const url = settings.databaseUrl ?? embedded?.url
    assert(url !== undefined, 'a database, given or embedded')
    // A command holds at most a handful beside its lanes: import 4, the run's watch 1, closing 1.
    const pool = openPool({ url, max: settings.lanes + 6, name: 'redress' })
    pools.push(pool)
    if (settings.autoMigrate) await migrate(pool)
    else await assertMigrated(pool)
    let backend: Promise<JobsBackend> | undefined
    const kept = embedded
    return await work({
      settings,
      options,
      out,
      pool,
      clock,
      log,
      signal,
      cipher: openCipher(settings),
      actor: await actorOf(pool, settings, options),
      workerName: `${hostname().slice(0, 20)}-${process.pid}`,
      revive: async () => await kept?.ensureRunning(),
      jobs: () => (backend ??= openJobs(settings, pool, url, pools)),
    })
  } finally {
    await Promise.allSettled(pools.map((it) => it.end()))
    await embedded?.release()
  }
}

async function actorOf(pool: Pool, settings: Settings, options: GlobalOptions): Promise<string> {
  if (settings.databaseUrl !== undefined) {
    const { rows } = await pool.query<{ login: string }>('select session_user::text as login')
    assert(rows[0] !== undefined, 'a login')
    return rows[0].login
  }
  return options.as ?? settings.user ?? userInfo().username
}

// With REDRESS_AUTO_MIGRATE=false the queue's own schema, too, is left to `redress migrate`.
async function openJobs(
  settings: Settings,
  pool: Pool,
  url: string,
  pools: Pool[],
): Promise<JobsBackend> {
  const { rows } = await pool.query<{ installation_id: string }>(
    'select installation_id from installation',
  )
  const id = createHash('sha256')
    .update(rows[0]?.installation_id ?? '')
    .digest('hex')
    .slice(0, 12)
  if (settings.redisUrl !== undefined) {
    return openJobsBackend({ redisUrl: settings.redisUrl }, { name: `chunks-${id}` })
  }
  const jobsPool = openPool({
    url: jobsDatabaseUrl(url),
    max: jobsPoolSize(settings.lanes),
    name: 'redress jobs',
  })
  pools.push(jobsPool)
  if (settings.autoMigrate) await prepareJobsSchema(jobsPool)
  return openJobsBackend({ pool: jobsPool }, {})
}
