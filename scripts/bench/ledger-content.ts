/** What a ledger says, in numbers that do not depend on the order of its rows. */
import { openPool } from '../../src/db/database.js'

export interface LedgerContent {
  readonly postings: number
  readonly entries: number
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
    const { rows } = await pool.query<{
      postings: string
      entries: string
      hash: string | null
    }>(
      `select count(*) as postings, coalesce(sum(jsonb_array_length(s.entries)), 0) as entries,
         sum(hash_record_extended(
           row(p.customer_id, p.line_id, p.posting_no, s.digest), 0)::numeric) as hash
       from ${table} p join entry_set s using (entry_set_id)
       where $1::bigint is null or p.customer_id <= $1::bigint`,
      [lastCustomerId],
    )
    const [row] = rows
    return {
      postings: Number(row?.postings),
      entries: Number(row?.entries),
      hash: row?.hash ?? '',
    }
  } finally {
    await pool.end()
  }
}

export async function countRows(url: string, table: string): Promise<number> {
  const pool = openPool({ url, max: 1, name: 'redress bench' })
  try {
    const { rows } = await pool.query<{ rows: string }>(`select count(*) as rows from ${table}`)
    return Number(rows[0]?.rows)
  } finally {
    await pool.end()
  }
}
