/** SQL of payout batches: reading, signing, cancelling, and the lock under which they change. */
import type { Client, Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import { BAND_ENDS } from './payout-batch.js'
import type { AmountBand, PayoutApproval, PayoutBatch } from './payout-batch.js'

interface Queryable {
  query: Pool['query']
}

/** Whatever changes batches or books waits for its turn, until the transaction's end. */
export async function lockPayouts(client: Client): Promise<void> {
  // Half a million rows that came in a minute ago have no statistics yet: taken for a handful, they
  // would be joined row by row, in hours instead of seconds. Sets are joined as sets.
  await client.query('set local enable_nestloop = off')
  await client.query(`select pg_advisory_xact_lock(hashtext('redress payouts'))`)
}

interface BatchRow extends Omit<PayoutBatch, 'totalKrw' | 'batchHash' | 'approvals'> {
  readonly totalKrw: string
  readonly batchHash: Buffer
  readonly approvals: readonly PayoutApproval[] | null
}

const BATCH = `
  select batch_id as "batchId", programme, version, payout_on as "payoutOn", count,
    total_krw as "totalKrw", checkers, holds, batch_hash as "batchHash", state,
    made_by as "madeBy", made_at as "madeAt", approved_at as "approvedAt",
    (select jsonb_agg(jsonb_build_object('approvedBy', approved_by,
        'authenticated', authenticated, 'approvedAt', approved_at) order by approved_at)
      from payout_approval a where a.batch_id = b.batch_id) as approvals
  from payout_batch b`

function batchOf(row: BatchRow): PayoutBatch {
  return {
    ...row,
    totalKrw: Number(row.totalKrw),
    batchHash: row.batchHash.toString('hex'),
    approvals: row.approvals ?? [],
  }
}

/** @throws RedressError BATCH_UNKNOWN */
export async function readBatch(on: Queryable, batchId: string): Promise<PayoutBatch> {
  const isId = /^[1-9]\d{0,17}$/.test(batchId)
  const { rows } = isId
    ? await on.query<BatchRow>(`${BATCH} where batch_id = $1`, [batchId])
    : { rows: [] }
  if (rows[0] === undefined) throw new RedressError('BATCH_UNKNOWN', { batch: batchId })
  return batchOf(rows[0])
}

export async function readBatches(on: Queryable): Promise<readonly PayoutBatch[]> {
  const { rows } = await on.query<BatchRow>(`${BATCH} order by batch_id`)
  return rows.map(batchOf)
}

/** Newest first; those of one payout date that are not cancelled. */
export async function batchesOn(
  on: Queryable,
  programme: string,
  payoutOn: string,
): Promise<readonly PayoutBatch[]> {
  const { rows } = await on.query<BatchRow>(
    `${BATCH} where programme = $1 and payout_on = $2 and state <> 'cancelled'
     order by batch_id desc`,
    [programme, payoutOn],
  )
  return rows.map(batchOf)
}

/** How the amounts of a batch spread. */
export async function readBands(on: Queryable, batchId: string): Promise<readonly AmountBand[]> {
  const { rows } = await on.query<{ band: number; count: number; totalKrw: string }>(
    `select width_bucket(amount_krw - 1, $2::bigint[]) as band, count(*)::integer as count,
       sum(amount_krw) as "totalKrw"
     from payout_transfer where batch_id = $1 group by 1 order by 1`,
    [batchId, [0, ...BAND_ENDS]],
  )
  return rows.map((it) => ({
    uptoKrw: BAND_ENDS[it.band - 1] ?? null,
    count: it.count,
    totalKrw: Number(it.totalKrw),
  }))
}

/** How many transfers of a batch are in each state. */
export async function readStates(
  on: Queryable,
  batchId: string,
): Promise<Readonly<Record<string, { readonly count: number; readonly totalKrw: number }>>> {
  const { rows } = await on.query<{ state: string; count: number; totalKrw: string }>(
    `select state, count(*)::integer as count, sum(amount_krw) as "totalKrw"
     from transfer_state where batch_id = $1 group by state order by state`,
    [batchId],
  )
  return Object.fromEntries(
    rows.map(({ state, count, totalKrw }) => [state, { count, totalKrw: Number(totalKrw) }]),
  )
}

/** The hash over the transfers as they are now, in hexadecimal. */
export async function hashOfTransfers(client: Client, batchId: string): Promise<string> {
  const { rows } = await client.query<{ hash: string }>(
    `select encode(batch_hash_of(b), 'hex') as hash from payout_batch b where batch_id = $1`,
    [batchId],
  )
  return rows[0]?.hash ?? ''
}

export interface StaleTransfer {
  readonly lineId: string
  readonly problem: string
}

/** The first transfer, by line, that would not be made now as it was made. */
export async function firstStale(
  client: Client,
  batchId: string,
): Promise<StaleTransfer | undefined> {
  // With statistics of its own: of a table just filled the planner would expect a row or two.
  await client.query('drop table if exists own_transfer')
  await client.query(
    `create temp table own_transfer on commit drop as
     select * from payout_transfer where batch_id = ${BigInt(batchId)}`,
  )
  await client.query('analyze own_transfer')
  const { rows } = await client.query<StaleTransfer>(
    `with decided as (
       select distinct on (line_id) line_id, decision, amount_krw
       from refund_decision order by line_id, decision_no desc
     ),
     stated as (
       select distinct on (application_id) application_id, state
       from application_state order by application_id, state_no desc
     ),
     newest as (
       select application_id, max(application_no) as application_no
       from refund_application group by application_id
     ),
     paid as (
       select distinct line_id from transfer_state
       where state in ('in_transit', 'settled', 'contradicted')
     ),
     -- All of them, and then the first: a quick first row would be looked for one by one.
     stale as materialized (
       select line_id as "lineId", case
           when amount_krw is distinct from decided_krw then 'its decision has changed'
           when newest_no is distinct from application_no then 'its application has changed'
           when state is distinct from 'accepted' then 'its application is accepted no more'
           else 'an earlier attempt may have been paid'
         end as problem
       from (
         select own.*, stated.state, newest.application_no as newest_no,
           case when decided.decision = 'refundable' then decided.amount_krw end as decided_krw,
           paid.line_id is not null as is_paid
         from own_transfer own
         left join decided using (line_id)
         left join stated using (application_id)
         left join newest using (application_id)
         left join paid using (line_id)
       ) it
       where amount_krw is distinct from decided_krw or newest_no is distinct from application_no
         or state is distinct from 'accepted' or is_paid
     )
     select * from stale order by "lineId" limit 1`,
  )
  return rows[0]
}

/** The database refuses whoever may not; with the last signature it books the batch. */
export async function signBatch(client: Client, batch: PayoutBatch, at: string): Promise<void> {
  await client.query(
    `insert into payout_approval (batch_id, batch_hash, approved_at)
     values ($1, decode($2, 'hex'), $3)`,
    [batch.batchId, batch.batchHash, at],
  )
}

export async function cancelBatchRow(client: Client, batchId: string): Promise<void> {
  await client.query(`update payout_batch set state = 'cancelled' where batch_id = $1`, [batchId])
  await client.query(
    `update payout_transfer set released = true where batch_id = $1 and not released`,
    [batchId],
  )
}
