/** The stages of Redress, each by the function that its command calls. */
import { assert } from '../../src/assert.js'
import { systemClock } from '../../src/config/clock.js'
import { createLogger } from '../../src/config/logger.js'
import { openPool } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import type { ImportOptions, ImportReport } from '../../src/intake/import-file.js'
import { importSnapshotFile } from '../../src/intake/import-snapshot-file.js'
import { importConsentsFile, importStatusFile } from '../../src/intake/import-staged-file.js'
import { jobsDatabaseUrl, jobsPoolSize, openJobsBackend } from '../../src/jobs/bullmq-backend.js'
import { conductRun } from '../../src/jobs/conduct-run.js'
import { Cipher } from '../../src/privacy/cipher.js'
import { findVersion } from '../../src/rules/programmes/registry.js'
import { planPeriod } from '../../src/runs/plan-period.js'
import { approvePlan } from '../../src/runs/approve-plan.js'
import { readPlan } from '../../src/runs/plan-store.js'
import type { Plan, Run } from '../../src/runs/run.js'
import { startRun } from '../../src/runs/start-run.js'
import { newestSnapshotOf } from '../../src/snapshot/snapshot-store.js'
import { AS_OF, DATA_KEY, LANES, NOW, PERIOD, PROGRAMME } from './task.js'
import type { ChangeFiles, Outcome } from './task.js'
import { usageOf } from './usage.js'

export interface Bench {
  readonly pool: Pool
  readonly databaseUrl: string
  readonly postmaster: number | null
}

export async function benchImport(bench: Bench, file: string): Promise<Outcome> {
  let read = 0
  let accepted = 0
  const usage = await usageOf(bench.pool, bench.postmaster, async () => {
    const report = await importSnapshotFile({ ...importOptionsOf(bench, file), asOf: AS_OF })
    read = report.read
    accepted = report.snapshot.lines
  })
  assert(read === accepted, 'a made-up file without bad rows')
  return { usage, lines: read, written: accepted, lastCustomerId: null }
}

/** A further file is a line here and in `ChangeFiles`. */
const CHANGES: readonly {
  readonly file: keyof ChangeFiles
  readonly import: (options: ImportOptions) => Promise<ImportReport>
}[] = [
  { file: 'statuses', import: importStatusFile },
  { file: 'consents', import: importConsentsFile },
]

export async function benchChanges(bench: Bench, files: ChangeFiles): Promise<Outcome> {
  let rows = 0
  const usage = await usageOf(bench.pool, bench.postmaster, async () => {
    for (const change of CHANGES) {
      const { accepted } = await change.import(importOptionsOf(bench, files[change.file]))
      rows += accepted
    }
  })
  return { usage, lines: rows, written: rows, lastCustomerId: null }
}

export function importOptionsOf({ pool }: Bench, path: string): ImportOptions {
  const clock = systemClock()
  return { pool, path, cipher: new Cipher(DATA_KEY), now: clock.now }
}

export async function benchPlan(bench: Bench): Promise<Outcome> {
  const version = findVersion(PROGRAMME)
  assert(version !== undefined, 'a registered programme')
  const snapshot = await newestSnapshotOf(bench.pool, AS_OF)
  assert(snapshot !== undefined, 'a snapshot of the base date')
  let plan: Plan | undefined
  const usage = await usageOf(bench.pool, bench.postmaster, async () => {
    plan = await planPeriod(bench.pool, {
      version,
      period: PERIOD,
      snapshot,
      now: NOW,
      lanes: LANES,
    })
  })
  assert(plan?.planHash !== undefined && plan.planHash !== null, 'a plan with its hash')
  const by = 'approver'
  const other = openPool({ url: bench.databaseUrl, max: 1, name: 'redress bench', actor: by })
  await approvePlan(other, plan.planId, { by, at: NOW, reason: 'a measurement' })
  await other.end()
  return { usage, lines: snapshot.lines, written: 0, lastCustomerId: null }
}

/** From the approved plan to the closed run, by the queue that needs only PostgreSQL. */
export async function benchRun(bench: Bench): Promise<Outcome> {
  const { pool } = bench
  const plan = await newestPlan(pool)
  const jobs = openPool({
    url: jobsDatabaseUrl(bench.databaseUrl),
    max: jobsPoolSize(LANES),
    name: 'redress bench jobs',
  })
  try {
    const backend = openJobsBackend({ pool: jobs }, {})
    let run: Run | undefined
    const usage = await usageOf(pool, bench.postmaster, async () => {
      const started = await startRun(pool, plan.planId, NOW)
      run = await conductRun({
        pool,
        backend: () => Promise.resolve(backend),
        lanes: LANES,
        name: 'bench',
        log: createLogger('silent'),
        now: () => NOW,
        runId: started.runId,
        work: true,
        signal: new AbortController().signal,
      })
    })
    assert(run?.state === 'closed', `a run that closes: ${run?.heldBecause ?? ''}`)
    assert(plan.result !== null, 'the result of a plan')
    const { lines, postings } = plan.result
    return { usage, lines, written: postings, lastCustomerId: null }
  } finally {
    await jobs.end()
  }
}

export async function newestPlan(pool: Pool): Promise<Plan> {
  const { rows } = await pool.query<{ plan_id: string }>(
    'select plan_id from plan order by plan_id desc limit 1',
  )
  assert(rows[0] !== undefined, 'a plan')
  return await readPlan(pool, rows[0].plan_id)
}
