/**
 * A drawn line as a row of the line snapshot (contracts §2.1), written byte by byte into one
 * buffer.
 */
import { DAY_BYTES, NO_DAY } from './civil-day.js'
import type { ContractEvent, DrawnLine, LineKind, Status } from './drawn-line.js'

export const SNAPSHOT_COLUMNS = [
  'line_id',
  'customer_id',
  'customer_kind',
  'birth_date',
  'network',
  'line_kind',
  'payment',
  'status',
  'activated_on',
  'contract_event',
  'contract_event_on',
  'plan_restriction',
  'guardian_consent_on',
  'roaming_promotion_ends_on',
  'notice_number',
] as const
export type SnapshotColumn = (typeof SNAPSHOT_COLUMNS)[number]

/** The longest row is 181 bytes. */
const ROW_BYTES = 256
const COMMA = 0x2c
const NEWLINE = 0x0a
const ZERO = 0x30

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const CORPORATE = bytesOf('corporate')
const INDIVIDUAL = bytesOf('individual')
const KT = bytesOf('kt')
const MVNO = bytesOf('mvno')
const PREPAID = bytesOf('prepaid')
const POSTPAID = bytesOf('postpaid')
const MINOR = bytesOf('minor')
const NONE = bytesOf('none')
const LINE_KINDS: Readonly<Record<LineKind, Uint8Array>> = {
  handset: bytesOf('handset'),
  tablet: bytesOf('tablet'),
  watch: bytesOf('watch'),
  iot: bytesOf('iot'),
}
const STATUSES: Readonly<Record<Status, Uint8Array>> = {
  active: bytesOf('active'),
  suspended: bytesOf('suspended'),
  terminated: bytesOf('terminated'),
}
const EVENTS: Readonly<Record<ContractEvent | '', Uint8Array>> = {
  '': bytesOf(''),
  new: bytesOf('new'),
  device_change: bytesOf('device_change'),
  renewal: bytesOf('renewal'),
}

export class SnapshotRow {
  /** The row's bytes, the first `length` of which are valid until the next `fill`. */
  readonly bytes = Buffer.alloc(ROW_BYTES)
  length = 0

  fill(line: DrawnLine): void {
    this.length = 0
    this.#number(line.lineId)
    this.#number(line.customerId)
    this.#token(line.corporate ? CORPORATE : INDIVIDUAL)
    this.#day(line.birthDay)
    this.#token(line.mvno ? MVNO : KT)
    this.#token(LINE_KINDS[line.lineKind])
    this.#token(line.prepaid ? PREPAID : POSTPAID)
    this.#token(STATUSES[line.status])
    this.#day(line.activatedDay)
    this.#token(EVENTS[line.contractEvent])
    this.#day(line.contractEventDay)
    this.#token(line.minorPlan ? MINOR : NONE)
    this.#day(line.guardianConsentDay)
    this.#day(line.roamingPromotionEndDay)
    this.#text(line.noticeNumber)
    this.bytes[this.length - 1] = NEWLINE
  }

  text(): string {
    return this.bytes.toString('latin1', 0, this.length - 1)
  }

  #token(token: Uint8Array): void {
    const { bytes, length } = this
    for (let index = 0; index < token.length; index += 1) bytes[length + index] = token[index] ?? 0
    this.#close(length + token.length)
  }

  #text(text: string): void {
    const { bytes, length } = this
    for (let index = 0; index < text.length; index += 1) {
      bytes[length + index] = text.charCodeAt(index)
    }
    this.#close(length + text.length)
  }

  #day(day: number): void {
    const { bytes, length } = this
    if (day === NO_DAY) return this.#close(length)
    const from = day * 10
    for (let index = 0; index < 10; index += 1) bytes[length + index] = DAY_BYTES[from + index] ?? 0
    this.#close(length + 10)
  }

  // Ids have at most twelve digits; two halves keep the divisions within 32 bits.
  #number(value: number): void {
    const high = Math.floor(value / 1_000_000)
    const digits = digitsOf(high)
    this.#digits(high, digits)
    this.#digits(value - high * 1_000_000, 6)
    this.#close(this.length)
  }

  #digits(value: number, count: number): void {
    const { bytes, length } = this
    let rest = value
    for (let index = count - 1; index >= 0; index -= 1) {
      const next = (rest / 10) | 0
      bytes[length + index] = ZERO + rest - next * 10
      rest = next
    }
    this.length = length + count
  }

  #close(length: number): void {
    this.bytes[length] = COMMA
    this.length = length + 1
  }
}

function digitsOf(value: number): number {
  if (value < 10_000) return 4
  return value < 100_000 ? 5 : 6
}
