/** How a period of the demo is planned, signed and posted: by the functions of the commands. */
import { RedressError } from '../../errors.js'
import { conductRun } from '../../jobs/conduct-run.js'
import type { Pool } from '../../db/database.js'
import { approveByForecast, approvePlan, heldAgainstForecast } from '../../runs/approve-plan.js'
import type { Signature } from '../../runs/approve-plan.js'
import type { Plan, Run } from '../../runs/run.js'
import { startRun } from '../../runs/start-run.js'
import { makePlan } from '../commands/plans.js'
import type { Context } from '../context.js'
import type { StageTimes } from '../stage-times.js'
import { DAYS, onDay } from './demo-days.js'
import type { DemoDay } from './demo-days.js'
import type { DemoFiles } from './demo-files.js'
import type { DemoPosting } from './demo-figures.js'

/** Who is at work, on which files. */
export interface DemoScene {
  readonly context: Context
  readonly times: StageTimes
  readonly files: DemoFiles
  /** Signs what the context's own person has made. */
  readonly colleague: { readonly name: string; readonly pool: Pool }
}

export async function planOn(scene: DemoScene, day: DemoDay, period: string): Promise<Plan> {
  return await scene.times.measure('plan', linesOf, () =>
    makePlan(onDay(scene.context, day), period, { programme: 'kt-2026@1' }),
  )
}

/** Lets another person sign, and posts. */
export async function signAndRun(scene: DemoScene, day: DemoDay, plan: Plan): Promise<DemoPosting> {
  await sign(scene, day, plan)
  return { day, plan, run: await runPlan(scene, day, plan), signedBy: scene.colleague.name }
}

/** Posts what lies within its approved forecast; else another person has to sign after all. */
export async function goByForecast(
  scene: DemoScene,
  day: DemoDay,
  plan: Plan,
): Promise<DemoPosting> {
  const forecast = await heldAgainstForecast(scene.context.pool, plan)
  if (forecast === undefined || forecast.breaches.length > 0) {
    return await signAndRun(scene, day, plan)
  }
  const { forecastPlanId } = forecast
  await approveByForecast(scene.context.pool, plan, forecastPlanId, { at: DAYS[day], reason: WHY })
  return { day, plan, run: await runPlan(scene, day, plan), signedBy: undefined }
}

/** Given where figures are off, which a population of a few thousand lines makes likely. */
const WHY = 'a demonstration'

export async function sign(
  { colleague }: DemoScene,
  day: DemoDay,
  plan: Plan,
  tolerance?: number,
): Promise<void> {
  const signature: Signature = { by: colleague.name, at: DAYS[day], reason: WHY, tolerance }
  await approvePlan(colleague.pool, plan.planId, signature)
}

/** What its maker is told who signs the own plan. */
export async function refusalOfMaker(
  { context }: DemoScene,
  day: DemoDay,
  plan: Plan,
): Promise<string> {
  try {
    await approvePlan(context.pool, plan.planId, { by: context.actor, at: DAYS[day], reason: WHY })
    return 'not refused'
  } catch (error) {
    if (error instanceof RedressError && error.code === 'APPROVAL_MISSING') return error.message
    throw error
  }
}

async function runPlan({ context, times }: DemoScene, day: DemoDay, plan: Plan): Promise<Run> {
  const { clock } = onDay(context, day)
  return await times.measure('run', linesOf(plan), async () => {
    const started = await startRun(context.pool, plan.planId, clock.now())
    const stage = context.out.progress.stage({
      label: `run ${plan.period}`,
      total: linesOf(plan),
      unit: 'lines',
      workers: () => 1,
    })
    const run = await conductRun({
      pool: context.pool,
      backend: () => context.jobs(),
      lanes: context.settings.lanes,
      name: context.workerName,
      log: context.log,
      now: clock.now,
      runId: started.runId,
      work: true,
      signal: context.signal,
      revive: context.revive,
      onProgress: (it) => stage.update(it.linesPosted),
    })
    stage.finish()
    return run
  })
}

function linesOf(plan: Plan): number {
  return plan.result?.lines ?? 0
}
