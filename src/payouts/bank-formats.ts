/** The formats there are: one is asked for by name, and an answer is known by its first byte. */
import type { BankAnswer } from './bank-answer.js'
import type { BankFormat } from './bank-format.js'
import { RESULT_HEADER } from './fixed-width-layout.js'
import { readFixedWidthResults } from './fixed-width-results.js'
import { FIXED_WIDTH } from './fixed-width.js'
import { PAIN_001 } from './pain001.js'
import { readPain002 } from './pain002.js'

/** By name; the first is what is meant when none is named. */
export const BANK_FORMATS: ReadonlyMap<string, BankFormat> = new Map(
  [PAIN_001, FIXED_WIDTH].map((it) => [it.name, it]),
)

/**
 * pain.002, or results of the fixed-width profile: a header's type begins no XML.
 * Take the answers in one transaction: a file may turn out to be unusable at its end.
 * @param file names it in errors
 * @throws RedressError FILE_UNUSABLE
 */
export async function* readBankAnswers(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
): AsyncGenerator<BankAnswer, void> {
  const iterator = chunks[Symbol.asyncIterator]()
  try {
    let next = await iterator.next()
    while (next.done !== true && next.value.length === 0) next = await iterator.next()
    const first = next.done === true ? new Uint8Array(0) : next.value
    const isFixedWidth = first[0] === RESULT_HEADER.type.charCodeAt(0)
    const read = isFixedWidth ? readFixedWidthResults : readPain002
    yield* read(startingWith(first, iterator), file)
  } finally {
    await iterator.return?.()
  }
}

async function* startingWith(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  yield first
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    yield next.value
  }
}
