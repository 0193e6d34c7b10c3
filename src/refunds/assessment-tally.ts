/** What an assessment came to, in numbers, and a digest of every answer it gave. */
import { createHash } from 'node:crypto'
import type { RefundCase } from './refund-case.js'
import type { JudgedCase } from './judge-refund-case.js'

export interface Payable {
  readonly count: number
  /** Whole won. */
  readonly amount_krw: number
}

export interface AssessmentResult {
  /** Those with a termination. */
  readonly lines: number
  readonly applications: number
  readonly decisions: { readonly refundable: number; readonly review: number; refused: number }
  /** Lines by reason. */
  readonly reasons: Readonly<Record<string, number>>
  /** Applications by state. */
  readonly states: Readonly<Record<string, number>>
  /** Owed in all, applied for or not. */
  readonly amount_krw: number
  /** Accepted ones by the date on which they are paid; `none` where no date is left. */
  readonly payout_dates: Readonly<Record<string, Payable>>
}

const HASHED_AT_ONCE = 1 << 16

export class AssessmentTally {
  #lines = 0
  #applications = 0
  #amountKrw = 0
  readonly #decisions = { refundable: 0, review: 0, refused: 0 }
  readonly #reasons = new Map<string, number>()
  readonly #states = new Map<string, number>()
  readonly #payable = new Map<string, { count: number; amountKrw: number }>()
  readonly #hash = createHash('sha256')
  #unhashed = ''

  /** `basis` is all that the answers depend on beside the imported rows. */
  constructor(basis: readonly (string | number)[]) {
    this.#unhashed = `${JSON.stringify(basis)}\n`
  }

  get lines(): number {
    return this.#lines
  }

  /** Cases come in order of their lines. */
  add({ lineId }: RefundCase, { refund, states }: JudgedCase): void {
    if (refund !== null) {
      this.#lines += 1
      this.#amountKrw += refund.amountKrw
      this.#decisions[refund.decision] += 1
      count(this.#reasons, refund.reason)
      this.#unhashed += `${lineId} ${refund.decision} ${refund.reason} ${refund.amountKrw}\n`
    }
    for (const { applicationId, state, payoutOn } of states) {
      this.#applications += 1
      count(this.#states, state)
      if (state === 'accepted') this.#addPayable(payoutOn ?? 'none', refund?.amountKrw ?? 0)
      this.#unhashed += `${lineId} ${JSON.stringify(applicationId)} ${state} ${payoutOn}\n`
    }
    if (this.#unhashed.length >= HASHED_AT_ONCE) this.#hashRest()
  }

  result(): AssessmentResult {
    return {
      lines: this.#lines,
      applications: this.#applications,
      decisions: { ...this.#decisions },
      reasons: sorted(this.#reasons),
      states: sorted(this.#states),
      amount_krw: this.#amountKrw,
      payout_dates: Object.fromEntries(
        [...this.#payable]
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([date, it]) => [date, { count: it.count, amount_krw: it.amountKrw }]),
      ),
    }
  }

  /** After the last case. */
  digest(): Buffer {
    this.#hashRest()
    return this.#hash.digest()
  }

  #addPayable(date: string, amountKrw: number): void {
    const known = this.#payable.get(date) ?? { count: 0, amountKrw: 0 }
    known.count += 1
    known.amountKrw += amountKrw
    this.#payable.set(date, known)
  }

  #hashRest(): void {
    this.#hash.update(this.#unhashed)
    this.#unhashed = ''
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function sorted(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
