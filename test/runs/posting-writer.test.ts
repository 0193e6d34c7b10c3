/** The bytes of postings: what COPY is sent and what the digest is taken over. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EntrySetRef } from '../../src/runs/entry-sets.js'
import { COPY_TRAILER, PostingDigest, PostingRows } from '../../src/runs/posting-writer.js'
import { digestPlainly } from './chunk-model.js'
import { EntrySets } from '../../src/runs/entry-sets.js'

interface Row {
  readonly customerId: bigint
  readonly lineId: bigint
  readonly setId: number
  readonly postingNo: number
}

const LEDGER_NO = 4_711
const anyId = fc.bigInt({ min: 1n, max: 999_999_999_999_999_999n })
const anyRow: fc.Arbitrary<Row> = fc.record({
  customerId: anyId,
  lineId: anyId,
  setId: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 ** 31 - 1 })),
  postingNo: fc.integer({ min: 1, max: 32_767 }),
})

const EMPTY = new EntrySets([{ id: 1, entries: [] }], 'fixed').all()[0]!
const setOf = (id: number): EntrySetRef => ({ ...EMPTY, id })

function postAll(rows: readonly Row[], sink: { post: PostingRows['post'] }): void {
  const ids = Buffer.alloc(20)
  for (const { customerId, lineId, setId, postingNo } of rows) {
    ids.writeBigInt64BE(customerId, 1)
    ids.writeBigInt64BE(lineId, 11)
    sink.post(ids, 1, 11, setOf(setId), postingNo)
  }
}

/**
 * Reads COPY's binary format as PostgreSQL documents it: field count, then each field by its
 * length.
 */
function readRows(bytes: Buffer): readonly (readonly bigint[])[] {
  const rows: bigint[][] = []
  for (let at = 0; at < bytes.length;) {
    const row: bigint[] = []
    const fields = bytes.readInt16BE(at)
    at += 2
    for (let field = 0; field < fields; field += 1) {
      const length = bytes.readInt32BE(at)
      row.push(BigInt.asIntN(64, BigInt(`0x${bytes.toString('hex', at + 4, at + 4 + length)}`)))
      at += 4 + length
    }
    rows.push(row)
  }
  return rows
}

const asFields = (it: Row): readonly bigint[] => [
  it.customerId,
  it.lineId,
  BigInt(it.setId),
  BigInt(it.postingNo),
  BigInt(LEDGER_NO),
]

describe('posting rows', () => {
  it('are the rows that were posted, however often they are taken', () => {
    const batches = fc.array(fc.array(anyRow, { maxLength: 20 }), { maxLength: 6 })
    fc.assert(
      fc.property(batches, (batch) => {
        const writer = new PostingRows(LEDGER_NO)
        const taken = batch.map((rows) => {
          postAll(rows, writer)
          return Buffer.from(writer.take())
        })
        expect(readRows(Buffer.concat(taken))).toEqual(batch.flat().map(asFields))
      }),
      { numRuns: 200 },
    )
  })

  it('are all kept when a customer has more lines than the buffer holds', () => {
    const rows = Array.from({ length: 10_000 }, (_, index): Row => ({
      customerId: 5n,
      lineId: BigInt(index + 1),
      setId: index + 1,
      postingNo: 1,
    }))
    const writer = new PostingRows(LEDGER_NO)
    postAll(rows.slice(0, 10), writer)
    expect(writer.isReady).toBe(false)
    const first = Buffer.from(writer.take())
    postAll(rows.slice(10), writer)
    expect(writer.isReady).toBe(true)
    expect(readRows(Buffer.concat([first, writer.take()]))).toEqual(rows.map(asFields))
  })

  it('that were taken stay as they are while the next ones are made', () => {
    const writer = new PostingRows(LEDGER_NO)
    postAll([{ customerId: 1n, lineId: 1n, setId: 1, postingNo: 1 }], writer)
    const taken = writer.take()
    const before = Buffer.from(taken)
    postAll([{ customerId: 2n, lineId: 2n, setId: 2, postingNo: 2 }], writer)
    expect(taken.equals(before)).toBe(true)
  })

  it('have the digest that the postings have by themselves', () => {
    const rows = fc.array(anyRow, { maxLength: 30 })
    fc.assert(
      fc.property(rows, fc.string(), (some, tallies) => {
        // More than the digest gathers before it hashes.
        const all = Array.from({ length: some.length > 20 ? 200 : 1 }, () => some).flat()
        const digest = new PostingDigest()
        const writer = new PostingRows(LEDGER_NO)
        postAll(all, digest)
        postAll(all, writer)
        expect(digest.postings).toBe(all.length)
        const expected = digestPlainly(
          all.map((it) => ({ ...it, entries: [] })),
          tallies,
        )
        expect(digest.finish(tallies).toString('hex')).toBe(expected)
        expect(writer.digest.finish(tallies).toString('hex')).toBe(expected)
      }),
      { numRuns: 60 },
    )
  })

  it('begin with the signature and end with the trailer of the format', () => {
    const header = new PostingRows(LEDGER_NO).header()
    expect(header.toString('latin1', 0, 11)).toBe('PGCOPY\n\u00ff\r\n\0')
    expect(header.subarray(11).every((byte) => byte === 0) && header.length === 19).toBe(true)
    expect(COPY_TRAILER.readInt16BE(0)).toBe(-1)
  })
})
