/** SQL that asks when choices and their withdrawals begin to count. */
import type { Pool } from '../db/database.js'

/** From the one instant on and before the other; a file may tell of what is yet to come. */
export async function isAnyChoiceBetween(pool: Pool, from: string, to: string): Promise<boolean> {
  const { rows } = await pool.query<{ found: boolean }>(
    `select exists (
         select from choice
         where chosen_at >= $1 and chosen_at < $2 or withdrawn_at >= $1 and withdrawn_at < $2)
       or exists (
         select from choice_withdrawal where withdrawn_at >= $1 and withdrawn_at < $2) as found`,
    [from, to],
  )
  return rows[0]?.found === true
}
