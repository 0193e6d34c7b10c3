/**
 * SQL of plans: their inputs, the facts they settle, their chunks and their dictionary of entry
 * sets.
 */
import { assert } from '../assert.js'
import type { Client, Pool, Tx } from '../db/database.js'
import { RedressError } from '../errors.js'
import type { EntrySet } from '../ledger/entry.js'
import type { Period } from '../rules/case.js'
import type { EntrySetRef } from './entry-sets.js'
import { canonical, parseEntrySet } from './entry-sets.js'
import type { Hold } from './approval-policy.js'
import type { Plan, PlanResult } from './run.js'
import type { Tallies } from './tally.js'

export interface PlanInputs {
  readonly inputs: readonly string[]
  readonly ledgerRuns: readonly string[]
}

/** The files that plans look at beside the snapshot; those of refunds are none of them. */
const PLANNED = ['status', 'consents', 'choices', 'vouchers']

/** The imports and finished runs that a plan made now would look at. */
export async function currentInputs(pool: Pool, programme: string): Promise<PlanInputs> {
  const { rows } = await pool.query<{ inputs: string[]; runs: string[] }>(
    `select
       array(select import_id from import where kind = any ($2) and state = 'accepted'
             order by import_id) as inputs,
       array(select run_id from run where programme = $1 and root_hash is not null
             order by run_id) as runs`,
    [programme, PLANNED],
  )
  const row = rows[0]
  assert(row !== undefined, 'one row')
  return { inputs: row.inputs, ledgerRuns: row.runs }
}

/** The imports and finished runs that there were at an instant. */
export async function inputsKnownAt(
  pool: Pool,
  programme: string,
  at: string,
): Promise<PlanInputs> {
  const { rows } = await pool.query<{ inputs: string[]; runs: string[] }>(
    `select
       array(select import_id from import
             where kind = any ($3) and state = 'accepted' and finished_at <= $2
             order by import_id) as inputs,
       array(select run_id from run
             where programme = $1 and root_hash is not null and closed_at <= $2
             order by run_id) as runs`,
    [programme, at, PLANNED],
  )
  const row = rows[0]
  assert(row !== undefined, 'one row')
  return { inputs: row.inputs, ledgerRuns: row.runs }
}

export interface NewPlan extends PlanInputs {
  readonly programme: string
  readonly version: number
  readonly period: Period
  readonly snapshotId: number
  readonly now: string
  readonly rulesVersion: string
}

export async function insertPlan(pool: Pool, plan: NewPlan): Promise<string> {
  const { rows } = await pool.query<{ plan_id: string }>(
    `insert into plan (programme, version, period, snapshot_id, now_at, rules_version, inputs,
                       ledger_runs, made_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $5) returning plan_id`,
    [
      plan.programme,
      plan.version,
      plan.period,
      plan.snapshotId,
      plan.now,
      plan.rulesVersion,
      plan.inputs,
      plan.ledgerRuns,
    ],
  )
  assert(rows[0] !== undefined, 'the new plan')
  return rows[0].plan_id
}

/** Of closed runs, in order: what the ledger held when the plan was made; hex. */
export async function rootHashesOf(
  pool: Pool,
  runIds: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ hash: string }>(
    `select encode(root_hash, 'hex') as hash from run
     where run_id = any($1::bigint[]) order by run_id`,
    [runIds],
  )
  return rows.map((it) => it.hash)
}

export interface PlannedChunk {
  readonly chunkNo: number
  readonly digest: Buffer
  readonly postings: number
  readonly entries: number
  readonly tallies: Tallies
}

export async function insertPlanChunks(
  tx: Tx,
  planId: string,
  chunks: readonly PlannedChunk[],
): Promise<void> {
  await tx.client.query(
    `insert into plan_chunk (plan_id, chunk_no, digest, postings, entries, tallies)
     select $1, it.* from unnest($2::int[], $3::bytea[], $4::int[], $5::int[], $6::jsonb[]) it`,
    [
      planId,
      chunks.map((it) => it.chunkNo),
      chunks.map((it) => it.digest),
      chunks.map((it) => it.postings),
      chunks.map((it) => it.entries),
      chunks.map((it) => JSON.stringify(it.tallies)),
    ],
  )
}

export async function insertEntrySets(
  tx: Tx,
  planId: string,
  sets: readonly EntrySetRef[],
): Promise<void> {
  const ordered = sets.toSorted((a, b) => Buffer.compare(a.digest, b.digest))
  await tx.client.query(
    `insert into entry_set (plan_id, digest, entries)
     select $1, it.* from unnest($2::bytea[], $3::jsonb[]) it`,
    [planId, ordered.map((it) => it.digest), ordered.map((it) => canonical(it.entries))],
  )
}

/** Older plans of the period that no run executes are out of date from now on. */
export async function finishPlan(
  tx: Tx,
  planId: string,
  planHash: Buffer,
  result: PlanResult,
): Promise<void> {
  await tx.client.query(
    `update plan set state = 'planned', plan_hash = $2, result = $3 where plan_id = $1`,
    [planId, planHash, JSON.stringify(result)],
  )
  await tx.client.query(
    `update plan old set state = 'superseded'
     from plan new
     where new.plan_id = $1 and old.plan_id < new.plan_id and old.state = 'planned'
       and old.programme = new.programme and old.period = new.period
       and not exists (select from run where run.plan_id = old.plan_id)`,
    [planId],
  )
}

