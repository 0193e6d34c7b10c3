/** Rows out of a `copy … to stdout` in text format, as they come, in batches. */
import { StringDecoder } from 'node:string_decoder'

export type CopiedRow = readonly (string | null)[]

/** A batch is what one piece of the stream completes; it is never empty. */
export async function* copiedRows(
  pieces: AsyncIterable<Buffer>,
): AsyncGenerator<readonly CopiedRow[], void> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const piece of pieces) {
    const lines = (rest + decoder.write(piece)).split('\n')
    rest = lines.pop() ?? ''
    if (lines.length > 0) yield lines.map(rowOf)
  }
}

// A line feed within a value is written as \n, a tab as \t: both separate nothing but what they do.
function rowOf(line: string): CopiedRow {
  const fields: (string | null)[] = line.split('\t')
  for (let at = 0; at < fields.length; at += 1) {
    const field = fields[at]
    if (field === undefined || field === null || !field.includes('\\')) continue
    fields[at] = field === '\\N' ? null : field.replace(/\\(.)/g, (_, it: string) => unescaped(it))
  }
  return fields
}

const UNESCAPED: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

function unescaped(letter: string): string {
  return UNESCAPED[letter] ?? letter
}
