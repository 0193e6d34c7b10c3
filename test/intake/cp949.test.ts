/** cp949 decodes as the code page is defined, where the runtime's own table has gaps. */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { utf8OfCp949, wholeCp949Length } from '../../src/intake/cp949.js'

const decode = (...bytes: number[]): string | undefined =>
  utf8OfCp949(Uint8Array.from(bytes))?.toString()

test('syllables of the older set and of the extension are decoded', () => {
  expect(decode(0x61, 0xb0, 0xa1, 0x62)).toBe('a가b')
  expect(decode(0x81, 0x41)).toBe('갂')
  expect(decode(0x8c, 0x63)).toBe('똠')
  expect(decode(0x94, 0xee)).toBe('뷁')
  expect(decode(0xc6, 0x52)).toBe('힣')
  expect(decode(0xa2, 0xe6)).toBe('€')
  expect(decode()).toBe('')
})

test('what cp949 does not know is refused', () => {
  const single = [[0x80], [0xff], [0xb0]]
  const double = [
    [0xc6, 0x53],
    [0xc9, 0xa1],
    [0x81, 0x5b],
    [0xb0, 0x0a],
    [0xa1, 0x20],
  ]
  for (const bytes of [...single, ...double]) expect(decode(...bytes)).toBeUndefined()
})

test('the whole table is the one that other decoders have', () => {
  const known = createHash('sha256')
  let count = 0
  for (let code = 0x8000; code <= 0xffff; code += 1) {
    const text = decode(code >> 8, code & 0xff)
    if (text === undefined) continue
    known.update(`${code.toString(16)}${text}`)
    count += 1
  }
  expect(count).toBe(17_048)
  // Taken from another implementation's table in the same form.
  expect(known.digest('hex')).toBe(
    '0635eaa9401689b16a39dd66465667fd344365befbabed97a43b00495020643f',
  )
})

test('a character cut in two waits for its second byte', () => {
  expect(wholeCp949Length(Uint8Array.of(0xb0, 0xa1, 0xb0))).toBe(2)
  expect(wholeCp949Length(Uint8Array.of(0xb0, 0xa1))).toBe(2)
  expect(wholeCp949Length(Uint8Array.of(0xb0, 0x0a, 0xb0))).toBe(2)
  expect(wholeCp949Length(Uint8Array.of(0x61))).toBe(1)
  expect(wholeCp949Length(new Uint8Array(0))).toBe(0)
})
