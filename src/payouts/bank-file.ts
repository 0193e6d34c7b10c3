/**
 * A batch as files on disk. A bank takes so many transfers a file and no more: a larger batch is
 * split into parts, each a whole message under an id of its own. The end-to-end ids do not depend
 * on the parts, so that a batch exported again in other parts still cannot be paid twice.
 *
 * Account numbers stand in these files in clear, because a bank cannot pay otherwise: only the
 * owner may read them. No part gets its name before all are written and add up to the batch.
 */
import { parse } from 'node:path'
import { assert } from '../assert.js'
import { RedressError } from '../errors.js'
import { WholeFile } from '../privacy/whole-file.js'
import type { BankBatchHead, BankFormat, BankTransfer, WrittenBankFile } from './bank-format.js'
import { IDENTIFIER_LENGTH } from './transfer-faults.js'

export const TRANSFERS_PER_FILE = 100_000

export interface BatchPart {
  readonly count: number
  readonly totalKrw: number
}

export interface BankFilePart extends WrittenBankFile {
  readonly path: string
  readonly messageId: string
}

export interface BankFileTask {
  readonly format: BankFormat
  /** Of the whole batch. */
  readonly batch: BankBatchHead
  /** Their sums must be those of the batch; by `batchParts`, or by a query. */
  readonly parts: readonly BatchPart[]
  /** In the order of the amounts that made the parts. */
  readonly transfers: AsyncIterable<BankTransfer>
  /** `a.xml`; of several parts, `a-1-of-3.xml` and so on. */
  readonly file: string
}

/**
 * A message's head holds its count and total, and stands before its transfers: the amounts are
 * therefore walked once before. They are numbers only; nothing has to be unsealed for it.
 */
export async function batchParts(
  amountsKrw: AsyncIterable<number> | Iterable<number>,
  transfersPerFile: number = TRANSFERS_PER_FILE,
): Promise<readonly BatchPart[]> {
  assert(Number.isSafeInteger(transfersPerFile) && transfersPerFile > 0, 'a size of parts')
  const parts: BatchPart[] = []
  let count = 0
  let totalKrw = 0
  for await (const amountKrw of amountsKrw) {
    count += 1
    totalKrw += amountKrw
    if (count < transfersPerFile) continue
    parts.push({ count, totalKrw })
    count = 0
    totalKrw = 0
  }
  return count === 0 ? parts : [...parts, { count, totalKrw }]
}

/** @throws RedressError BANK_FILE_HELD, OUTPUT_UNWRITABLE; a part that got its name is whole */
export async function writeBankFiles(task: BankFileTask): Promise<readonly BankFilePart[]> {
  assertWhole(task.batch, task.parts)
  const transfers = task.transfers[Symbol.asyncIterator]()
  const opened: WholeFile[] = []
  const written: BankFilePart[] = []
  try {
    for (const [index, part] of task.parts.entries()) {
      const head = partHead(task.batch, part, index + 1, task.parts.length)
      const path = partPath(task.file, index + 1, task.parts.length)
      const file = await WholeFile.open(path)
      opened.push(file)
      const result = await task.format.write(head, firstOf(transfers, part.count), file)
      written.push({ ...result, path, messageId: head.messageId })
    }
    if ((await transfers.next()).done !== true) throw differs(task.batch, 'has more transfers')
    for (const file of opened) await file.keep()
    return written
  } catch (error) {
    for (const file of opened) await file.discard()
    throw error
  } finally {
    await transfers.return?.()
  }
}

export function partMessageId(messageId: string, part: number, parts: number): string {
  const id = parts === 1 ? messageId : `${messageId}-${part}-${parts}`
  assert(id.length <= IDENTIFIER_LENGTH, 'a message id with room for the number of its part')
  return id
}

function partPath(file: string, part: number, parts: number): string {
  if (parts === 1) return file
  const { ext } = parse(file)
  return `${file.slice(0, file.length - ext.length)}-${part}-of-${parts}${ext}`
}

function partHead(
  batch: BankBatchHead,
  part: BatchPart,
  number: number,
  parts: number,
): BankBatchHead {
  return { ...batch, ...part, messageId: partMessageId(batch.messageId, number, parts) }
}

// Leaves the iterator open for the next part, which `for await` over it would not.
async function* firstOf<T>(items: AsyncIterator<T>, count: number): AsyncGenerator<T, void> {
  for (let taken = 0; taken < count; taken += 1) {
    const next = await items.next()
    if (next.done === true) return
    yield next.value
  }
}

function assertWhole(batch: BankBatchHead, parts: readonly BatchPart[]): void {
  const count = parts.reduce((sum, it) => sum + it.count, 0)
  const totalKrw = parts.reduce((sum, it) => sum + it.totalKrw, 0)
  if (count === batch.count && totalKrw === batch.totalKrw && parts.length > 0) return
  throw differs(batch, `is ${count} transfers of KRW ${totalKrw} in its parts`)
}

function differs(batch: BankBatchHead, problem: string): RedressError {
  return new RedressError('BANK_FILE_HELD', {
    what: `batch ${batch.messageId}`,
    problem,
    expected: `${batch.count} of KRW ${batch.totalKrw}, 1 or more`,
  })
}
