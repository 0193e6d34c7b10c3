/**
 * The bank's answers into the books. Files may come twice, late, in parts and out of order: what a
 * transfer came to is a function of the set of answers, by the bank's own clock.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { withTransaction } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import { retryClass } from '../rules/refunds/retry-class.js'
import { coversAll, meaningOf } from './bank-answer.js'
import type { BankAnswer } from './bank-answer.js'
import { readBankAnswers } from './bank-formats.js'
import { AnswerStage, bookAnswers, contradictedTransfers, knownFile } from './bank-status-store.js'
import type { OutcomeCounts, StagedAnswer } from './bank-status-store.js'
import { lockPayouts } from './batch-store.js'

export interface StatusImport {
  readonly fileId: string
  /** Lower-case hexadecimal. */
  readonly sha256: string
  /** The same bytes were imported before: nothing was done. */
  readonly already: boolean
  readonly counts: OutcomeCounts
  /** End-to-end ids that are paid and not paid at once; at most a hundred. */
  readonly contradicted: readonly string[]
}

export interface StatusImportTask {
  readonly pool: Pool
  readonly file: string
  /** An instant. */
  readonly at: string
  readonly signal?: AbortSignal | undefined
}

/** Whole or not at all. @throws RedressError FILE_UNUSABLE */
export async function importStatus(task: StatusImportTask): Promise<StatusImport> {
  return await withTransaction(task.pool, async ({ client }) => {
    await lockPayouts(client)
    const source = new StatusSource(task.file)
    const stage = await AnswerStage.open(client)
    try {
      for await (const answer of readBankAnswers(source.chunks(), task.file)) {
        task.signal?.throwIfAborted()
        await stage.add(staged(answer))
      }
    } catch (error) {
      stage.abort()
      throw error
    }
    const answers = await stage.finish()
    const sha256 = source.sha256()
    const known = await knownFile(client, sha256)
    const booked =
      known === undefined
        ? await bookAnswers(client, { sha256, bytes: source.bytes, answers, at: task.at })
        : { fileId: known.fileId, counts: repeatedOf(known.counts) }
    return {
      fileId: booked.fileId,
      sha256: sha256.toString('hex'),
      already: known !== undefined,
      counts: booked.counts,
      contradicted: await contradictedTransfers(client),
    }
  })
}

function staged(answer: BankAnswer): StagedAnswer {
  const meaning = meaningOf(answer)
  const isOne = answer.level === 'transaction'
  return {
    messageId: answer.originalMessageId,
    endToEndId: isOne ? (answer.endToEndId ?? '') : null,
    status: answer.status,
    meaning,
    reason: answer.reason ?? null,
    retryClass: meaning === 'rejected' ? retryClass(answer.reason) : null,
    amountKrw: isOne ? answer.amountKrw : undefined,
    saidAt: answer.createdAt ?? null,
    coversAll: coversAll(answer),
  }
}

/** What a file did the first time, it does the second time as repetitions; faults stay faults. */
function repeatedOf(counts: OutcomeCounts): OutcomeCounts {
  const { settled, rejected, returned, pending, contradicts, overtaken, repeated } = counts
  const again = settled + rejected + returned + pending + contradicts + overtaken + repeated
  return {
    ...counts,
    settled: 0,
    rejected: 0,
    returned: 0,
    pending: 0,
    contradicts: 0,
    overtaken: 0,
    repeated: again,
  }
}

class StatusSource {
  bytes = 0
  readonly #path: string
  readonly #hash = createHash('sha256')

  constructor(path: string) {
    this.#path = path
  }

  async *chunks(): AsyncGenerator<Uint8Array, void> {
    try {
      for await (const chunk of createReadStream(this.#path, { highWaterMark: 1 << 18 })) {
        const piece = chunk as Buffer
        this.#hash.update(piece)
        this.bytes += piece.length
        yield piece
      }
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      throw new RedressError('FILE_UNUSABLE', {
        where: this.#path,
        problem: code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`,
        expected: 'a pain.002 message or the results of a fixed-width file',
      })
    }
  }

  sha256(): Buffer {
    return this.#hash.digest()
  }
}
