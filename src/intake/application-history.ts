/**
 * What the rows of one application say one after the other, and which of them are news (contracts
 * §2.6): a first withdrawal, or while unpaid another account.
 */

/** Instants as one text each, however they were written; digests instead of account and holder. */
export interface ApplicationContent {
  readonly line_id: string
  readonly channel: string
  readonly applied_at: string
  readonly bank_code: string
  readonly account_digest: string
  readonly holder_digest: string
  readonly holder_check: string
  readonly withdrawn_at: string | null
}

export type Verdict =
  | { readonly type: 'stored' }
  | { readonly type: 'duplicate' }
  /** By the name of the file's column that may not differ. */
  | { readonly type: 'reused'; readonly column: string }

const STORED: Verdict = { type: 'stored' }
const DUPLICATE: Verdict = { type: 'duplicate' }

const FIXED = ['line_id', 'channel', 'applied_at'] as const
const CORRECTABLE = ['bank_code', 'account_digest', 'holder_digest', 'holder_check'] as const
const FILE_NAMES: Readonly<Record<string, string>> = {
  account_digest: 'account_number',
  holder_digest: 'account_holder',
}

export class ApplicationHistory {
  #isPaid = false
  #newest: ApplicationContent | undefined
  /** What was said last before the withdrawal: a system that does not know of it repeats that. */
  #open: ApplicationContent | undefined

  /** A version that is stored: the newest one, and before it the newest without a withdrawal. */
  recall(version: ApplicationContent, isPaid: boolean): void {
    this.#isPaid = isPaid
    this.#keep(version)
  }

  /** Takes the next row in the order of the file. */
  take(row: ApplicationContent): Verdict {
    const verdict = this.#judge(row)
    if (verdict === STORED) this.#keep(row)
    return verdict
  }

  #keep(version: ApplicationContent): void {
    this.#newest = version
    if (version.withdrawn_at === null) this.#open = version
  }

  #judge(row: ApplicationContent): Verdict {
    const newest = this.#newest
    if (newest === undefined) return STORED
    const fixed = FIXED.find((it) => row[it] !== newest[it])
    if (fixed !== undefined) return reused(fixed)
    const corrected = correctionOf(newest, row)
    if (row.withdrawn_at === newest.withdrawn_at) {
      if (corrected === undefined) return DUPLICATE
      return this.#isPaid ? reused(corrected) : STORED
    }
    if (newest.withdrawn_at === null) {
      return corrected === undefined ? STORED : reused(corrected)
    }
    const open = this.#open
    const isRepeated = row.withdrawn_at === null && open !== undefined
    return isRepeated && correctionOf(open, row) === undefined ? DUPLICATE : reused('withdrawn_at')
  }
}

function correctionOf(
  was: ApplicationContent,
  is: ApplicationContent,
): (typeof CORRECTABLE)[number] | undefined {
  return CORRECTABLE.find((it) => is[it] !== was[it])
}

function reused(column: string): Verdict {
  return { type: 'reused', column: FILE_NAMES[column] ?? column }
}
