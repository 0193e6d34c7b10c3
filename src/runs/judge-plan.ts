/** Holds a plan whose figures are off, before it is made known. */
import type { Tx } from '../db/database.js'
import { previousMonth } from '../rules/calendar.js'
import type { Period } from '../rules/case.js'
import type { ProgrammeVersion } from '../rules/programme.js'
import { holdsOf } from './approval-policy.js'
import { approvedForecast, recordHolds } from './approval-store.js'
import { previousResult } from './plan-store.js'
import type { PlanResult } from './run.js'

/**
 * Compares the plan with the approved forecast of its period, else with the period before; there
 * is nothing to compare a first period with. Called while the plan is still `planning`.
 */
export async function judgePlan(
  tx: Tx,
  planId: string,
  version: ProgrammeVersion,
  period: Period,
  result: PlanResult,
): Promise<void> {
  const { client } = tx
  const forecast = await approvedForecast(client, planId)
  const before =
    forecast?.result ?? (await previousResult(client, version.programme, previousMonth(period)))
  if (before === undefined) return
  const against = forecast === undefined ? 'previous period' : 'forecast'
  const { guardRails } = version.approval
  const holds = holdsOf(guardRails, result.benefits, before.benefits, against)
  if (holds.length > 0) await recordHolds(tx, planId, holds)
}
