/** Rows of a snapshot in COPY's binary format, written from the manual: instead of a server. */
import { Readable } from 'node:stream'
import fc from 'fast-check'
import type { Client } from '../../src/db/database.js'
import type { LineFacts } from '../../src/rules/case.js'

export interface BinaryRow {
  readonly customerId: bigint
  readonly lineId: bigint
  readonly birthDate: string | null
  readonly corporate: boolean
  readonly facts: LineFacts
  readonly activatedOn: string
  readonly contractEvent: string | null
  readonly contractEventOn: string | null
  readonly noticeNumber: string | null
}

const HEADER = Buffer.from('PGCOPY\n\u00ff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
const TRAILER = Buffer.from([0xff, 0xff])

export function binaryStream(rows: readonly BinaryRow[]): Buffer {
  return Buffer.concat([HEADER, ...rows.map(rowBytes), TRAILER])
}

export function rowBytes(row: BinaryRow): Buffer {
  const { facts } = row
  const fields = [
    idBytes(row.customerId),
    idBytes(row.lineId),
    dayBytes(row.birthDate),
    Buffer.from(row.corporate ? 'corporate' : 'individual'),
    Buffer.from(facts.network),
    Buffer.from(facts.lineKind),
    Buffer.from(facts.payment),
    Buffer.from(facts.statusAtBase),
    Buffer.from(facts.planRestriction),
    dayBytes(facts.guardianConsentOn),
    dayBytes(facts.roamingPromotionEndsOn),
    dayBytes(row.activatedOn),
    row.contractEvent === null ? null : Buffer.from(row.contractEvent),
    dayBytes(row.contractEventOn),
    row.noticeNumber === null ? null : Buffer.from(row.noticeNumber),
  ]
  const count = Buffer.alloc(2)
  count.writeInt16BE(fields.length)
  return Buffer.concat([
    count,
    ...fields.flatMap((field) => {
      const length = Buffer.alloc(4)
      length.writeInt32BE(field === null ? -1 : field.length)
      return field === null ? [length] : [length, field]
    }),
  ])
}

/** Answers every COPY with these pieces. */
export function clientSending(pieces: readonly Buffer[]): Client {
  return { query: () => Readable.from(pieces) } as unknown as Client
}

/** Cut at the given places, which may lie anywhere; empty pieces are left out, as a server does. */
export function cutAt(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const ends = [...new Set(places.map((it) => it % bytes.length)), bytes.length].toSorted(
    (a, b) => a - b,
  )
  return ends
    .map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
    .filter((it) => it.length > 0)
}

function idBytes(id: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(id)
  return bytes
}

function dayBytes(date: string | null): Buffer | null {
  if (date === null) return null
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(postgresDay(date))
  return bytes
}

export function postgresDay(date: string): number {
  return (Date.parse(`${date}T00:00:00Z`) - Date.parse('2000-01-01T00:00:00Z')) / 86_400_000
}

/** Any that a file may hold; the first and last of the calendar as well. */
const anyDate = fc.oneof(
  fc.constantFrom(
    '0001-01-01',
    '1899-12-31',
    '1900-01-01',
    '2000-01-01',
    '2026-01-20',
    '9999-12-31',
  ),
  fc
    .integer({ min: -25_567, max: 84_000 })
    .map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10)),
)

export const anyFacts: fc.Arbitrary<LineFacts> = fc.record({
  network: fc.constantFrom('kt', 'mvno'),
  lineKind: fc.constantFrom('handset', 'tablet', 'watch', 'iot'),
  payment: fc.constantFrom('postpaid', 'prepaid'),
  statusAtBase: fc.constantFrom('active', 'suspended'),
  planRestriction: fc.constantFrom('none', 'minor'),
  guardianConsentOn: fc.option(anyDate),
  roamingPromotionEndsOn: fc.option(anyDate),
})

export const anyId = fc.oneof(
  fc.bigInt({ min: 1n, max: 60n }),
  fc.bigInt({ min: 1n, max: 999_999_999_999_999_999n }),
)

const anyLine = fc.record({
  lineId: anyId,
  facts: anyFacts,
  activatedOn: anyDate,
  contractEvent: fc.option(fc.constantFrom('new', 'device_change', 'renewal')),
  contractEventOn: fc.option(anyDate),
  noticeNumber: fc.option(fc.constantFrom('010123456', '01012345678')),
})

/** Whole customers in the order in which PostgreSQL sorts them. */
export const anyPopulation: fc.Arbitrary<readonly BinaryRow[]> = fc
  .uniqueArray(
    fc.record({
      customerId: anyId,
      person: fc.option(fc.constantFrom('1900-01-01', '1961-01-13', '2012-02-29')),
      lines: fc.uniqueArray(anyLine, { minLength: 1, maxLength: 7, selector: (it) => it.lineId }),
    }),
    { selector: (it) => it.customerId, maxLength: 25 },
  )
  .map((customers) =>
    customers
      .toSorted((a, b) => (a.customerId < b.customerId ? -1 : 1))
      .flatMap(({ customerId, person, lines }) =>
        lines
          .toSorted((a, b) => (a.lineId < b.lineId ? -1 : 1))
          .map((line) => ({ ...line, customerId, birthDate: person, corporate: person === null })),
      ),
  )
