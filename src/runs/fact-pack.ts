/**
 * What a plan settled about the lines and customers of a chunk, as bytes: like the snapshot's pack,
 * each record names one of a few kinds of facts. Of 600,000 choices in a chunk list nearly all say
 * one of a dozen things.
 *
 * Layout, all integers big-endian:
 *   header    'RFP1', bytes of JSON (u32), customers (u32), lines (u32)
 *   JSON      { customers: InsuranceFacts[], lines: LineFact[] }, the distinct ones
 *   customer  customer_id (8), index into JSON (u32), in order of customer
 *   line      customer_id (8), line_id (8), index into JSON (u32), in order of customer, line
 */
import { assert } from '../assert.js'
import type { InsuranceFacts, IsoDate, LineStatus, PassFacts } from '../rules/case.js'

/** Of a line: what became known of it after the base date, and of its pass. */
export interface LineFact {
  /** Null where it is still the snapshot's. */
  readonly statusAtStart: LineStatus | null
  /** Null where no consent earlier than the snapshot's is known. */
  readonly guardianConsentOn: IsoDate | null
  readonly pass: PassFacts | null
}

const MAGIC = 0x52465031
const HEADER_BYTES = 16
export const CUSTOMER_FACT_BYTES = 12
export const LINE_FACT_BYTES = 20

export interface FactPack {
  readonly customerKinds: readonly InsuranceFacts[]
  readonly lineKinds: readonly LineFact[]
  /** Records as laid out above. */
  readonly customers: Buffer
  readonly lines: Buffer
}

export const NO_FACTS: FactPack = {
  customerKinds: [],
  lineKinds: [],
  customers: Buffer.alloc(0),
  lines: Buffer.alloc(0),
}

/** @throws AssertionFailure when the bytes are no pack: they come from our own table. */
export function openFactPack(bytes: Buffer): FactPack {
  assert(bytes.length >= HEADER_BYTES && bytes.readUInt32BE(0) === MAGIC, 'a pack of facts')
  const jsonEnd = HEADER_BYTES + bytes.readUInt32BE(4)
  const linesAt = jsonEnd + bytes.readUInt32BE(8) * CUSTOMER_FACT_BYTES
  assert(bytes.length === linesAt + bytes.readUInt32BE(12) * LINE_FACT_BYTES, 'whole facts')
  const kinds = JSON.parse(bytes.toString('utf8', HEADER_BYTES, jsonEnd)) as {
    customers: InsuranceFacts[]
    lines: LineFact[]
  }
  return {
    customerKinds: kinds.customers,
    lineKinds: kinds.lines,
    customers: bytes.subarray(jsonEnd, linesAt),
    lines: bytes.subarray(linesAt),
  }
}

export interface CustomerFacts {
  readonly insurance: InsuranceFacts | null
  readonly lines: ReadonlyMap<bigint, LineFact>
}

/** What was settled about one customer and its lines. */
export function findFacts(pack: FactPack, customerId: bigint): CustomerFacts {
  const { customers, lines, customerKinds, lineKinds } = pack
  const at = firstOf(customers, CUSTOMER_FACT_BYTES, customerId)
  const isKnown = at < customers.length && customers.readBigInt64BE(at) === customerId
  const ofLines = new Map<bigint, LineFact>()
  for (
    let line = firstOf(lines, LINE_FACT_BYTES, customerId);
    line < lines.length && lines.readBigInt64BE(line) === customerId;
    line += LINE_FACT_BYTES
  ) {
    ofLines.set(lines.readBigInt64BE(line + 8), lineKinds[lines.readUInt32BE(line + 16)]!)
  }
  return {
    insurance: isKnown ? customerKinds[customers.readUInt32BE(at + 8)]! : null,
    lines: ofLines,
  }
}

/** Where the first record of the customer, or of one after it, stands. */
function firstOf(records: Buffer, size: number, customerId: bigint): number {
  let low = 0
  let high = records.length / size
  while (low < high) {
    const middle = (low + high) >> 1
    if (records.readBigInt64BE(middle * size) < customerId) low = middle + 1
    else high = middle
  }
  return low * size
}

/** Fills a pack; `take` hands it over and starts the next. */
export class FactPackBuilder {
  readonly #customers = new Records(CUSTOMER_FACT_BYTES)
  readonly #lines = new Records(LINE_FACT_BYTES)
  #customerKinds: InsuranceFacts[] = []
  #lineKinds: LineFact[] = []
  #customerKeys = new Map<string, number>()
  #lineKeys = new Map<string, number>()

  /** `key` tells equal kinds; `read` is asked once a kind. The id's 8 bytes stand at `idAt`. */
  addCustomer(source: Buffer, idAt: number, key: string, read: () => InsuranceFacts): void {
    const kind = indexOf(this.#customerKeys, key, () => this.#customerKinds.push(read()))
    this.#customers.add(source, idAt, -1, kind)
  }

  addLine(
    source: Buffer,
    customerIdAt: number,
    lineIdAt: number,
    key: string,
    read: () => LineFact,
  ): void {
    const kind = indexOf(this.#lineKeys, key, () => this.#lineKinds.push(read()))
    this.#lines.add(source, customerIdAt, lineIdAt, kind)
  }

  take(): Buffer {
    const kinds = { customers: this.#customerKinds, lines: this.#lineKinds }
    const json = Buffer.from(JSON.stringify(kinds), 'utf8')
    const header = Buffer.allocUnsafe(HEADER_BYTES)
    header.writeUInt32BE(MAGIC, 0)
    header.writeUInt32BE(json.length, 4)
    header.writeUInt32BE(this.#customers.count, 8)
    header.writeUInt32BE(this.#lines.count, 12)
    this.#customerKinds = []
    this.#lineKinds = []
    this.#customerKeys = new Map()
    this.#lineKeys = new Map()
    const [customers, lines] = [this.#customers.bytes(), this.#lines.bytes()]
    const pack = Buffer.concat([header, json, customers, lines])
    this.#customers.clear()
    this.#lines.clear()
    return pack
  }
}

/** `add` returns the new length of the list, as `push` does. */
function indexOf(keys: Map<string, number>, key: string, add: () => number): number {
  let index = keys.get(key)
  if (index === undefined) {
    index = add() - 1
    keys.set(key, index)
  }
  return index
}

class Records {
  readonly #size: number
  #bytes = Buffer.allocUnsafe(1 << 16)
  #length = 0

  constructor(size: number) {
    this.#size = size
  }

  get count(): number {
    return this.#length / this.#size
  }

  add(source: Buffer, firstIdAt: number, secondIdAt: number, kind: number): void {
    if (this.#length + this.#size > this.#bytes.length) this.#grow()
    source.copy(this.#bytes, this.#length, firstIdAt, firstIdAt + 8)
    if (secondIdAt >= 0) source.copy(this.#bytes, this.#length + 8, secondIdAt, secondIdAt + 8)
    this.#bytes.writeUInt32BE(kind, this.#length + this.#size - 4)
    this.#length += this.#size
  }

  /** Valid until the next `add`. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  clear(): void {
    this.#length = 0
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(this.#bytes.length * 2)
    this.#bytes.copy(larger)
    this.#bytes = larger
  }
}
