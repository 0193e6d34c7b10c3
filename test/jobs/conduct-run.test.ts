/**
 * A run seen through by its own lanes: without a queue, beside others, stopped, and when a chunk
 * fails for good; and a worker that finds what nobody rang for.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openPool } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import {
  jobsDatabaseUrl,
  openJobsBackend,
  prepareJobsSchema,
} from '../../src/jobs/bullmq-backend.js'
import { openQueue } from '../../src/jobs/bullmq-queue.js'
import type { JobsWorker } from '../../src/jobs/bullmq-worker.js'
import { conductRun } from '../../src/jobs/conduct-run.js'
import type { ConductOptions } from '../../src/jobs/conduct-run.js'
import { workChunks } from '../../src/jobs/work-chunks.js'
import { cancelRun } from '../../src/runs/start-run.js'
import type { Run } from '../../src/runs/run.js'
import { readRun } from '../../src/runs/run-store.js'
import { LedgerSetting, NOW } from '../support/builders.js'

const SILENT = { debug: () => undefined, warn: () => undefined }
const workers: JobsWorker[] = []
let setting: LedgerSetting
let jobsPool: Pool

beforeAll(async () => {
  setting = await LedgerSetting.open()
  await setting.importGenerated({ lines: 12_000, seed: 5, statuses: true, consents: true })
  jobsPool = openPool({ url: jobsDatabaseUrl(setting.url), max: 12, name: 'jobs test' })
  await prepareJobsSchema(jobsPool)
})
afterEach(async () => {
  await Promise.all(workers.splice(0).map((it) => it.close({ graceful: true })))
})
afterAll(async () => {
  await jobsPool.end()
  await setting.close()
})

const started = async (period: string): Promise<Run> =>
  await setting.start(await setting.plan(period))

function conduct(run: Run, more: Partial<ConductOptions> = {}): Promise<Run> {
  return conductRun({
    pool: setting.pool,
    backend: () => Promise.resolve(openJobsBackend({ pool: jobsPool }, { name: run.period })),
    lanes: 2,
    name: 'conductor',
    log: SILENT,
    now: () => NOW,
    runId: run.runId,
    work: true,
    signal: new AbortController().signal,
    ...more,
  })
}

async function worker(run: Run, name: string): Promise<void> {
  const backend = openJobsBackend({ pool: jobsPool }, { name: run.period })
  const { pool } = setting
  const now = (): string => NOW
  workers.push(await workChunks({ pool, backend, lanes: 1, name, log: SILENT, now }))
}

/** Who posted how many chunks. */
async function posted(run: Run): Promise<Readonly<Record<string, number>>> {
  const rows = await setting.query<{ worker: string; chunks: number }>(
    `select worker, count(*)::int as chunks from run_chunk
     where run_id = $1 and state = 'posted' group by worker`,
    [run.runId],
  )
  return Object.fromEntries(rows.map((it) => [it.worker, it.chunks]))
}

async function closed(run: Run): Promise<Run> {
  for (let tries = 0; tries < 500; tries += 1) {
    const it = await readRun(setting.pool, run.runId)
    if (it.state !== 'open') return it
    await sleep(20)
  }
  throw new Error('not closed within ten seconds')
}

describe('a run that is conducted', () => {
  it('is closed though the queue is away', async () => {
    const run = await started('2026-02')
    const backend = (): Promise<never> => Promise.reject(new Error('the queue is away'))
    expect(await conduct(run, { backend })).toMatchObject({ state: 'closed' })
    expect(await posted(run)).toEqual({ conductor: 12 })
  })

  it('by two at once is posted once', async () => {
    const run = await started('2026-03')
    const names = ['one', 'two']
    const ended = await Promise.all(names.map((name) => conduct(run, { name, lanes: 1 })))
    expect(ended.map((it) => it.state)).toEqual(['closed', 'closed'])
    expect(ended[0]).toEqual(ended[1])
    const shares = Object.values(await posted(run))
    expect(shares.reduce((sum, it) => sum + it, 0)).toBe(12)
  })

  it('stops after the chunks at hand, says how to go on, and goes on', async () => {
    const run = await started('2026-04')
    const abort = new AbortController()
    const log = { ...SILENT, debug: () => abort.abort() }
    await expect(conduct(run, { log, signal: abort.signal })).rejects.toMatchObject({
      code: 'RUN_INTERRUPTED',
    })
    const { conductor = 0 } = await posted(run)
    expect(conductor).toBeGreaterThanOrEqual(1)
    expect(conductor).toBeLessThanOrEqual(3)
    expect(await conduct(run)).toMatchObject({ state: 'closed' })
  })

  it('fails when a chunk fails again and again, and leaves it open', async () => {
    const run = await started('2026-05')
    const table = await setting.ledgerTable('2026-05')
    // A posting that no run made: the key of the ledger refuses the chunk that would make it.
    await setting.tamper(
      table,
      `insert into ${table} (customer_id, line_id, entry_set_id, posting_no)
       select l.customer_id, l.line_id, s.entry_set_id, 1
       from snapshot_line l, (select max(entry_set_id) as entry_set_id from entry_set) s
       where l.network = 'kt' and l.line_kind = 'handset' and l.payment = 'postpaid'
         and l.status = 'active' and l.plan_restriction = 'none'
         and not exists (select from status_change c where c.line_id = l.line_id)
       order by l.customer_id limit 1`,
    )
    await expect(conduct(run)).rejects.toMatchObject({ code: '23505' })
    expect((await readRun(setting.pool, run.runId)).state).toBe('open')
    expect((await posted(run))['conductor'] ?? 0).toBeLessThan(12)
    await cancelRun(setting.pool, run.runId, NOW)
  })
})

describe('a worker', () => {
  it('finds a run that nobody rang for, and closes it', async () => {
    const run = await started('2026-06')
    await worker(run, 'alone')
    expect(await closed(run)).toMatchObject({ state: 'closed' })
    expect(await posted(run)).toEqual({ alone: 12 })
  })

  it('closes a run whose last chunk was posted by one who died before he could', async () => {
    const run = await started('2026-07')
    await setting.apply(run)
    expect((await readRun(setting.pool, run.runId)).state).toBe('open')
    await worker(run, 'undertaker')
    expect(await closed(run)).toMatchObject({ state: 'closed' })
  })
})

it('who works without messages is seen among the workers while its queue is open', async () => {
  const queue = await openQueue(openJobsBackend({ pool: jobsPool }, { name: 'seen' }))
  await queue.appear('a conductor')
  expect(await queue.workerNames()).toEqual(['a-conductor'])
  await queue.close()
})
