/**
 * How a scheduler plans and runs periods: by the functions of the commands. It signs nothing that
 * policy wants a person for; what it may not post waits, with the plan that was made.
 */
import type { Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import type { JobsBackend } from '../jobs/bullmq-backend.js'
import { conductRun } from '../jobs/conduct-run.js'
import type { MessageLog } from '../jobs/handle-message.js'
import type { Period } from '../rules/case.js'
import { periodStart } from '../rules/programme.js'
import type { ProgrammeVersion } from '../rules/programme.js'
import { instantOf } from '../rules/schedule/civil-time.js'
import type { Occurrence, Schedule } from '../rules/schedule/schedule.js'
import { isForecast, percentOf, tellOff } from '../runs/approval-policy.js'
import { approveAlone, approveByForecast, heldAgainstForecast } from '../runs/approve-plan.js'
import { findUnchanged } from '../runs/find-unchanged.js'
import { planPeriod } from '../runs/plan-period.js'
import { readPlan } from '../runs/plan-store.js'
import type { Plan, Run } from '../runs/run.js'
import { closedRuns, readProgress, unfinishedRunOf } from '../runs/run-store.js'
import { refuseStale, reopenRun, startRun } from '../runs/start-run.js'
import { approvedForecastOf, statusImportedSince } from '../schedule/input-store.js'
import type { PerformTask, TaskContext, TaskOutcome, TaskResult } from '../schedule/task.js'
import { newestSnapshotOf } from '../snapshot/snapshot-store.js'

export interface RunParts {
  readonly pool: Pool
  readonly schedule: Schedule
  readonly version: ProgrammeVersion
  /** Chunks at the same time. */
  readonly lanes: number
  /** Seen in `runs show`; no person's name. */
  readonly name: string
  readonly log: MessageLog
  readonly backend: () => Promise<JobsBackend>
  readonly revive?: () => Promise<unknown>
}

/** A plan before its period begins, until a second person has approved it or the period begins. */
export function forecastTask(parts: RunParts): PerformTask {
  return async (occurrence, context) => {
    const period = periodOf(occurrence)
    const approved = await approvedForecastOf(parts.pool, parts.version.programme, period)
    if (approved !== undefined) return done({ plan_id: approved, approved: true })
    if (!isForecast(period, context.now())) {
      return done({ ...context.earlier, approved: false })
    }
    const plan = await planAt(parts, period, context)
    if (plan === undefined) return waitingForSnapshot(parts)
    const approve = `redress approve ${plan.planId} --tolerance N%`
    const needs = `\`${approve}\` by another person${whyOff(plan)}`
    return { outcome: 'waiting_for_approval', needs, result: resultOf(plan) }
  }
}

/** The binding plan, which goes by itself within its forecast's tolerance. */
export function runTask(parts: RunParts): PerformTask {
  return async (occurrence, context) => {
    const period = periodOf(occurrence)
    return await unlessOvertaken(period, async () => {
      const under = await underWay(parts, period, context)
      if (under !== undefined) return under
      const { programme } = parts.version
      const [closed] = await closedRuns(parts.pool, programme, period)
      if (closed !== undefined) return done({ run_id: closed.runId, plan_id: closed.planId })
      const start = periodStart(period)
      const since = instantOf(`${start}T00:00`, parts.schedule.zone)
      if (!context.forced && !(await statusImportedSince(parts.pool, since))) {
        const needs = `the status changes up to ${start} 00:00: \`redress status import FILE\``
        return { outcome: 'waiting_for_input', needs, result: context.earlier }
      }
      const plan = await planAt(parts, period, context)
      if (plan === undefined) return waitingForSnapshot(parts)
      const outside = await signByForecast(parts, plan, context)
      return outside === undefined
        ? await post(parts, plan, context)
        : waitingForApproval(plan, outside)
    })
  }
}

/** What is new since the period's run; small enough, policy lets its maker sign it. */
export function dailyRunTask(parts: RunParts): PerformTask {
  return async (occurrence, context) => {
    const period = periodOf(occurrence)
    return await unlessOvertaken(period, async () => {
      const under = await underWay(parts, period, context)
      if (under !== undefined) return under
      const { programme } = parts.version
      const closed = await closedRuns(parts.pool, programme, period)
      // The period's own run, when it comes, finds all that is new.
      if (closed.length === 0) {
        return { outcome: 'merged', into: `${programme}/run/${period}`, result: {} }
      }
      const unchanged = await unchangedSince(parts, period, context)
      if (unchanged !== undefined) return done({ plan_id: unchanged.planId, entries: 0 })
      const plan = await planAt(parts, period, context)
      if (plan === undefined) return waitingForSnapshot(parts)
      if (plan.result?.entries === 0) return done(resultOf(plan))
      const outside = await signByForecast(parts, plan, context)
      if (outside === undefined) return await post(parts, plan, context)
      const limit = parts.schedule.dailyEntriesAlone.value
      if (plan.holds.length > 0) return waitingForApproval(plan, outside)
      if ((plan.result?.entries ?? 0) > limit) {
        return waitingForApproval(plan, `more than ${limit} entries`)
      }
      const refusal = await signAlone(parts, plan, context)
      if (refusal !== undefined) return waitingForApproval(plan, refusal)
      return await post(parts, plan, context)
    })
  }
}

/** The plan of an earlier try as long as nothing has changed since, else a new one. */
async function planAt(
  parts: RunParts,
  period: Period,
  { earlier, now, signal }: TaskContext,
): Promise<Plan | undefined> {
  const { pool, version, lanes } = parts
  if (typeof earlier['plan_id'] === 'string') {
    const plan = await readPlan(pool, earlier['plan_id'])
    if (await isFresh(pool, plan)) return plan
  }
  const snapshot = await newestSnapshotOf(pool, version.baseDate)
  if (snapshot === undefined) return undefined
  return await planPeriod(pool, { version, period, snapshot, now: now(), lanes, signal })
}

/** The last plan of the period, where a new one could not come to anything else. */
async function unchangedSince(
  { pool, version }: RunParts,
  period: Period,
  { now }: TaskContext,
): Promise<Plan | undefined> {
  const snapshot = await newestSnapshotOf(pool, version.baseDate)
  if (snapshot === undefined) return undefined
  const { snapshotId } = snapshot
  const { programme, version: number } = version
  return await findUnchanged(pool, { programme, version: number, period, snapshotId, now: now() })
}

async function isFresh(pool: Pool, plan: Plan): Promise<boolean> {
  try {
    await refuseStale(pool, plan)
    return true
  } catch (error) {
    if (error instanceof RedressError && error.code === 'PLAN_STALE') return false
    throw error
  }
}

/** Undefined when the plan may go; else why it may not by itself. */
async function signByForecast(
  { pool }: RunParts,
  plan: Plan,
  { now }: TaskContext,
): Promise<string | undefined> {
  if (plan.approvedBy !== null) return undefined
  if (plan.holds.length > 0) return plan.holds.map(tellOff).join(', ')
  const forecast = await heldAgainstForecast(pool, plan)
  if (forecast === undefined) return 'no forecast of it is approved'
  if (forecast.breaches.length > 0) {
    const { forecastPlanId, tolerance, breaches } = forecast
    const off = breaches.map(tellOff).join(', ')
    return `outside ${percentOf(tolerance)} of forecast ${forecastPlanId}: ${off}`
  }
  await approveByForecast(pool, plan, forecast.forecastPlanId, { at: now() })
  return undefined
}

/** Undefined when the plan may go; else why policy wants another person. */
async function signAlone(
  { pool }: RunParts,
  plan: Plan,
  { now }: TaskContext,
): Promise<string | undefined> {
  try {
    await approveAlone(pool, plan, { at: now() })
    return undefined
  } catch (error) {
    if (error instanceof RedressError && error.code === 'APPROVAL_MISSING') {
      return 'policy wants two people'
    }
    throw error
  }
}

/** What a run that is unfinished comes to: this period's is seen through, another's waited for. */
async function underWay(
  parts: RunParts,
  period: Period,
  context: TaskContext,
): Promise<TaskOutcome | undefined> {
  const run = await unfinishedRunOf(parts.pool, parts.version.programme)
  if (run === undefined) return undefined
  if (run.period !== period) {
    const needs = `run ${run.runId} of ${run.period} to end; \`redress runs show ${run.runId}\``
    return { outcome: 'waiting_for_input', needs, result: context.earlier }
  }
  return await conduct(parts, await reopenRun(parts.pool, run.runId), context)
}

async function post(parts: RunParts, plan: Plan, context: TaskContext): Promise<TaskOutcome> {
  return await conduct(parts, await startRun(parts.pool, plan.planId, context.now()), context)
}

async function conduct(parts: RunParts, run: Run, context: TaskContext): Promise<TaskOutcome> {
  const { pool, backend, lanes, name, log, revive } = parts
  const { runId } = run
  const finished = await conductRun({
    pool,
    backend,
    lanes,
    name,
    log,
    now: context.now,
    runId,
    work: true,
    signal: context.signal,
    ...(revive === undefined ? {} : { revive }),
  })
  if (finished.state !== 'closed') {
    const problem = finished.heldBecause ?? `it is ${finished.state}`
    throw new RedressError('RUN_HELD', { run: runId, problem })
  }
  const { entriesPosted } = await readProgress(pool, runId)
  return done({ plan_id: finished.planId, run_id: runId, entries: entriesPosted })
}

/** Who is overtaken by somebody who plans or runs the same period looks again later. */
async function unlessOvertaken(
  period: Period,
  work: () => Promise<TaskOutcome>,
): Promise<TaskOutcome> {
  try {
    return await work()
  } catch (error) {
    const overtaken =
      error instanceof RedressError && (error.code === 'RUN_STATE' || error.code === 'PLAN_STALE')
    if (!overtaken) throw error
    const needs = `somebody else to be done with ${period}`
    return { outcome: 'waiting_for_input', needs, result: {} }
  }
}

function waitingForApproval(plan: Plan, outside: string): TaskOutcome {
  const reason = plan.holds.length > 0 ? ' --reason TEXT' : ''
  const needs = `\`redress approve ${plan.planId}${reason}\` by another person: ${outside}`
  return { outcome: 'waiting_for_approval', needs, result: resultOf(plan) }
}

function waitingForSnapshot({ version }: RunParts): TaskOutcome {
  const needs = `\`redress snapshot import FILE --as-of ${version.baseDate}\``
  return { outcome: 'waiting_for_input', needs, result: {} }
}

function whyOff(plan: Plan): string {
  return plan.holds.length === 0 ? '' : `, with a reason: ${plan.holds.map(tellOff).join(', ')}`
}

function resultOf(plan: Plan): TaskResult {
  return { plan_id: plan.planId, entries: plan.result?.entries ?? null }
}

function done(result: TaskResult): TaskOutcome {
  return { outcome: 'done', result }
}

function periodOf({ key, period }: Occurrence): Period {
  if (period !== null) return period
  throw new RedressError('SCHEDULE_STATE', { key, problem: 'has no period', expected: 'one' })
}
