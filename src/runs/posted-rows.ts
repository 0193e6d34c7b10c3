/**
 * Postings of earlier runs as they came from COPY, walked beside the pack. They stay bytes: as
 * objects, a re-planned period of 2,000,000 lines took three times the memory.
 */
import { assert } from '../assert.js'
import type { EntrySet } from '../ledger/entry.js'

/** One row of the ledger with what its entry set says. */
export interface Posted {
  readonly customerId: bigint
  readonly lineId: bigint
  readonly postingNo: number
  readonly setId: number
  readonly entries: EntrySet
}

/**
 * A row of binary COPY: field count, then customer_id, line_id, entry_set_id, posting_no, each
 * after its length.
 */
export const POSTED_BYTES = 40
export const CUSTOMER_AT = 6
export const LINE_AT = 18
const SET_AT = 30
const NUMBER_AT = 38

export class PostedRows {
  readonly #bytes: Buffer
  readonly #sets: ReadonlyMap<number, EntrySet>
  #at = 0

  /** `bytes` in order of customer, line, number. */
  constructor(bytes: Buffer, sets: ReadonlyMap<number, EntrySet>) {
    assert(bytes.length % POSTED_BYTES === 0, 'whole postings')
    this.#bytes = bytes
    this.#sets = sets
  }

  /** The two halves of the next customer's id; Infinity after the last. */
  get nextHigh(): number {
    return this.#at < this.#bytes.length
      ? this.#bytes.readUInt32BE(this.#at + CUSTOMER_AT)
      : Infinity
  }

  get nextLow(): number {
    return this.#at < this.#bytes.length
      ? this.#bytes.readUInt32BE(this.#at + CUSTOMER_AT + 4)
      : Infinity
  }

  /** All rows of a customer, if it is the next one. */
  take(customerId: bigint): readonly Posted[] {
    const rows: Posted[] = []
    while (
      this.#at < this.#bytes.length &&
      this.#bytes.readBigInt64BE(this.#at + CUSTOMER_AT) === customerId
    ) {
      rows.push(this.#row(this.#at))
      this.#at += POSTED_BYTES
    }
    return rows
  }

  /**
   * Takes the next row when it is the only one of its customer, the line's first posting, and of
   * the
   * line whose id stands in `records`; returns its set, else undefined and takes nothing.
   */
  takeOnly(records: Buffer, lineAt: number): EntrySet | undefined {
    const at = this.#at
    const bytes = this.#bytes
    if (bytes.readInt16BE(at + NUMBER_AT) !== 1) return undefined
    for (let i = 7; i >= 0; i -= 1)
      if (bytes[at + LINE_AT + i] !== records[lineAt + i]) return undefined
    const next = at + POSTED_BYTES
    if (
      next < bytes.length &&
      bytes.compare(
        bytes,
        at + CUSTOMER_AT,
        at + CUSTOMER_AT + 8,
        next + CUSTOMER_AT,
        next + CUSTOMER_AT + 8,
      ) === 0
    )
      return undefined
    this.#at = next
    return this.#setOf(at)
  }

  #row(at: number): Posted {
    const bytes = this.#bytes
    return {
      customerId: bytes.readBigInt64BE(at + CUSTOMER_AT),
      lineId: bytes.readBigInt64BE(at + LINE_AT),
      postingNo: bytes.readInt16BE(at + NUMBER_AT),
      setId: setIdAt(bytes, at),
      entries: this.#setOf(at),
    }
  }

  #setOf(at: number): EntrySet {
    const entries = this.#sets.get(setIdAt(this.#bytes, at))
    assert(entries !== undefined, 'an entry set of an earlier plan of the period')
    return entries
  }
}

export function setIdAt(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at + SET_AT)
}

export function numberAt(bytes: Buffer, at: number): number {
  return bytes.readInt16BE(at + NUMBER_AT)
}

/** A row made of values, as COPY would send it. */
export function postedBytes(row: Omit<Posted, 'entries'>): Buffer {
  const bytes = Buffer.alloc(POSTED_BYTES)
  bytes.writeInt16BE(4, 0)
  bytes.writeInt32BE(8, 2)
  bytes.writeBigInt64BE(row.customerId, CUSTOMER_AT)
  bytes.writeInt32BE(8, 14)
  bytes.writeBigInt64BE(row.lineId, LINE_AT)
  bytes.writeInt32BE(4, 26)
  bytes.writeInt32BE(row.setId, SET_AT)
  bytes.writeInt32BE(2, 34)
  bytes.writeInt16BE(row.postingNo, NUMBER_AT)
  return bytes
}
