/**
 * Customers that the pack alone cannot decide: something was settled about them or their lines, or
 * the period has postings of them already. Facts and postings, both in order of customer, are
 * walked beside the pack.
 */
import type { EntrySet } from '../ledger/entry.js'
import type { InsuranceFacts } from '../rules/case.js'
import type { ChunkInput } from './chunk-input.js'
import { CUSTOMER_FACT_BYTES, LINE_FACT_BYTES } from './fact-pack.js'
import type { LineFact } from './fact-pack.js'
import { HistoryCase } from './history-case.js'
import type { PostedRows } from './posted-rows.js'

/** Gives equal facts one object, so that they can be told apart by identity. */
export interface KnownFacts {
  lineFactOf(fact: LineFact): LineFact
  insuranceOf(facts: InsuranceFacts): InsuranceFacts
}

export class SpecialCustomers {
  /** What `takeLineFact` took last, and where the id of its line stands in `lineRecords`. */
  lineFact: LineFact | undefined
  lineIdAt = 0

  readonly #posted: PostedRows
  readonly #customers: Buffer
  readonly #lines: Buffer
  readonly #customerKinds: readonly InsuranceFacts[]
  readonly #lineKinds: readonly LineFact[]
  #customerAt = 0
  #lineAt = 0
  // The next customer with a history, as the two halves of its id: the pack is compared without
  // bigints.
  #nextHigh = 0
  #nextLow = 0
  #hasPosted = false

  constructor({ facts, posted }: ChunkInput, known: KnownFacts) {
    this.#posted = posted
    this.#customers = facts.customers
    this.#lines = facts.lines
    this.#customerKinds = facts.customerKinds.map((it) => known.insuranceOf(it))
    this.#lineKinds = facts.lineKinds.map((it) => known.lineFactOf(it))
    this.#aim()
  }

  /** Whether the next customer with a history is this one or stands before it. */
  reached(high: number, low: number): boolean {
    return high > this.#nextHigh || (high === this.#nextHigh && low >= this.#nextLow)
  }

  /** Customers that the snapshot does not hold, before the given one. */
  *before(high: number, low: number): Generator<HistoryCase> {
    while (this.reached(high, low) && !this.isAt(high, low)) yield this.take()
  }

  isAt(high: number, low: number): boolean {
    return this.#nextHigh === high && this.#nextLow === low
  }

  /** Whether the next customer has postings of earlier runs of the period. */
  get hasPosted(): boolean {
    return this.#hasPosted
  }

  /** What the next customer's one line was told, when no other posting is known; takes it then. */
  takeOnlyPosting(records: Buffer, lineAt: number): EntrySet | undefined {
    return this.#posted.takeOnly(records, lineAt)
  }

  /** What was settled about the next customer itself; stays there until `pass`. */
  get insurance(): InsuranceFacts | null {
    if (!isIdAt(this.#customers, this.#customerAt, this.#nextHigh, this.#nextLow)) return null
    return this.#customerKinds[readUint32(this.#customers, this.#customerAt + 8)]!
  }

  get lineRecords(): Buffer {
    return this.#lines
  }

  /** Takes what was settled about one more line of the next customer; false when none is left. */
  takeLineFact(): boolean {
    const lines = this.#lines
    const at = this.#lineAt
    if (!isIdAt(lines, at, this.#nextHigh, this.#nextLow)) return false
    this.lineFact = this.#lineKinds[readUint32(lines, at + 16)]
    this.lineIdAt = at + 8
    this.#lineAt = at + LINE_FACT_BYTES
    return true
  }

  /** Goes on to the next customer; what was not taken of this one is left out. */
  pass(): void {
    while (this.takeLineFact());
    if (isIdAt(this.#customers, this.#customerAt, this.#nextHigh, this.#nextLow))
      this.#customerAt += CUSTOMER_FACT_BYTES
    this.#aim()
  }

  /** All that is known of the next customer. */
  take(): HistoryCase {
    const id = (BigInt(this.#nextHigh) << 32n) | BigInt(this.#nextLow)
    const { insurance } = this
    const facts = new Map<bigint, LineFact>()
    while (this.takeLineFact()) {
      facts.set(this.#lines.readBigInt64BE(this.lineIdAt), this.lineFact!)
    }
    const history = new HistoryCase(id, facts, this.#posted.take(id), insurance)
    this.pass()
    return history
  }

  /** Those after the last customer of the pack. */
  *rest(): Generator<HistoryCase> {
    while (this.#nextHigh !== Infinity) yield this.take()
  }

  #aim(): void {
    const { nextHigh, nextLow } = this.#posted
    this.#nextHigh = nextHigh
    this.#nextLow = nextLow
    this.#lower(this.#customers, this.#customerAt)
    this.#lower(this.#lines, this.#lineAt)
    this.#hasPosted =
      nextHigh !== Infinity && nextHigh === this.#nextHigh && nextLow === this.#nextLow
  }

  #lower(records: Buffer, at: number): void {
    if (at >= records.length) return
    const high = readUint32(records, at)
    const low = readUint32(records, at + 4)
    if (high > this.#nextHigh || (high === this.#nextHigh && low >= this.#nextLow)) return
    this.#nextHigh = high
    this.#nextLow = low
  }
}

function isIdAt(records: Buffer, at: number, high: number, low: number): boolean {
  return (
    at < records.length && readUint32(records, at) === high && readUint32(records, at + 4) === low
  )
}

function readUint32(bytes: Buffer, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  )
}
