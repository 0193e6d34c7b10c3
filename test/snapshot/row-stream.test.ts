/** Rows cut out of a binary COPY stream, and what is read of each. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LINE_FIELDS, RowCutter, RowView } from '../../src/snapshot/row-stream.js'
import { anyPopulation, binaryStream, cutAt, postgresDay, rowBytes } from './binary-rows.js'

const anyCuts = fc.array(fc.nat(), { maxLength: 40 })

function cutOut(pieces: readonly Buffer[]): readonly string[] {
  const cutter = new RowCutter(LINE_FIELDS)
  const rows: string[] = []
  // A server's buffer is used again: what the cutter keeps must be its own.
  for (const piece of pieces) {
    const lent = Buffer.from(piece)
    cutter.push(lent, (bytes, start, end) => rows.push(bytes.toString('hex', start, end)))
    lent.fill(0xee)
  }
  return rows
}

it('a stream cut anywhere gives the same whole rows', () => {
  fc.assert(
    fc.property(anyPopulation, anyCuts, (rows, cuts) => {
      const pieces = cutAt(binaryStream(rows), cuts)
      expect(cutOut(pieces)).toEqual(rows.map((it) => rowBytes(it).toString('hex')))
    }),
    { numRuns: 300 },
  )
})

it('a stream that comes byte by byte gives the same whole rows', () => {
  const rows = fc.sample(anyPopulation, { numRuns: 3, seed: 11 }).flat()
  const bytes = binaryStream(rows)
  const pieces = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
  expect(rows.length).toBeGreaterThan(20)
  expect(cutOut(pieces)).toEqual(rows.map((it) => rowBytes(it).toString('hex')))
})

it('a view reads of a row what was written, wherever it stands in the buffer', () => {
  fc.assert(
    fc.property(anyPopulation, fc.nat({ max: 50 }), (rows, before) => {
      const view = new RowView()
      for (const row of rows) {
        const bytes = Buffer.concat([Buffer.alloc(before, 0xaa), rowBytes(row)])
        view.read(bytes, before)
        expect(bytes.readBigInt64BE(view.customerIdAt)).toBe(row.customerId)
        expect(bytes.readBigInt64BE(view.lineIdAt)).toBe(row.lineId)
        expect(view.birthDay).toBe(row.birthDate === null ? null : postgresDay(row.birthDate))
        expect(view.corporate).toBe(row.corporate)
        expect(view.facts()).toEqual(row.facts)
      }
    }),
    { numRuns: 300 },
  )
})
