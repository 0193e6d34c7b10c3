/**
 * RFC 4180: bytes → rows. Knows no domain and makes no strings: a row is offsets into a buffer of
 * fixed size, so that memory stays flat and a row of 100 bytes costs about 0.2 µs.
 */
import { RedressError } from '../errors.js'
import { CHUNK_BYTES } from './byte-source.js'
import { Decoding, lengthOfMark } from './encoding.js'
import type { Encoding } from './encoding.js'

/** A longer row refuses the file: it is an unclosed quote or no CSV at all. */
export const MAX_ROW_BYTES = 1024 * 1024

const MARK_BYTES = 3
const NUL = 0x00
const LF = 0x0a
const CR = 0x0d
const QUOTE = 0x22
const COMMA = 0x2c

/** What is wrong with a row as CSV, the first that was met; 0 when nothing is. */
export const FLAW = { none: 0, nul: 1, loneCr: 2, strayQuote: 3 } as const
export type Flaw = (typeof FLAW)[keyof typeof FLAW]

/**
 * Walks over the rows: `append` a chunk, call `next` until it is false, and so on; at the end call
 * `end`, and `next` until it is false.
 */
export class RowCursor {
  /** Field i of the current row lies at `starts[i]` … `ends[i]` of `bytes`. */
  bytes: Buffer
  starts = new Int32Array(64)
  ends = new Int32Array(64)
  fieldCount = 0
  flaw: Flaw = FLAW.none
  /** The line of the file on which the current row begins; the header is on line 1. */
  lineNo = 0
  readonly #fileName: string
  readonly #encoding: Encoding
  readonly #decoding: Decoding
  // UTF-8 of cp949 takes up to half as many bytes again.
  readonly #block = Buffer.allocUnsafeSlow(MAX_ROW_BYTES + 2 * CHUNK_BYTES + 1)
  #scratch = Buffer.allocUnsafeSlow(0)
  #position = 0
  #filled = 0
  #nextLineNo = 1
  // The first bytes, until there are enough of them to tell a byte order mark.
  #head: Uint8Array = new Uint8Array(0)
  #started = false
  #ended = false
  #rowStart = 0
  #rowEnd = 0
  // Fields past the header's are counted, not kept; before the header is known all are kept.
  #width = Number.MAX_SAFE_INTEGER
  #lineFeeds = 0
  #doubledQuotes = false

  constructor(fileName: string, encoding: Encoding) {
    this.#fileName = fileName
    this.#encoding = encoding
    this.#decoding = new Decoding(encoding)
    this.bytes = this.#block
  }

  /** The current row as it stands in the file (in UTF-8), without its line end. */
  get raw(): Buffer {
    return this.#block.subarray(this.#rowStart, this.#rowEnd)
  }

  /** Keeps no more than `width` fields a row from now on. */
  fixWidth(width: number): void {
    this.#width = width
  }

