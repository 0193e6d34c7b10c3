/** What every format of bank file has to do, whatever it looks like. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BankBatchHead, BankFormat, BankTransfer } from '../../src/payouts/bank-format.js'
import { FIXED_WIDTH } from '../../src/payouts/fixed-width.js'
import { PAIN_001 } from '../../src/payouts/pain001.js'
import { aBatch, aTransfer, MemorySink, streamed, transfersOf, written } from './bank-messages.js'

const FORMATS: readonly BankFormat[] = [PAIN_001, FIXED_WIDTH]

const BAD_TRANSFERS: readonly (readonly [string, Partial<BankTransfer>])[] = [
  ['an id that is too long', { endToEndId: 'x'.repeat(36) }],
  ['an id with markup', { endToEndId: 'a<b' }],
  ['an empty id', { endToEndId: '' }],
  ['an amount of nothing', { amountKrw: 0 }],
  ['an amount below nothing', { amountKrw: -1 }],
  ['a part of a won', { amountKrw: 0.5 }],
  ['an amount that is no number', { amountKrw: Number.NaN }],
  ['an amount of 16 digits', { amountKrw: 10 ** 15 }],
  ['a bank code of 2 digits', { bankCode: '04' }],
  ['an account with hyphens', { accountNumber: '110-234-567890' }],
  ['an account of 9 digits', { accountNumber: '123456789' }],
  ['an account in other digits', { accountNumber: '１２３４５６７８９０' }],
  ['a holder of spaces', { accountHolder: ' \u00a0\t' }],
  ['a holder of control characters', { accountHolder: '\u0000\u0001\ud800' }],
  ['no remittance text', { remittance: '' }],
]

const BAD_HEADS: readonly (readonly [string, Partial<BankBatchHead>])[] = [
  ['a message id with a space', { messageId: 'kt 2026' }],
  ['a time without an offset', { createdAt: '2026-01-20T10:00:00' }],
  ['a date that is none', { payoutOn: '2026-13-01' }],
  ['no transfers', { count: 0, totalKrw: 0 }],
  ['a payer without an account', { debtor: { name: 'KT', account: '', bankCode: '020' } }],
  ['a payer without a name', { debtor: { name: '', account: '10000000000001', bankCode: '020' } }],
]

describe.each(FORMATS.map((it) => [it.name, it] as const))('%s', (_, format) => {
  test('counts, adds up and hashes what it wrote', async () => {
    const transfers = transfersOf(3_000)
    const { content, count, totalKrw, bytes, sha256 } = await written(format, transfers)
    expect({ count, totalKrw }).toEqual({ count: 3_000, totalKrw: aBatch(transfers).totalKrw })
    expect(bytes).toBe(content.length)
    expect(sha256).toBe(createHash('sha256').update(content).digest('hex'))
    const found = content.toString().match(/kt-2026-\d{10}-1/g)
    expect(found).toEqual(transfers.map((it) => it.endToEndId))
  })

  test('gives the same bytes for the same batch', async () => {
    const [one, other] = [
      await written(format, transfersOf(50)),
      await written(format, transfersOf(50)),
    ]
    expect(other.content.equals(one.content)).toBe(true)
    const later = await written(format, transfersOf(50), { createdAt: '2026-01-21T10:00:00+09:00' })
    expect(later.sha256).not.toBe(one.sha256)
  })

  test('hands on pieces, each when the one before was taken', async () => {
    const transfers = transfersOf(3_000)
    const sink = new MemorySink()
    await format.write(aBatch(transfers), streamed(transfers), sink)
    expect(sink.pieces.length).toBeGreaterThan(3)
    expect(Math.max(...sink.pieces.map((it) => it.length))).toBeLessThan(512 * 1024)
  })

  test.each(BAD_TRANSFERS)(
    'refuses a transfer with %s, and quotes nothing of it',
    async (__, bad) => {
      const refused = written(format, [aTransfer(), aTransfer(bad)], {
        count: 2,
        totalKrw: 300_000,
      })
      await expect(refused).rejects.toMatchObject({ code: 'BANK_FILE_HELD', exitCode: 3 })
      await expect(refused).rejects.toThrow(
        /^batch kt-2026-B7 transfer 2: its [a-z- ]+ cannot be sent/,
      )
      for (const value of Object.values(bad).filter((it) => String(it).length > 6)) {
        await expect(refused).rejects.not.toThrow(String(value))
      }
    },
  )

  test.each(BAD_HEADS)('refuses a batch with %s', async (__, bad) => {
    await expect(written(format, [aTransfer()], bad)).rejects.toMatchObject({
      code: 'BANK_FILE_HELD',
    })
  })

  test.each([
    ['fewer', { count: 4 }],
    ['more', { count: 2 }],
    ['worth another sum', { totalKrw: 1 }],
  ])('refuses transfers that are %s than the batch says', async (__, head) => {
    const refused = written(format, transfersOf(3), head)
    await expect(refused).rejects.toMatchObject({ code: 'BANK_FILE_HELD' })
  })

  test('passes on what goes wrong with the transfers and with the place it writes to', async () => {
    const transfers = transfersOf(3)
    const failing = async function* (): AsyncGenerator<BankTransfer, void> {
      yield* transfers
      throw new Error('the database is gone')
    }
    const batch = aBatch(transfers)
    await expect(format.write(batch, failing(), new MemorySink())).rejects.toThrow('is gone')
    const full = { write: () => Promise.reject(new Error('the disk is full')) }
    await expect(format.write(batch, streamed(transfers), full)).rejects.toThrow('is full')
  })

  test('carries any text there is without a fault', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        const holder = `홍${text}`
        const { content } = await written(format, [aTransfer({ accountHolder: holder })])
        // What was written is text again: no character was cut, none is half.
        const decoder = new TextDecoder('utf-8', { fatal: true })
        expect(decoder.decode(content).replaceAll('\n', '')).not.toMatch(/[\p{Cs}\p{Cc}]/u)
      }),
    )
  })
})
