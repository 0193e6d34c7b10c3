/**
 * What a text is for a carrier: its size is counted in bytes of EUC-KR, and decides whether it goes
 * as SMS or as LMS.
 */
import { assert } from '../../assert.js'

export type MessageKind = 'SMS' | 'LMS'

export const SMS_BYTES = 90
export const LMS_BYTES = 2_000

export type MessageSize =
  | { readonly outcome: 'fits'; readonly kind: MessageKind; readonly bytes: number }
  | { readonly outcome: 'too_long'; readonly bytes: number }
  /** `codePoint` as `U+B601`, `index` counted in characters from 0. */
  | { readonly outcome: 'no_such_character'; readonly codePoint: string; readonly index: number }

/**
 * Only what KS X 1001 holds can be sent: gateways that speak EUC-KR show others as `?` or refuse
 * them. So the syllables that cp949 adds (뷁, 똠), emoji and control characters other than the line
 * feed are told by their code point.
 */
export function messageSize(text: string): MessageSize {
  let bytes = 0
  for (const [index, character] of Array.from(text).entries()) {
    const point = character.codePointAt(0) ?? 0
    const size = bytesOf(point)
    if (size === 0) return { outcome: 'no_such_character', codePoint: nameOf(point), index }
    bytes += size
  }
  if (bytes > LMS_BYTES) return { outcome: 'too_long', bytes }
  return { outcome: 'fits', kind: bytes <= SMS_BYTES ? 'SMS' : 'LMS', bytes }
}

/** In EUC-KR; 0 where it has no such character, and for control characters. */
function bytesOf(point: number): 0 | 1 | 2 {
  if (point < 0x80) return point === LINE_FEED || (point >= 0x20 && point < 0x7f) ? 1 : 0
  characters ??= charactersOfKsX1001()
  return characters.has(point) ? 2 : 0
}

const LINE_FEED = 0x0a
// Added to the standard in 1998: whether a gateway has them depends on its age and on the decoder.
const LATER: ReadonlySet<number> = new Set([0x20ac, 0xae])

/** Made when first needed, in some 20 ms. */
let characters: ReadonlySet<number> | undefined

/**
 * The platform's own decoder is the table: each pair of bytes from 0xA1 to 0xFE, a line apart. Its
 * private characters are codes that the standard leaves to users.
 */
function charactersOfKsX1001(): ReadonlySet<number> {
  const bytes: number[] = []
  for (let first = 0xa1; first <= 0xfe; first += 1) {
    for (let second = 0xa1; second <= 0xfe; second += 1) bytes.push(first, second, LINE_FEED)
  }
  const decoded = new TextDecoder('euc-kr').decode(Uint8Array.from(bytes)).split('\n')
  const points = decoded.flatMap((it) => (it.length === 1 ? it.charCodeAt(0) : []))
  const known = new Set(points.filter((it) => !isPrivateOrUnknown(it) && !LATER.has(it)))
  assert(known.size === 8_224, 'the platform to know KS X 1001')
  return known
}

function isPrivateOrUnknown(point: number): boolean {
  return point === 0xfffd || (point >= 0xe000 && point <= 0xf8ff)
}

function nameOf(point: number): string {
  return `U+${point.toString(16).toUpperCase().padStart(4, '0')}`
}
