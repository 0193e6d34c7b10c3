/** What becomes of a transfer that the bank rejected, by the bank's reason (A52). */

export type RetryClass =
  /** The account or its holder is wrong: the customer names another one. */
  | 'ask_customer'
  /** The account may not receive: a person decides. */
  | 'hold'
  /** Nothing is wrong with the transfer: the whole batch goes out again. */
  | 'retry_batch'
  /** It may have been paid already: the books are reconciled and nothing is sent. */
  | 'never'
  /** Our data are wrong: they are corrected and the transfer goes again. */
  | 'fix_data'
  /** A person reads what the bank says. */
  | 'manual'

export const RETRY_SOURCE = 'facts §14.3, A52'

const CLASSES: ReadonlyMap<string, RetryClass> = new Map([
  ['AC01', 'ask_customer'],
  ['AC04', 'ask_customer'],
  ['AC06', 'hold'],
  ['AM04', 'retry_batch'],
  ['AM05', 'never'],
  ['BE01', 'ask_customer'],
  ['RC01', 'fix_data'],
  ['MS03', 'manual'],
  ['NARR', 'manual'],
])

/** A reason that the facts do not name, or none, is for a person (facts §14.3, A52). */
export function retryClass(reasonCode: string | null | undefined): RetryClass {
  return CLASSES.get(reasonCode ?? '') ?? 'manual'
}
