/**
 * Health, readiness and metrics of a service over real HTTP, on a real PostgreSQL and both kinds of
 * queue, each reached through a proxy that can cut it off.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serveStatus } from '../../src/cli/serve-status.js'
import type { StatusService } from '../../src/cli/serve-status.js'
import { systemClock } from '../../src/config/clock.js'
import { createLogger } from '../../src/config/logger.js'
import { readSettings } from '../../src/config/settings.js'
import { openPool } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import {
  jobsDatabaseUrl,
  openJobsBackend,
  prepareJobsSchema,
} from '../../src/jobs/bullmq-backend.js'
import type { JobsPlace } from '../../src/jobs/bullmq-backend.js'
import { openQueue } from '../../src/jobs/bullmq-queue.js'
import type { JobsQueue } from '../../src/jobs/bullmq-queue.js'
import type { Run } from '../../src/runs/run.js'
import { LedgerSetting } from '../support/builders.js'
import { parseExposition, valueIn } from '../support/exposition.js'
import type { Family } from '../support/exposition.js'
import { scanForPersonalData } from '../support/personal-data.js'
import { until } from '../support/processes.js'
import { realRedis } from '../support/redis.js'
import { openTcpProxy } from '../support/tcp-proxy.js'
import type { TcpProxy } from '../support/tcp-proxy.js'

/** Whatever is away: the two seconds of the deadline, and a busy machine. */
const PATIENCE_MS = 4_000
const LINES = 3_000

interface Place {
  readonly kind: string
  readonly queueUrl: string
  open(url: string): { place: JobsPlace; close(): Promise<void> }
  close(): Promise<void>
}

async function onRedis(): Promise<Place> {
  const redis = await realRedis()
  return {
    kind: 'redis',
    queueUrl: redis.url,
    open: (redisUrl) => ({ place: { redisUrl }, close: () => Promise.resolve() }),
    close: () => redis.stop(),
  }
}

async function onPostgres(databaseUrl: string): Promise<Place> {
  const admin = openPool({ url: databaseUrl, max: 1, name: 'status tests' })
  await prepareJobsSchema(admin)
  await admin.end()
  return {
    kind: 'postgres',
    queueUrl: databaseUrl,
    open: (url) => {
      const pool = openPool({ url: jobsDatabaseUrl(url), max: 4, name: 'status tests' })
      return { place: { pool }, close: () => pool.end() }
    },
    close: () => Promise.resolve(),
  }
}

