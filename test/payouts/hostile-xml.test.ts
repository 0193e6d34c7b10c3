/** Hostile XML is refused with one line and in bounded memory, and good XML is not. */
import { describe, expect, test } from 'vitest'
import { readPain002 } from '../../src/payouts/pain002.js'
import { aReport, GOOD_XML, HOSTILE_XML } from './hostile-xml.js'

const MIB = 1024 ** 2

async function read(chunks: Iterable<Uint8Array>): Promise<number> {
  let answers = 0
  for await (const _ of readPain002(chunks, 'answer.xml')) answers += 1
  return answers
}

function* inPieces(bytes: Uint8Array, size: number): Generator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

test('there is enough of it', () => {
  expect(HOSTILE_XML.length).toBeGreaterThanOrEqual(60)
})

describe.each(HOSTILE_XML)('$name', ({ bytes, says }) => {
  test.each([
    ['at once', 1 << 30],
    ['in pieces of 700 bytes', 700],
  ])('is refused %s with one line that says where', async (_, size) => {
    const refused = read(inPieces(bytes(), size))
    await expect(refused).rejects.toMatchObject({ code: 'FILE_UNUSABLE', exitCode: 2 })
    const message = await refused.catch((error: unknown) => (error as Error).message)
    expect(message).toMatch(/^answer\.xml:\d+:\d+: [^\n]{1,140}; expected [^\n]{1,80}$/)
    expect(String(message).replace('answer.xml:', '')).toMatch(says)
  })
})

test.each([
  ['as it is', GOOD_XML],
  ['with a byte order mark', `\ufeff${GOOD_XML}`],
  ['with a mark and a declaration', `\ufeff<?xml version='1.0' encoding='utf-8'?>${GOOD_XML}`],
  [
    'declared as UTF-8 and alone',
    `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>${GOOD_XML}`,
  ],
  ['declared without an encoding', `<?xml version="1.0"?>\n${GOOD_XML}\n`],
  [
    'with the entities that are built in',
    GOOD_XML.replace('<TxSts>', '<a>&lt;&#48;&#x1F600;</a><TxSts>'),
  ],
  ['with 64 levels', aReport(`${'<a>'.repeat(62)}${'</a>'.repeat(62)}`)],
])('good XML is read %s', async (_, xml) => {
  for (const size of [1, 5, 1 << 30]) {
    expect(await read(inPieces(Buffer.from(xml), size))).toBe(xml.includes('TxSts') ? 1 : 0)
  }
})

describe('a file without end', () => {
  /** Pieces of 1 MiB, until 1,100 of them or until nobody wants more. */
  function* endless(start: string, piece: Buffer): Generator<Uint8Array, void> {
    yield Buffer.from(start)
    for (let count = 0; count < 1_100; count += 1) yield piece
  }

  async function growth(chunks: Iterable<Uint8Array>): Promise<readonly [string, number]> {
    const before = process.memoryUsage().rss
    let most = before
    function* watched(): Generator<Uint8Array, void> {
      for (const chunk of chunks) {
        most = Math.max(most, process.memoryUsage().rss)
        yield chunk
      }
    }
    const message = await read(watched()).then(
      () => 'was read',
      (error: unknown) => (error as Error).message,
    )
    return [message, (Math.max(most, process.memoryUsage().rss) - before) / MIB]
  }

  test('of spaces in one run is refused after the first of them', async () => {
    const spaces = Buffer.alloc(MIB, ' ')
    for (const start of ['', aReport('').slice(0, -30), '<Document a="', '<!--', '<!DOCTYPE d [']) {
      const [message, mib] = await growth(endless(start, spaces))
      expect(message).toMatch(/64 KiB/)
      expect(mib).toBeLessThan(64)
    }
  })

  test('of spaces in short runs is refused as well, in memory that does not grow', async () => {
    const line = `${' '.repeat(60 * 1024)}<!---->`
    const start = aReport('').replace('</CstmrPmtStsRpt></Document>', '')
    const [message, mib] = await growth(endless(start, Buffer.from(line.repeat(17))))
    expect(message).toMatch(/has 16 Mi characters that are no answer; expected answers$/)
    expect(mib).toBeLessThan(64)
  })

  test('of elements that nobody knows is refused as well', async () => {
    const start = aReport('').replace('</CstmrPmtStsRpt></Document>', '')
    const [message, mib] = await growth(endless(start, Buffer.from('<a>b</a>'.repeat(100_000))))
    expect(message).toMatch(/has 16 Mi characters that are no answer/)
    expect(mib).toBeLessThan(96)
  })

  test('is refused as soon as it is larger than 1 GiB', async () => {
    // Memory that nobody touches is not there: the bytes are counted before they are looked at.
    const [message, mib] = await growth([Buffer.from(GOOD_XML), Buffer.alloc(1024 ** 3)])
    expect(message).toMatch(/is larger than 1 GiB; expected at most 1 GiB$/)
    expect(mib).toBeLessThan(64)
  })
})
