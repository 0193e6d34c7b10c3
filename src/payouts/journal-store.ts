/** SQL of the books: what an assessment changed, and the balance of each account. */
import type { Client, Pool, Tx } from '../db/database.js'

export type Account =
  'refund_expense' | 'refunds_payable' | 'in_transit' | 'settled' | 'returned' | 'unclaimed'

export interface AccountBalance {
  readonly account: Account
  /** Whole won. */
  readonly debitKrw: number
  readonly creditKrw: number
  /** Debit less credit; over all accounts they add up to nothing. */
  readonly balanceKrw: number
}

/**
 * Books what an assessment changed for each line; the database does so by itself once the
 * assessment has its hash, and doing it again books nothing. Returns the number of new entries.
 */
export async function journalAssessment({ client }: Tx, assessmentId: string): Promise<number> {
  const { rows } = await client.query<{ booked: number }>(
    'select journal_assessment($1)::integer as booked',
    [assessmentId],
  )
  return rows[0]?.booked ?? 0
}

export async function trialBalance(on: Pool | Client): Promise<readonly AccountBalance[]> {
  const { rows } = await (on as Pool).query<Record<keyof AccountBalance, string>>(
    `select account, debit_krw as "debitKrw", credit_krw as "creditKrw",
       balance_krw as "balanceKrw"
     from trial_balance order by account`,
  )
  return rows.map((it) => ({
    account: it.account as Account,
    debitKrw: Number(it.debitKrw),
    creditKrw: Number(it.creditKrw),
    balanceKrw: Number(it.balanceKrw),
  }))
}
