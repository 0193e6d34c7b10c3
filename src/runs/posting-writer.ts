/**
 * Writes postings twice as they are decided: as bytes of the chunk's digest and, in a run, as rows
 * of COPY's binary format. Both are laid out with their constant bytes beforehand, so a posting
 * costs the copying of two ids and three small numbers.
 */
import { createHash } from 'node:crypto'
import type { EntrySetRef } from './entry-sets.js'

const DIGEST_BYTES = 26
const DIGEST_ROWS = 2_048
const ROW_BYTES = 46
const ROWS = 16_384

export interface PostingSink {
  /** The ids stand in `source` as 8 big-endian bytes each. */
  post(
    source: Buffer,
    customerIdAt: number,
    lineIdAt: number,
    set: EntrySetRef,
    postingNo: number,
  ): void
}

/** The digest of a chunk's postings, in order; the tallies are added when it is finished. */
export class PostingDigest implements PostingSink {
  postings = 0
  readonly #hash = createHash('sha256')
  readonly #rows = Buffer.allocUnsafe(DIGEST_BYTES * DIGEST_ROWS)
  #at = 0

  post(
    source: Buffer,
    customerIdAt: number,
    lineIdAt: number,
    set: EntrySetRef,
    postingNo: number,
  ): void {
    const rows = this.#rows
    const at = this.#at
    copyId(rows, at, source, customerIdAt)
    copyId(rows, at + 8, source, lineIdAt)
    rows[at + 16] = postingNo >> 8
    rows[at + 17] = postingNo & 0xff
    copyId(rows, at + 18, set.digest, 0)
    this.postings += 1
    this.#at = at + DIGEST_BYTES
    if (this.#at === rows.length) this.#flush()
  }

  /** SHA-256 over all postings and the tallies they led to. */
  finish(tallies: string): Buffer {
    this.#flush()
    return this.#hash.update(tallies).digest()
  }

  #flush(): void {
    if (this.#at > 0) this.#hash.update(this.#rows.subarray(0, this.#at))
    this.#at = 0
  }
}

const COPY_HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
export const COPY_TRAILER = Buffer.from([0xff, 0xff])
/** The columns, in the order of the bytes below. */
export const POSTING_COLUMNS = 'customer_id, line_id, entry_set_id, posting_no, ledger_no'

/**
 * Laid-out buffers of chunks that are done: laying two out took as long as deciding 5,000 lines.
 */
const laidOut: Buffer[] = []
const MAXIMUM_LAID_OUT = 16

/** Digest and COPY rows at once. */
export class PostingRows implements PostingSink {
  readonly digest = new PostingDigest()
  readonly #ledgerNo: number
  #rows = laidOut.pop() ?? layOut(ROWS)
  #spare = laidOut.pop() ?? layOut(ROWS)
  #at = 0

  constructor(ledgerNo: number) {
    this.#ledgerNo = ledgerNo
  }

  post(
    source: Buffer,
    customerIdAt: number,
    lineIdAt: number,
    set: EntrySetRef,
    postingNo: number,
  ): void {
    if (this.#at === this.#rows.length) this.#grow()
    const rows = this.#rows
    const at = this.#at
    copyId(rows, at + 6, source, customerIdAt)
    copyId(rows, at + 18, source, lineIdAt)
    const id = set.id
    rows[at + 30] = id >>> 24
    rows[at + 31] = (id >>> 16) & 0xff
    rows[at + 32] = (id >>> 8) & 0xff
    rows[at + 33] = id & 0xff
    rows[at + 38] = postingNo >> 8
    rows[at + 39] = postingNo & 0xff
    rows[at + 44] = this.#ledgerNo >> 8
    rows[at + 45] = this.#ledgerNo & 0xff
    this.#at = at + ROW_BYTES
    this.digest.post(source, customerIdAt, lineIdAt, set, postingNo)
  }

  header(): Buffer {
    return COPY_HEADER
  }

  /** Whether enough is gathered to be worth a write. */
  get isReady(): boolean {
    return this.#at >= (ROWS * ROW_BYTES) / 2
  }

  /** The rows gathered since the last call. They stay valid until the call after the next one. */
  take(): Buffer {
    const taken = this.#rows.subarray(0, this.#at)
    const spare = this.#spare
    this.#spare = this.#rows
    this.#rows = spare
    this.#at = 0
    return taken
  }

  /** Gives the buffers back; call it when the last write of `take` has ended well. */
  release(): void {
    for (const buffer of [this.#rows, this.#spare]) {
      const isUsual = buffer.length === ROWS * ROW_BYTES
      if (isUsual && laidOut.length < MAXIMUM_LAID_OUT) laidOut.push(buffer)
    }
  }

  // A customer with thousands of lines is decided in one step and may outgrow the buffer.
  #grow(): void {
    const larger = layOut((this.#rows.length / ROW_BYTES) * 2)
    this.#rows.copy(larger)
    this.#rows = larger
  }
}

function layOut(rows: number): Buffer {
  const buffer = Buffer.alloc(rows * ROW_BYTES)
  for (let at = 0; at < buffer.length; at += ROW_BYTES) {
    buffer[at + 1] = 5
    buffer[at + 5] = 8
    buffer[at + 17] = 8
    buffer[at + 29] = 4
    buffer[at + 37] = 2
    buffer[at + 43] = 2
  }
  return buffer
}

function copyId(target: Buffer, at: number, source: Buffer, from: number): void {
  target[at] = source[from]!
  target[at + 1] = source[from + 1]!
  target[at + 2] = source[from + 2]!
  target[at + 3] = source[from + 3]!
  target[at + 4] = source[from + 4]!
  target[at + 5] = source[from + 5]!
  target[at + 6] = source[from + 6]!
  target[at + 7] = source[from + 7]!
}
