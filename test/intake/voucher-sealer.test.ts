/** Codes on their way to COPY: every row comes out sealed, wherever the buffers end. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BUFFER_BYTES, newRowBuffer } from '../../src/intake/row-encoder.js'
import { VoucherSealer } from '../../src/intake/voucher-sealer.js'
import { Cipher } from '../../src/privacy/cipher.js'
import { openVoucherCode } from '../../src/privacy/voucher-code.js'

const cipher = new Cipher(Buffer.alloc(32, 7))
const COLUMNS = ['expires_on', 'code', 'option', 'row_no']

/** Sends rows in pieces and opens what arrives, as rows of option, code, date and number. */
async function through(pieces: readonly (readonly string[])[]): Promise<readonly string[]> {
  const arrived: string[] = []
  const sink = {
    send: (buffer: Buffer, length: number): Promise<Buffer> => {
      expect(length).toBeLessThanOrEqual(buffer.length)
      arrived.push(buffer.toString('latin1', 0, length))
      return Promise.resolve(newRowBuffer())
    },
  }
  const sealer = new VoucherSealer(sink, cipher, COLUMNS)
  for (const piece of pieces) {
    const bytes = Buffer.from(piece.map((it) => `${it}\n`).join(''), 'latin1')
    expect(await sealer.send(bytes, bytes.length)).toBe(bytes)
  }
  await sealer.finish()
  const rows = arrived.join('').split('\n')
  expect(rows.pop()).toBe('')
  return rows.map((row) => {
    const [option = '', digest = '', sealed = '', expiresOn, rowNo] = row.split('\t')
    const bytes = [digest, sealed].map((it) => Buffer.from(it.replace('\\\\x', ''), 'hex'))
    const code = openVoucherCode(cipher, option, { digest: bytes[0]!, sealed: bytes[1]! })
    return [option, code, expiresOn, rowNo].join(' ')
  })
}

test('opens to what went in, in the same order', async () => {
  const code = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((it) => String.fromCharCode(it)),
    minLength: 1,
    maxLength: 64,
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(code, { maxLength: 4 }), { maxLength: 4 }),
      async (pieces) => {
        const rows = pieces.map((piece, at) =>
          piece.map((it) => `2026-12-31\t${it.replaceAll('\\', '\\\\')}\ttving\t${at}`),
        )
        const expected = pieces.flatMap((piece, at) =>
          piece.map((it) => `tving ${it} 2026-12-31 ${at}`),
        )
        expect(await through(rows)).toEqual(expected)
      },
    ),
    { numRuns: 100 },
  )
})

test('holds when more comes out than a buffer takes', async () => {
  const code = 'X'.repeat(64)
  const rows = Array.from({ length: 5_000 }, (_, it) => `2026-12-31\t${code}\ttving\t${it}`)
  expect(rows.join('').length * 2).toBeGreaterThan(2 * BUFFER_BYTES)
  expect(await through([rows])).toEqual(rows.map((_, it) => `tving ${code} 2026-12-31 ${it}`))
})
