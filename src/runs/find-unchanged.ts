/**
 * Whether a new plan of a period could say anything that its last one did not say: on most days
 * nothing has come in, and to decide every line again would come to nothing.
 */
import type { Pool } from '../db/database.js'
import { rulesVersion } from '../rules/programme.js'
import { isAnyChoiceBetween } from './choice-times-store.js'
import { currentInputs, newestPlanOf } from './plan-store.js'
import type { Plan } from './run.js'
import { runOfPlan } from './run-store.js'

/**
 * The period's last plan, where it was posted or held no entry, and nothing has changed since: no
 * import of what plans look at, no run of any period, no other snapshot or rules, and no choice
 * whose time, or that of its withdrawal, has come meanwhile. Codes that expire take nothing from
 * anybody and statuses after the period's start change nothing in it.
 */
export async function findUnchanged(
  pool: Pool,
  asked: Pick<Plan, 'programme' | 'version' | 'period' | 'snapshotId' | 'now'>,
): Promise<Plan | undefined> {
  const last = await newestPlanOf(pool, asked.programme, asked.period)
  if (last === undefined || last.state !== 'planned' || last.rulesVersion !== rulesVersion) {
    return undefined
  }
  if (last.version !== asked.version || last.snapshotId !== asked.snapshotId) return undefined
  const run = await runOfPlan(pool, last.planId)
  const isPosted = run?.state === 'closed'
  if (!isPosted && last.result?.entries !== 0) return undefined
  const ledgerRuns = isPosted ? [...last.ledgerRuns, run.runId] : last.ledgerRuns
  const is = await currentInputs(pool, asked.programme)
  if (!areSame(is.inputs, last.inputs) || !areSame(is.ledgerRuns, ledgerRuns)) return undefined
  // A clock that was set back makes another plan, too.
  if (Date.parse(asked.now) < Date.parse(last.now)) return undefined
  return (await isAnyChoiceBetween(pool, last.now, asked.now)) ? undefined : last
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  return some.join() === others.join()
}
