/**
 * The pack of a chunk: what the rules read of its lines, in posting order, as bytes. A run reads
 * one pack a chunk instead of 50,000 rows, which is a third of the run's work saved; and since the
 * snapshot is sealed, a pack cannot grow stale. `snapshot verify` makes every pack again from the
 * rows and compares.
 *
 * Layout, all integers big-endian, which is also how COPY wants ids:
 *   header    'RPK1', bytes of JSON (u32), customers (u32), lines (u32)
 *   JSON      the distinct LineFacts of the chunk
 *   customer  customer_id (8), birth day (i32, days since 2000-01-01), 2^31 if corporate + number
 * of lines
 *   line      line_id (8), index into the JSON list (u32); the lines follow their customer
 */
import { assert } from '../assert.js'
import type { LineFacts } from '../rules/case.js'

const MAGIC = 0x52504b31
const HEADER_BYTES = 16
export const CUSTOMER_BYTES = 16
export const LINE_BYTES = 12
export const CORPORATE_BIT = 0x8000_0000
/** Of corporate customers; no date PostgreSQL admits is so far back. */
export const NO_BIRTH_DAY = -0x8000_0000

export interface Pack {
  /** Equal facts are one object. */
  readonly facts: readonly LineFacts[]
  readonly customers: number
  readonly lines: number
  /** Customers and lines as laid out above. */
  readonly records: Buffer
}

/** @throws AssertionFailure when the bytes are no pack: they come from our own table. */
export function openPack(bytes: Buffer): Pack {
  assert(bytes.length >= HEADER_BYTES && bytes.readUInt32BE(0) === MAGIC, 'a pack')
  const jsonBytes = bytes.readUInt32BE(4)
  const customers = bytes.readUInt32BE(8)
  const lines = bytes.readUInt32BE(12)
  const start = HEADER_BYTES + jsonBytes
  const records = bytes.subarray(start)
  assert(records.length === customers * CUSTOMER_BYTES + lines * LINE_BYTES, 'a whole pack')
  return {
    facts: JSON.parse(bytes.toString('utf8', HEADER_BYTES, start)) as LineFacts[],
    customers,
    lines,
    records,
  }
}

export interface PackedCustomer {
  readonly corporate: boolean
  /** Days since 2000-01-01. */
  readonly birthDay: number
  readonly lines: readonly { readonly lineId: bigint; readonly facts: LineFacts }[]
}

/**
 * One customer of a pack with all its lines, in order; undefined when the pack does not hold it.
 */
export function findInPack(pack: Pack, customerId: bigint): PackedCustomer | undefined {
  const { records, facts } = pack
  for (let at = 0; at < records.length;) {
    const kindAndLines = records.readUInt32BE(at + 12)
    const count = kindAndLines & 0x7fff_ffff
    if (records.readBigInt64BE(at) === customerId) {
      const lines = Array.from({ length: count }, (_, index) => {
        const lineAt = at + CUSTOMER_BYTES + index * LINE_BYTES
        return {
          lineId: records.readBigInt64BE(lineAt),
          facts: facts[records.readUInt32BE(lineAt + 8)]!,
        }
      })
      return {
        corporate: kindAndLines >= CORPORATE_BIT,
        birthDay: records.readInt32BE(at + 8),
        lines,
      }
    }
    at += CUSTOMER_BYTES + count * LINE_BYTES
  }
  return undefined
}

/** Fills a pack customer by customer; `take` hands it over and starts the next. */
export class PackBuilder {
  #records = Buffer.allocUnsafe(1 << 20)
  #length = 0
  #customers = 0
  #lines = 0
  #customerAt = 0
  #facts: LineFacts[] = []

  get lines(): number {
    return this.#lines
  }

  get customers(): number {
    return this.#customers
  }

  /** Adds a kind of facts and returns the index by which lines name it. */
  addFacts(facts: LineFacts): number {
    return this.#facts.push(facts) - 1
  }

  /** `source` holds the id's 8 bytes at `idAt`. */
  addCustomer(source: Buffer, idAt: number, birthDay: number, corporate: boolean): void {
    this.#reserve(CUSTOMER_BYTES)
    this.#customerAt = this.#length
    source.copy(this.#records, this.#length, idAt, idAt + 8)
    this.#records.writeInt32BE(birthDay, this.#length + 8)
    this.#records.writeUInt32BE(corporate ? CORPORATE_BIT : 0, this.#length + 12)
    this.#length += CUSTOMER_BYTES
    this.#customers += 1
  }

  /** Adds a line to the customer added last. */
  addLine(source: Buffer, idAt: number, factsIndex: number): void {
    this.#reserve(LINE_BYTES)
    source.copy(this.#records, this.#length, idAt, idAt + 8)
    this.#records.writeUInt32BE(factsIndex, this.#length + 8)
    this.#length += LINE_BYTES
    this.#lines += 1
    const countAt = this.#customerAt + 12
    this.#records.writeUInt32BE(this.#records.readUInt32BE(countAt) + 1, countAt)
  }

  take(): Buffer {
    const json = Buffer.from(JSON.stringify(this.#facts), 'utf8')
    const header = Buffer.allocUnsafe(HEADER_BYTES)
    header.writeUInt32BE(MAGIC, 0)
    header.writeUInt32BE(json.length, 4)
    header.writeUInt32BE(this.#customers, 8)
    header.writeUInt32BE(this.#lines, 12)
    const pack = Buffer.concat([header, json, this.#records.subarray(0, this.#length)])
    this.#length = this.#customers = this.#lines = 0
    this.#facts = []
    return pack
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#records.length) return
    const larger = Buffer.allocUnsafe(this.#records.length * 2)
    this.#records.copy(larger, 0, 0, this.#length)
    this.#records = larger
  }
}
