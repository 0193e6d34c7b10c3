/** `redress run` and `runs list|show|resume|cancel`. */
import type { Command } from 'commander'
import { assert } from '../../assert.js'
import { errorCodeOf } from '../../db/database.js'
import { EXIT, RedressError } from '../../errors.js'
import { conductRun } from '../../jobs/conduct-run.js'
import { readPlan } from '../../runs/plan-store.js'
import type { Run, RunProgress } from '../../runs/run.js'
import { closedRuns, listRuns, readProgress, readRun, unfinishedRun } from '../../runs/run-store.js'
import { cancelRun, refuseForecast, reopenRun, startRun } from '../../runs/start-run.js'
import { formatCount, formatDuration, formatShare, formatShort } from '../chart.js'
import type { Context } from '../context.js'
import type { Act } from '../act.js'
import { table } from '../text-table.js'
import { approveHere } from './approve-here.js'
import { makePlan, personNamed, refuseUnknownPeriod, versionOf, withPlanOptions } from './plans.js'
import type { PlanFlags } from './plans.js'

interface RunFlags extends PlanFlags {
  readonly plan?: string
  readonly yes?: boolean
  readonly reason?: string
  readonly detach?: boolean
}

export function addRuns(program: Command, act: Act): void {
  withPlanOptions(program.command('run <period>').description("post a period's plan"))
    .option('--plan <id>', 'an approved plan; without it one is made and shown')
    .option('--yes', 'approve the plan just made without asking')
    .option('--reason <text>', 'why the plan may go although figures are off')
    .option('--detach', 'leave the work to the workers there are')
    .action(act(run))
  const runs = program.command('runs').description('runs and how far they are')
  runs.command('list').description('all runs').action(act(list))
  runs.command('show <id>').description('one run, its progress and balance').action(act(show))
  runs
    .command('resume <id>')
    .description('go on with an interrupted or held run')
    .option('--detach', 'leave the work to the workers there are')
    .action(act(resume))
  runs
    .command('cancel <id>')
    .description('end an unfinished run; what it posted stays')
    .action(act(cancel))
}

async function run(context: Context, period: string, flags: RunFlags): Promise<number> {
  const version = versionOf(flags.programme)
  refuseUnknownPeriod(version, period)
  const begun =
    flags.plan === undefined
      ? await beginTogether(context, period, flags)
      : await startPlanned(context, period, flags.plan)
  if ('allClosed' in begun) return await showNothingToDo(context, begun.allClosed)
  return await conduct(context, begun, flags.detach === true)
}

async function startPlanned(context: Context, period: string, planId: string): Promise<Run> {
  const plan = await readPlan(context.pool, planId)
  if (plan.period !== period) {
    throw new RedressError('USAGE', {
      problem: `--plan ${plan.planId}: of period ${plan.period}; expected one of ${period}`,
    })
  }
  return await startRun(context.pool, plan.planId, context.clock.now())
}

interface NothingToDo {
  readonly allClosed: readonly Run[]
}

/** Two who start a period at once overtake each other once, three twice. */
const OVERTAKEN_LIMIT = 5

/**
 * Who is overtaken by somebody who plans or runs the same period looks again, and joins what is
 * there.
 */
async function beginTogether(
  context: Context,
  period: string,
  flags: RunFlags,
): Promise<Run | NothingToDo> {
  for (let times = 1; ; times += 1) {
    try {
      return await begin(context, period, flags)
    } catch (error) {
      const overtaken =
        error instanceof RedressError && (error.code === 'RUN_STATE' || error.code === 'PLAN_STALE')
      if (!overtaken || times === OVERTAKEN_LIMIT) throw error
      context.out.note(`somebody else is at ${period} too: looking again`)
    }
  }
}

async function begin(
  context: Context,
  period: string,
  flags: RunFlags,
): Promise<Run | NothingToDo> {
  const { programme } = versionOf(flags.programme)
  const unfinished = await unfinishedRun(context.pool, programme, period)
  if (unfinished !== undefined) {
    context.out.note(`run ${unfinished.runId} of ${period} is under way: joining it`)
    return await reopenRun(context.pool, unfinished.runId)
  }
  refuseForecast(`of ${period}`, period, context.clock.now())
  const plan = await makePlan(context, period, flags)
  const allClosed = await closedRuns(context.pool, programme, period)
  if (allClosed.length > 0 && plan.result?.entries === 0) return { allClosed }
  await approveHere(context, plan, { yes: flags.yes === true, reason: flags.reason })
  return await startRun(context.pool, plan.planId, context.clock.now())
}

