/** SQL that asks whose refunds a database keeps. */
import type { Client } from '../db/database.js'

/** Undefined before the first assessment. */
export async function refundProgrammeKept(client: Client): Promise<string | undefined> {
  const { rows } = await client.query<{ programme: string }>(
    'select programme from refund_assessment order by assessment_id limit 1',
  )
  return rows[0]?.programme
}