  /** @throws RedressError FILE_UNUSABLE for a byte that cannot be decoded, a row too long. */
  append(chunk: Uint8Array): void {
    const bytes = this.#started ? chunk : Buffer.concat([this.#head, chunk])
    if (bytes.length < MARK_BYTES && !this.#started) this.#head = bytes
    else this.#takeAll(bytes)
  }

  /** No more chunks follow: what is left is the last row. */
  end(): void {
    if (!this.#started) this.#takeAll(this.#head)
    this.#take(new Uint8Array(0), true)
    this.#ended = true
  }

  /** Moves to the next row; false when its end is not there yet. */
  next(): boolean {
    const bytes = this.#block
    const filled = this.#filled
    const first = this.#position
    if (first === filled) return false
    this.flaw = FLAW.none
    this.#lineFeeds = 0
    this.#doubledQuotes = false
    let field = 0
    let start = first
    let at = first
    let end = -1
    for (;;) {
      // A line feed lies behind the last byte, so that this loop ends without asking for the end.
      let byte = bytes[at] as number
      while (byte > COMMA) {
        at += 1
        byte = bytes[at] as number
      }
      if (at >= filled) byte = -1
      if (byte === QUOTE && at === start && end < 0) {
        at = this.#closingQuote(at + 1)
        if (at < 0) return this.#incomplete()
        end = at - 1
        start += 1
        continue
      }
      if (byte === COMMA || byte === LF || byte === -1 || byte === CR) {
        if (byte === -1 && !this.#ended) return this.#incomplete()
        if (byte === CR) {
          if (at + 1 === filled && !this.#ended) return this.#incomplete()
          if (at + 1 === filled || bytes[at + 1] !== LF) {
            this.#note(FLAW.loneCr)
            at += 1
            continue
          }
        }
        // After a closing quote nothing but the end of the field may follow.
        if (end >= 0 && end + 1 !== at) this.#note(FLAW.strayQuote)
        if (field < this.#width) this.#keep(field, start, end >= 0 ? end : at)
        field += 1
        if (byte !== COMMA) return this.#complete(field, at, byte)
        at += 1
        start = at
        end = -1
        continue
      }
      if (byte === QUOTE) this.#note(FLAW.strayQuote)
      if (byte === NUL) this.#note(FLAW.nul)
      at += 1
    }
  }

  #keep(field: number, start: number, end: number): void {
    if (field === this.starts.length) {
      this.starts = grown(this.starts)
      this.ends = grown(this.ends)
    }
    this.starts[field] = start
    this.ends[field] = end
  }

  #complete(fields: number, end: number, byte: number): true {
    if (end - this.#position > MAX_ROW_BYTES) throw this.#tooLong()
    this.fieldCount = fields
    this.bytes = this.#block
    this.lineNo = this.#nextLineNo
    this.#nextLineNo += 1 + this.#lineFeeds
    this.#rowStart = this.#position
    this.#rowEnd = end
    this.#position = byte === CR ? end + 2 : byte === LF ? end + 1 : end
    if (this.#doubledQuotes) this.#undouble()
    return true
  }

  // Without more bytes an unfinished row is inside a quote: every other end is a row's end.
  #incomplete(): false {
    if (!this.#ended) return false
    throw new RedressError('FILE_UNUSABLE', {
      where: `${this.#fileName}:${this.#nextLineNo}`,
      problem: 'a quote is not closed',
      expected: 'a closing quote before the end of the file',
    })
  }

  /** The place after the closing quote of a field whose text begins at `at`; -1 when not there. */
  #closingQuote(at: number): number {
    const bytes = this.#block
    const filled = this.#filled
    let from = at
    for (; from < filled; from += 1) {
      const byte = bytes[from] as number
      if (byte > QUOTE) continue
      if (byte === LF) this.#lineFeeds += 1
      else if (byte === NUL) this.#note(FLAW.nul)
      else if (byte === QUOTE) {
        if (from + 1 === filled) return this.#ended ? filled : -1
        if (bytes[from + 1] !== QUOTE) return from + 1
        this.#doubledQuotes = true
        from += 1
      }
    }
    return -1
  }

  #note(flaw: Flaw): void {
    if (this.flaw === FLAW.none) this.flaw = flaw
  }

  // The row is copied with its doubled quotes made single; the block keeps it as it was read.
  #undouble(): void {
    const kept = Math.min(this.fieldCount, this.#width)
    if (this.#scratch.length < this.#rowEnd - this.#rowStart) {
      this.#scratch = Buffer.allocUnsafeSlow(2 * (this.#rowEnd - this.#rowStart))
    }
    let to = 0
    for (let field = 0; field < kept; field += 1) {
      const start = this.starts[field] as number
      const end = this.ends[field] as number
      const quoted = start > this.#rowStart && this.#block[start - 1] === QUOTE
      this.starts[field] = to
      for (let at = start; at < end; at += 1) {
        const byte = this.#block[at] as number
        this.#scratch[to] = byte
        to += 1
        if (quoted && byte === QUOTE) at += 1
      }
      this.ends[field] = to
    }
    this.bytes = this.#scratch
  }

  #takeAll(bytes: Uint8Array): void {
    let at = this.#started ? 0 : lengthOfMark(bytes, this.#encoding, this.#fileName)
    this.#started = true
    for (; at < bytes.length; at += CHUNK_BYTES) {
      this.#take(bytes.subarray(at, at + CHUNK_BYTES), false)
    }
  }

  #take(chunk: Uint8Array, last: boolean): void {
    const decoded = this.#decoding.decode(chunk, last)
    if (decoded === undefined) throw this.#undecodable(chunk)
    const left = this.#filled - this.#position
    if (left > MAX_ROW_BYTES) throw this.#tooLong()
    this.#block.copyWithin(0, this.#position, this.#filled)
    this.#block.set(decoded, left)
    this.#position = 0
    this.#filled = left + decoded.length
    this.#block[this.#filled] = LF
  }

  #undecodable(chunk: Uint8Array): RedressError {
    let line = this.#nextLineNo + this.#decoding.linesBeforeFault(chunk)
    for (let at = this.#position; at < this.#filled; at += 1) if (this.#block[at] === LF) line += 1
    const other = this.#encoding === 'utf-8' ? 'cp949' : 'utf-8'
    return new RedressError('FILE_UNUSABLE', {
      where: `${this.#fileName}:${line}`,
      problem: `has a byte that is not ${this.#encoding}`,
      expected: `${this.#encoding} (or --encoding ${other})`,
    })
  }

  #tooLong(): RedressError {
    return new RedressError('FILE_UNUSABLE', {
      where: `${this.#fileName}:${this.#nextLineNo}`,
      problem: 'a row is longer than 1 MiB',
      expected: 'shorter rows, or a quote to be closed',
    })
  }
}

function grown(from: Int32Array): Int32Array<ArrayBuffer> {
  const to = new Int32Array(from.length * 2)
  to.set(from)
  return to
}