interface PlanRow {
  plan_id: string
  programme: string
  version: number
  period: string
  snapshot_id: number
  now_at: string
  rules_version: string
  inputs: string[]
  ledger_runs: string[]
  state: Plan['state']
  plan_hash: string | null
  result: PlanResult | null
  holds: Hold[]
  made_by: string
  approved_by: string | null
}

const PLAN_COLUMNS = `plan_id, programme, version, period, snapshot_id, now_at, rules_version,
  inputs,
  ledger_runs, state, encode(plan_hash, 'hex') as plan_hash, result, holds, made_by,
  (select approved_by from approval where approval.plan_id = plan.plan_id) as approved_by`

function planOf(row: PlanRow): Plan {
  return {
    planId: row.plan_id,
    programme: row.programme,
    version: row.version,
    period: row.period,
    snapshotId: row.snapshot_id,
    now: row.now_at,
    rulesVersion: row.rules_version,
    inputs: row.inputs,
    ledgerRuns: row.ledger_runs,
    state: row.state,
    planHash: row.plan_hash,
    result: row.result,
    holds: row.holds,
    madeBy: row.made_by,
    approvedBy: row.approved_by,
  }
}

/** @throws RedressError PLAN_UNKNOWN */
export async function readPlan(client: Client | Pool, planId: string): Promise<Plan> {
  const known = /^[1-9]\d{0,17}$/.test(planId)
  const { rows } = known
    ? await client.query<PlanRow>(`select ${PLAN_COLUMNS} from plan where plan_id = $1`, [planId])
    : { rows: [] }
  if (rows[0] === undefined) throw new RedressError('PLAN_UNKNOWN', { plan: planId })
  return planOf(rows[0])
}

/** The newest of a period, in whatever state; undefined where there is none. */
export async function newestPlanOf(
  pool: Pool,
  programme: string,
  period: Period,
): Promise<Plan | undefined> {
  const { rows } = await pool.query<PlanRow>(
    `select ${PLAN_COLUMNS} from plan where programme = $1 and period = $2
     order by plan_id desc limit 1`,
    [programme, period],
  )
  return rows[0] === undefined ? undefined : planOf(rows[0])
}

/** Each once, in no order. */
export async function snapshotsOfPlans(
  pool: Pool,
  planIds: readonly string[],
): Promise<readonly number[]> {
  if (planIds.length === 0) return []
  const { rows } = await pool.query<{ snapshot_id: number }>(
    'select distinct snapshot_id from plan where plan_id = any ($1::bigint[])',
    [planIds],
  )
  return rows.map((it) => it.snapshot_id)
}

/** What it was made from: who asks about one line may not see what the whole plan came to. */
export async function readBasis(
  pool: Pool,
  planId: string,
): Promise<Pick<Plan, 'programme' | 'version' | 'snapshotId'>> {
  const { rows } = await pool.query<{ programme: string; version: number; snapshot_id: number }>(
    'select programme, version, snapshot_id from plan where plan_id = $1',
    [planId],
  )
  assert(rows[0] !== undefined, 'the plan of a run')
  const { programme, version, snapshot_id: snapshotId } = rows[0]
  return { programme, version, snapshotId }
}

/**
 * The plan of the last closed run of a period, else its last plan: what the next period is compared
 * with.
 */
export async function previousResult(
  client: Client | Pool,
  programme: string,
  period: Period,
): Promise<PlanResult | undefined> {
  const { rows } = await client.query<{ result: PlanResult }>(
    `select p.result
     from plan p left join run r on r.plan_id = p.plan_id and r.state = 'closed'
     where p.programme = $1 and p.period = $2 and p.result is not null
     order by r.run_id desc nulls last, p.plan_id desc limit 1`,
    [programme, period],
  )
  return rows[0]?.result
}

export async function readEntrySets(
  client: Client | Pool,
  planIds: readonly string[],
): Promise<readonly { id: number; planId: string; entries: EntrySet }[]> {
  const { rows } = await client.query<{ entry_set_id: number; plan_id: string; entries: unknown }>(
    `select entry_set_id, plan_id, entries from entry_set
      where plan_id = any($1::bigint[]) order by entry_set_id`,
    [planIds],
  )
  return rows.map((it) => ({
    id: it.entry_set_id,
    planId: it.plan_id,
    entries: parseEntrySet(it.entries),
  }))
}

export async function readPlanChunks(
  client: Client | Pool,
  planId: string,
): Promise<readonly PlannedChunk[]> {
  const { rows } = await client.query<{
    chunk_no: number
    digest: Buffer
    postings: number
    entries: number
    tallies: Tallies
  }>(
    `select chunk_no, digest, postings, entries, tallies from plan_chunk
      where plan_id = $1 order by chunk_no`,
    [planId],
  )
  return rows.map((it) => ({
    chunkNo: it.chunk_no,
    digest: it.digest,
    postings: it.postings,
    entries: it.entries,
    tallies: it.tallies,
  }))
}
