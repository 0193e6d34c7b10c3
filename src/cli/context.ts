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
import { actingPerson } from '../db/acting-person.js'
import { openPool } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { useEmbeddedPostgres } from '../db/embedded-postgres.js'
import type { EmbeddedPostgres } from '../db/embedded-postgres.js'
import { assertMigrated, migrate } from '../db/migrate.js'
import { grantQueue } from '../db/queue-rights.js'
import { RedressError } from '../errors.js'
import { assert } from '../assert.js'
import type { JobsBackend } from '../jobs/bullmq-backend.js'
import { openCipher } from '../privacy/cipher.js'
import type { Cipher } from '../privacy/cipher.js'
import { PROGRAMMES } from '../rules/programmes/registry.js'
import { recordPolicies } from '../runs/approval-store.js'
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
  /** False in a rehearsal: whoever acts may be somebody else. */
  readonly authenticated: boolean
  /** Names this process in `runs show`; says nothing of a person. */
  readonly workerName: string
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  /** Brings an embedded database back that was stopped under a running command. */
  readonly revive: () => Promise<unknown>
  jobs(): Promise<JobsBackend>
  /** In a rehearsal, connections of somebody else; closed with the context. */
  poolOf(claimedName: string): Pool
}

export interface ContextParts {
  readonly options: GlobalOptions
  readonly out: Output
  readonly signal: AbortSignal
  readonly settings: Settings
  /** To the database, beside the lanes. */
  readonly connections?: number | undefined
}

/** Lends a context to `work` and closes everything afterwards, whatever happened. */
export async function withContext<T>(
  { options, out, signal, settings, connections = 6 }: ContextParts,
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
    const rehearsal = settings.databaseUrl === undefined
    const actor = rehearsal ? claimedName(settings, options) : undefined
    const pool = openPool({ url, max: settings.lanes + connections, name: 'redress', actor })
    pools.push(pool)
    await bringUpToDate(pool, settings, rehearsal)
    const person = await actingPerson(pool)
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
      actor: person.name,
      authenticated: person.authenticated,
      workerName: `${hostname().slice(0, 20)}-${process.pid}`,
      revive: async () => await kept?.ensureRunning(),
      jobs: () => (backend ??= openJobs(settings, pool, url, pools)),
      poolOf: (claimed) => {
        pools.push(openPool({ url, max: 1, name: 'redress', actor: claimed }))
        return pools.at(-1)!
      },
    })
  } finally {
    await Promise.allSettled(pools.map((it) => it.end()))
    await embedded?.release()
  }
}

function claimedName(settings: Settings, options: GlobalOptions): string {
  const name = options.as ?? settings.user ?? userInfo().username
  if (/^[^\p{Cc}]{1,64}$/u.test(name) && name.trim() === name) return name
  throw new RedressError('USAGE', {
    problem: '--as: unusable; expected a name of 1 to 64 characters without control characters',
  })
}

async function bringUpToDate(pool: Pool, settings: Settings, rehearsal: boolean): Promise<void> {
  if (!settings.autoMigrate) return await assertMigrated(pool)
  await migrate(pool, { rehearsal })
  await recordPolicies(
    pool,
    PROGRAMMES.flatMap((it) => it.versions),
  )
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
  // Loaded when it is asked for: most commands never are, and it is a third of the time to start.
  const jobs = await import('../jobs/bullmq-backend.js')
  const { noticesQueueNames } = await import('../jobs/bullmq-notices.js')
  const id = createHash('sha256')
    .update(rows[0]?.installation_id ?? '')
    .digest('hex')
    .slice(0, 12)
  if (settings.redisUrl !== undefined) {
    return jobs.openJobsBackend({ redisUrl: settings.redisUrl }, { name: `chunks-${id}` })
  }
  const jobsPool = openPool({
    url: jobs.jobsDatabaseUrl(url),
    max: jobs.jobsPoolSize(settings.lanes),
    name: 'redress jobs',
  })
  pools.push(jobsPool)
  const backend = jobs.openJobsBackend({ pool: jobsPool }, {})
  if (settings.autoMigrate) {
    await jobs.prepareJobsSchema(jobsPool)
    await grantQueue(pool, [backend.queueName, ...noticesQueueNames(backend)])
  }
  return backend
}
