/**
 * Looks for personal data where there must be none: logs, errors, queue dumps, quarantine reports.
 * The values are those that a test put in; what is found is told by its place, never quoted.
 */

export interface SearchedText {
  readonly name: string
  readonly text: string
}

export interface PersonalDataFound {
  readonly name: string
  /** Counted from 1. */
  readonly line: number
}

// Shorter ones occur by chance: a test that relied on them would fail for no reason.
const SHORTEST = 6
const KEY_LENGTH = 8

/**
 * Each line that contains one of `values` as it is, or written in another way: inside JSON, as the
 * hexadecimal bytes of a database column, a date or a telephone number with other separators.
 *
 * The text is walked once, whatever the number of values: 10,000 values in 10 MB take a second or
 * two, where searching for one after the other takes minutes.
 *
 * @throws RangeError for a value shorter than six characters, which would be found by chance.
 */
export function scanForPersonalData(search: {
  readonly values: Iterable<string>
  readonly texts: readonly SearchedText[]
}): PersonalDataFound[] {
  const needles = indexOf(new Set([...search.values].flatMap(waysToWrite)))
  return search.texts.flatMap(({ name, text }) => {
    return linesOf(text, placesIn(text, needles)).map((line) => ({ name, line }))
  })
}

interface Needles {
  readonly keyLength: number
  readonly byKey: ReadonlyMap<string, readonly string[]>
}

function waysToWrite(value: string): readonly string[] {
  if (value.length < SHORTEST) {
    throw new RangeError(`a value of ${value.length} characters: expected ${SHORTEST} or more`)
  }
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    Buffer.from(value, 'utf8').toString('hex'),
    ...datesLike(value),
    ...telephonesLike(value),
  ]
}

function datesLike(value: string): readonly string[] {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(value) ?? []
  if (year === undefined) return []
  return ['', '/', '.', '. '].map((between) => [year, month, day].join(between))
}

function telephonesLike(value: string): readonly string[] {
  const [, first, second, third] = /^(0\d{1,2})(\d{3,4})(\d{4})$/.exec(value) ?? []
  if (first === undefined) return []
  const parts = [first, second, third]
  const abroad = ['+82', first.slice(1), second, third]
  return ['-', ' ', '.'].flatMap((it) => [parts.join(it), abroad.join(it)]).concat(abroad.join(''))
}

function indexOf(needles: ReadonlySet<string>): Needles {
  const shortest = [...needles].reduce((least, it) => Math.min(least, it.length), KEY_LENGTH)
  const byKey = new Map<string, string[]>()
  for (const needle of needles) {
    const key = needle.slice(0, shortest)
    const same = byKey.get(key)
    if (same === undefined) byKey.set(key, [needle])
    else same.push(needle)
  }
  return { keyLength: shortest, byKey }
}

function placesIn(text: string, { keyLength, byKey }: Needles): readonly number[] {
  const places: number[] = []
  for (let at = 0; at + keyLength <= text.length; at += 1) {
    const candidates = byKey.get(text.slice(at, at + keyLength))
    if (candidates?.some((it) => text.startsWith(it, at) && standsAlone(text, at, it)) === true) {
      places.push(at)
    }
  }
  return places
}

/** Digits inside a longer number say nothing, nor do eight of them inside a digest. */
function standsAlone(text: string, at: number, needle: string): boolean {
  if (!/^\d+$/.test(needle)) return true
  const neighbours = `${text[at - 1] ?? ''}${text[at + needle.length] ?? ''}`
  return !(needle.length <= 8 ? /[0-9a-f]/ : /[0-9]/).test(neighbours)
}

function linesOf(text: string, places: readonly number[]): readonly number[] {
  const lines = new Set<number>()
  let line = 1
  let counted = 0
  for (const place of places) {
    for (; counted < place; counted += 1) if (text[counted] === '\n') line += 1
    lines.add(line)
  }
  return [...lines]
}
