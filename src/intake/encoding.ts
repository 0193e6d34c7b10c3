/** Makes UTF-8 out of the bytes of a file, and finds the line of a byte that is none. */
import { isUtf8 } from 'node:buffer'
import { RedressError } from '../errors.js'
import { utf8OfCp949, wholeCp949Length } from './cp949.js'

export type Encoding = 'utf-8' | 'cp949'
export const ENCODINGS = ['utf-8', 'cp949'] as const satisfies readonly Encoding[]

const LF = 0x0a

interface Codec {
  /** UTF-8 of these bytes, or undefined when one of them cannot be decoded. */
  readonly convert: (bytes: Uint8Array) => Uint8Array | undefined
  /** Length without a character that the end of the bytes cuts. */
  readonly wholeLength: (bytes: Uint8Array) => number
}

/** Decodes pieces that may end anywhere; a cut character waits for the next piece. */
export class Decoding {
  readonly #codec: Codec
  #pending: Uint8Array = new Uint8Array(0)

  constructor(encoding: Encoding) {
    this.#codec = encoding === 'utf-8' ? UTF8 : CP949
  }

  decode(chunk: Uint8Array, last: boolean): Uint8Array | undefined {
    const bytes = this.#withPending(chunk)
    const end = last ? bytes.length : this.#codec.wholeLength(bytes)
    const converted = this.#codec.convert(bytes.subarray(0, end))
    if (converted !== undefined) this.#pending = Uint8Array.from(bytes.subarray(end))
    return converted
  }

  /** After a failure of `decode`: how many lines end in `chunk` before the byte at fault. */
  linesBeforeFault(chunk: Uint8Array): number {
    const bytes = this.#withPending(chunk)
    let lines = 0
    for (let start = 0; start < bytes.length; lines += 1) {
      // In both encodings a byte 0x0A is a line feed wherever it stands.
      const found = bytes.indexOf(LF, start)
      const end = found < 0 ? bytes.length : found + 1
      if (this.#codec.convert(bytes.subarray(start, end)) === undefined) return lines
      start = end
    }
    return Math.max(0, lines - 1)
  }

  #withPending(chunk: Uint8Array): Uint8Array {
    return this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
  }
}

/**
 * Looks at the first bytes of a file.
 * @returns how many of them are a byte order mark
 * @throws RedressError FILE_UNUSABLE when they tell of another encoding
 */
export function lengthOfMark(first: Uint8Array, encoding: Encoding, where: string): number {
  const [a, b, c] = first
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) {
    throw new RedressError('FILE_UNUSABLE', {
      where,
      problem: 'starts with the byte order mark of UTF-16',
      expected: 'UTF-8 or cp949',
    })
  }
  if (a !== 0xef || b !== 0xbb || c !== 0xbf) return 0
  if (encoding === 'utf-8') return 3
  throw new RedressError('FILE_UNUSABLE', {
    where,
    problem: 'starts with the byte order mark of UTF-8',
    expected: 'cp949, as --encoding says',
  })
}

const UTF8: Codec = {
  convert: (bytes) => (isUtf8(bytes) ? bytes : undefined),
  wholeLength: (bytes) => {
    let lead = bytes.length - 1
    while (lead > 0 && bytes.length - lead < 4 && ((bytes[lead] ?? 0) & 0xc0) === 0x80) lead -= 1
    const first = bytes[lead] ?? 0
    const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1
    return lead + length > bytes.length ? lead : bytes.length
  },
}

const CP949: Codec = { convert: utf8OfCp949, wholeLength: wholeCp949Length }
