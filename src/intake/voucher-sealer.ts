/**
 * Seals the codes of a voucher file on their way to the database: rows of COPY text go in with the
 * code open, and come out with its digest and its sealed form. Nothing else ever sees a code.
 */
import { assert } from '../assert.js'
import type { Cipher } from '../privacy/cipher.js'
import { sealVoucherCode } from '../privacy/voucher-code.js'
import type { RowSink } from './copy-lanes.js'
import { RowRewriter, copyBytes, plainText } from './row-rewriter.js'

/** The columns that come out, in this order. */
export const SEALED_COLUMNS: readonly string[] = [
  'option',
  'code_digest',
  'code_sealed',
  'expires_on',
  'row_no',
]

export class VoucherSealer extends RowRewriter {
  /** @param columnNames the columns that go in, in their order */
  constructor(sink: RowSink, cipher: Cipher, columnNames: readonly string[]) {
    const places = ['option', 'code', 'expires_on', 'row_no'].map((it) => columnNames.indexOf(it))
    assert(!places.includes(-1), 'the columns of a voucher file')
    super(sink, (fields) => {
      const [option, code, expiresOn, rowNo] = places.map((it) => fields[it])
      assert(option !== undefined && code !== undefined, 'a row of a voucher file')
      const { digest, sealed } = sealVoucherCode(cipher, option, plainText(code))
      return `${option}\t${copyBytes(digest)}\t${copyBytes(sealed)}\t${expiresOn}\t${rowNo}\n`
    })
  }
}
