/**
 * What writing is in every format: check, count, add up, hash, and hand pieces on as fast as the
 * sink takes them. A format only says how the head, a transfer and the tail look.
 */
import { createHash } from 'node:crypto'
import { RedressError } from '../errors.js'
import type {
  BankBatchHead,
  BankFormat,
  BankTransfer,
  ByteSink,
  WrittenBankFile,
} from './bank-format.js'
import type { BankFault } from './transfer-faults.js'
import { batchFault, transferFault } from './transfer-faults.js'

/** Pure text: what is asked has been checked, and free text is fitted by the format. */
export interface BankLayout {
  readonly head: (batch: BankBatchHead) => string
  /** `sequence` counts from 1 within the file. */
  readonly transfer: (transfer: BankTransfer, sequence: number) => string
  readonly tail: (batch: BankBatchHead) => string
}

/** Large enough that writes are rare, small enough that nobody notices the memory. */
const PIECE_CHARACTERS = 128 * 1024

export function bankFormat(name: string, extension: string, layout: BankLayout): BankFormat {
  return {
    name,
    extension,
    write: (batch, transfers, out) => writeTransfers(layout, batch, transfers, out),
  }
}

async function writeTransfers(
  layout: BankLayout,
  batch: BankBatchHead,
  transfers: AsyncIterable<BankTransfer>,
  out: ByteSink,
): Promise<WrittenBankFile> {
  assertPayable(`batch ${batch.messageId}`, batchFault(batch))
  const file = new HashedOutput(out)
  let text = layout.head(batch)
  let count = 0
  let totalKrw = 0
  for await (const transfer of transfers) {
    // The id may be what is wrong with it, and a place in the batch names it as well.
    assertPayable(`batch ${batch.messageId} transfer ${count + 1}`, transferFault(transfer))
    count += 1
    totalKrw += transfer.amountKrw
    text += layout.transfer(transfer, count)
    if (text.length < PIECE_CHARACTERS) continue
    await file.write(text)
    text = ''
  }
  assertAsAnnounced(batch, count, totalKrw)
  await file.write(text + layout.tail(batch))
  return { count, totalKrw, bytes: file.bytes, sha256: file.sha256() }
}

class HashedOutput {
  bytes = 0
  readonly #out: ByteSink
  readonly #hash = createHash('sha256')

  constructor(out: ByteSink) {
    this.#out = out
  }

  async write(text: string): Promise<void> {
    const piece = Buffer.from(text, 'utf8')
    this.#hash.update(piece)
    this.bytes += piece.length
    await this.#out.write(piece)
  }

  sha256(): string {
    return this.#hash.digest('hex')
  }
}

function assertPayable(what: string, fault: BankFault | undefined): void {
  if (fault === undefined) return
  throw new RedressError('BANK_FILE_HELD', { what, ...fault })
}

function assertAsAnnounced(batch: BankBatchHead, count: number, totalKrw: number): void {
  if (count === batch.count && totalKrw === batch.totalKrw) return
  throw new RedressError('BANK_FILE_HELD', {
    what: `batch ${batch.messageId}`,
    problem: `its transfers are ${count} of KRW ${totalKrw}`,
    expected: `${batch.count} of KRW ${batch.totalKrw}`,
  })
}
