/** The ledger as CSV (contracts §4), streamed chunk by chunk, so that memory stays flat. */
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { withClient } from '../db/database.js'
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
  options: { signal?: AbortSignal | undefined; onProgress?: (done: number, total: number) => void } = {},
): Promise<LedgerExport> {
  const chunks = await exportChunks(pool, filter)
  const total = chunks.reduce((sum, it) => sum + it.entries, 0)
  const partial = `${file}.partial`
  let entries = 0
  let bytes = 0
  try {
    const out = createWriteStream(partial, { mode: 0o600 })
    const failed = finished(out)
    failed.catch(() => undefined)
    const write = async (piece: Uint8Array): Promise<void> => {
      bytes += piece.length
      if (!out.write(piece)) await Promise.race([drained(out), failed])
    }
    await write(Buffer.from(`${EXPORT_HEADER}\n`))
    await withClient(pool, async (client) => {
      for (const chunk of chunks) {
        options.signal?.throwIfAborted()
        for await (const piece of copyChunkEntries(client, chunk, filter.benefit)) {
          entries += lineFeedsIn(piece)
          await write(piece)
        }
        options.onProgress?.(entries, total)
      }
    })
    out.end()
    await failed
    await rename(partial, file)
    return { entries, bytes }
  } catch (error) {
    await rm(partial, { force: true })
    const code = error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined
    if (code === undefined) throw error
    throw new RedressError('OUTPUT_UNWRITABLE', { file, problem: `error ${code}` })
  }
}

function drained(out: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => out.once('drain', () => resolve()))
}

// No value of the ledger holds a line feed, so each one ends an entry.
function lineFeedsIn(piece: Uint8Array): number {
  let count = 0
  for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) count += 1
  return count
}
