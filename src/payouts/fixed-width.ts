/** Payment files in the neutral fixed-width profile: a header, a record a transfer, a trailer. */
import type { BankBatchHead, BankTransfer } from './bank-format.js'
import {
  INSTRUCTION_BYTES,
  INSTRUCTION_DATA,
  INSTRUCTION_HEADER,
  INSTRUCTION_PROFILE,
  INSTRUCTION_TRAILER,
  record,
} from './fixed-width-layout.js'
import { bankFormat } from './write-transfers.js'

export const FIXED_WIDTH = bankFormat('fixed-width', 'txt', { head, transfer, tail })

function head(batch: BankBatchHead): string {
  const { debtor } = batch
  return record(INSTRUCTION_HEADER, INSTRUCTION_BYTES, [
    INSTRUCTION_PROFILE,
    batch.messageId,
    batch.createdAt,
    batch.payoutOn.replaceAll('-', ''),
    'KRW',
    debtor.bankCode,
    debtor.account,
    debtor.name,
    batch.count,
    batch.totalKrw,
  ])
}

function transfer(it: BankTransfer, sequence: number): string {
  return record(INSTRUCTION_DATA, INSTRUCTION_BYTES, [
    sequence,
    it.endToEndId,
    it.bankCode,
    it.accountNumber,
    it.amountKrw,
    it.accountHolder,
    it.remittance,
  ])
}

function tail(batch: BankBatchHead): string {
  return record(INSTRUCTION_TRAILER, INSTRUCTION_BYTES, [
    batch.messageId,
    batch.count,
    batch.totalKrw,
  ])
}
