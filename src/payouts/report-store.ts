/** SQL of the report for finance: counts and sums alone, nothing of a single refund. */
import type { Client } from '../db/database.js'

export interface Figure {
  readonly count: number
  readonly totalKrw: number
}

export interface ReportedBatch {
  readonly batchId: string
  readonly payoutOn: string
  readonly state: string
  /** Frozen in the batch. */
  readonly due: Figure
  readonly paid: Figure
  /** Came back, or the bank contradicts itself about it. */
  readonly bounced: Figure
  readonly pending: Figure
  /** Applications not in the batch, by reason. */
  readonly holds: Readonly<Record<string, number>>
}

/** Cancelled batches are left out. */
export async function reportedBatches(client: Client): Promise<readonly ReportedBatch[]> {
  const { rows } = await client.query<{
    batchId: string
    payoutOn: string
    state: string
    holds: Readonly<Record<string, number>>
    figures: Readonly<Partial<Record<'due' | 'paid' | 'bounced' | 'pending', Figure>>>
  }>(
    `with stated as (
       select batch_id, amount_krw, case
           when state = 'settled' then 'paid'
           when state in ('rejected', 'returned', 'contradicted') then 'bounced'
           else 'pending' end as state
       from transfer_state where batch_state <> 'cancelled'
     ),
     figure as (
       select batch_id, coalesce(state, 'due') as name, jsonb_build_object(
         'count', count(*), 'totalKrw', sum(amount_krw)) as figure
       from stated group by grouping sets ((batch_id, state), (batch_id))
     )
     select batch_id as "batchId", payout_on as "payoutOn", state, holds, figures
     from payout_batch
     join (select batch_id, jsonb_object_agg(name, figure) as figures from figure
       group by batch_id) it using (batch_id)
     order by payout_on, batch_id`,
  )
  const none: Figure = { count: 0, totalKrw: 0 }
  return rows.map(({ figures, ...it }) => {
    const { due = none, paid = none, bounced = none, pending = none } = figures
    return { ...it, due, paid, bounced, pending }
  })
}

export interface OverallFigures {
  /** Lines that are owed a refund, by their newest decision. */
  readonly owed: Figure
  readonly paid: Figure
  readonly inTransit: Figure
  /** Came back and not sent again. */
  readonly returned: Figure
  readonly unclaimed: Figure
  /** Owed, and in no batch that was approved. */
  readonly payable: Figure
}

/** By the books. */
export async function overallFigures(client: Client): Promise<OverallFigures> {
  const { rows } = await client.query<{ account: string; count: number; krw: string }>(
    `select account, count(*)::integer as count, sum(krw) as krw
     from (
       select line_id, account, sum(krw) as krw from (
         select line_id, credit as account, amount_krw::bigint as krw from journal
         union all select line_id, debit, -amount_krw from journal
       ) side group by line_id, account having sum(krw) <> 0
     ) it group by account`,
  )
  const of = (account: string): Figure => {
    const row = rows.find((it) => it.account === account)
    return { count: row?.count ?? 0, totalKrw: Math.abs(Number(row?.krw ?? 0)) }
  }
  return {
    owed: of('refund_expense'),
    paid: of('settled'),
    inTransit: of('in_transit'),
    returned: of('returned'),
    unclaimed: of('unclaimed'),
    payable: of('refunds_payable'),
  }
}
