/**
 * SQL of approvals and of what they are held against. Who approves is filled in by the database;
 * its triggers refuse what the code before them should have refused already.
 */
import type { Client, Pool, Tx } from '../db/database.js'
import type { ProgrammeVersion } from '../rules/programme.js'
import type { Hold } from './approval-policy.js'
import type { PlanResult } from './run.js'

/** SQLSTATE of an approval or a run that the database refuses; its text says why. */
export const REFUSED_BY_DATABASE = 'RD002'

export interface Approval {
  readonly planId: string
  /** `forecast`: it went by itself, within the tolerance of `forecastPlanId`. */
  readonly kind: 'person' | 'alone' | 'forecast'
  readonly approvedBy: string
  /** False where the name was merely claimed, in a rehearsal. */
  readonly authenticated: boolean
  /** ISO 8601 instant. */
  readonly approvedAt: string
  /** Hex. */
  readonly planHash: string
  readonly reason: string | null
  /** A share: 0.02 for 2 %. */
  readonly tolerance: number | null
  readonly forecastPlanId: string | null
}

export async function readApproval(pool: Pool, planId: string): Promise<Approval | undefined> {
  const { rows } = await pool.query<{
    kind: Approval['kind']
    approved_by: string
    authenticated: boolean
    approved_at: string
    plan_hash: string
    reason: string | null
    tolerance: string | null
    forecast_plan_id: string | null
  }>(
    `select kind, approved_by, authenticated, approved_at, encode(plan_hash, 'hex') as plan_hash,
       reason, tolerance, forecast_plan_id
     from approval where plan_id = $1`,
    [planId],
  )
  const row = rows[0]
  if (row === undefined) return undefined
  return {
    planId,
    kind: row.kind,
    approvedBy: row.approved_by,
    authenticated: row.authenticated,
    approvedAt: row.approved_at,
    planHash: row.plan_hash,
    reason: row.reason,
    tolerance: row.tolerance === null ? null : Number(row.tolerance),
    forecastPlanId: row.forecast_plan_id,
  }
}

export interface NewApproval {
  readonly planId: string
  /** Hex: what is signed. */
  readonly planHash: string
  /** ISO 8601 instant. */
  readonly at: string
  readonly reason?: string | undefined
}

/** As another person than the plan's maker. `tolerance` is a share, and of a forecast alone. */
export async function insertApproval(
  pool: Pool,
  it: NewApproval & { readonly tolerance?: number | undefined },
): Promise<void> {
  await pool.query(
    `insert into approval (plan_id, kind, approved_at, plan_hash, reason, tolerance)
     values ($1, 'person', $2, decode($3, 'hex'), $4, $5)`,
    [it.planId, it.at, it.planHash, it.reason ?? null, it.tolerance ?? null],
  )
}

/** As the plan's maker: alone, or because the plan lies within a forecast. */
export async function insertOwnApproval(
  pool: Pool,
  it: NewApproval & { readonly forecastPlanId?: string | undefined },
): Promise<void> {
  await pool.query(`select approve_own_plan($1, decode($2, 'hex'), $3, $4, $5)`, [
    it.planId,
    it.planHash,
    it.at,
    it.reason ?? null,
    it.forecastPlanId ?? null,
  ])
}

export interface ApprovedForecast {
  readonly planId: string
  readonly result: PlanResult
  /** A share: 0.02 for 2 %. */
  readonly tolerance: number
}

/**
 * The newest approved forecast that a plan can be held against: of the same programme version,
 * period and base date. It counts, too, when newer plans superseded it.
 */
export async function approvedForecast(
  client: Client | Pool,
  planId: string,
): Promise<ApprovedForecast | undefined> {
  const { rows } = await client.query<{ plan_id: string; result: PlanResult; tolerance: string }>(
    `select forecast.plan_id, forecast.result, a.tolerance
     from plan this
     join snapshot new on new.snapshot_id = this.snapshot_id
     join plan forecast on forecast.plan_id < this.plan_id
       and (forecast.programme, forecast.version, forecast.period)
         = (this.programme, this.version, this.period)
     join snapshot old on old.snapshot_id = forecast.snapshot_id and old.as_of = new.as_of
     join approval a on a.plan_id = forecast.plan_id and a.tolerance is not null
     where this.plan_id = $1
     order by forecast.plan_id desc limit 1`,
    [planId],
  )
  const row = rows[0]
  return row && { planId: row.plan_id, result: row.result, tolerance: Number(row.tolerance) }
}

/** While the plan is being made; afterwards it can no longer change. */
export async function recordHolds(tx: Tx, planId: string, holds: readonly Hold[]): Promise<void> {
  await tx.client.query('update plan set holds = $2 where plan_id = $1', [
    planId,
    JSON.stringify(holds),
  ])
}

/**
 * Tells the database how many people a plan of each version takes, so that it can insist. Only who
 * owns the schema can: for all others, what the owner's last command told is what counts.
 */
export async function recordPolicies(
  pool: Pool,
  versions: readonly ProgrammeVersion[],
): Promise<void> {
  const policies = versions.map((it) => ({
    programme: it.programme,
    version: it.version,
    two_people_above_entries: it.approval.twoPeopleAboveEntries.value,
    two_people_periods: it.approval.twoPeoplePeriods.value,
  }))
  const told = `jsonb_to_recordset($1::jsonb) as told(programme text, version integer,
    two_people_above_entries bigint, two_people_periods text[])`
  const { rows } = await pool.query<{ due: boolean }>(
    `select has_table_privilege('approval_policy', 'insert') and exists (
       select * from ${told} except select * from approval_policy) as due`,
    [JSON.stringify(policies)],
  )
  if (rows[0]?.due !== true) return
  await pool.query(
    `insert into approval_policy select * from ${told}
     on conflict (programme, version) do update
     set two_people_above_entries = excluded.two_people_above_entries,
         two_people_periods = excluded.two_people_periods`,
    [JSON.stringify(policies)],
  )
}
