/** What a ledger says, in two numbers that do not depend on the order of its rows. */
import { openPool } from '../../src/db/database.js'

export interface LedgerContent {
  readonly postings: number
  /** Sum of a hash over customer, line, number and content of each posting. */
  readonly hash: string
}

/** Up to a customer, or whole. */
export async function ledgerContent(
  url: string,
  table: string,
  lastCustomerId: string | null,
): Promise<LedgerContent> {
  const pool = openPool({ url, max: 1, name: 'redress bench' })
  try {
    const { rows } = await pool.query<{ postings: string; hash: string | null }>(
      `select count(*) as postings, sum(hash_record_extended(
           row(p.customer_id, p.line_id, p.posting_no, s.digest), 0)::numeric) as hash
       from ${table} p join entry_set s using (entry_set_id)
       where $1::bigint is null or p.customer_id <= $1::bigint`,
      [lastCustomerId],
    )
    return { postings: Number(rows[0]?.postings), hash: rows[0]?.hash ?? '' }
  } finally {
    await pool.end()
  }
}
