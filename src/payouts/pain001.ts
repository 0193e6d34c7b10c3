/**
 * ISO 20022 pain.001.001.12, one payment information block a file (facts §14.3). Won has no
 * decimals; an account is a domestic number, hence `Othr` under a scheme name of its own, and its
 * bank is the member of the clearing. One transfer a line, so that two files can be compared.
 */
import type { BankAccount, BankBatchHead, BankTransfer } from './bank-format.js'
import { fitCharacters } from './bank-text.js'
import { bankFormat } from './write-transfers.js'

const NAMESPACE = 'urn:iso:std:iso:20022:tech:xsd:pain.001.001.12'
const ACCOUNT_SCHEME = 'KR-ACCOUNT-NUMBER'
const NAME_CHARACTERS = 140
const REMITTANCE_CHARACTERS = 140

export const PAIN_001 = bankFormat('pain.001.001.12', 'xml', { head, transfer, tail })

function head(batch: BankBatchHead): string {
  const totals = `<NbOfTxs>${batch.count}</NbOfTxs><CtrlSum>${batch.totalKrw}</CtrlSum>`
  const payer = party(batch.debtor.name)
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="${NAMESPACE}">\n` +
    '<CstmrCdtTrfInitn>\n' +
    `<GrpHdr><MsgId>${batch.messageId}</MsgId><CreDtTm>${batch.createdAt}</CreDtTm>${totals}` +
    `<InitgPty>${payer}</InitgPty></GrpHdr>\n` +
    `<PmtInf><PmtInfId>${batch.messageId}</PmtInfId><PmtMtd>TRF</PmtMtd>${totals}` +
    `<ReqdExctnDt><Dt>${batch.payoutOn}</Dt></ReqdExctnDt>` +
    `<Dbtr>${payer}</Dbtr><DbtrAcct>${account(batch.debtor)}</DbtrAcct>` +
    `<DbtrAgt>${bank(batch.debtor.bankCode)}</DbtrAgt>\n`
  )
}

function transfer(it: BankTransfer): string {
  return (
    `<CdtTrfTxInf><PmtId><EndToEndId>${it.endToEndId}</EndToEndId></PmtId>` +
    `<Amt><InstdAmt Ccy="KRW">${it.amountKrw}</InstdAmt></Amt>` +
    `<CdtrAgt>${bank(it.bankCode)}</CdtrAgt><Cdtr>${party(it.accountHolder)}</Cdtr>` +
    `<CdtrAcct>${account({ account: it.accountNumber })}</CdtrAcct>` +
    `<RmtInf><Ustrd>${escaped(fitCharacters(it.remittance, REMITTANCE_CHARACTERS))}</Ustrd>` +
    '</RmtInf></CdtTrfTxInf>\n'
  )
}

function tail(): string {
  return '</PmtInf>\n</CstmrCdtTrfInitn>\n</Document>\n'
}

function party(name: string): string {
  return `<Nm>${escaped(fitCharacters(name, NAME_CHARACTERS))}</Nm>`
}

function bank(code: string): string {
  return `<FinInstnId><ClrSysMmbId><MmbId>${code}</MmbId></ClrSysMmbId></FinInstnId>`
}

function account(of: Pick<BankAccount, 'account'>): string {
  const scheme = `<SchmeNm><Prtry>${ACCOUNT_SCHEME}</Prtry></SchmeNm>`
  return `<Id><Othr><Id>${of.account}</Id>${scheme}</Othr></Id>`
}

function escaped(text: string): string {
  if (!/[&<>]/.test(text)) return text
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
