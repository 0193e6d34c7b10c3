/** A batch on disk: in parts, whole or not at all, for its owner alone. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { BankFileTask } from '../../src/payouts/bank-file.js'
import { batchParts, partMessageId, writeBankFiles } from '../../src/payouts/bank-file.js'
import type { BankTransfer } from '../../src/payouts/bank-format.js'
import { FIXED_WIDTH } from '../../src/payouts/fixed-width.js'
import { PAIN_001 } from '../../src/payouts/pain001.js'
import { aBatch, streamed, transfersOf } from './bank-messages.js'
import { readValid } from './schema.js'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redress-bank-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

async function task(
  transfers: readonly BankTransfer[],
  transfersPerFile: number,
  given: Partial<BankFileTask> = {},
): Promise<BankFileTask> {
  return {
    format: PAIN_001,
    batch: aBatch(transfers),
    parts: await batchParts(
      transfers.map((it) => it.amountKrw),
      transfersPerFile,
    ),
    transfers: streamed(transfers),
    file: join(folder, 'refunds.xml'),
    ...given,
  }
}

describe('parts', () => {
  test('are full but for the last, and add up', async () => {
    const amounts = fc.array(fc.integer({ min: 1, max: 900_000 }), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(amounts, fc.integer({ min: 1, max: 12 }), async (krw, size) => {
        const parts = await batchParts(streamed(krw), size)
        expect(parts.length).toBe(Math.ceil(krw.length / size))
        expect(parts.slice(0, -1).every((it) => it.count === size)).toBe(true)
        const sum = (pick: (it: (typeof parts)[number]) => number) => {
          return parts.reduce((total, it) => total + pick(it), 0)
        }
        expect(sum((it) => it.count)).toBe(krw.length)
        expect(sum((it) => it.totalKrw)).toBe(krw.reduce((total, it) => total + it, 0))
      }),
    )
  })

  test('have message ids of their own, and one alone has that of the batch', () => {
    expect(partMessageId('kt-2026-B7', 1, 1)).toBe('kt-2026-B7')
    expect(partMessageId('kt-2026-B7', 2, 6)).toBe('kt-2026-B7-2-6')
    expect(() => partMessageId('x'.repeat(33), 2, 6)).toThrow('room for the number')
  })
})

test('a batch in one file has the name that was asked for, for its owner alone', async () => {
  const transfers = transfersOf(5)
  const [part, ...others] = await writeBankFiles(await task(transfers, 100))
  expect(others).toEqual([])
  const file = join(folder, 'refunds.xml')
  const content = readFileSync(file)
  expect(part).toEqual({
    path: file,
    messageId: 'kt-2026-B7',
    count: 5,
    totalKrw: aBatch(transfers).totalKrw,
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['refunds.xml'])
})

test('a split batch is valid file by file, adds up, and has each transfer once', async () => {
  const transfers = transfersOf(25)
  const parts = await writeBankFiles(await task(transfers, 10))
  expect(parts.map((it) => it.count)).toEqual([10, 10, 5])
  expect(parts.reduce((sum, it) => sum + it.totalKrw, 0)).toBe(aBatch(transfers).totalKrw)
  expect(readdirSync(folder).toSorted()).toEqual([1, 2, 3].map((it) => `refunds-${it}-of-3.xml`))
  const read = parts.map((part) => {
    return readValid(readFileSync(part.path), 'pain.001.001.12', [
      '//d:GrpHdr/d:MsgId',
      '//d:PmtInfId',
      '//d:GrpHdr/d:NbOfTxs',
      '//d:GrpHdr/d:CtrlSum',
      '//d:EndToEndId',
    ])
  })
  expect(read.map((it) => it.slice(0, 4).flat())).toEqual(
    parts.map((it, index) => {
      const id = `kt-2026-B7-${index + 1}-3`
      return [id, id, String(it.count), String(it.totalKrw)]
    }),
  )
  expect(read.flatMap((it) => it[4] ?? [])).toEqual(transfers.map((it) => it.endToEndId))
})

test.each([PAIN_001, FIXED_WIDTH])('$name gives the same files again', async (format) => {
  const transfers = transfersOf(25)
  const first = await writeBankFiles(await task(transfers, 10, { format }))
  const contents = first.map((it) => readFileSync(it.path))
  const second = await writeBankFiles(await task(transfers, 10, { format }))
  expect(second).toEqual(first)
  expect(second.map((it) => readFileSync(it.path))).toEqual(contents)
})

describe('nothing is left behind', () => {
  const transfers = transfersOf(25)
  const failing = async function* (): AsyncGenerator<BankTransfer, void> {
    yield* transfers.slice(0, 15)
    throw new Error('the database is gone')
  }

  test.each<[string, Partial<BankFileTask>, string]>([
    ['transfers that fail in the second part', { transfers: failing() }, 'is gone'],
    ['a transfer too few', { transfers: streamed(transfers.slice(1)) }, 'kt-2026-B7-1-3'],
    ['a transfer too many', { transfers: streamed([...transfers, ...transfersOf(1)]) }, 'has more'],
    ['parts that are another batch', { parts: [{ count: 25, totalKrw: 1 }] }, 'in its parts'],
    ['no parts', { parts: [] }, 'in its parts'],
    ['transfers in another order', { transfers: streamed(transfers.toReversed()) }, 'KRW'],
  ])('of %s', async (_, given, words) => {
    await expect(writeBankFiles(await task(transfers, 10, given))).rejects.toThrow(words)
    expect(readdirSync(folder)).toEqual([])
  })

  test('and an older file stays as it was', async () => {
    const [before] = await writeBankFiles(await task(transfers, 100))
    await expect(
      writeBankFiles(await task(transfers, 100, { transfers: failing() })),
    ).rejects.toThrow()
    expect(
      createHash('sha256')
        .update(readFileSync(before?.path ?? ''))
        .digest('hex'),
    ).toBe(before?.sha256)
    expect(readdirSync(folder)).toEqual(['refunds.xml'])
  })

  test('of a folder that is not there', async () => {
    const file = join(folder, 'none', 'refunds.xml')
    const refused = writeBankFiles(await task(transfers, 10, { file }))
    await expect(refused).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' })
  })

  test('and the stream of transfers is closed', async () => {
    let closed = false
    const watched = async function* (): AsyncGenerator<BankTransfer, void> {
      try {
        yield* [...transfers, ...transfers]
      } finally {
        closed = true
      }
    }
    const given = { transfers: watched() }
    await expect(writeBankFiles(await task(transfers, 10, given))).rejects.toThrow('has more')
    expect(closed).toBe(true)
  })
})
