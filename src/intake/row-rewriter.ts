/**
 * Rewrites rows of COPY text on their way to the database, so that what they hold in the open is
 * sealed before anything else sees it.
 */
import type { RowSink } from './copy-lanes.js'
import { BUFFER_BYTES, newRowBuffer } from './row-encoder.js'

const LF = 0x0a

export class RowRewriter implements RowSink {
  readonly #sink: RowSink
  readonly #rewrite: (fields: readonly string[]) => string
  #out = newRowBuffer()
  #length = 0

  /** @param rewrite gets a row's fields in COPY text; what it makes of them ends in a line feed */
  constructor(sink: RowSink, rewrite: (fields: readonly string[]) => string) {
    this.#sink = sink
    this.#rewrite = rewrite
  }

  async send(buffer: Buffer, length: number): Promise<Buffer> {
    for (let at = 0; at < length;) {
      const end = buffer.indexOf(LF, at)
      const row = this.#rewrite(buffer.toString('utf8', at, end).split('\t'))
      this.#length += this.#out.write(row, this.#length, 'utf8')
      at = end + 1
      if (this.#length >= BUFFER_BYTES) await this.finish()
    }
    return buffer
  }

  /** Sends what is left; after the last row. */
  async finish(): Promise<void> {
    if (this.#length === 0) return
    this.#out = await this.#sink.send(this.#out, this.#length)
    this.#length = 0
  }
}

/** Text that `COPY` was to read, which writes a backslash twice and here no other escape. */
export function plainText(field: string): string {
  return field.replaceAll('\\\\', '\\')
}

/** Bytes for COPY's text format. */
export function copyBytes(bytes: Buffer): string {
  return `\\\\x${bytes.toString('hex')}`
}
