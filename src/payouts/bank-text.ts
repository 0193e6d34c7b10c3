/**
 * Free text on its way to a bank: names and remittance texts as people typed them. What no bank
 * takes is made harmless here in one way for every format: control characters, line breaks,
 * unpaired surrogates and non-characters become a space, runs of spaces become one, the rest is
 * composed (NFC, so that no cut parts a syllable from its letters) and cut at a whole character.
 */

/** Nothing to do: printable ASCII and composed syllables, no space at an end or beside another. */
const PLAIN = /^[!-~가-힣]+( [!-~가-힣]+)*$/
const UNWRITABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/gu

/** Empty when nothing is left that could be written. */
export function cleanText(text: string): string {
  if (PLAIN.test(text)) return text
  return text.replace(UNWRITABLE, ' ').normalize('NFC').replace(/\s+/gu, ' ').trim()
}

/** `characters` are code points, as XML Schema counts them. */
export function fitCharacters(text: string, characters: number): string {
  const clean = cleanText(text)
  if (clean.length <= characters) return clean
  return Array.from(clean).slice(0, characters).join('').trimEnd()
}

/** `bytes` are those of UTF-8. */
export function fitBytes(text: string, bytes: number): string {
  const clean = cleanText(text)
  if (clean.length * 3 <= bytes || Buffer.byteLength(clean) <= bytes) return clean
  let fitting = ''
  let left = bytes
  for (const character of clean) {
    left -= Buffer.byteLength(character)
    if (left < 0) break
    fitting += character
  }
  return fitting.trimEnd()
}
