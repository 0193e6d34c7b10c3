/** SQL of the export of refunds (contracts §4): what was recorded last, as CSV. */
import { copyOut } from '../db/copy.js'
import type { Client } from '../db/database.js'

/** One row an application, one a line without any; by line, then by application. */
export function copyRefunds(client: Client): AsyncIterable<Buffer> {
  return copyOut(
    client,
    `copy (
      with last_decision as (
        select distinct on (line_id) line_id, decision, reason, amount_krw
        from refund_decision order by line_id, decision_no desc
      ),
      last_state as (
        select distinct on (application_id) application_id, line_id, state, payout_on
        from application_state order by application_id, state_no desc
      )
      select line_id, decision, reason, amount_krw, application_id,
        state as application_state, payout_on, payout_state
      from last_decision
      full join last_state using (line_id)
      left join refund_payout_state using (line_id, application_id)
      order by line_id, application_id collate "C"
    ) to stdout (format csv, header)`,
  )
}

/** Sorts of a million rows stay in memory. */
export async function prepareExport(client: Client): Promise<void> {
  await client.query(`select set_config('work_mem', '128MB', true)`)
}
