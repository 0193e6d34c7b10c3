/** Packs: what goes in comes out, and bytes that are no pack are told. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AssertionFailure } from '../../src/assert.js'
import type { LineFacts } from '../../src/rules/case.js'
import {
  CORPORATE_BIT,
  CUSTOMER_BYTES,
  LINE_BYTES,
  NO_BIRTH_DAY,
  openPack,
  PackBuilder,
} from '../../src/snapshot/pack.js'
import { anyFacts, anyId } from './binary-rows.js'

interface PackedCustomer {
  readonly id: bigint
  readonly birthDay: number
  readonly corporate: boolean
  readonly lines: readonly { readonly id: bigint; readonly facts: LineFacts }[]
}

const anyCustomers: fc.Arbitrary<readonly PackedCustomer[]> = fc.array(
  fc.record({
    id: anyId,
    birthDay: fc.oneof(fc.constant(NO_BIRTH_DAY), fc.integer({ min: -36_524, max: 9_510 })),
    corporate: fc.boolean(),
    lines: fc.array(fc.record({ id: anyId, facts: anyFacts }), { minLength: 1, maxLength: 6 }),
  }),
  { maxLength: 20 },
)

function fill(builder: PackBuilder, customers: readonly PackedCustomer[]): void {
  const source = Buffer.alloc(11)
  for (const { id, birthDay, corporate, lines } of customers) {
    source.writeBigInt64BE(id, 3)
    builder.addCustomer(source, 3, birthDay, corporate)
    for (const line of lines) {
      source.writeBigInt64BE(line.id, 3)
      builder.addLine(source, 3, builder.addFacts(line.facts))
    }
  }
}

/** Reads a pack by its documented layout. */
function unpack(bytes: Buffer): readonly PackedCustomer[] {
  const { facts, records, customers } = openPack(bytes)
  const found: PackedCustomer[] = []
  let at = 0
  while (at < records.length) {
    const count = records.readUInt32BE(at + 12) % CORPORATE_BIT
    const lineAt = (line: number): number => at + CUSTOMER_BYTES + line * LINE_BYTES
    found.push({
      id: records.readBigInt64BE(at),
      birthDay: records.readInt32BE(at + 8),
      corporate: records.readUInt32BE(at + 12) >= CORPORATE_BIT,
      lines: Array.from({ length: count }, (_, line) => ({
        id: records.readBigInt64BE(lineAt(line)),
        facts: facts[records.readUInt32BE(lineAt(line) + 8)]!,
      })),
    })
    at = lineAt(count)
  }
  expect(found.length).toBe(customers)
  return found
}

describe('a pack', () => {
  it('gives back the customers, lines and facts that were put in', () => {
    fc.assert(
      fc.property(anyCustomers, (customers) => {
        const builder = new PackBuilder()
        fill(builder, customers)
        const lines = customers.reduce((sum, it) => sum + it.lines.length, 0)
        expect([builder.customers, builder.lines]).toEqual([customers.length, lines])
        const bytes = builder.take()
        expect(openPack(bytes).lines).toBe(lines)
        expect(unpack(bytes)).toEqual(customers)
      }),
      { numRuns: 300 },
    )
  })

  it('knows nothing of the one that was taken before it', () => {
    fc.assert(
      fc.property(anyCustomers, anyCustomers, (first, second) => {
        const [used, fresh] = [new PackBuilder(), new PackBuilder()]
        fill(used, first)
        used.take()
        fill(used, second)
        fill(fresh, second)
        expect(used.take().equals(fresh.take())).toBe(true)
      }),
    )
  })

  it('holds more than its builder begins with', () => {
    const facts = fc.sample(anyFacts, { numRuns: 1, seed: 1 })[0]!
    const customers = Array.from({ length: 50_000 }, (_, index): PackedCustomer => ({
      id: BigInt(index + 1),
      birthDay: index,
      corporate: false,
      lines: [{ id: BigInt(index * 7 + 1), facts }],
    }))
    const builder = new PackBuilder()
    fill(builder, customers)
    const bytes = builder.take()
    expect(bytes.length).toBeGreaterThan(1 << 20)
    const { records } = openPack(bytes)
    const ids = customers.map((_, at) => records.readBigInt64BE(at * (CUSTOMER_BYTES + LINE_BYTES)))
    expect(ids).toEqual(customers.map((it) => it.id))
  })

  it('that was cut, prolonged or is something else is a bug that is told', () => {
    const builder = new PackBuilder()
    fill(builder, fc.sample(anyCustomers, { numRuns: 10, seed: 5 }).flat())
    const bytes = builder.take()
    for (const it of [
      bytes.subarray(0, -1),
      Buffer.concat([bytes, Buffer.alloc(1)]),
      bytes.subarray(0, 10),
      Buffer.concat([Buffer.from('RPK2'), bytes.subarray(4)]),
    ]) {
      expect(() => openPack(it)).toThrow(AssertionFailure)
    }
  })
})
