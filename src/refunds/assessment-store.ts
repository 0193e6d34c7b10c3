/** SQL of assessments: what changed is staged by COPY and recorded by one statement a table. */
import { assert } from '../assert.js'
import type { Client, Pool, Tx } from '../db/database.js'

export interface NewAssessment {
  readonly programme: string
  readonly version: number
  /** ISO 8601 instant. */
  readonly now: string
  readonly inputs: readonly string[]
  readonly rulesVersion: string
}

/** Waits for an assessment under way; free again at the end of the transaction. */
export async function lockAssessments(tx: Tx): Promise<void> {
  await tx.client.query(`select pg_advisory_xact_lock(hashtext('redress refunds assess'))`)
}

/** @returns its id */
export async function insertAssessment(tx: Tx, it: NewAssessment): Promise<string> {
  const { rows } = await tx.client.query<{ assessment_id: string }>(
    `insert into refund_assessment (programme, version, now_at, inputs, rules_version, made_at)
     values ($1, $2, $3, $4, $5, $3) returning assessment_id`,
    [it.programme, it.version, it.now, it.inputs, it.rulesVersion],
  )
  assert(rows[0] !== undefined, 'the row inserted')
  return rows[0].assessment_id
}

/** Of a row, the columns of a decision or those of a state are null. */
export async function stageChanges(tx: Tx): Promise<void> {
  await tx.client.query(
    `create temporary table refund_change (
       line_id bigint not null,
       decision_no smallint, decision text, reason text, amount_krw bigint,
       application_id text, state_no smallint, state text, payout_on date
     ) on commit drop`,
  )
}

export const COPY_CHANGES = `copy pg_temp.refund_change from stdin with (format text)`

/** @returns how many decisions and states there are that differ from those recorded before */
export async function recordChanges(
  tx: Tx,
  assessmentId: string,
): Promise<{ readonly decisions: number; readonly states: number }> {
  const decisions = await tx.client.query(
    `insert into refund_decision (line_id, decision_no, decision, reason, amount_krw,
       assessment_id)
     select line_id, decision_no, decision, reason, amount_krw, $1
     from pg_temp.refund_change where decision_no is not null`,
    [assessmentId],
  )
  const states = await tx.client.query(
    `insert into application_state (application_id, state_no, line_id, state, payout_on,
       assessment_id)
     select application_id, state_no, line_id, state, payout_on, $1
     from pg_temp.refund_change where state_no is not null`,
    [assessmentId],
  )
  return { decisions: decisions.rowCount ?? 0, states: states.rowCount ?? 0 }
}

/** Makes it final. */
export async function finishAssessment(
  tx: Tx,
  assessmentId: string,
  result: object,
  hash: Buffer,
): Promise<void> {
  await tx.client.query(
    `update refund_assessment set result = $2, assessment_hash = $3 where assessment_id = $1`,
    [assessmentId, JSON.stringify(result), hash],
  )
}

export interface LastAssessment {
  readonly assessmentId: string
  /** ISO 8601 instant. */
  readonly now: string
}

export async function lastAssessment(source: Pool | Client): Promise<LastAssessment | undefined> {
  const { rows } = await source.query<LastAssessment>(
    `select assessment_id as "assessmentId", now_at as now from refund_assessment
     where assessment_hash is not null order by assessment_id desc limit 1`,
  )
  return rows[0]
}
