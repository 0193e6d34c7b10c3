/** SQL of the stop switch: whatever sends asks it before each hand-over. */
import type { Pool } from '../db/database.js'

export interface NoticeStop {
  readonly stopped: boolean
  readonly reason: string | null
  readonly by: string
  /** ISO 8601. */
  readonly at: string
}

/** Undefined when nobody ever touched the switch. */
export async function readStop(pool: Pool): Promise<NoticeStop | undefined> {
  const { rows } = await pool.query<NoticeStop>(
    `select stopped, reason, decided_by as by, decided_at as at
     from notice_stop order by stop_no desc limit 1`,
  )
  return rows[0]
}

/** @returns false where it stood so already */
export async function setStop(
  pool: Pool,
  stopped: boolean,
  reason: string | null,
  at: string,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `insert into notice_stop (stopped, reason, decided_at)
     select $1, $2, $3 where notices_are_stopped() is distinct from $1`,
    [stopped, reason, at],
  )
  return rowCount === 1
}
