/** From an approved plan to a run with open chunks; and what workers need to know of a run. */
import { assert } from '../assert.js'
import { withTransaction } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import type { Period } from '../rules/case.js'
import { periodStart, rulesVersion } from '../rules/programme.js'
import type { RunContext } from './apply-chunk.js'
import { isForecast } from './approval-policy.js'
import { rootHashOf } from './close-run.js'
import { DecisionMemo } from './decision-memo.js'
import { EntrySets } from './entry-sets.js'
import { readPeriodContext } from './period-context.js'
import { currentInputs, readEntrySets, readPlan } from './plan-store.js'
import type { Plan, Run } from './run.js'
import * as store from './run-store.js'

/**
 * Starts the plan's run, or joins the period's unfinished one.
 * @throws RedressError APPROVAL_MISSING; PLAN_IS_FORECAST; PLAN_STALE when anything it looked at
 * has changed since; RUN_STATE when its run is closed or cancelled already.
 */
export async function startRun(pool: Pool, planId: string, at: string): Promise<Run> {
  const plan = await readPlan(pool, planId)
  const own = await store.runOfPlan(pool, planId)
  if (own !== undefined) return joinable(own)
  const unfinished = await store.unfinishedRun(pool, plan.programme, plan.period)
  if (unfinished !== undefined) return unfinished
  await refuseStale(pool, plan)
  refuseForecast(planId, plan.period, plan.now)
  if (plan.approvedBy === null) {
    throw new RedressError('APPROVAL_MISSING', {
      plan: planId,
      expected: `\`redress approve ${planId}\``,
    })
  }
  const runId = await withTransaction(pool, (tx) => store.insertRun(tx, planId, at))
  if (runId !== undefined) return await store.readRun(pool, runId)
  // Somebody started the same moment: theirs is the run now.
  const joined = await store.unfinishedRun(pool, plan.programme, plan.period)
  if (joined !== undefined) return joined
  const finished = await store.runOfPlan(pool, planId)
  if (finished !== undefined) return finished
  return await startRun(pool, planId, at)
}

function joinable(run: Run): Run {
  if (run.state === 'open' || run.state === 'held') return run
  throw new RedressError('RUN_STATE', {
    run: run.runId,
    problem: `its plan was executed and it is ${run.state}`,
    expected: 'a new plan',
  })
}

/**
 * Statuses up to the period's start decide it, so a plan made earlier is never posted.
 * @throws RedressError PLAN_IS_FORECAST
 */
export function refuseForecast(plan: string, period: Period, now: string): void {
  if (!isForecast(period, now)) return
  throw new RedressError('PLAN_IS_FORECAST', {
    plan,
    now,
    expected: `${periodStart(period)}T00:00:00+09:00`,
  })
}

/** @throws RedressError PLAN_STALE naming what changed */
export async function refuseStale(pool: Pool, plan: Plan): Promise<void> {
  const problem = await staleness(pool, plan)
  if (problem !== undefined) throw new RedressError('PLAN_STALE', { plan: plan.planId, problem })
}

async function staleness(pool: Pool, plan: Plan): Promise<string | undefined> {
  if (plan.state === 'superseded') return 'a newer plan of the period was made'
  if (plan.state === 'planning') return 'its making was interrupted'
  if (plan.rulesVersion !== rulesVersion)
    return `made with rules ${plan.rulesVersion}, these are ${rulesVersion}`
  const now = await currentInputs(pool, plan.programme)
  if (now.inputs.join() !== plan.inputs.join()) return 'changes were imported since'
  if (now.ledgerRuns.join() !== plan.ledgerRuns.join()) return 'another run was closed since'
  return undefined
}

/**
 * Read once by each worker of a run. `worker` names it in `runs show`; it must be no person's name.
 */
export async function readRunContext(
  pool: Pool,
  runId: string,
  worker: string,
  now: () => string,
): Promise<RunContext> {
  const run = await store.readRun(pool, runId)
  const context = await readPeriodContext(pool, run.planId)
  assert(context.ledgerNo !== undefined, 'a ledger of a run that was started')
  const sets = new EntrySets(await readEntrySets(pool, [run.planId]), 'fixed')
  return {
    ...context,
    ledgerNo: context.ledgerNo,
    runId,
    memo: new DecisionMemo(context.rules, sets),
    worker,
    now,
  }
}

/** Opens a held run again for another try; chunks that were refused are tried again. */
export async function reopenRun(pool: Pool, runId: string): Promise<Run> {
  await withTransaction(pool, async (tx) => {
    const run = await store.lockRun(tx, runId)
    if (run.state === 'held') await store.markOpenAgain(tx, runId)
  })
  return await store.readRun(pool, runId)
}

/**
 * Ends an unfinished run. What it posted stays in the ledger and the next plan of the period counts
 * it, so that plan holds just the rest.
 * @throws RedressError RUN_STATE
 */
export async function cancelRun(pool: Pool, runId: string, at: string): Promise<Run> {
  await withTransaction(pool, async (tx) => {
    const run = await store.lockRun(tx, runId)
    if (run.state !== 'open' && run.state !== 'held') {
      throw new RedressError('RUN_STATE', {
        run: runId,
        problem: `is ${run.state}`,
        expected: 'an unfinished run',
      })
    }
    const posted = (await store.readRunChunks(tx, runId)).flatMap((it) => it.digest ?? [])
    await store.markCancelled(tx, runId, posted.length > 0 ? rootHashOf(posted) : null, at)
  })
  return await store.readRun(pool, runId)
}
