/** Sizes in EUC-KR, the borders of SMS and LMS, and the whole table against iconv-lite. */
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LMS_BYTES, messageSize, SMS_BYTES } from '../../../src/rules/notices/message-size.js'

interface Iconv {
  readonly encode: (text: string, encoding: string) => Buffer
}

// It comes with the SMPP client, which is where texts meet another encoder than ours.
const fromSmpp = createRequire(createRequire(import.meta.url).resolve('smpp'))
const iconv = fromSmpp('iconv-lite') as Iconv

describe('the size of a text', () => {
  it.each([
    ['', 0],
    ['a', 1],
    ['가', 2],
    ['힝', 2],
    ['■·※', 6],
    ['漢字', 4],
    ['a\nb', 3],
    ['KT 고객님', 9],
    ['~!@#$%^&*()_+{}|:"<>?', 21],
  ])('%j is %i bytes', (text, bytes) => {
    expect(messageSize(text)).toEqual({ outcome: 'fits', kind: 'SMS', bytes })
  })

  it.each([
    ['가'.repeat(45), { outcome: 'fits', kind: 'SMS', bytes: 90 }],
    [`${'가'.repeat(45)}a`, { outcome: 'fits', kind: 'LMS', bytes: 91 }],
    ['a'.repeat(90), { outcome: 'fits', kind: 'SMS', bytes: 90 }],
    ['a'.repeat(91), { outcome: 'fits', kind: 'LMS', bytes: 91 }],
    ['가'.repeat(1_000), { outcome: 'fits', kind: 'LMS', bytes: 2_000 }],
    [`${'가'.repeat(1_000)}a`, { outcome: 'too_long', bytes: 2_001 }],
  ])('decides at its borders', (text, expected) => {
    expect(messageSize(text)).toEqual(expected)
  })
})

describe('what EUC-KR lacks is told by its code point', () => {
  it.each([
    ['뷁', 'U+BDC1'],
    ['똠', 'U+B620'],
    ['힣', 'U+D7A3'],
    ['😀', 'U+1F600'],
    ['\ud83d', 'U+D83D'],
    ['—', 'U+2014'],
    ['é', 'U+00E9'],
    ['•', 'U+2022'],
    ['€', 'U+20AC'],
    ['®', 'U+00AE'],
    ['\t', 'U+0009'],
    ['\r', 'U+000D'],
    ['\u007f', 'U+007F'],
    ['\u00a0', 'U+00A0'],
    ['\ue000', 'U+E000'],
    ['\ufffd', 'U+FFFD'],
    ['\u1100', 'U+1100'],
  ])('%j is %s', (text, codePoint) => {
    expect(messageSize(`안내${text}`)).toEqual({
      outcome: 'no_such_character',
      codePoint,
      index: 2,
    })
  })

  it('counted in characters, not in halves of them', () => {
    expect(messageSize('가😀')).toMatchObject({ index: 1 })
    expect(messageSize('가나뷁😀')).toMatchObject({ codePoint: 'U+BDC1', index: 2 })
  })
})

describe('every character of Unicode', () => {
  const sizeOf = (character: string) => {
    const size = messageSize(character)
    return size.outcome === 'fits' ? size.bytes : 0
  }
  const points = Array.from({ length: 0x110000 - 0x80 }, (_, index) => index + 0x80)
  const known = points.filter((point) => sizeOf(String.fromCodePoint(point)) === 2)

  it('is in the table when iconv-lite knows it in the area of EUC-KR, but for two signs', () => {
    const theirs = points.filter((point) => {
      if (point > 0xffff || (point >= 0xd800 && point <= 0xdfff)) return false
      const [first = 0, second = 0] = iconv.encode(String.fromCharCode(point), 'cp949')
      return first >= 0xa1 && second >= 0xa1
    })
    const ours = new Set(known)
    expect(theirs.filter((it) => !ours.has(it))).toEqual([0xae, 0x20ac])
    expect(known.length).toBe(theirs.length - 2)
  })

  it('of the table comes back from its bytes', () => {
    const text = String.fromCodePoint(...known)
    const bytes = iconv.encode(text, 'cp949')
    expect(bytes.length).toBe(known.length * 2)
    expect(new TextDecoder('euc-kr', { fatal: true }).decode(bytes)).toBe(text)
  })

  it('that is a syllable is one of 2,350, and a Chinese one one of 4,888', () => {
    const count = (pattern: RegExp) => {
      return known.filter((it) => pattern.test(String.fromCodePoint(it))).length
    }
    expect(count(/[가-힣]/)).toBe(2_350)
    expect(count(/\p{Script=Han}/u)).toBe(4_888)
  })
})

describe('whatever the text', () => {
  const known = ['a', '7', ' ', '\n', '가', '힝', '■', '漢']
  const textOf = (characters: readonly string[], maxLength: number) => {
    return fc.array(fc.constantFrom(...characters), { maxLength }).map((it) => it.join(''))
  }
  // Most texts are ones that can be sent, as one strange character decides about a whole text.
  const anyText = fc.oneof(
    { weight: 4, arbitrary: textOf(known, 60) },
    { weight: 4, arbitrary: textOf(known, 1_200) },
    { weight: 1, arbitrary: textOf([...known, '뷁', '😀', 'é'], 60) },
  )

  it('sizes add up, and the kind follows from the size', () => {
    fc.assert(
      fc.property(anyText, anyText, (first, second) => {
        const [a, b, both] = [first, second, first + second].map(messageSize)
        if (a?.outcome !== 'fits' || b?.outcome !== 'fits') {
          expect(both?.outcome).not.toBe('fits')
          return
        }
        const bytes = a.bytes + b.bytes
        if (bytes > LMS_BYTES) expect(both).toEqual({ outcome: 'too_long', bytes })
        else expect(both).toMatchObject({ kind: bytes <= SMS_BYTES ? 'SMS' : 'LMS', bytes })
      }),
    )
  })

  it('its bytes are as many as iconv-lite makes of it', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const size = messageSize(text)
        if (size.outcome !== 'fits') return
        expect(size.bytes).toBe(iconv.encode(text, 'cp949').length)
      }),
    )
  })
})
