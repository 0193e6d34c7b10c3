/** The ledger as CSV (contracts §4), streamed chunk by chunk, so that memory stays flat. */
import { createWriteStream } from 'node:fs'
import type { WriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { errorCodeOf, withClient } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import { copyChunkEntries, EXPORT_HEADER, exportChunks } from './ledger-store.js'
import type { ExportFilter } from './ledger-store.js'

export interface LedgerExport {
  readonly entries: number
  readonly bytes: number
}

/**
 * Writes beside `file` and renames at the end: whoever reads it sees a whole export or none.
 * @throws RedressError OUTPUT_UNWRITABLE
 */
export async function exportLedger(
  pool: Pool,
  file: string,
  filter: ExportFilter,
  options: {
    signal?: AbortSignal | undefined
    onProgress?: (done: number, total: number) => void
  } = {},
): Promise<LedgerExport> {
  const chunks = await exportChunks(pool, filter)
  const total = chunks.reduce((sum, it) => sum + it.entries, 0)
  const partial = `${file}.partial`
  const out = new ExportFile(partial)
  let entries = 0
  try {
    await out.write(Buffer.from(`${EXPORT_HEADER}\n`))
    await withClient(pool, async (client) => {
      for (const chunk of chunks) {
        options.signal?.throwIfAborted()
        for await (const piece of copyChunkEntries(client, chunk, filter.benefit)) {
          entries += lineFeedsIn(piece)
          await out.write(piece)
        }
        options.onProgress?.(entries, total)
      }
    })
    await out.finish()
    await rename(partial, file)
    return { entries, bytes: out.bytes }
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined)
    if (options.signal?.aborted === true) {
      throw new RedressError('INTERRUPTED', { command: `redress ledger export --out ${file}` })
    }
    if (error !== out.failure) throw error
    throw new RedressError('OUTPUT_UNWRITABLE', {
      file,
      problem: `error ${errorCodeOf(error) ?? 'unknown'}`,
    })
  }
}

/** A file that is written with backpressure and remembers what went wrong with it. */
class ExportFile {
  bytes = 0
  readonly #stream: WriteStream
  readonly #finished: Promise<void>

  constructor(path: string) {
    // Entries name customers: nobody else on the machine needs to read them.
    this.#stream = createWriteStream(path, { mode: 0o600 })
    this.#finished = finished(this.#stream)
    this.#finished.catch(() => undefined)
  }

  get failure(): Error | null {
    return this.#stream.errored
  }

  async write(piece: Uint8Array): Promise<void> {
    this.bytes += piece.length
    if (!this.#stream.write(piece)) await Promise.race([drained(this.#stream), this.#finished])
  }

  async finish(): Promise<void> {
    this.#stream.end()
    await this.#finished
  }
}

function drained(out: WriteStream): Promise<void> {
  return new Promise((resolve) => out.once('drain', () => resolve()))
}

// No value of the ledger holds a line feed, so each one ends an entry.
function lineFeedsIn(piece: Uint8Array): number {
  let count = 0
  for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) count += 1
  return count
}
