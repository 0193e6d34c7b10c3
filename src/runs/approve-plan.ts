/**
 * Signing a plan: by another person than its maker, by its maker alone where policy lets one
 * person, or because it lies within a forecast that another person approved. The database checks
 * all of it again.
 */
import { assert } from '../assert.js'
import { errorCodeOf } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import { findVersion } from '../rules/programmes/registry.js'
import { breachesOf, isForecast, tellOff, whyTwoPeople } from './approval-policy.js'
import type { Breach } from './approval-policy.js'
import * as store from './approval-store.js'
import type { Approval } from './approval-store.js'
import { readPlan } from './plan-store.js'
import type { Plan } from './run.js'
import { refuseStale } from './start-run.js'

export interface Signature {
  /** Who signs, as the database will write it down. */
  readonly by: string
  /** ISO 8601 instant. */
  readonly at: string
  /** Needed where figures are off; no personal data. */
  readonly reason?: string | undefined
  /** A share, needed for a forecast: by how much a later plan may differ and go by itself. */
  readonly tolerance?: number | undefined
}

/**
 * Signs a plan that another person made. The same person may repeat it.
 * @throws RedressError PLAN_UNKNOWN; PLAN_STALE; APPROVAL_MISSING where its maker signs;
 * PLAN_APPROVED where it is signed otherwise already; PLAN_HELD without a reason; USAGE where a
 * tolerance is missing or out of place.
 */
export async function approvePlan(
  pool: Pool,
  planId: string,
  signature: Signature,
): Promise<{ readonly approval: Approval; readonly already: boolean }> {
  const plan = await readPlan(pool, planId)
  await refuseStale(pool, plan)
  if (plan.madeBy === signature.by) {
    throw new RedressError('APPROVAL_MISSING', {
      plan: planId,
      expected: 'another person than the one who made it',
    })
  }
  const earlier = await store.readApproval(pool, planId)
  if (earlier !== undefined) {
    refuseOther(earlier, signature)
    return { approval: earlier, already: true }
  }
  refuseMisplacedTolerance(plan, signature.tolerance)
  refuseHeld(plan, signature.reason)
  const { at, reason, tolerance } = signature
  return {
    approval: await signed(pool, plan, () =>
      store.insertApproval(pool, { planId, planHash: hashOf(plan), at, reason, tolerance }),
    ),
    already: false,
  }
}

/**
 * Signs a plan as its maker.
 * @throws RedressError APPROVAL_MISSING where policy wants two people; PLAN_HELD without a reason.
 */
export async function approveAlone(
  pool: Pool,
  plan: Plan,
  signature: Pick<Signature, 'at' | 'reason'>,
): Promise<Approval> {
  refuseHeld(plan, signature.reason)
  refuseAlone(plan)
  return await signed(pool, plan, () =>
    store.insertOwnApproval(pool, {
      planId: plan.planId,
      planHash: hashOf(plan),
      at: signature.at,
      reason: signature.reason,
    }),
  )
}

/** What the approved forecast of a plan's period says of it; undefined where there is none. */
export async function heldAgainstForecast(
  pool: Pool,
  plan: Plan,
): Promise<
  | {
      readonly forecastPlanId: string
      readonly tolerance: number
      readonly breaches: readonly Breach[]
    }
  | undefined
> {
  assert(plan.result !== null, 'the result of a plan that was made')
  const forecast = await store.approvedForecast(pool, plan.planId)
  if (forecast === undefined) return undefined
  const { planId: forecastPlanId, result, tolerance } = forecast
  const breaches = breachesOf(plan.result.benefits, result.benefits, tolerance)
  return { forecastPlanId, tolerance, breaches }
}

/** Signs a plan that lies within its forecast. @throws RedressError PLAN_HELD without a reason. */
export async function approveByForecast(
  pool: Pool,
  plan: Plan,
  forecastPlanId: string,
  signature: Pick<Signature, 'at' | 'reason'>,
): Promise<Approval> {
  refuseHeld(plan, signature.reason)
  return await signed(pool, plan, () =>
    store.insertOwnApproval(pool, {
      planId: plan.planId,
      planHash: hashOf(plan),
      at: signature.at,
      reason: signature.reason,
      forecastPlanId,
    }),
  )
}

/** @throws RedressError PLAN_HELD naming the figures that are off. */
export function refuseHeld(plan: Plan, reason: string | undefined): void {
  if (plan.holds.length === 0 || reason !== undefined) return
  throw new RedressError('PLAN_HELD', {
    plan: plan.planId,
    problem: plan.holds.map((it) => `${tellOff(it)}, ${it.against}`).join('; '),
  })
}

/** @throws RedressError APPROVAL_MISSING where policy wants another person to sign. */
export function refuseAlone(plan: Plan): void {
  const version = findVersion(`${plan.programme}@${plan.version}`)
  assert(version !== undefined && plan.result !== null, 'a plan that was made')
  const { entries } = plan.result
  const because = whyTwoPeople(version.approval, { period: plan.period, entries })
  if (because === undefined) return
  throw new RedressError('APPROVAL_MISSING', {
    plan: plan.planId,
    expected: `\`redress approve ${plan.planId}\` by another person (${because})`,
  })
}

function refuseOther(earlier: Approval, signature: Signature): void {
  const same =
    earlier.approvedBy === signature.by &&
    earlier.tolerance === (signature.tolerance ?? null) &&
    (signature.reason === undefined || earlier.reason === signature.reason)
  if (same) return
  throw new RedressError('PLAN_APPROVED', { plan: earlier.planId, by: earlier.approvedBy })
}

function refuseMisplacedTolerance(plan: Plan, tolerance: number | undefined): void {
  const forecast = isForecast(plan.period, plan.now)
  if (forecast === (tolerance !== undefined)) return
  throw new RedressError('USAGE', {
    problem: forecast
      ? `plan ${plan.planId}: a forecast, made before ${plan.period} began; expected --tolerance N%`
      : `--tolerance: plan ${plan.planId} is no forecast; expected an approval without it`,
  })
}

function hashOf(plan: Plan): string {
  assert(plan.planHash !== null, 'the hash of a plan that was made')
  return plan.planHash
}

// What was refused here is what changed since it was checked: a newer plan, another signature.
async function signed(pool: Pool, plan: Plan, sign: () => Promise<void>): Promise<Approval> {
  const { planId } = plan
  try {
    await sign()
  } catch (error) {
    const code = errorCodeOf(error)
    if (code !== store.REFUSED_BY_DATABASE && code !== '23505') throw error
    await refuseStale(pool, await readPlan(pool, planId))
    const other = await store.readApproval(pool, planId)
    if (other !== undefined) {
      throw new RedressError('PLAN_APPROVED', { plan: planId, by: other.approvedBy })
    }
    throw new RedressError('APPROVAL_MISSING', {
      plan: planId,
      expected: 'what the database demands: `redress approve` by another person',
    })
  }
  const approval = await store.readApproval(pool, planId)
  assert(approval !== undefined, 'an approval that was signed')
  return approval
}
