/** Gives a long-running service its HTTP server, where one is asked for. */
import { errorCodeOf } from '../db/database.js'
import { RedressError } from '../errors.js'
import { openQueue } from '../jobs/bullmq-queue.js'
import type { JobsBackend } from '../jobs/bullmq-backend.js'
import { importsMetrics } from '../service/imports-metrics-store.js'
import { Metrics } from '../service/metrics.js'
import type { MetricsSource } from '../service/metrics-source.js'
import { outboxMetrics } from '../service/outbox-metrics-store.js'
import { payoutsMetrics } from '../service/payouts-metrics-store.js'
import { openExposition } from '../service/prometheus.js'
import { QueueProbe, queueMetrics } from '../service/queue-probe.js'
import { Readiness } from '../service/readiness.js'
import { runsMetrics } from '../service/runs-metrics-store.js'
import { scheduleMetrics } from '../service/schedule-metrics-store.js'
import { statusPages } from '../service/status-pages.js'
import { openStatusServer } from '../service/status-server.js'
import type { RouteHandler } from '../service/status-server.js'
import type { Context } from './context.js'

export interface StatusService {
  /** Where it answers; undefined where no port is set. */
  readonly url: string | undefined
  /** From now on /readyz answers that it is ready, as far as its servers are. */
  started(): void
  close(): Promise<void>
}

export interface StatusOptions {
  readonly context: Pick<Context, 'settings' | 'pool' | 'log' | 'signal' | 'clock' | 'out'>
  /** Whose queue the service needs in order to work. */
  readonly backend: () => Promise<JobsBackend>
  /** Beside the pages of every service, by path. */
  readonly routes?: ReadonlyMap<string, RouteHandler>
  /** Beside the sources of every service. */
  readonly sources?: readonly MetricsSource[]
}

/**
 * Opens nothing without REDRESS_HTTP_PORT.
 * @throws RedressError SETTING_INVALID when the address cannot be listened on.
 */
export async function serveStatus(options: StatusOptions): Promise<StatusService> {
  const { context, backend } = options
  const { httpHost: host, httpPort: port } = context.settings
  if (port === undefined) {
    return { url: undefined, started: () => undefined, close: () => Promise.resolve() }
  }
  const { pool, log, signal } = context
  const queue = new QueueProbe(async () => await openQueue(await backend()))
  const readiness = new Readiness({ pool, queue, signal })
  const metrics = new Metrics({
    sources: [
      runsMetrics(pool),
      importsMetrics(pool),
      payoutsMetrics(pool),
      outboxMetrics(pool),
      scheduleMetrics(pool),
      queueMetrics('chunks', queue),
      ...(options.sources ?? []),
    ],
    exposition: openExposition(),
    isUp: () => readiness.isDatabaseUp(),
    now: context.clock.now,
    onFailure: (source, error) => log.warn({ source, error: labelOf(error) }, 'no figures'),
  })
  const server = await openStatusServer({
    host,
    port,
    pages: statusPages({ readiness, metrics }),
    ...(options.routes && { routes: options.routes }),
    onError: (error) => log.error({ error: labelOf(error) }, 'a page could not be answered'),
  })
  context.out.note(`health, readiness and metrics on ${server.url}`)
  return {
    url: server.url,
    started: () => readiness.started(),
    close: async () => {
      await server.close()
      await queue.close()
    },
  }
}

/** An error in one word: its text may hold anything. */
export function labelOf(error: unknown): string {
  if (error instanceof RedressError) return error.code
  const code = errorCodeOf(error)
  if (code !== undefined) return code
  return error instanceof Error ? error.name : 'unknown'
}
