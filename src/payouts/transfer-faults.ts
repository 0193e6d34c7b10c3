/**
 * What makes a transfer one that no bank could pay. Free text is fitted (bank-text.ts), since a
 * shorter name is still a name; identifiers, accounts and amounts are never changed on their way
 * out, so a bad one is refused. Faults describe a value and never quote it.
 */
import type { BankAccount, BankBatchHead, BankTransfer } from './bank-format.js'
import { cleanText } from './bank-text.js'

export interface BankFault {
  readonly problem: string
  readonly expected: string
}

/** Also an XML identifier and a field of the fixed-width profile hold so many. */
export const IDENTIFIER_LENGTH = 35
/** Digits of the largest amount or total: the width of the fixed-width profile's field. */
export const AMOUNT_DIGITS = 15

const IDENTIFIER = /^[A-Za-z0-9-]{1,35}$/
const BANK_CODE = /^\d{3}$/
const ACCOUNT = /^\d{10,14}$/
const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/
const INSTANT =
  /^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-](0\d|1[0-3]):[0-5]\d)$/
const LARGEST_KRW = 10 ** AMOUNT_DIGITS - 1
const LARGEST_COUNT = 999_999_999

export function transferFault(transfer: BankTransfer): BankFault | undefined {
  if (!IDENTIFIER.test(transfer.endToEndId)) return fault('end-to-end id', IDENTIFIERS)
  if (!isAmount(transfer.amountKrw)) return fault('amount', 'whole won, 1 or more')
  if (!BANK_CODE.test(transfer.bankCode)) return fault('bank code', '3 digits')
  if (!ACCOUNT.test(transfer.accountNumber)) return fault('account number', '10 to 14 digits')
  if (cleanText(transfer.accountHolder) === '') return fault('account holder', 'a name')
  if (cleanText(transfer.remittance) === '') return fault('remittance text', 'a text')
  return undefined
}

export function batchFault(batch: BankBatchHead): BankFault | undefined {
  if (!IDENTIFIER.test(batch.messageId)) return fault('message id', IDENTIFIERS)
  if (!INSTANT.test(batch.createdAt)) return fault('creation time', 'an instant with its offset')
  if (!DATE.test(batch.payoutOn)) return fault('payout date', 'YYYY-MM-DD')
  if (!Number.isSafeInteger(batch.count) || batch.count < 1 || batch.count > LARGEST_COUNT) {
    return fault('number of transfers', '1 or more')
  }
  if (!isAmount(batch.totalKrw)) return fault('total', 'whole won, 1 or more')
  return accountFault(batch.debtor)
}

function accountFault(payer: BankAccount): BankFault | undefined {
  if (!BANK_CODE.test(payer.bankCode)) return fault("payer's bank code", '3 digits')
  if (!ACCOUNT.test(payer.account)) return fault("payer's account number", '10 to 14 digits')
  if (cleanText(payer.name) === '') return fault("payer's name", 'a name')
  return undefined
}

const IDENTIFIERS = 'up to 35 letters, digits and hyphens'

function fault(name: string, expected: string): BankFault {
  return { problem: `its ${name} cannot be sent`, expected }
}

function isAmount(krw: number): boolean {
  return Number.isSafeInteger(krw) && krw >= 1 && krw <= LARGEST_KRW
}
