/** What a bank says about a message, a payment or a transfer, and what that means for the books. */

export type AnswerLevel = 'group' | 'payment' | 'transaction'

export interface BankAnswer {
  readonly level: AnswerLevel
  /** The message that is answered; of a split batch, that of the part. */
  readonly originalMessageId: string
  readonly paymentInformationId?: string
  /** Of a transaction; absent when the bank names none. */
  readonly endToEndId?: string
  /** As the bank wrote it, `ACSC`. */
  readonly status: string
  /**
   * The first reason's code. A text that is no code is `NARR`: it may hold a name or an account,
   * and a person has to read it anyway.
   */
  readonly reason?: string
  /** Of a transaction; null when an amount is given that is not of whole won. */
  readonly amountKrw?: number | null
  /** When the bank made its report: an instant with its offset. */
  readonly createdAt?: string
  /** Of a group or payment: whether the same file says more about single transfers of it. */
  readonly hasTransactions?: boolean
}

/** `unknown` is a status that no table of ours names: reported, and nothing is booked. */
export type AnswerMeaning = 'settled' | 'rejected' | 'pending' | 'unknown'

/** Facts §14.3, and the accepted statuses between them that later versions of pain.002 know. */
const MEANINGS: ReadonlyMap<string, AnswerMeaning> = new Map([
  ['ACSC', 'settled'],
  ['ACCC', 'settled'],
  ['RCVD', 'pending'],
  ['ACTC', 'pending'],
  ['ACCP', 'pending'],
  ['ACFC', 'pending'],
  ['ACSP', 'pending'],
  ['ACWC', 'pending'],
  ['ACWP', 'pending'],
  ['ACCT', 'pending'],
  ['PATC', 'pending'],
  ['PDNG', 'pending'],
  ['PEND', 'pending'],
  ['RJCT', 'rejected'],
])

export function meaningOf(answer: Pick<BankAnswer, 'level' | 'status'>): AnswerMeaning {
  // Part of one transfer is nothing that we asked for.
  if (answer.status === 'PART') return answer.level === 'transaction' ? 'unknown' : 'pending'
  return MEANINGS.get(answer.status) ?? 'unknown'
}

/**
 * Whether the answer stands for every transfer of its message or payment. Where the bank also
 * speaks of single transfers, only what it says of each counts: a transfer left out stays pending
 * and is asked about, while one booked too early would have to be taken back.
 */
export function coversAll(answer: BankAnswer): boolean {
  if (answer.level === 'transaction' || answer.hasTransactions === true) return false
  const meaning = meaningOf(answer)
  return meaning === 'settled' || meaning === 'rejected'
}
