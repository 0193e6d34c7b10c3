/** How `redress run` gets the plan that it just made approved, or says what that takes. */
import { createInterface } from 'node:readline/promises'
import { RedressError } from '../../errors.js'
import { percentOf, tellOff } from '../../runs/approval-policy.js'
import {
  approveAlone,
  approveByForecast,
  heldAgainstForecast,
  refuseAlone,
  refuseHeld,
} from '../../runs/approve-plan.js'
import { changeFromPrevious } from '../../runs/plan-period.js'
import type { Plan } from '../../runs/run.js'
import type { Context } from '../context.js'
import { reasonOf } from './approve.js'
import { describePlan } from './plans.js'

/**
 * A plan within its approved forecast goes by itself; else one person may say yes to what was just
 * shown, where policy lets one person.
 * @throws RedressError PLAN_HELD; APPROVAL_MISSING
 */
export async function approveHere(
  context: Context,
  plan: Plan,
  flags: { readonly yes: boolean; readonly reason: string | undefined },
): Promise<void> {
  const { pool, clock, out } = context
  const change = await changeFromPrevious(pool, plan)
  out.note(describePlan(plan, change, context.authenticated))
  const signature = { at: clock.now(), reason: reasonOf(flags.reason) }
  refuseHeld(plan, signature.reason)
  const forecast = await heldAgainstForecast(pool, plan)
  if (forecast !== undefined && forecast.breaches.length === 0) {
    const { forecastPlanId, tolerance } = forecast
    await approveByForecast(pool, plan, forecastPlanId, signature)
    out.note(
      `plan ${plan.planId} goes by itself: every number lies within ${percentOf(tolerance)} of ` +
        `forecast ${forecastPlanId}`,
    )
    return
  }
  const outside =
    forecast === undefined
      ? ''
      : `; outside ${percentOf(forecast.tolerance)} of forecast ${forecast.forecastPlanId}: ` +
        forecast.breaches.map(tellOff).join(', ')
  if (flags.yes && outside !== '') out.note(outside.slice(2))
  refuseAlone(plan)
  if (!flags.yes && !(await saysYes(plan))) {
    throw new RedressError('APPROVAL_MISSING', {
      plan: plan.planId,
      expected: `--yes, or \`redress approve ${plan.planId}\` by another person${outside}`,
    })
  }
  await approveAlone(pool, plan, signature)
}

async function saysYes(plan: Plan): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await terminal.question(`post plan ${plan.planId}? (yes/no) `)).trim())
  } finally {
    terminal.close()
  }
}
