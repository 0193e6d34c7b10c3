/**
 * Seals the codes of a voucher file on their way to the database: rows of COPY text go in with the
 * code open, and come out with its digest and its sealed form. Nothing else ever sees a code.
 */
import { assert } from '../assert.js'
import type { Cipher } from '../privacy/cipher.js'
import { sealVoucherCode } from '../privacy/voucher-code.js'
import type { RowSink } from './copy-lanes.js'
import { BUFFER_BYTES, newRowBuffer } from './row-encoder.js'

/** The columns that come out, in this order. */
export const SEALED_COLUMNS: readonly string[] = [
  'option',
  'code_digest',
  'code_sealed',
  'expires_on',
  'row_no',
]

const LF = 0x0a

export class VoucherSealer implements RowSink {
  readonly #sink: RowSink
  readonly #cipher: Cipher
  readonly #places: readonly number[]
  #out = newRowBuffer()
  #length = 0

  /** @param columnNames the columns that go in, in their order */
  constructor(sink: RowSink, cipher: Cipher, columnNames: readonly string[]) {
    this.#sink = sink
    this.#cipher = cipher
    this.#places = ['option', 'code', 'expires_on', 'row_no'].map((it) => columnNames.indexOf(it))
    assert(!this.#places.includes(-1), 'the columns of a voucher file')
  }

  async send(buffer: Buffer, length: number): Promise<Buffer> {
    for (let at = 0; at < length;) {
      const end = buffer.indexOf(LF, at)
      const row = this.#sealed(buffer.toString('latin1', at, end))
      this.#length += this.#out.write(row, this.#length, 'latin1')
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

  #sealed(row: string): string {
    const fields = row.split('\t')
    const [option, code, expiresOn, rowNo] = this.#places.map((it) => fields[it])
    assert(option !== undefined && code !== undefined, 'a row of a voucher file')
    // COPY writes a backslash twice; a code holds no other character that it would escape.
    const plain = code.replaceAll('\\\\', '\\')
    const { digest, sealed } = sealVoucherCode(this.#cipher, option, plain)
    const bytes = [digest, sealed].map((it) => `\\\\x${it.toString('hex')}`)
    return `${option}\t${bytes.join('\t')}\t${expiresOn}\t${rowNo}\n`
  }
}
