/**
 * cp949 (windows-949) → UTF-8. Node's own decoder of that name knows only the older set of 2,350
 * syllables and makes control characters of the 8,822 others, such as those of 뷁 or 똠, without an
 * error. The others are all remaining syllables in Unicode order, so that a table can be made.
 */

const FIRST_SYLLABLE = 0xac00
const LAST_SYLLABLE = 0xd7a3
// Of the older set Node leaves out two signs and maps user-defined codes to private characters.
const SIGNS: readonly (readonly [number, number])[] = [
  [0xa2e6, 0x20ac],
  [0xa2e7, 0x00ae],
]
const isPrivate = (point: number): boolean => point >= 0xe000 && point <= 0xf8ff

/** Character by two-byte code; 0 where there is none. Made when first needed: 25 ms. */
let characters: Uint16Array | undefined

/** UTF-8 of whole characters, or undefined when a byte cannot be decoded. */
export function utf8OfCp949(bytes: Uint8Array): Buffer | undefined {
  characters ??= tableOfCharacters()
  const out = Buffer.allocUnsafe(Math.ceil(bytes.length * 1.5))
  let to = 0
  for (let at = 0; at < bytes.length; at += 1) {
    const first = bytes[at] as number
    if (first < 0x80) {
      out[to] = first
      to += 1
      continue
    }
    at += 1
    const second = at < bytes.length ? (bytes[at] as number) : 0
    const point = characters[(first << 8) | second] as number
    if (point === 0) return undefined
    to = putUtf8(point, out, to)
  }
  return out.subarray(0, to)
}

/** Length without a first byte whose second one is cut off. */
export function wholeCp949Length(bytes: Uint8Array): number {
  // A second byte is 0x41 or more, so that a line feed always begins anew.
  let at = bytes.lastIndexOf(0x0a) + 1
  while (at < bytes.length) at += (bytes[at] as number) < 0x80 ? 1 : 2
  return at > bytes.length ? bytes.length - 1 : bytes.length
}

// Two bytes become two or three: no character outside the basic plane is in the set.
function putUtf8(point: number, out: Buffer, at: number): number {
  if (point < 0x800) {
    out[at] = 0xc0 | (point >> 6)
    out[at + 1] = 0x80 | (point & 0x3f)
    return at + 2
  }
  out[at] = 0xe0 | (point >> 12)
  out[at + 1] = 0x80 | ((point >> 6) & 0x3f)
  out[at + 2] = 0x80 | (point & 0x3f)
  return at + 3
}

function tableOfCharacters(): Uint16Array {
  const table = new Uint16Array(0x10000)
  const isOlder = new Uint8Array(0x10000)
  for (let code = 0xa1a1; code <= 0xfefe; code += 1) {
    const point = (code & 0xff) < 0xa1 || (code & 0xff) > 0xfe ? 0 : olderCharacter(code)
    table[code] = point
    isOlder[point] = 1
  }
  for (const [code, point] of SIGNS) table[code] = point
  let code = 0x8141
  for (let point = FIRST_SYLLABLE; point <= LAST_SYLLABLE; point += 1) {
    if (isOlder[point] === 1) continue
    table[code] = point
    code = nextCode(code)
  }
  return table
}

function olderCharacter(code: number): number {
  try {
    const older = new TextDecoder('euc-kr', { fatal: true })
    const text = older.decode(Uint8Array.of(code >> 8, code & 0xff))
    const point = text.charCodeAt(0)
    return text.length === 1 && !isPrivate(point) ? point : 0
  } catch {
    return 0
  }
}

/** Second bytes are letters, then 0x81 up to 0xFE, or to 0xA0 where the older set begins. */
function nextCode(code: number): number {
  const second = code & 0xff
  const last = code >> 8 <= 0xa0 ? 0xfe : 0xa0
  if (second === last) return ((code >> 8) + 1) * 0x100 + 0x41
  if (second === 0x5a) return code + 7
  if (second === 0x7a) return code + 7
  return code + 1
}
