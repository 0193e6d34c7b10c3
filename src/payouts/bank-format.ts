/**
 * The port to the bank: what every format of payment file is told and gives back. A bank's own
 * layout is one more `BankFormat`; nothing else of the programme knows how a file looks (A50).
 */

export interface BankAccount {
  readonly name: string
  /** 10 to 14 digits. */
  readonly account: string
  /** 3 digits (facts §14.2). */
  readonly bankCode: string
}

export interface BankBatchHead {
  /** Known for ever by the bank: up to 35 of letters, digits and hyphens. */
  readonly messageId: string
  /** When the batch was made, not when the file is written: the same batch gives the same bytes. */
  readonly createdAt: string
  /** ISO date on which the bank is to pay. */
  readonly payoutOn: string
  readonly debtor: BankAccount
  readonly count: number
  readonly totalKrw: number
}

export interface BankTransfer {
  readonly endToEndId: string
  readonly amountKrw: number
  readonly bankCode: string
  readonly accountNumber: string
  readonly accountHolder: string
  /** What the payee reads. */
  readonly remittance: string
}

export interface ByteSink {
  /** Resolves when more may be written. */
  write(piece: Uint8Array): Promise<void>
}

export interface WrittenBankFile {
  readonly count: number
  readonly totalKrw: number
  readonly bytes: number
  /** Lower-case hexadecimal. */
  readonly sha256: string
}

export interface BankFormat {
  readonly name: string
  /** Of the file's name, without the dot. */
  readonly extension: string
  /**
   * One file. Equal batches and transfers give equal bytes.
   * @throws RedressError BANK_FILE_HELD for a transfer no bank could pay, or when the transfers are
   * not as many or not as much as the head says; what was written is then worth nothing.
   */
  write(
    batch: BankBatchHead,
    transfers: AsyncIterable<BankTransfer>,
    out: ByteSink,
  ): Promise<WrittenBankFile>
}
