/** Texts in parts: sizes, headers, and no character in two pieces. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { partsOf } from '../../src/gateways/smpp-parts.js'

// A half character is an error.
const decode = (bytes: Buffer): string => {
  return new TextDecoder('utf-16be', { fatal: true }).decode(bytes)
}

test.each([
  [1, 1],
  [70, 1],
  [71, 2],
  [134, 2],
  [135, 3],
  [2000, 30],
])('a text of %i characters has %i parts', (length, parts) => {
  expect(partsOf('가'.repeat(length), 7)).toHaveLength(parts)
})

test('one part has no header, several have 05 00 03 with reference, count and number', () => {
  expect(partsOf('가a', 7)).toEqual([Buffer.from([0xac, 0x00, 0x00, 0x61])])
  const heads = partsOf('가'.repeat(140), 200).map((it) => [...it.subarray(0, 6)])
  expect(heads).toEqual([1, 2, 3].map((number) => [5, 0, 3, 200, 3, number]))
})

test('a pair at the end of a part goes to the next one whole', () => {
  const [first, second] = partsOf(`${'가'.repeat(66)}😀${'나'.repeat(10)}`, 1)
  expect(decode(first?.subarray(6) ?? Buffer.alloc(0))).toBe('가'.repeat(66))
  expect(decode(second?.subarray(6) ?? Buffer.alloc(0))).toBe(`😀${'나'.repeat(10)}`)
})

test('whatever the text: parts fit, are well-formed and make the text again', () => {
  const unit = fc.constantFrom('가', 'a', '😀', '👨‍👩‍👧', '\n', '힣')
  const texts = fc.array(unit, { minLength: 1, maxLength: 600 }).map((it) => it.join(''))
  fc.assert(
    fc.property(texts, fc.integer({ min: 0, max: 255 }), (text, reference) => {
      const parts = partsOf(text, reference)
      for (const part of parts) expect(part.length).toBeLessThanOrEqual(140)
      const pieces = parts.map((it) => decode(parts.length === 1 ? it : it.subarray(6)))
      expect(pieces.join('')).toBe(text)
    }),
  )
})