describe.each(['redis', 'postgres'])('a service with a queue in %s', (kind) => {
  let ledger: LedgerSetting
  let place: Place
  let database: TcpProxy
  let queueProxy: TcpProxy
  let pool: Pool
  let queue: JobsQueue
  let service: StatusService
  let run: Run
  const stop = new AbortController()
  const closings: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    ledger = await LedgerSetting.open()
    await ledger.importGenerated({ lines: LINES, seed: 5 })
    run = await ledger.start(await ledger.plan('2026-02'))
    await ledger.apply(run, [0])
    place = kind === 'redis' ? await onRedis() : await onPostgres(ledger.url)
    database = await openTcpProxy(ledger.url)
    queueProxy = await openTcpProxy(place.queueUrl)
    pool = openPool({ url: database.urlOf(ledger.url), max: 4, name: 'status tests' })
    const opened = place.open(queueProxy.urlOf(place.queueUrl))
    const backend = openJobsBackend(opened.place, { name: `status-${process.pid}` })
    queue = await openQueue(backend)
    service = await serveStatus({
      context: {
        settings: readSettings({ REDRESS_HTTP_PORT: '0' }),
        pool,
        log: createLogger('silent'),
        signal: stop.signal,
        clock: systemClock(),
        out: { json: false, progress: undefined as never, result: () => {}, note: () => {} },
      },
      backend: () => Promise.resolve(backend),
      routes: new Map([['/reports', (_, response) => void response.writeHead(204).end()]]),
    })
    closings.push(
      () => service.close(),
      () => queue.close(),
      () => opened.close(),
      () => pool.end(),
      () => database.close(),
      () => queueProxy.close(),
      () => place.close(),
      () => ledger.close(),
    )
  })
  afterAll(async () => {
    for (const close of closings) await close()
  })

  async function get(path: string): Promise<{ status: number; text: string; tookMs: number }> {
    const startedAt = performance.now()
    const response = await fetch(`${service.url}${path}`)
    const text = await response.text()
    return { status: response.status, text, tookMs: performance.now() - startedAt }
  }

  async function readiness(): Promise<readonly string[]> {
    const { status, text, tookMs } = await get('/readyz')
    const { ready, codes } = JSON.parse(text) as { ready: boolean; codes: readonly string[] }
    expect({ ready, status }).toEqual({
      ready: codes.length === 0,
      status: codes.length === 0 ? 200 : 503,
    })
    expect(tookMs).toBeLessThan(PATIENCE_MS)
    return codes
  }

  async function metrics(): Promise<ReadonlyMap<string, Family>> {
    const { status, text, tookMs } = await get('/metrics')
    expect(status).toBe(200)
    expect(tookMs).toBeLessThan(PATIENCE_MS)
    return parseExposition(text)
  }

  const becomes = (...codes: readonly string[]) =>
    until(`readiness ${codes.join()}`, async () => {
      return JSON.stringify(await readiness()) === JSON.stringify(codes)
    })

  it('is alive at once, and ready once it has started', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200, text: '{"alive":true}\n' })
    expect(await readiness()).toEqual(['STARTING'])
    service.started()
    expect(await readiness()).toEqual([])
    expect((await get('/reports')).status).toBe(204)
  })

  it('tells how its run gets on', async () => {
    const [posted] = await ledger.query<{ lines: number; entries: number }>(
      `select lines, entries from run_chunk where state = 'posted'`,
    )
    await queue.ring(
      [1, 2].map((chunkNo) => ({ runId: run.runId, chunkNo })),
      1,
    )
    const families = await metrics()
    expect(run.chunks).toBe(3)
    expect(valueIn(families, 'redress_up')).toBe(1)
    expect(valueIn(families, 'redress_runs', { state: 'open' })).toBe(1)
    expect(valueIn(families, 'redress_runs', { state: 'held' })).toBe(0)
    expect(valueIn(families, 'redress_run_chunks', { state: 'open' })).toBe(2)
    expect(valueIn(families, 'redress_run_chunks', { state: 'posted' })).toBe(1)
    expect(valueIn(families, 'redress_lines_posted_total')).toBe(posted?.lines)
    expect(valueIn(families, 'redress_entries_posted_total')).toBe(posted?.entries)
    expect(valueIn(families, 'redress_chunk_attempts_total')).toBe(1)
    const waiting = { queue: 'chunks', state: 'waiting' }
    expect(valueIn(families, 'redress_queue_messages', waiting)).toBe(2)
    expect(valueIn(families, 'redress_imports', { import: 'snapshot', state: 'accepted' })).toBe(1)
    expect(valueIn(families, 'redress_payout_transfers', { state: 'in_transit' })).toBe(0)
  })

  it('tells lines a second from one reading to the next, and totals as they grow', async () => {
    await ledger.apply(run, [1, 2])
    const families = await until('a second reading', async () => {
      const found = await metrics()
      return valueIn(found, 'redress_lines_posted_total') === LINES && found
    })
    expect(valueIn(families, 'redress_run_lines_per_second')).toBeGreaterThan(1)
    expect(valueIn(families, 'redress_run_lines_per_second')).toBeLessThan(LINES)
    expect(valueIn(families, 'redress_run_chunks', { state: 'open' })).toBe(0)
  })

  it('names no line, no customer and nothing personal', async () => {
    const { text } = await get('/metrics')
    const rows = await ledger.query<{ line_id: string; customer_id: string; birth: string | null }>(
      'select line_id, customer_id, birth_date as birth from snapshot_line',
    )
    expect(rows).toHaveLength(LINES)
    const values = rows
      .flatMap((row) => [row.line_id, row.customer_id, row.birth ?? ''])
      .filter((value) => value.length >= 6)
    expect(values.length).toBeGreaterThan(LINES)
    expect(scanForPersonalData({ values, texts: [{ name: 'metrics', text }] })).toEqual([])
    const labels = [...parseExposition(text)]
      .filter(([name]) => name.startsWith('redress_'))
      .flatMap(([, { samples }]) => samples.flatMap((of) => Object.keys(of.labels)))
    expect([...new Set(labels)].toSorted()).toEqual(['import', 'queue', 'source', 'state'])
  })

  it.each(['cut', 'stall'] as const)('outlives a database that is %s', async (how) => {
    database[how]()
    await becomes('DATABASE_UNAVAILABLE')
    expect((await get('/healthz')).status).toBe(200)
    const families = await until('figures that are gone', async () => {
      const found = await metrics()
      return valueIn(found, 'redress_metrics_source_up', { source: 'runs' }) === 0 && found
    })
    expect(valueIn(families, 'redress_up')).toBe(0)
    expect(families.has('redress_runs')).toBe(false)
    expect(valueIn(families, 'process_cpu_seconds_total')).toBeGreaterThan(0)
    database.restore()
    await becomes()
    await until('figures that are back', async () => {
      return valueIn(await metrics(), 'redress_lines_posted_total') === LINES
    })
  })

  it('outlives a queue that is away', async () => {
    queueProxy.cut()
    await becomes('QUEUE_UNAVAILABLE')
    await until('figures that are gone', async () => {
      const found = await metrics()
      expect(valueIn(found, 'redress_up')).toBe(1)
      return valueIn(found, 'redress_metrics_source_up', { source: 'queue-chunks' }) === 0
    })
    queueProxy.restore()
    await becomes()
  })

  it('is not ready for a schema that is older or newer than itself', async () => {
    await ledger.query(`insert into migration (name, checksum) values ('9999_later.sql', '0')`)
    await becomes('SCHEMA_MISMATCH')
    expect(valueIn(await metrics(), 'redress_up')).toBe(1)
    await ledger.query(`delete from migration where name = '9999_later.sql'`)
    const [last] = await ledger.query<{ name: string; checksum: string }>(
      'delete from migration where name = (select max(name) from migration) returning *',
    )
    await becomes('SCHEMA_MISMATCH')
    await ledger.query('insert into migration values ($1, $2)', [last?.name, last?.checksum])
    await becomes()
  })

  it('is not ready, but alive, from the moment on in which it is told to stop', async () => {
    stop.abort()
    expect(await readiness()).toEqual(['STOPPING'])
    expect((await get('/healthz')).status).toBe(200)
    await service.close()
    await expect(get('/healthz')).rejects.toThrow('fetch failed')
  })
})
