/** A walk over sorted rows: where it cuts chunks, what it packs and hashes. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CORPORATE_BIT,
  CUSTOMER_BYTES,
  LINE_BYTES,
  NO_BIRTH_DAY,
  openPack,
} from '../../src/snapshot/pack.js'
import { chunkLinesFor, HIGHEST_ID, LOWEST_ID } from '../../src/snapshot/snapshot.js'
import { walkRows } from '../../src/snapshot/walk-rows.js'
import type { WalkedChunk } from '../../src/snapshot/snapshot.js'
import type { Walked } from '../../src/snapshot/walk-rows.js'
import {
  anyPopulation,
  binaryStream,
  clientSending,
  cutAt,
  postgresDay,
  rowBytes,
} from './binary-rows.js'
import type { BinaryRow } from './binary-rows.js'

interface Walk {
  readonly walked: Walked
  readonly chunks: readonly WalkedChunk[]
}

async function walk(
  rows: readonly BinaryRow[],
  chunkLines: number,
  cuts: readonly number[] = [],
): Promise<Walk> {
  const chunks: WalkedChunk[] = []
  const pieces = cutAt(binaryStream(rows), cuts)
  const walked = await walkRows(clientSending(pieces), 'of_no_server', {
    chunkLines,
    onChunk: (chunk) => {
      chunks.push(chunk)
      return Promise.resolve()
    },
  })
  return { walked, chunks }
}

const anyCuts = fc.array(fc.nat(), { maxLength: 20 })
const anyChunkLines = fc.integer({ min: 1, max: 12 })
const anyWalk = fc.tuple(anyPopulation, anyChunkLines, anyCuts)
const rowsIn = (rows: readonly BinaryRow[], chunk: WalkedChunk): readonly BinaryRow[] => {
  const [first, last] = [BigInt(chunk.firstCustomerId), BigInt(chunk.lastCustomerId)]
  return rows.filter((it) => it.customerId >= first && it.customerId <= last)
}

describe('the chunks of a walk', () => {
  it('cover every possible customer once: no gap, no overlap, whoever joins later', async () => {
    const property = fc.asyncProperty(anyWalk, async ([rows, chunkLines, cuts]) => {
      const { chunks } = await walk(rows, chunkLines, cuts)
      expect(chunks.map((it) => it.chunkNo)).toEqual(chunks.map((_, index) => index))
      expect(chunks[0]?.firstCustomerId).toBe(String(LOWEST_ID))
      expect(chunks.at(-1)?.lastCustomerId).toBe(String(HIGHEST_ID))
      for (const [index, it] of chunks.entries()) {
        expect(BigInt(it.firstCustomerId)).toBeLessThanOrEqual(BigInt(it.lastCustomerId))
        const next = chunks[index + 1]
        if (next) expect(BigInt(next.firstCustomerId)).toBe(BigInt(it.lastCustomerId) + 1n)
      }
    })
    await fc.assert(property, { numRuns: 200 })
  })

  it('hold whole customers, and are cut as soon as they hold enough lines', async () => {
    await fc.assert(
      fc.asyncProperty(anyPopulation, anyChunkLines, async (rows, chunkLines) => {
        const { chunks } = await walk(rows, chunkLines)
        for (const chunk of chunks) {
          const own = rowsIn(rows, chunk)
          expect(chunk.lines).toBe(own.length)
          expect(chunk.customers).toBe(new Set(own.map((it) => it.customerId)).size)
          const isLast = chunk === chunks.at(-1)
          if (!isLast) expect(chunk.lines).toBeGreaterThanOrEqual(chunkLines)
          // Without its last customer it was not full yet.
          const last = own.at(-1)?.customerId
          expect(own.filter((it) => it.customerId !== last).length).toBeLessThan(
            Math.max(chunkLines, 1),
          )
        }
      }),
      { numRuns: 200 },
    )
  })

  it('pack the facts of their rows, equal facts once', async () => {
    await fc.assert(
      fc.asyncProperty(anyPopulation, anyChunkLines, async (rows, chunkLines) => {
        const { chunks } = await walk(rows, chunkLines)
        for (const chunk of chunks) {
          const own = rowsIn(rows, chunk)
          expect(packedLines(chunk.pack)).toEqual(
            own.map((it) => ({
              customerId: it.customerId,
              lineId: it.lineId,
              facts: it.facts,
              corporate: it.corporate,
              birthDay: it.birthDate === null ? NO_BIRTH_DAY : postgresDay(it.birthDate),
            })),
          )
          const { facts } = openPack(chunk.pack)
          expect(new Set(facts.map((it) => JSON.stringify(it))).size).toBe(facts.length)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('keep facts apart that differ in a date, however far it lies', async () => {
    // The days around 310 and 2026-01-28 are where keys of 17 bits a date met.
    const dates = [
      null,
      '0001-01-01',
      '0310-09-11',
      '0310-09-12',
      '0310-09-13',
      '1899-12-31',
      '1900-01-01',
      '2026-01-01',
      '2026-01-28',
      '9999-12-31',
    ]
    const someone = anyPopulation.filter((it) => it.length > 0)
    const [any] = fc.sample(someone, { numRuns: 1, seed: 1 })[0]!
    const rows = dates.flatMap((consent, i) =>
      dates.map((promotion, j): BinaryRow => ({
        ...any!,
        customerId: 1n,
        lineId: BigInt(i * dates.length + j + 1),
        facts: { ...any!.facts, guardianConsentOn: consent, roamingPromotionEndsOn: promotion },
      })),
    )
    const { chunks } = await walk(rows, 1_000)
    expect(packedLines(chunks[0]!.pack)).toMatchObject(rows.map((it) => ({ facts: it.facts })))
    expect(openPack(chunks[0]!.pack).facts.length).toBe(dates.length ** 2)
  })

  it('are hashed over the bytes of their rows, and the content over their hashes', async () => {
    const property = fc.asyncProperty(anyWalk, async ([rows, chunkLines, cuts]) => {
      const { walked, chunks } = await walk(rows, chunkLines, cuts)
      const digests = chunks.map((chunk) => sha256(rowsIn(rows, chunk).map(rowBytes)))
      expect(chunks.map((it) => it.digest)).toEqual(digests)
      expect(walked).toMatchObject({
        outcome: 'walked',
        lines: rows.length,
        contentHash: sha256(digests),
      })
    })
    await fc.assert(property, { numRuns: 100 })
  })

  it('are one that covers all ids when nobody is in service', async () => {
    const { walked, chunks } = await walk([], 1_000)
    expect(walked).toMatchObject({ outcome: 'walked', lines: 0, customers: 0 })
    expect(chunks).toMatchObject([
      { chunkNo: 0, firstCustomerId: '0', lastCustomerId: '9'.repeat(18), lines: 0 },
    ])
  })
})

describe('lines that disagree about their customer', () => {
  it.each([
    ['birth dates', { birthDate: '1980-01-02' }],
    ['kinds', { corporate: true }],
  ])('stop a walk when they give two %s', async (_, change) => {
    const [row] = fc.sample(
      anyPopulation.filter((it) => it.length > 0),
      { numRuns: 1, seed: 3 },
    )[0]!
    const first = { ...row!, customerId: 5n, lineId: 1n, birthDate: '1980-01-01', corporate: false }
    const second = { ...first, lineId: 2n }
    expect((await walk([first, second], 1_000)).walked.outcome).toBe('walked')
    expect((await walk([first, { ...second, ...change }], 1_000)).walked.outcome).toBe(
      'conflicting_customers',
    )
    const other = { ...second, ...change, customerId: 6n }
    expect((await walk([first, other], 1_000)).walked.outcome).toBe('walked')
  })
})

it.each([
  [0, 1_000],
  [1, 1_000],
  [40_000, 1_000],
  [40_001, 1_001],
  [99_999, 2_500],
  [100_000, 25_000],
  [2_000_000, 25_000],
  [18_755_395, 25_000],
])('a snapshot of %i lines is cut into chunks of %i', (lines, chunkLines) => {
  expect(chunkLinesFor(lines)).toBe(chunkLines)
})

function packedLines(bytes: Buffer): readonly object[] {
  const { facts, records } = openPack(bytes)
  const found: object[] = []
  for (let at = 0; at < records.length;) {
    const count = records.readUInt32BE(at + 12) % CORPORATE_BIT
    const customer = {
      customerId: records.readBigInt64BE(at),
      birthDay: records.readInt32BE(at + 8),
      corporate: records.readUInt32BE(at + 12) >= CORPORATE_BIT,
    }
    at += CUSTOMER_BYTES
    for (let line = 0; line < count; line += 1, at += LINE_BYTES) {
      found.push({
        ...customer,
        lineId: records.readBigInt64BE(at),
        facts: facts[records.readUInt32BE(at + 8)],
      })
    }
  }
  return found
}

function sha256(pieces: readonly Buffer[]): Buffer {
  return createHash('sha256').update(Buffer.concat(pieces)).digest()
}
