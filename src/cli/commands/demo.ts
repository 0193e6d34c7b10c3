/**
 * `redress demo`: the main job on a made-up population, in an embedded database of its own. It
 * takes
 * the same functions as the commands do, so what it shows is what an operator will see.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { emptyDatabase } from '../../db/empty-database.js'
import { EXIT, RedressError } from '../../errors.js'
import { generateSnapshot } from '../../generate/generate-snapshot.js'
import type { GeneratedSnapshot } from '../../generate/generate-snapshot.js'
import { importSnapshotFile } from '../../intake/import-snapshot-file.js'
import { importConsentsFile, importStatusFile } from '../../intake/import-staged-file.js'
import { conductRun } from '../../jobs/conduct-run.js'
import { approvePlan } from '../../runs/approve-plan.js'
import type { Plan, Run } from '../../runs/run.js'
import { startRun } from '../../runs/start-run.js'
import { verifyLedger } from '../../runs/verify-ledger.js'
import { formatCount } from '../chart.js'
import type { Context } from '../context.js'
import { demoReport } from '../demo-report.js'
import type { DemoMonth } from '../demo-report.js'
import { StageTimes } from '../stage-times.js'
import type { Act } from '../act.js'
import { lateStage } from '../output.js'
import { importOptionsOf } from './imports.js'
import { makePlan } from './plans.js'

const PERIODS = ['2026-02', '2026-03'] as const
const AS_OF = '2026-01-13'

interface DemoFlags {
  readonly lines: string
  readonly seed: string
}

export function addDemo(program: Command, act: Act): void {
  program
    .command('demo')
    .description('generate a population, import it, plan and run two months, verify, report')
    .option('--lines <count>', 'lines to generate', '200000')
    .option('--seed <number>', 'the same seed makes the same population', '1')
    .action(
      act(demo, {
        // Never on somebody's real database or queue, nor beside the data of a rehearsal.
        settings: (it) => ({
          ...it,
          databaseUrl: undefined,
          redisUrl: undefined,
          autoMigrate: true,
          home: join(it.home, 'demo'),
        }),
      }),
    )
}

async function demo(context: Context, flags: DemoFlags): Promise<number> {
  const lines = wholeNumber('--lines', flags.lines, 1_000, 20_000_000)
  const seed = wholeNumber('--seed', flags.seed, 0, 4_294_967_295)
  const times = new StageTimes()
  context.out.note(
    `A made-up carrier of ${formatCount(lines)} lines, in an embedded database of its own ` +
      `(${context.settings.home}).\n`,
  )
  await emptyDatabase(context.pool)
  const files = filesIn(context.settings.home)
  const population = await times.measure('generate', lines, () =>
    generate(context, files, lines, seed),
  )
  const imported = await times.measure('import and seal', population.rows, () =>
    importAll(context, files),
  )
  const months: DemoMonth[] = []
  for (const period of PERIODS) months.push(await runMonth(context, period, times))
  const verified = await times.measure('verify with replay', lines * PERIODS.length, () =>
    verify(context),
  )
  const ok =
    verified.every((it) => it.differences.length === 0) &&
    months.every((it) => it.run.state === 'closed')
  const figures = {
    population,
    imported,
    months,
    stages: times.stages,
    verified: ok,
    home: context.settings.home,
  }
  context.out.result({ ok, population, imported, stages: times.stages, months }, () =>
    demoReport(figures),
  )
  return ok ? EXIT.done : EXIT.held
}

interface DemoFiles {
  readonly snapshot: string
  readonly status: string
  readonly consents: string
}

function filesIn(home: string): DemoFiles {
  const folder = join(home, 'files')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return {
    snapshot: join(folder, 'snapshot.csv'),
    status: join(folder, 'status.csv'),
    consents: join(folder, 'consents.csv'),
  }
}

async function generate(
  context: Context,
  files: DemoFiles,
  lines: number,
  seed: number,
): Promise<GeneratedSnapshot> {
  context.out.note(`generate ${files.snapshot}`)
  // One bad row in five thousand: enough to see quarantine at work, below the budget of 0.1 %.
  return await generateSnapshot({
    size: { lines },
    seed,
    asOf: AS_OF,
    badRows: 0.0002,
    order: 'shuffled',
    out: files.snapshot,
    statusOut: files.status,
    consentsOut: files.consents,
  })
}

async function importAll(
  context: Context,
  files: DemoFiles,
): Promise<{ read: number; accepted: number; quarantined: number }> {
  const reading = lateStage(context.out.progress, { label: 'import', unit: 'bytes' })
  const snapshot = await importSnapshotFile({
    ...importOptionsOf(context, files.snapshot, {}),
    asOf: AS_OF,
    onProgress: (it) => reading.update(it.bytesRead, it.bytesTotal),
  })
  reading.finish()
  await importStatusFile(importOptionsOf(context, files.status, {}))
  await importConsentsFile(importOptionsOf(context, files.consents, {}))
  const { read, accepted, quarantined } = snapshot
  return { read, accepted, quarantined }
}

async function runMonth(context: Context, period: string, times: StageTimes): Promise<DemoMonth> {
  const lines = (it: Plan): number => it.result?.lines ?? 0
  const plan = await times.measure(`plan ${period}`, lines, () =>
    makePlan(context, period, { programme: 'kt-2026@1' }),
  )
  // Four eyes: what one person made another signs, here in a rehearsal.
  const by = `${context.actor.slice(0, 40)}'s colleague`
  await approvePlan(context.poolOf(by), plan.planId, {
    by,
    at: context.clock.now(),
    reason: 'a demonstration',
  })
  const run = await times.measure(`run ${period}`, lines(plan), () => runPlan(context, plan))
  return { plan, run }
}

async function runPlan(context: Context, plan: Plan): Promise<Run> {
  const started = await startRun(context.pool, plan.planId, context.clock.now())
  const stage = context.out.progress.stage({
    label: `run ${plan.period}`,
    total: plan.result?.lines ?? 0,
    unit: 'lines',
    workers: () => 1,
  })
  const run = await conductRun({
    pool: context.pool,
    backend: () => context.jobs(),
    lanes: context.settings.lanes,
    name: context.workerName,
    log: context.log,
    now: context.clock.now,
    runId: started.runId,
    work: true,
    signal: context.signal,
    revive: context.revive,
    onProgress: (it) => stage.update(it.linesPosted),
  })
  stage.finish()
  return run
}

async function verify(context: Context): ReturnType<typeof verifyLedger> {
  const stage = lateStage(context.out.progress, { label: 'verify and replay', unit: 'chunks' })
  const verified = await verifyLedger(context.pool, {
    replay: true,
    lanes: context.settings.lanes,
    signal: context.signal,
    onProgress: stage.update,
  })
  stage.finish()
  return verified
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : -1
  if (number >= least && number <= most) return number
  throw new RedressError('USAGE', {
    problem: `${name}: unusable; expected a number from ${least} to ${most}`,
  })
}
