/** The end of an import: rows are hashed, cut into chunks and packed, and can no longer change. */
import { withClient, withTransaction } from '../db/database.js'
import type { Pool, Tx } from '../db/database.js'
import { REASON_NOT_GIVEN, chunkLinesFor } from './snapshot.js'
import type { SealedSnapshot } from './snapshot.js'
import * as store from './snapshot-store.js'
import { walkRows } from './walk-rows.js'

export interface SealOptions {
  /** The time as ISO 8601. */
  readonly now: () => string
  /** Why it corrects the snapshot that it supersedes; without effect when there is none. */
  readonly reason?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
  /** Instead of what `chunkLinesFor` says: for tests that need many chunks of few lines. */
  readonly chunkLines?: number | undefined
  /** Runs inside the sealing transaction, last. */
  readonly onSeal?: ((tx: Tx) => Promise<void>) | undefined
}

export type Sealing =
  | { readonly outcome: 'sealed'; readonly snapshot: SealedSnapshot }
  | { readonly outcome: 'conflicting_customers' }

class ConflictFound extends Error {}

/** Leaves nothing behind when it fails, finds conflicting customers or is aborted. */
export async function sealSnapshot(
  pool: Pool,
  snapshotId: number,
  options: SealOptions,
): Promise<Sealing> {
  try {
    const snapshot = await withTransaction(pool, (tx) => sealIn(tx, pool, snapshotId, options))
    return { outcome: 'sealed', snapshot }
  } catch (error) {
    if (error instanceof ConflictFound) return { outcome: 'conflicting_customers' }
    throw error
  }
}

async function sealIn(
  tx: Tx,
  pool: Pool,
  snapshotId: number,
  options: SealOptions,
): Promise<SealedSnapshot> {
  const table = store.lineTableOf(snapshotId)
  const total = await store.countLines(tx, table)
  let chunks = 0
  const walked = await withClient(pool, async (reader) => {
    await store.prepareSortedRead(reader)
    return await walkRows(reader, table, {
      chunkLines: options.chunkLines ?? chunkLinesFor(total),
      signal: options.signal,
      onProgress: (lines) => options.onProgress?.(lines, total),
      onChunk: async (chunk) => {
        chunks += 1
        await store.insertChunk(tx, snapshotId, chunk)
      },
    })
  })
  if (walked.outcome !== 'walked') throw new ConflictFound()
  const { lines, customers, contentHash } = walked
  const sealed = await store.markSealed(tx, snapshotId, {
    lines,
    customers,
    chunks,
    contentHash,
    sealedAt: options.now(),
    reason: options.reason ?? REASON_NOT_GIVEN,
  })
  await options.onSeal?.(tx)
  return sealed
}
