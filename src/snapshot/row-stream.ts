/**
 * A snapshot's rows in order of customer_id and line_id, as PostgreSQL's binary COPY sends them.
 * The bytes of a row are its canonical form: they are what the content hash is taken over.
 */
import { isoOfPostgresDay } from '../db/day.js'
import type { LineFacts } from '../rules/case.js'

/** Fields of a snapshot's row. */
export const LINE_FIELDS = 15
const SIGNATURE_BYTES = 19

/** Cuts a binary COPY stream into rows and gives each, whole, to `visit(bytes, start, end)`. */
export class RowCutter {
  readonly #fields: number
  #rest: Buffer = Buffer.alloc(0)
  #atStart = true

  constructor(fields: number) {
    this.#fields = fields
  }

  /** Returns after all whole rows of `piece` were visited. */
  push(piece: Buffer, visit: (bytes: Buffer, start: number, end: number) => void): void {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    let at = 0
    if (this.#atStart) {
      if (bytes.length < SIGNATURE_BYTES) {
        this.#rest = bytes
        return
      }
      at = SIGNATURE_BYTES
      this.#atStart = false
    }
    for (;;) {
      const end = endOfRow(bytes, at, this.#fields)
      if (end < 0) break
      visit(bytes, at, end)
      at = end
    }
    this.#rest = Buffer.from(bytes.subarray(at))
  }
}

function endOfRow(bytes: Buffer, start: number, fields: number): number {
  let at = start + 2
  // The trailer is a field count of -1: two bytes 0xff, never followed by a row.
  if (at > bytes.length || bytes[start] === 0xff) return -1
  for (let field = 0; field < fields; field += 1) {
    if (at + 4 > bytes.length) return -1
    const length = readInt32(bytes, at)
    at += length < 0 ? 4 : 4 + length
  }
  return at <= bytes.length ? at : -1
}

export function readInt32(bytes: Buffer, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

/** The columns of one row that chunks and packs are made of; reused from row to row. */
export class RowView {
  customerIdAt = 0
  lineIdAt = 0
  /** Days since 2000-01-01 as PostgreSQL counts, or null. */
  birthDay: number | null = null
  corporate = false
  /** Network, line kind, payment, status and restriction in 7 bits. */
  flags = 0
  consentDay: number | null = null
  promotionDay: number | null = null

  read(bytes: Buffer, start: number): void {
    this.customerIdAt = start + 6
    this.lineIdAt = start + 18
    let at = start + 26
    const birthBytes = readInt32(bytes, at)
    this.birthDay = birthBytes < 0 ? null : readInt32(bytes, at + 4)
    at += birthBytes < 0 ? 4 : 8
    // Labels are told apart by their length or first letter; the column type admits no others.
    const kindBytes = readInt32(bytes, at)
    this.corporate = kindBytes === 9
    at += 4 + kindBytes
    const networkBytes = readInt32(bytes, at)
    at += 4 + networkBytes
    const lineKindBytes = readInt32(bytes, at)
    const lineKind = LINE_KIND_OF_LETTER[bytes[at + 4]! - 0x60]!
    at += 4 + lineKindBytes
    const paymentBytes = readInt32(bytes, at)
    at += 4 + paymentBytes
    const statusBytes = readInt32(bytes, at)
    at += 4 + statusBytes
    const restrictionBytes = readInt32(bytes, at)
    at += 4 + restrictionBytes
    this.flags =
      (networkBytes === 4 ? 1 : 0) |
      (lineKind << 1) |
      (paymentBytes === 7 ? 8 : 0) |
      (statusBytes === 9 ? 16 : 0) |
      (restrictionBytes === 5 ? 32 : 0)
    const consentBytes = readInt32(bytes, at)
    this.consentDay = consentBytes < 0 ? null : readInt32(bytes, at + 4)
    at += consentBytes < 0 ? 4 : 8
    const promotionBytes = readInt32(bytes, at)
    this.promotionDay = promotionBytes < 0 ? null : readInt32(bytes, at + 4)
  }

  facts(): LineFacts {
    return {
      network: (this.flags & 1) === 0 ? 'kt' : 'mvno',
      lineKind: LINE_KINDS[(this.flags >> 1) & 3]!,
      payment: (this.flags & 8) === 0 ? 'postpaid' : 'prepaid',
      statusAtBase: (this.flags & 16) === 0 ? 'active' : 'suspended',
      planRestriction: (this.flags & 32) === 0 ? 'none' : 'minor',
      guardianConsentOn: this.consentDay === null ? null : isoOfPostgresDay(this.consentDay),
      roamingPromotionEndsOn:
        this.promotionDay === null ? null : isoOfPostgresDay(this.promotionDay),
    }
  }
}

const LINE_KINDS = ['handset', 'tablet', 'watch', 'iot'] as const
// By the place of the first letter in the alphabet: h, t, w, i.
const LINE_KIND_OF_LETTER = new Uint8Array(27)
LINE_KIND_OF_LETTER[8] = 0
LINE_KIND_OF_LETTER[20] = 1
LINE_KIND_OF_LETTER[23] = 2
LINE_KIND_OF_LETTER[9] = 3