async function conduct(context: Context, started: Run, detach: boolean): Promise<number> {
  const before = await readProgress(context.pool, started.runId)
  let workers = 1
  const stage = detach
    ? undefined
    : context.out.progress.stage({
        label: `run ${started.period}`,
        total: before.linesTotal,
        unit: 'lines',
        done: before.linesPosted,
        workers: () => workers,
      })
  const finished = await conductRun({
    pool: context.pool,
    backend: () => context.jobs(),
    lanes: context.settings.lanes,
    name: context.workerName,
    log: context.log,
    now: context.clock.now,
    runId: started.runId,
    work: !detach,
    signal: context.signal,
    revive: context.revive,
    onError: () => context.out.note('the queue does not answer: no other worker is called'),
    onProgress: (it, workerCount) => {
      workers = workerCount
      stage?.update(it.linesPosted)
    },
  })
  stage?.finish()
  return await showFinished(context, finished, before)
}

async function showFinished(context: Context, finished: Run, before: RunProgress): Promise<number> {
  const { entriesPosted } = await readProgress(context.pool, finished.runId)
  const document = {
    ...documentOf(finished),
    entries_written: entriesPosted - before.entriesPosted,
    entries_already_present: before.entriesPosted,
    authenticated: context.authenticated,
  }
  context.out.result(document, () =>
    [
      describeRun(finished, entriesPosted - before.entriesPosted),
      `run by ${personNamed(context.actor, context.authenticated)}`,
    ].join('\n'),
  )
  if (finished.state !== 'held') return EXIT.done
  throw new RedressError('RUN_HELD', {
    run: finished.runId,
    problem: finished.heldBecause ?? 'unknown',
  })
}

async function showNothingToDo(context: Context, allClosed: readonly Run[]): Promise<number> {
  const present = await Promise.all(allClosed.map((it) => readProgress(context.pool, it.runId)))
  const last = allClosed.at(-1)
  assert(last !== undefined, 'a closed run of the period')
  const entries = present.reduce((sum, it) => sum + it.entriesPosted, 0)
  context.out.result(
    { ...documentOf(last), entries_written: 0, entries_already_present: entries },
    () =>
      `${last.period} is closed by run ${last.runId} and nothing has changed since: no entry ` +
      `written, ` +
      `${formatCount(entries)} are there`,
  )
  return EXIT.done
}

function documentOf(it: Run): object {
  return {
    run_id: it.runId,
    plan_id: it.planId,
    programme: it.programme,
    period: it.period,
    state: it.state,
    chunks: it.chunks,
    root_hash: it.rootHash,
    balance: it.balance ?? {},
    held_because: it.heldBecause,
    started_at: it.startedAt,
    closed_at: it.closedAt,
  }
}

function describeRun(it: Run, written: number): string {
  const balance = Object.entries(it.balance ?? {})
  return [
    `run ${it.runId} of ${it.period} is ` +
      `${it.state}${it.heldBecause === null ? '' : `: ${it.heldBecause}`}; ` +
      `${formatCount(written)} entries written`,
    ...(it.rootHash === null ? [] : [`root hash ${it.rootHash}`]),
    ...(balance.length === 0
      ? []
      : [
          '',
          table(
            ['benefit', 'subjects', 'granted', 'unchanged', 'refused', 'reversed', 'balance'],
            balance.map(([benefit, row]) => [
              benefit,
              formatCount(row.subjects),
              formatCount(row.granted),
              formatCount(row.unchanged),
              formatCount(row.refused),
              formatCount(row.reversed),
              row.ok ? 'ok' : 'OFF',
            ]),
          ),
        ]),
  ].join('\n')
}

