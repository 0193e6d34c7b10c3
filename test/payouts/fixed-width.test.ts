/** The fixed-width profile: records to the byte, results, and the page that describes both. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectRoot } from '../../src/config/project-root.js'
import { meaningOf } from '../../src/payouts/bank-answer.js'
import type { BankAnswer } from '../../src/payouts/bank-answer.js'
import * as layout from '../../src/payouts/fixed-width-layout.js'
import { readFixedWidthResults } from '../../src/payouts/fixed-width-results.js'
import { FIXED_WIDTH } from '../../src/payouts/fixed-width.js'
import { RESULT_CODES } from '../../src/payouts/result-codes.js'
import { retryClass } from '../../src/rules/refunds/retry-class.js'
import { aTransfer, transfersOf, written } from './bank-messages.js'

const { record, RESULT_BYTES, RESULT_DATA, RESULT_HEADER, RESULT_TRAILER } = layout

test('instructions are records of 240 bytes, field by field', async () => {
  const long = aTransfer({ accountHolder: '길'.repeat(40), remittance: '환급\n😀'.repeat(20) })
  const { content } = await written(FIXED_WIDTH, [aTransfer(), long])
  const lines = content.toString().split('\n')
  expect(lines.pop()).toBe('')
  expect(lines.map((it) => Buffer.byteLength(it))).toEqual([240, 240, 240, 240])
  expect(lines[0]).toBe(
    `${`HREDRESS-PAY-1   ${'kt-2026-B7'.padEnd(35)}${'2026-01-20T10:00:00+09:00'.padEnd(35)}`}` +
      `20260122KRW02010000000000001주식회사 케이티${' '.repeat(60 - 22)}` +
      `000000002000000000300000${' '.repeat(41)}`,
  )
  expect(lines[1]).toBe(
    `D000000001${'kt-2026-1000000001-1'.padEnd(35)}00411023456789012000000000150000` +
      `홍길동${' '.repeat(71)}KT 위약금 환급${' '.repeat(61)}${' '.repeat(3)}`,
  )
  // 80 bytes hold 26 syllables, and a space fills what the 27th would have begun.
  expect(lines[2]).toContain(`${'길'.repeat(26)}  환급 😀환급`)
  expect(lines[3]).toBe(`T${'kt-2026-B7'.padEnd(35)}000000002000000000300000${' '.repeat(180)}`)
})

interface Result {
  readonly endToEndId: string
  readonly amountKrw: number
  readonly code: string
}

function resultsOf(results: readonly Result[], total?: number): string[] {
  const sum = total ?? results.reduce((krw, it) => krw + it.amountKrw, 0)
  const line = (of: layout.RecordLayout, values: readonly (string | number)[]): string => {
    return record(of, RESULT_BYTES, values)
  }
  return [
    line(RESULT_HEADER, [layout.RESULT_PROFILE, 'kt-2026-B7', '2026-01-22T18:00:00+09:00']),
    ...results.map((it, at) => line(RESULT_DATA, [at + 1, it.endToEndId, it.amountKrw, it.code])),
    line(RESULT_TRAILER, [results.length, sum]),
  ]
}

async function answersOf(content: string, size = 7): Promise<BankAnswer[]> {
  const bytes = Buffer.from(content)
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => {
    return bytes.subarray(at * size, (at + 1) * size)
  })
  const answers: BankAnswer[] = []
  for await (const answer of readFixedWidthResults(pieces, 'result.txt')) answers.push(answer)
  return answers
}

const RESULTS = transfersOf(RESULT_CODES.length + 1).map((it, at) => {
  return {
    endToEndId: it.endToEndId,
    amountKrw: it.amountKrw,
    code: RESULT_CODES[at]?.code ?? '7777',
  }
})

describe('results', () => {
  test.each(['\n', '\r\n'])('are read with line ends %j, however the bytes arrive', async (end) => {
    const content = resultsOf(RESULTS).join('').replaceAll('\n', end)
    const answers = await answersOf(content)
    expect(answers).toEqual(
      RESULTS.map((it, at) => {
        const { status, reason } = RESULT_CODES[at] ?? { status: '7777', reason: null }
        return {
          level: 'transaction',
          originalMessageId: 'kt-2026-B7',
          createdAt: '2026-01-22T18:00:00+09:00',
          endToEndId: it.endToEndId,
          amountKrw: it.amountKrw,
          status,
          ...(reason === null ? {} : { reason }),
        }
      }),
    )
    expect(await answersOf(content, 1 << 20)).toEqual(answers)
    expect(answers.map(meaningOf).slice(0, 3)).toEqual(['settled', 'pending', 'rejected'])
    expect(meaningOf(answers.at(-1) ?? { level: 'transaction', status: '' })).toBe('unknown')
  })

  const [head = '', one = '', trailer = ''] = resultsOf(RESULTS.slice(0, 1))
  const two = one.replace('R000000001', 'R000000002')
  test.each([
    ['nothing', '', /:1: ends without a trailer/],
    ['no trailer', head + one, /:2: ends without a trailer/],
    ['a trailer that counts otherwise', head + one + two + trailer, /:4: holds 2 results of KRW/],
    [
      'a trailer that adds up otherwise',
      resultsOf(RESULTS.slice(0, 1), 1).join(''),
      /as its trailer/,
    ],
    [
      'a record after the trailer',
      head + one + trailer + one,
      /:4: has a record after its trailer/,
    ],
    [
      'a short record',
      head + one.replace(' \n', '\n') + trailer,
      /:2: has a record of another length/,
    ],
    ['a record without end', head + 'R'.repeat(5_000), /has a record of another length/],
    [
      'another profile',
      head.replace('RESULT-1', 'RESULT-2') + trailer,
      /:1: is of another profile/,
    ],
    ['XML', '<?xml version="1.0"?>'.repeat(10), /another length/],
    ['another record', head + one.replace('R', 'X') + trailer, /:2: has a record of another type/],
    ['a number missing', head + two + trailer, /:2: has a result out of sequence/],
    [
      'an amount in words',
      head + one.replace('000000000050000', '     zero      '),
      /number that is none/,
    ],
    ['an id of Korean letters', head + one.replace('kt-2026-', 'ÀÀÀÀ'), /bad end-to-end id/],
    ['a code of letters', head + one.replace('0000 ', 'ACSC ') + trailer, /bad result code/],
  ])('of %s are refused', async (_, content, says) => {
    for (const size of [7, 1 << 20]) {
      const refused = answersOf(content, size)
      await expect(refused).rejects.toMatchObject({ code: 'FILE_UNUSABLE' })
      await expect(refused).rejects.toThrow(says)
    }
  })
})

describe('the page of the profile', () => {
  const page = readFileSync(join(projectRoot(), 'docs', 'fixed-width-profile.md'), 'utf8')
  const rows = (records: readonly (readonly [string, layout.RecordLayout])[]): string[] => {
    return records.flatMap(([name, { type, fields }]) => {
      let from = 2
      return fields.map((it) => {
        const row = `| ${type} ${name} | ${it.name} | ${from} | ${it.bytes} | ${it.kind} |`
        from += it.bytes
        return row
      })
    })
  }
  const tableUnder = (heading: string): string[] => {
    const section = page.split(/^## /m).find((it) => it.startsWith(heading)) ?? ''
    return section
      .split('\n')
      .filter((it) => it.startsWith('|'))
      .slice(2)
  }

  test('describes the records as they are', () => {
    expect(tableUnder(`Instructions, records of ${layout.INSTRUCTION_BYTES} bytes`)).toEqual(
      rows([
        ['header', layout.INSTRUCTION_HEADER],
        ['data', layout.INSTRUCTION_DATA],
        ['trailer', layout.INSTRUCTION_TRAILER],
      ]),
    )
    expect(tableUnder(`Results, records of ${RESULT_BYTES} bytes`)).toEqual(
      rows([
        ['header', RESULT_HEADER],
        ['result', RESULT_DATA],
        ['trailer', RESULT_TRAILER],
      ]),
    )
  })

  test('lists the result codes, each with what becomes of it', () => {
    expect(tableUnder('Result codes')).toEqual(
      RESULT_CODES.map((it) => {
        const next = it.status === 'RJCT' ? retryClass(it.reason) : ''
        return `| ${it.code} | ${it.status} | ${it.reason ?? ''} | ${it.means} | ${next} |`
      }),
    )
  })
})
