/** pain.001 against its schema and against a parser that is not ours. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BankTransfer } from '../../src/payouts/bank-format.js'
import { fitCharacters } from '../../src/payouts/bank-text.js'
import { PAIN_001 } from '../../src/payouts/pain001.js'
import { aBatch, aTransfer, transfersOf, written } from './bank-messages.js'
import { readValid } from './schema.js'

const TRANSFER = '//d:CdtTrfTxInf'

test('says all of a batch where the schema wants it', async () => {
  const { content } = await written(PAIN_001, [aTransfer()])
  const paths = [
    '//d:GrpHdr/d:MsgId',
    '//d:GrpHdr/d:CreDtTm',
    '//d:GrpHdr/d:NbOfTxs',
    '//d:GrpHdr/d:CtrlSum',
    '//d:PmtInf/d:PmtInfId',
    '//d:PmtInf/d:PmtMtd',
    '//d:PmtInf/d:NbOfTxs',
    '//d:PmtInf/d:CtrlSum',
    '//d:ReqdExctnDt/d:Dt',
    '//d:Dbtr/d:Nm',
    '//d:DbtrAcct/d:Id/d:Othr/d:Id',
    '//d:DbtrAgt/d:FinInstnId/d:ClrSysMmbId/d:MmbId',
    `${TRANSFER}/d:PmtId/d:EndToEndId`,
    `${TRANSFER}/d:Amt/d:InstdAmt[@Ccy='KRW']`,
    `${TRANSFER}/d:CdtrAgt/d:FinInstnId/d:ClrSysMmbId/d:MmbId`,
    `${TRANSFER}/d:Cdtr/d:Nm`,
    `${TRANSFER}/d:CdtrAcct/d:Id/d:Othr/d:Id`,
    `${TRANSFER}/d:CdtrAcct/d:Id/d:Othr/d:SchmeNm/d:Prtry`,
    `${TRANSFER}/d:RmtInf/d:Ustrd`,
  ]
  expect(readValid(content, 'pain.001.001.12', paths).map((it) => it.join('|'))).toEqual([
    'kt-2026-B7',
    '2026-01-20T10:00:00+09:00',
    '1',
    '150000',
    'kt-2026-B7',
    'TRF',
    '1',
    '150000',
    '2026-01-22',
    '주식회사 케이티',
    '10000000000001',
    '020',
    'kt-2026-1000000001-1',
    '150000',
    '004',
    '홍길동',
    '11023456789012',
    'KR-ACCOUNT-NUMBER',
    'KT 위약금 환급',
  ])
})

test('is valid and says what it was told, whatever people are called', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({
      unit: fc.constantFrom('가', '힣', '똠', '😀', '&', '<', '>', '"', "'", ']]>', ' '),
    }),
  )
  const transfer: fc.Arbitrary<BankTransfer> = fc.record({
    endToEndId: fc.stringMatching(/^[A-Za-z0-9-]{1,35}$/),
    amountKrw: fc.integer({ min: 1, max: 900_000 }),
    bankCode: fc.stringMatching(/^\d{3}$/),
    accountNumber: fc.stringMatching(/^\d{10,14}$/),
    accountHolder: text.map((it) => `김${it}`),
    remittance: text.map((it) => `환급${it}`),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(transfer, { minLength: 1, maxLength: 8 }), async (transfers) => {
      const { content } = await written(PAIN_001, transfers)
      const values = readValid(content, 'pain.001.001.12', [
        `${TRANSFER}//d:EndToEndId`,
        `${TRANSFER}//d:InstdAmt`,
        `${TRANSFER}/d:Cdtr/d:Nm`,
        `${TRANSFER}//d:Ustrd`,
        '//d:GrpHdr/d:CtrlSum',
      ])
      expect(values).toEqual([
        transfers.map((it) => it.endToEndId),
        transfers.map((it) => String(it.amountKrw)),
        transfers.map((it) => fitCharacters(it.accountHolder, 140)),
        transfers.map((it) => fitCharacters(it.remittance, 140)),
        [String(aBatch(transfers).totalKrw)],
      ])
    }),
  )
})

test('is valid with a thousand transfers, one a line', async () => {
  const { content } = await written(PAIN_001, transfersOf(1_000))
  readValid(content, 'pain.001.001.12')
  const lines = content.toString().split('\n')
  expect(lines.filter((it) => it.startsWith('<CdtTrfTxInf>'))).toHaveLength(1_000)
})

test('the judge is no yes-man', async () => {
  const { content } = await written(PAIN_001, [aTransfer()])
  const wrong = content.toString().replace('<PmtMtd>TRF', '<PmtMtd>ABC')
  expect(() => readValid(Buffer.from(wrong), 'pain.001.001.12')).toThrow(/PmtMtd|ABC/)
})
