/** A text in pieces that fit SMS. */

/** UTF-16 units that one short message holds in UCS-2: 140 bytes, of which a header takes 6. */
const ALONE = 70
const IN_PART = 67

/**
 * UCS-2 (big-endian) for `short_message`: one piece up to 70 units, else pieces of up to 67 behind
 * a header that says which of how many it is. No character is split between two pieces.
 * @param reference 0..255, the same in all pieces of a text
 */
export function partsOf(text: string, reference: number): readonly Buffer[] {
  if (text.length <= ALONE) return [ucs2(text)]
  const pieces: string[] = []
  for (let from = 0; from < text.length;) {
    const end = endOfPiece(text, from)
    pieces.push(text.slice(from, end))
    from = end
  }
  return pieces.map((piece, index) => {
    const header = [5, 0, 3, reference, pieces.length, index + 1]
    return Buffer.concat([Buffer.from(header), ucs2(piece)])
  })
}

function endOfPiece(text: string, from: number): number {
  const end = Math.min(from + IN_PART, text.length)
  return end < text.length && isPair(text, end - 1) ? end - 1 : end
}

function isPair(text: string, first: number): boolean {
  return /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(first, first + 2))
}

function ucs2(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}
