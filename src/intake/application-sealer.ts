/**
 * Seals account and holder of an application on their way to the database: rows of COPY text go in
 * with both open, and come out with what is stored of them. Nothing else ever sees them.
 */
import { assert } from '../assert.js'
import type { Cipher } from '../privacy/cipher.js'
import { lastFourOf, sealRefundAccount } from '../privacy/refund-account.js'
import type { RowSink } from './copy-lanes.js'
import { RowRewriter, copyBytes, plainText } from './row-rewriter.js'

const AS_THEY_ARE = [
  'application_id',
  'line_id',
  'channel',
  'applied_at',
  'bank_code',
  'holder_check',
  'withdrawn_at',
  'row_no',
] as const

/** The columns that come out, in this order. */
export const SEALED_APPLICATION_COLUMNS: readonly string[] = [
  ...AS_THEY_ARE,
  'account_last4',
  'account_digest',
  'account_sealed',
  'holder_digest',
  'holder_sealed',
]

export class ApplicationSealer extends RowRewriter {
  /** @param columnNames the columns that go in, in their order */
  constructor(sink: RowSink, cipher: Cipher, columnNames: readonly string[]) {
    const placeOf = (name: string): number => {
      const place = columnNames.indexOf(name)
      assert(place >= 0, `a column ${name} of an application file`)
      return place
    }
    const kept = AS_THEY_ARE.map(placeOf)
    const at = {
      applicationId: placeOf('application_id'),
      lineId: placeOf('line_id'),
      bankCode: placeOf('bank_code'),
      number: placeOf('account_number'),
      holder: placeOf('account_holder'),
    }
    super(sink, (fields) => {
      const field = (place: number): string => {
        const text = fields[place]
        assert(text !== undefined, 'a row of an application file')
        return text
      }
      const number = field(at.number)
      const sealed = sealRefundAccount(
        cipher,
        {
          applicationId: plainText(field(at.applicationId)),
          lineId: field(at.lineId),
          bankCode: field(at.bankCode),
        },
        { number, holder: plainText(field(at.holder)) },
      )
      const made = [
        sealed.accountDigest,
        sealed.accountSealed,
        sealed.holderDigest,
        sealed.holderSealed,
      ].map(copyBytes)
      return `${[...kept.map(field), lastFourOf(number), ...made].join('\t')}\n`
    })
  }
}
