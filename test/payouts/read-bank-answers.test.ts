/** An answer is read as what it is, without anybody saying so. */
import { expect, test } from 'vitest'
import { BANK_FORMATS, readBankAnswers } from '../../src/payouts/bank-formats.js'
import * as layout from '../../src/payouts/fixed-width-layout.js'
import { streamed } from './bank-messages.js'
import { GOOD_XML } from './hostile-xml.js'

const FIXED = [
  layout.record(layout.RESULT_HEADER, layout.RESULT_BYTES, [
    layout.RESULT_PROFILE,
    'M',
    '2026-01-22T18:00:00+09:00',
  ]),
  layout.record(layout.RESULT_DATA, layout.RESULT_BYTES, [1, 'E', 150_000, '0000']),
  layout.record(layout.RESULT_TRAILER, layout.RESULT_BYTES, [1, 150_000]),
].join('')

async function answersOf(text: string, size: number): Promise<unknown[]> {
  const pieces = [Buffer.alloc(0)]
  for (let at = 0; at < text.length; at += size) {
    pieces.push(Buffer.from(text.slice(at, at + size)))
  }
  const answers: unknown[] = []
  for await (const answer of readBankAnswers(streamed(pieces), 'answer')) answers.push(answer)
  return answers
}

test.each([
  ['pain.002', GOOD_XML, { endToEndId: 'E', status: 'ACSC', originalMessageId: 'M' }],
  ['pain.002 with a mark', `\ufeff${GOOD_XML}`, { endToEndId: 'E', status: 'ACSC' }],
  ['fixed width', FIXED, { endToEndId: 'E', status: 'ACSC', amountKrw: 150_000 }],
])('%s', async (_, text, answer) => {
  for (const size of [1, 1 << 20]) {
    const answers = await answersOf(text, size)
    expect(answers).toHaveLength(1)
    expect(answers[0]).toMatchObject(answer)
  }
})

test.each(['', 'line_id,status\n', 'HELLO\n'])('%j is neither', async (text) => {
  await expect(answersOf(text, 3)).rejects.toMatchObject({ code: 'FILE_UNUSABLE' })
})

test('what is given is closed when nobody wants more', async () => {
  let closed = false
  async function* watched(): AsyncGenerator<Uint8Array, void> {
    try {
      yield Buffer.from('<html>')
      yield Buffer.alloc(1_000, ' ')
    } finally {
      closed = true
    }
  }
  await expect(readBankAnswers(watched(), 'answer').next()).rejects.toThrow('another kind of XML')
  expect(closed).toBe(true)
})

test('ISO 20022 is the format that is meant when none is named', () => {
  expect([...BANK_FORMATS.keys()]).toEqual(['pain.001.001.12', 'fixed-width'])
})
