/**
 * One walk over a snapshot's sorted rows that yields its chunks: bounds, digest, pack. Sealing
 * stores them, verifying compares them, so both see the same bytes by the same code.
 */
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import type { Client } from '../db/database.js'
import { NO_BIRTH_DAY, PackBuilder } from './pack.js'
import { LINE_FIELDS, RowCutter, RowView } from './row-stream.js'
import { HIGHEST_ID, LOWEST_ID } from './snapshot.js'
import type { WalkedChunk } from './snapshot.js'
import { sortedRows } from './snapshot-store.js'

export interface WalkOptions {
  readonly chunkLines: number
  /** Awaited before the walk goes on, so that at most one chunk is in memory. */
  readonly onChunk: (chunk: WalkedChunk) => Promise<void>
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((lines: number) => void) | undefined
}

export type Walked =
  | {
      readonly outcome: 'walked'
      readonly lines: number
      readonly customers: number
      readonly contentHash: Buffer
    }
  /** Two lines of one customer disagree on its kind or birth date. */
  | { readonly outcome: 'conflicting_customers' }

export async function walkRows(
  client: Client,
  table: string,
  options: WalkOptions,
): Promise<Walked> {
  const walk = new Walk(options.chunkLines)
  const cutter = new RowCutter(LINE_FIELDS)
  for await (const piece of sortedRows(client, table)) {
    options.signal?.throwIfAborted()
    cutter.push(piece, (bytes, start, end) => walk.row(bytes, start, end))
    for (const chunk of walk.takeFinished()) await options.onChunk(chunk)
    options.onProgress?.(walk.lines)
  }
  if (walk.conflict) return { outcome: 'conflicting_customers' }
  await options.onChunk(walk.finish())
  return {
    outcome: 'walked',
    lines: walk.lines,
    customers: walk.customers,
    contentHash: walk.contentHash(),
  }
}

class Walk {
  lines = 0
  customers = 0
  conflict = false

  readonly #chunkLines: number
  readonly #view = new RowView()
  readonly #pack = new PackBuilder()
  readonly #content = createHash('sha256')
  #digest: Hash = createHash('sha256')
  #factsIndex = new Map<number, number>()
  #finished: WalkedChunk[] = []
  #chunkNo = 0
  #firstCustomerId = LOWEST_ID
  readonly #customerId = Buffer.alloc(8)
  #birthDay = NO_BIRTH_DAY
  #corporate = false

  constructor(chunkLines: number) {
    this.#chunkLines = chunkLines
  }

  row(bytes: Buffer, start: number, end: number): void {
    const view = this.#view
    view.read(bytes, start)
    const birthDay = view.birthDay ?? NO_BIRTH_DAY
    if (this.customers === 0 || !sameId(bytes, view.customerIdAt, this.#customerId)) {
      this.#nextCustomer(bytes, birthDay)
    } else if (birthDay !== this.#birthDay || view.corporate !== this.#corporate) {
      this.conflict = true
    }
    this.#digest.update(bytes.subarray(start, end))
    this.#pack.addLine(bytes, view.lineIdAt, this.#indexOfFacts())
    this.lines += 1
  }

  takeFinished(): readonly WalkedChunk[] {
    if (this.#finished.length === 0) return []
    const finished = this.#finished
    this.#finished = []
    return finished
  }

  /** The last chunk, which reaches to the highest possible id. */
  finish(): WalkedChunk {
    return this.#cut(HIGHEST_ID)
  }

  /** Over the digests of all chunks, in order. */
  contentHash(): Buffer {
    return this.#content.digest()
  }

  #nextCustomer(bytes: Buffer, birthDay: number): void {
    const { customerIdAt, corporate } = this.#view
    if (this.#pack.lines >= this.#chunkLines) {
      const id = bytes.readBigInt64BE(customerIdAt)
      this.#finished.push(this.#cut(id - 1n))
      this.#firstCustomerId = id
    }
    bytes.copy(this.#customerId, 0, customerIdAt, customerIdAt + 8)
    this.#birthDay = birthDay
    this.#corporate = corporate
    this.#pack.addCustomer(bytes, customerIdAt, birthDay, corporate)
    this.customers += 1
  }

  #cut(lastCustomerId: bigint): WalkedChunk {
    const digest = this.#digest.digest()
    this.#content.update(digest)
    const { lines, customers } = this.#pack
    const chunk = {
      chunkNo: this.#chunkNo,
      firstCustomerId: String(this.#firstCustomerId),
      lastCustomerId: String(lastCustomerId),
      lines,
      customers,
      digest,
      pack: this.#pack.take(),
    }
    this.#chunkNo += 1
    this.#digest = createHash('sha256')
    this.#factsIndex = new Map()
    return chunk
  }

  // 7 bits of flags and two dates of 22 bits each make a key of 51 bits: a number holds it exactly.
  #indexOfFacts(): number {
    const { flags, consentDay, promotionDay } = this.#view
    const key = flags + 128 * (dayBits(consentDay) + 4_194_304 * dayBits(promotionDay))
    let index = this.#factsIndex.get(key)
    if (index === undefined) {
      index = this.#pack.addFacts(this.#view.facts())
      this.#factsIndex.set(key, index)
    }
    return index
  }
}

/** 0 for none; the dates that a file may hold, 0001-01-01 to 9999-12-31, become 1 … 3,652,059. */
function dayBits(day: number | null): number {
  return day === null ? 0 : day + 730_120
}

function sameId(bytes: Buffer, at: number, id: Buffer): boolean {
  // The low bytes differ first between neighbours.
  for (let i = 7; i >= 0; i -= 1) if (bytes[at + i] !== id[i]) return false
  return true
}
