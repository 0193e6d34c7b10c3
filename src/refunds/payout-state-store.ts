/** SQL that asks where the money of a line's applications is. */
import type { Client } from '../db/database.js'

/** By application id; none where nothing is to be paid. */
export async function readPayoutStates(
  client: Client,
  lineId: string,
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ application_id: string; payout_state: string }>(
    'select application_id, payout_state from refund_payout_state where line_id = $1',
    [lineId],
  )
  return new Map(rows.map((it) => [it.application_id, it.payout_state]))
}
