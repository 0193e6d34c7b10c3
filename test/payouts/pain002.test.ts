/** What is read of a bank's pain.002, in every version and at every level. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BankAnswer } from '../../src/payouts/bank-answer.js'
import { PAIN_001 } from '../../src/payouts/pain001.js'
import { readPain002 } from '../../src/payouts/pain002.js'
import { transfersOf, written } from './bank-messages.js'
import { readValid } from './schema.js'
import { bankReport, readSent } from './test-bank.js'
import type { AnswerForm, Verdict } from './test-bank.js'

async function answersOf(xml: Buffer, sizes: readonly number[] = []): Promise<BankAnswer[]> {
  const pieces: Buffer[] = []
  for (let at = 0, turn = 0; at < xml.length; turn += 1) {
    const size = sizes.length === 0 ? xml.length : (sizes[turn % sizes.length] ?? 1)
    pieces.push(xml.subarray(at, at + size))
    at += size
  }
  const answers: BankAnswer[] = []
  for await (const answer of readPain002(pieces, 'answer.xml')) answers.push(answer)
  return answers
}

function report(body: string, version = '14'): Buffer {
  return Buffer.from(
    `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.${version}"><CstmrPmtStsRpt>` +
      `<GrpHdr><MsgId>B</MsgId><CreDtTm>2026-01-22T18:00:00</CreDtTm></GrpHdr>${body}` +
      `</CstmrPmtStsRpt></Document>`,
  )
}

const GROUP = '<OrgnlGrpInfAndSts><OrgnlMsgId>M</OrgnlMsgId></OrgnlGrpInfAndSts>'
const tx = (inner: string): string => `<TxInfAndSts>${inner}</TxInfAndSts>`
const paying = (inner: string): string => {
  return `<OrgnlPmtInfAndSts><OrgnlPmtInfId>P</OrgnlPmtInfId>${inner}</OrgnlPmtInfAndSts>`
}
const AT = '2026-01-22T18:00:00+09:00'
const VERDICTS: readonly Verdict[] = [
  ['ACSC'],
  ['RJCT', 'AC01'],
  ['PDNG'],
  ['RJCT', 'AC04'],
  ['ACCC'],
  ['RJCT', 'AC06'],
]

describe('our own message, answered by the bank', () => {
  const forms: readonly AnswerForm[] = [
    ...['02', '03', '07', '10', '12', '14', '15'].map((version) => ({ version })),
    { version: '14', groupStatus: 'PART', paymentStatus: 'PART' },
    { version: '14', prefix: 'p:', space: '\r\n\t ' },
    { version: '14', space: '<!-- a note -->' },
    { version: '14', space: '' },
  ]

  test.each(forms)('comes back whole: $version $groupStatus $prefix', async (form) => {
    const transfers = transfersOf(40)
    const { content } = await written(PAIN_001, transfers)
    const xml = bankReport(readSent(content), (_, at) => VERDICTS[at % VERDICTS.length], form)
    const answers = await answersOf(xml)
    const common = { originalMessageId: 'kt-2026-B7', createdAt: AT }
    expect(answers.filter((it) => it.level === 'transaction')).toEqual(
      transfers.map((it, at) => {
        const [status, reason] = VERDICTS[at % VERDICTS.length] ?? ['']
        return {
          ...common,
          level: 'transaction',
          paymentInformationId: 'kt-2026-B7',
          endToEndId: it.endToEndId,
          status,
          ...(reason === undefined ? {} : { reason }),
          amountKrw: it.amountKrw,
        }
      }),
    )
    const levels = answers.filter((it) => it.level !== 'transaction')
    if (form.groupStatus === undefined) expect(levels).toEqual([])
    else {
      const payment = { paymentInformationId: 'kt-2026-B7', hasTransactions: true }
      expect(levels).toEqual([
        { ...common, level: 'group', status: 'PART', hasTransactions: true },
        { ...common, ...payment, level: 'payment', status: 'PART' },
      ])
    }
  })

  test('is what the schema of version 14 wants', async () => {
    const { content } = await written(PAIN_001, transfersOf(12))
    const form = { version: '14', groupStatus: 'PART', paymentStatus: 'PART' }
    const xml = bankReport(readSent(content), (_, at) => VERDICTS[at % VERDICTS.length], form)
    readValid(xml, 'pain.002.001.14')
  })

  test('is the same however the bytes arrive', async () => {
    const { content } = await written(PAIN_001, transfersOf(4))
    const form = { version: '14', groupStatus: 'PART', space: '\r\n' }
    const xml = bankReport(readSent(content), (_, at) => VERDICTS[at % VERDICTS.length], form)
    const whole = await answersOf(xml)
    expect(whole).toHaveLength(5)
    const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(sizes, async (it) => {
        expect(await answersOf(xml, it)).toEqual(whole)
      }),
      { numRuns: 40 },
    )
  })
})

describe('a group or payment', () => {
  const rejected = '<StsRsnInf><Rsn><Cd>AM04</Cd></Rsn></StsRsnInf>'
  const group = (status: string): string => {
    return (
      `<OrgnlGrpInfAndSts><OrgnlMsgId>M</OrgnlMsgId><GrpSts>${status}</GrpSts>${rejected}` +
      '</OrgnlGrpInfAndSts>'
    )
  }

  test('that is answered alone says that no transactions follow', async () => {
    expect(await answersOf(report(group('RJCT')))).toEqual([
      {
        level: 'group',
        originalMessageId: 'M',
        status: 'RJCT',
        reason: 'AM04',
        createdAt: AT,
        hasTransactions: false,
      },
    ])
    const [payment, ...others] = await answersOf(
      report(GROUP + paying(`<PmtInfSts>RJCT</PmtInfSts>${rejected}`)),
    )
    expect(others).toEqual([])
    expect(payment).toMatchObject({
      level: 'payment',
      paymentInformationId: 'P',
      status: 'RJCT',
      reason: 'AM04',
      hasTransactions: false,
    })
  })

  test('gives its status to a transaction that has none, the nearest first', async () => {
    const bare = tx('<OrgnlEndToEndId>E</OrgnlEndToEndId>')
    const last = async (xml: Buffer) => (await answersOf(xml)).at(-1)
    expect(await last(report(group('RJCT') + paying(bare)))).toMatchObject({ status: 'RJCT' })
    expect(
      await last(report(group('PART') + paying(`<PmtInfSts>ACSC</PmtInfSts>${bare}`))),
    ).toMatchObject({ level: 'transaction', endToEndId: 'E', status: 'ACSC' })
  })

  test('with several payments is told once for each, with what is below it', async () => {
    const first = paying(`<PmtInfSts>RJCT</PmtInfSts>`)
    const second = paying(`<PmtInfSts>PART</PmtInfSts>${tx('<TxSts>RJCT</TxSts>')}`)
    const answers = await answersOf(report(group('PART') + first + second))
    const told = answers.map((it) => [it.level, it.status, it.hasTransactions])
    // The group waits for its first transaction; the order of a file is none of its meaning.
    expect(told).toEqual([
      ['payment', 'RJCT', false],
      ['group', 'PART', true],
      ['payment', 'PART', true],
      ['transaction', 'RJCT', undefined],
    ])
  })
})

describe('a transaction', () => {
  const one = async (inner: string): Promise<BankAnswer | undefined> => {
    return (await answersOf(report(GROUP + paying(tx(inner)))))[0]
  }
  const reason = (inner: string): string => `<StsRsnInf><Rsn>${inner}</Rsn></StsRsnInf>`
  const amount = (inner: string): string => `<OrgnlTxRef><Amt>${inner}</Amt></OrgnlTxRef>`

  test.each([
    ['a code', reason('<Cd>AC01</Cd>'), 'AC01'],
    ['a code of the bank', reason('<Prtry>KB-17</Prtry>'), 'KB-17'],
    ['a text, which may name somebody', reason('<Prtry>예금주 홍길동</Prtry>'), 'NARR'],
    ['what may be an account', reason('<Prtry>11023456789012</Prtry>'), 'NARR'],
    [
      'several, of which the first counts',
      reason('<Cd>AC04</Cd>') + reason('<Cd>MS03</Cd>'),
      'AC04',
    ],
    ['a text only', '<StsRsnInf><AddtlInf>x</AddtlInf></StsRsnInf>', undefined],
    ['CDATA and a comment', reason('<Cd><![CDATA[AC]]><!-- x -->0&#49;</Cd>'), 'AC01'],
  ])('has the reason of %s', async (_, inner, expected) => {
    const answer = await one(`<TxSts>RJCT</TxSts>${inner}`)
    expect(answer?.reason).toBe(expected)
  })

  test.each([
    ['<InstdAmt Ccy="KRW">150000</InstdAmt>', 150_000],
    ['<InstdAmt Ccy="KRW"> 0150000.00 </InstdAmt>', 150_000],
    ['<InstdAmt Ccy="KRW">150000.5</InstdAmt>', null],
    ['<InstdAmt Ccy="USD">150000</InstdAmt>', null],
    ['<InstdAmt>150000</InstdAmt>', null],
    ['<InstdAmt Ccy="KRW">-1</InstdAmt>', null],
    ['<InstdAmt Ccy="KRW">1e5</InstdAmt>', null],
    ['<InstdAmt Ccy="KRW">999999999999999999</InstdAmt>', null],
    ['<InstdAmt Ccy="KRW"></InstdAmt>', undefined],
    ['', undefined],
  ])('with %s is of %j won', async (inner, won) => {
    const answer = await one(`<TxSts>ACSC</TxSts>${amount(inner)}`)
    expect(answer?.amountKrw).toBe(won)
  })

  test('keeps to its own namespace and its own place', async () => {
    const noise =
      '<x:TxSts xmlns:x="urn:x">RJCT</x:TxSts><Unknown><TxSts>RJCT</TxSts></Unknown>' +
      '<SplmtryData><Envlp><TxSts xmlns="urn:y">RJCT</TxSts></Envlp></SplmtryData>'
    const answer = await one(
      `${noise}<OrgnlEndToEndId>E</OrgnlEndToEndId><TxSts>ACSC</TxSts>${noise}`,
    )
    expect(answer).toEqual({
      level: 'transaction',
      originalMessageId: 'M',
      paymentInformationId: 'P',
      endToEndId: 'E',
      status: 'ACSC',
      createdAt: AT,
    })
  })
})
