/** SQL that gives out the codes that a plan kept, and proves that it did. */
import { errorCodeOf } from '../db/database.js'
import type { Client, Pool } from '../db/database.js'
import type { PeriodContext } from './period-context.js'
import type { Plan } from './run.js'

/** Another run gave out one of the codes in the meantime: the key of voucher_issue refused it. */
export class CodeTaken extends Error {}

/**
 * Gives out the codes of a chunk's lines and returns how many lines the plan kept one for, those
 * that keep their old one included. Part of the transaction that posts the chunk.
 * @throws CodeTaken
 */
export async function issueCodes(
  client: Client,
  { plan }: PeriodContext,
  runId: string,
  chunkNo: number,
): Promise<number> {
  try {
    const { rows } = await client.query<{ kept: string }>({
      name: 'issue-codes',
      text: `with kept as (
          select v.code_id, v.line_id, v.reissued
          from snapshot_chunk c
          join plan_voucher v on v.plan_id = $1
            and v.customer_id between c.first_customer_id and c.last_customer_id
          where c.snapshot_id = $2 and c.chunk_no = $3
        ), given as (
          insert into voucher_issue (code_id, line_id, run_id)
          select code_id, line_id, $4 from kept where not reissued
        )
        select count(*) as kept from kept`,
      values: [plan.planId, plan.snapshotId, chunkNo, runId],
    })
    return Number(rows[0]?.kept)
  } catch (error) {
    if (errorCodeOf(error) !== UNIQUE_VIOLATION) throw error
    throw new CodeTaken('a code that the plan kept was given out by another run')
  }
}

const UNIQUE_VIOLATION = '23505'

/**
 * Codes that the run gave out and its plan did not keep for the line, and the other way round, over
 * the chunks that were posted.
 */
export async function countMisgivenCodes(
  pool: Pool,
  plan: Pick<Plan, 'planId' | 'snapshotId'>,
  runId: string,
): Promise<number> {
  // offset 0 has each chunk's codes looked up by their key: all codes against all chunks would be
  // compared otherwise.
  const { rows } = await pool.query<{ misgiven: string }>(
    `with kept as (
       select v.code_id, v.line_id
       from run_chunk r
       join snapshot_chunk c on c.snapshot_id = $2 and c.chunk_no = r.chunk_no
       cross join lateral (
         select code_id, line_id from plan_voucher
         where plan_id = $1 and not reissued
           and customer_id between c.first_customer_id and c.last_customer_id
         offset 0
       ) v
       where r.run_id = $3 and r.state = 'posted'
     ), given as (
       select code_id, line_id from voucher_issue where run_id = $3
     )
     select (select count(*) from (table kept except table given) it)
          + (select count(*) from (table given except table kept) it) as misgiven`,
    [plan.planId, plan.snapshotId, runId],
  )
  return Number(rows[0]?.misgiven)
}
