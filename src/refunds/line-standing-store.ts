/** SQL that asks whether a line of which refunds know nothing is still in service. */
import type { Pool } from '../db/database.js'

export type LineStanding = 'in_service' | 'terminated' | 'unknown'

/** As snapshots and status changes up to `now` tell it; `zone` is where their days begin. */
export async function readLineStanding(
  pool: Pool,
  { lineId, now, zone }: { readonly lineId: string; readonly now: string; readonly zone: string },
): Promise<LineStanding> {
  const { rows } = await pool.query<{ standing: LineStanding | null }>(
    'select line_standing($1, $2, $3) as standing',
    [lineId, now, zone],
  )
  return rows[0]?.standing ?? 'unknown'
}
