/**
 * What every chunk of a plan shares: the rules, where to post, what was posted before. Read once.
 */
import type { Pool } from '../db/database.js'
import type { EntrySet } from '../ledger/entry.js'
import { assert } from '../assert.js'
import { rulesFor } from '../rules/decide.js'
import type { PeriodRules } from '../rules/decide.js'
import { findVersion } from '../rules/programmes/registry.js'
import type { ProgrammeVersion } from '../rules/programme.js'
import { readSnapshot } from '../snapshot/snapshot-store.js'
import { readEntrySets, readPlan, snapshotsOfPlans } from './plan-store.js'
import type { Plan } from './run.js'
import { readLedgerNo } from './posting-store.js'
import { readRuns } from './run-store.js'

export interface PeriodContext {
  readonly plan: Plan
  readonly version: ProgrammeVersion
  readonly rules: PeriodRules
  /** Undefined until the first run of the period. */
  readonly ledgerNo: number | undefined
  /** Entry sets of the period's earlier runs by number; empty in its first run. */
  readonly postedSets: ReadonlyMap<number, EntrySet>
  /** Chunks of the plan's snapshot. */
  readonly chunks: number
  /** Of the period's last closed run; undefined before its first. */
  readonly lastPlanId: string | undefined
  /** The snapshots that those runs were made from. */
  readonly postedSnapshots: ReadonlySet<number>
}

export async function readPeriodContext(pool: Pool, planId: string): Promise<PeriodContext> {
  const plan = await readPlan(pool, planId)
  const version = findVersion(`${plan.programme}@${plan.version}`)
  assert(version !== undefined, 'the programme version of a stored plan')
  const earlier = await readRuns(pool, plan.ledgerRuns)
  const ofPeriod = earlier.filter((it) => it.period === plan.period)
  const planIds = ofPeriod.map((it) => it.planId)
  const sets = planIds.length > 0 ? await readEntrySets(pool, planIds) : []
  return {
    plan,
    version,
    rules: rulesFor(version, plan.period),
    ledgerNo: await readLedgerNo(pool, plan.programme, plan.period),
    postedSets: new Map(sets.map((it) => [it.id, it.entries])),
    chunks: (await readSnapshot(pool, plan.snapshotId)).chunks,
    lastPlanId: ofPeriod.findLast((it) => it.state === 'closed')?.planId,
    postedSnapshots: new Set(await snapshotsOfPlans(pool, planIds)),
  }
}
