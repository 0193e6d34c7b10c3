/** Rows of COPY's text format, whatever they hold and wherever a piece of them ends. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { copyText } from '../../src/db/copy.js'
import { copiedRows } from '../../src/refunds/copied-rows.js'
import type { CopiedRow } from '../../src/refunds/copied-rows.js'

const letters = fc.constantFrom('a', '김', '🙂', '\\', '\t', '\n', '\r', 'N', ' ')
const field = fc.option(fc.string({ unit: letters, maxLength: 6 }))
const rows = fc.array(fc.array(field, { minLength: 3, maxLength: 3 }), { maxLength: 8 })

it('come out as they went in', async () => {
  await fc.assert(
    fc.asyncProperty(rows, fc.integer({ min: 1, max: 9 }), async (sent, size) => {
      const text = sent.map((row) => `${row.map(copyText).join('\t')}\n`).join('')
      const read: CopiedRow[] = []
      for await (const batch of copiedRows(piecesOf(Buffer.from(text), size))) {
        expect(batch.length).toBeGreaterThan(0)
        read.push(...batch)
      }
      expect(read).toEqual(sent)
    }),
    { numRuns: 500 },
  )
})

async function* piecesOf(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve()
    yield bytes.subarray(at, at + size)
  }
}
