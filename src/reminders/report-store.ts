/** SQL of delivery reports. */
import type { Pool } from '../db/database.js'

export interface ReportRow {
  readonly key: string | null
  readonly reference: string | null
  readonly state: 'delivered' | 'undelivered'
  readonly code: string | null
  /** ISO 8601. */
  readonly at: string
}

/** @returns false where it is there already */
export async function insertReport(
  pool: Pool,
  it: ReportRow,
  { gateway, receivedAt }: { readonly gateway: string; readonly receivedAt: string },
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `insert into delivery_report (gateway, key, reference, state, code, said_at, received_at)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (gateway, key, reference, state, code, said_at) do nothing`,
    [gateway, it.key, it.reference, it.state, it.code, it.at, receivedAt],
  )
  return rowCount === 1
}

/** A message of which nobody knew was taken, since its carrier speaks of it. */
export async function settleByReport(
  pool: Pool,
  it: Pick<ReportRow, 'key' | 'reference'>,
  { gateway }: { readonly gateway: string },
): Promise<void> {
  await pool.query(
    `update outbox_message m set state = 'sent', reason = null, sent_at = (
       select max(at) from delivery d where d.message_id = m.message_id)
     where state = 'unknown'
       and (idempotency_key = $1 or (m.gateway = $2 and m.reference = $3))`,
    [it.key, gateway, it.reference],
  )
}
