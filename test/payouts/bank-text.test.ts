/** Text that people typed, made fit for a bank. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cleanText, fitBytes, fitCharacters } from '../../src/payouts/bank-text.js'

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom('가', '힣', 'ᄀ', 'ᅡ', '😀', '\ud800', ' ', '\n', 'é', 'e', '\u0301'),
  }),
)

describe('cleanText', () => {
  test.each([
    ['홍길동', '홍길동'],
    ['  홍  길동 ', '홍 길동'],
    ['홍\t길\r\n동\u2028', '홍 길 동'],
    ['a\u0000b\u007fc\u009fd', 'a b c d'],
    ['a\ud800b\udfffc', 'a b c'],
    ['a\ufffeb\uffffc\u{1fffe}d', 'a b c d'],
    ['\u1112\u1169\u11bc\u1100\u1175\u11af', '홍길'],
    ['😀 & <b> "é"', '😀 & <b> "é"'],
    ['\u3000홍\u00a0길동\ufeff', '홍 길동'],
    ['', ''],
    [' \u0001 ', ''],
  ])('%j becomes %j', (text, clean) => expect(cleanText(text)).toBe(clean))

  test('changes nothing when asked again', () => {
    fc.assert(fc.property(anyText, (it) => cleanText(cleanText(it)) === cleanText(it)))
  })

  test('leaves nothing that XML 1.0 could not hold', () => {
    const xmlOnly = /^[\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u
    fc.assert(fc.property(anyText, (it) => xmlOnly.test(cleanText(it))))
  })
})

describe('a text that is too long', () => {
  test.each([
    ['홍길동', 2, '홍길'],
    ['😀😀😀', 2, '😀😀'],
    ['ab cd', 3, 'ab'],
    ['ab', 140, 'ab'],
  ])('%j is %j characters long', (text, characters, fitting) => {
    expect(fitCharacters(text, characters)).toBe(fitting)
  })

  test.each([
    ['홍길동', 8, '홍길'],
    ['홍길동', 9, '홍길동'],
    ['a😀', 4, 'a'],
    ['ab cd', 3, 'ab'],
    ['홍', 2, ''],
  ])('%j fits in %j bytes', (text, bytes, fitting) => expect(fitBytes(text, bytes)).toBe(fitting))

  test('is cut to the beginning of what it was, and no shorter than it has to be', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 4, max: 60 }), (text, length) => {
        const clean = cleanText(text)
        const [cut, fitted] = [fitCharacters(text, length), fitBytes(text, length)]
        expect(clean.startsWith(cut) && clean.startsWith(fitted)).toBe(true)
        expect(Array.from(cut).length).toBeLessThanOrEqual(length)
        expect(Buffer.byteLength(fitted)).toBeLessThanOrEqual(length)
        // The next character, with a space before it, would not have fitted.
        const rest = clean.slice(fitted.length)
        const next = Array.from(rest.trimStart())[0] ?? ''
        const step = rest.slice(0, rest.length - rest.trimStart().length) + next
        expect(step === '' || Buffer.byteLength(fitted + step) > length).toBe(true)
      }),
    )
  })
})