async function list(context: Context): Promise<void> {
  const runs = await listRuns(context.pool)
  context.out.result(runs.map(documentOf), () =>
    runs.length === 0
      ? 'no run yet; `redress run PERIOD` starts one'
      : table(
          ['run', 'programme', 'period', 'state', 'plan', 'started at', 'closed at', 'root hash'],
          runs.map((it) => [
            it.runId,
            it.programme,
            it.period,
            it.state,
            it.planId,
            it.startedAt,
            it.closedAt ?? '',
            it.rootHash?.slice(0, 16) ?? '',
          ]),
        ),
  )
}

async function show(context: Context, id: string): Promise<void> {
  const it = await readProgress(context.pool, id)
  const workers = it.run.state === 'open' ? await namesIfAllowed(context) : []
  const document = {
    ...documentOf(it.run),
    lines: it.linesTotal,
    lines_posted: it.linesPosted,
    entries_posted: it.entriesPosted,
    chunks_open: it.open,
    chunks_posted: it.posted,
    chunks_refused: it.refused,
    lines_per_second: speedOf(it).linesPerSecond,
    seconds_left: speedOf(it).secondsLeft,
    workers: workers.length,
    worker_names: workers,
  }
  context.out.result(document, () =>
    [describeRun(it.run, it.entriesPosted), '', describeProgress(it, workers)].join('\n'),
  )
}

/** Who reads but neither runs nor works has no business in the queue: insufficient_privilege. */
async function namesIfAllowed(context: Context): Promise<readonly string[]> {
  try {
    return await namesOfWorkers(context)
  } catch (error) {
    if (errorCodeOf(error) === '42501') return []
    throw error
  }
}

async function namesOfWorkers(context: Context): Promise<readonly string[]> {
  const { openQueue } = await import('../../jobs/bullmq-queue.js')
  const queue = await openQueue(await context.jobs())
  try {
    return await queue.workerNames()
  } finally {
    await queue.close()
  }
}

function describeProgress(it: RunProgress, workers: readonly string[]): string {
  const posted =
    `${formatCount(it.linesPosted)} of ${formatCount(it.linesTotal)} lines ` +
    `(${formatShare(it.linesPosted, it.linesTotal)}), ${it.posted} of ${it.run.chunks} chunks`
  const { linesPerSecond, secondsLeft } = speedOf(it)
  const speed = linesPerSecond === null ? '' : `, ${formatShort(linesPerSecond)} lines/s`
  if (it.run.state !== 'open') return `${posted}${speed}`
  const left = secondsLeft === null ? '' : `, ${formatDuration(secondsLeft * 1_000)} left`
  const names = workers.length > 0 ? `: ${workers.join(', ')}` : ''
  return (
    `${posted}${speed}${left}; ${workers.length} ` +
    `${workers.length === 1 ? 'worker' : 'workers'}${names}`
  )
}

/**
 * From the first to the last chunk posted: pauses between them count. Null while there are not two.
 */
function speedOf(it: RunProgress): { linesPerSecond: number | null; secondsLeft: number | null } {
  if (it.firstPostedAt === null || it.lastPostedAt === null)
    return { linesPerSecond: null, secondsLeft: null }
  const seconds = (Date.parse(it.lastPostedAt) - Date.parse(it.firstPostedAt)) / 1_000
  if (seconds <= 0) return { linesPerSecond: null, secondsLeft: null }
  const linesPerSecond = it.linesPosted / seconds
  return { linesPerSecond, secondsLeft: (it.linesTotal - it.linesPosted) / linesPerSecond }
}

async function resume(context: Context, id: string, flags: { detach?: boolean }): Promise<number> {
  const it = await readRun(context.pool, id)
  if (it.state === 'closed' || it.state === 'cancelled') {
    throw new RedressError('RUN_STATE', {
      run: id,
      problem: `is ${it.state}`,
      expected: 'an unfinished run',
    })
  }
  return await conduct(context, await reopenRun(context.pool, id), flags.detach === true)
}

async function cancel(context: Context, id: string): Promise<void> {
  await readRun(context.pool, id)
  const it = await cancelRun(context.pool, id, context.clock.now())
  const { posted } = await readProgress(context.pool, id)
  context.out.result(
    documentOf(it),
    () =>
      `run ${id} of ${it.period} is cancelled; ${posted} chunks it posted stay and the next ` +
      `plan counts them`,
  )
}
