/** Proves that a sealed snapshot's rows and packs are still what was hashed. */
import { withClient } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { chunkLinesFor } from './snapshot.js'
import type { SealedSnapshot } from './snapshot.js'
import * as store from './snapshot-store.js'
import { walkRows } from './walk-rows.js'

export interface SnapshotVerification {
  readonly ok: boolean
  /** Recomputed; hex. */
  readonly contentHash: string
  /** Chunks whose rows or pack differ from what was sealed. */
  readonly alteredChunks: readonly number[]
}

/** Walks all rows again: as long as sealing took, in flat memory. */
export async function verifySnapshot(
  pool: Pool,
  snapshot: SealedSnapshot,
  options: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {},
): Promise<SnapshotVerification> {
  const altered: number[] = []
  const walked = await withClient(pool, (reader) => withClient(pool, async (chunks) => {
    await store.prepareSortedRead(reader)
    return await walkRows(reader, store.lineTableOf(snapshot.snapshotId), {
      chunkLines: chunkLinesFor(snapshot.lines),
      signal: options.signal,
      onProgress: (lines) => options.onProgress?.(lines, snapshot.lines),
      onChunk: async (chunk) => {
        const stored = chunk.chunkNo < snapshot.chunks
          ? await store.readChunk(chunks, snapshot.snapshotId, chunk.chunkNo)
          : undefined
        const same = stored !== undefined && stored.digest.equals(chunk.digest)
          && stored.pack.equals(chunk.pack) && stored.lastCustomerId === chunk.lastCustomerId
        if (!same) altered.push(chunk.chunkNo)
      },
    })
  }))
  const contentHash = walked.outcome === 'walked' ? walked.contentHash.toString('hex') : ''
  const ok = contentHash === snapshot.contentHash && altered.length === 0
  return { ok, contentHash, alteredChunks: altered }
}
