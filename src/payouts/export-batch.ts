/** An approved batch as files for the bank: the same bytes each time, and each time in the log. */
import { withTransaction } from '../db/database.js'
import type { Client, Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import type { Cipher } from '../privacy/cipher.js'
import { openCheckedRefundAccount, openRefundAccount } from '../privacy/refund-account.js'
import type { BankAccount, BankFormat, BankTransfer } from './bank-format.js'
import { batchParts, TRANSFERS_PER_FILE, writeBankFiles } from './bank-file.js'
import type { BankFilePart, BatchPart } from './bank-file.js'
import { readBatch } from './batch-store.js'
import { amountsOf, logExport, sealedTransfersOf, splitOfBatch } from './export-store.js'
import type { ExportedPart } from './export-store.js'
import { messageIdOf } from './payout-batch.js'
import type { PayoutBatch } from './payout-batch.js'

/** What the payee reads on the statement. */
export const REMITTANCE = '해지 위약금 환급'

export interface BatchExportTask {
  readonly pool: Pool
  readonly cipher: Cipher
  readonly batchId: string
  readonly format: BankFormat
  /** Whose account pays. */
  readonly payer: BankAccount
  readonly file: string
  /** Undefined for what the batch was split into before, or the usual size. */
  readonly transfersPerFile: number | undefined
  /** An instant, for the log. */
  readonly at: string
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

export interface BatchExport {
  readonly batch: PayoutBatch
  readonly exportId: string
  readonly parts: readonly BankFilePart[]
}

/**
 * Accounts are opened row by row, in this process's memory alone, and stand in clear in the files.
 * @throws RedressError BATCH_UNKNOWN, BATCH_STATE (not approved, another split), BANK_FILE_HELD,
 * SETTING_INVALID (another data key), OUTPUT_UNWRITABLE
 */
export async function exportBatch(task: BatchExportTask): Promise<BatchExport> {
  return await withTransaction(task.pool, async ({ client }) => {
    const batch = await readBatch(client, task.batchId)
    if (batch.state !== 'approved') throw refused(batch, `is ${batch.state}`, 'an approved one')
    const transfersPerFile = await splitFor(client, batch, task.transfersPerFile)
    const amounts = await batchParts(amountsOf(client, task.batchId), transfersPerFile)
    const parts = await writeBankFiles({
      format: task.format,
      batch: {
        messageId: messageIdOf(batch),
        createdAt: batch.madeAt,
        payoutOn: batch.payoutOn,
        debtor: task.payer,
        count: batch.count,
        totalKrw: batch.totalKrw,
      },
      parts: amounts,
      transfers: openTransfers(client, task, batch.count),
      file: task.file,
    })
    const exportId = await logExport(client, {
      batchId: task.batchId,
      format: task.format.name,
      transfersPerFile,
      at: task.at,
      parts: exportedParts(parts, amounts),
    })
    return { batch, exportId, parts }
  })
}

async function splitFor(
  client: Client,
  batch: PayoutBatch,
  asked: number | undefined,
): Promise<number> {
  const before = await splitOfBatch(client, batch.batchId)
  if (before === undefined || asked === undefined || asked === before) {
    return before ?? asked ?? TRANSFERS_PER_FILE
  }
  const problem = `was split into files of ${before}, and a bank may have them`
  throw refused(batch, problem, `--split ${before}`)
}

async function* openTransfers(
  client: Client,
  task: BatchExportTask,
  total: number,
): AsyncGenerator<BankTransfer> {
  let done = 0
  let open = openRefundAccount
  for await (const rows of sealedTransfersOf(client, task.batchId)) {
    task.signal?.throwIfAborted()
    for (const row of rows) {
      const account = open(task.cipher, row, row)
      open = openCheckedRefundAccount
      yield {
        endToEndId: row.endToEndId,
        amountKrw: Number(row.amountKrw),
        bankCode: row.bankCode,
        accountNumber: account.number,
        accountHolder: account.holder,
        remittance: REMITTANCE,
      }
    }
    done += rows.length
    task.onProgress?.(done, total)
  }
}

function exportedParts(
  written: readonly BankFilePart[],
  amounts: readonly BatchPart[],
): readonly ExportedPart[] {
  let seq = 0
  return written.map((it, index) => {
    const firstSeq = seq + 1
    seq += amounts[index]?.count ?? 0
    const { messageId, totalKrw, bytes, sha256 } = it
    return { messageId, firstSeq, lastSeq: seq, totalKrw, bytes, sha256 }
  })
}

function refused({ batchId }: PayoutBatch, problem: string, expected: string): RedressError {
  return new RedressError('BATCH_STATE', { batch: batchId, problem, expected })
}
