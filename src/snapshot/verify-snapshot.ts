/** Proves that a sealed snapshot's rows and packs are still what was hashed. */
import { withClient } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { chunkLinesFor } from './snapshot.js'
import type { SealedSnapshot, SnapshotChunk, WalkedChunk } from './snapshot.js'
import * as store from './snapshot-store.js'
import { walkRows } from './walk-rows.js'

export interface SnapshotVerification {
  readonly ok: boolean
  /** Recomputed; hex. */
  readonly contentHash: string
  /** Chunks whose rows, pack, bounds or counts differ from what was sealed. */
  readonly alteredChunks: readonly number[]
}

/** Walks all rows again: as long as sealing took, in flat memory. */
export async function verifySnapshot(
  pool: Pool,
  snapshot: SealedSnapshot,
  options: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {},
): Promise<SnapshotVerification> {
  const altered: number[] = []
  const listed = new Map(
    (await store.listChunks(pool, snapshot.snapshotId)).map((it) => [it.chunkNo, it]),
  )
  const walked = await withClient(pool, (reader) =>
    withClient(pool, async (chunks) => {
      await store.prepareSortedRead(reader)
      return await walkRows(reader, store.lineTableOf(snapshot.snapshotId), {
        chunkLines: cutOf(snapshot, [...listed.values()]),
        signal: options.signal,
        onProgress: (lines) => options.onProgress?.(lines, snapshot.lines),
        onChunk: async (chunk) => {
          const range = listed.get(chunk.chunkNo)
          listed.delete(chunk.chunkNo)
          const same =
            range !== undefined &&
            sameRange(range, chunk) &&
            sameContent(await store.readChunk(chunks, snapshot.snapshotId, chunk.chunkNo), chunk)
          if (!same) altered.push(chunk.chunkNo)
        },
      })
    }),
  )
  // Chunks that the rows do not come to.
  altered.push(...listed.keys())
  const contentHash = walked.outcome === 'walked' ? walked.contentHash.toString('hex') : ''
  const ok = contentHash === snapshot.contentHash && altered.length === 0
  return { ok, contentHash, alteredChunks: altered }
}

/** How many lines more than asked for most chunks may have: the rest of a customer. */
const REST_LINES = 64

/**
 * The number of lines that the chunks were cut by. It is today's, or an earlier version's: then the
 * fewest lines of a full chunk cut alike, since a chunk ends with the customer who reaches either.
 * The middle one decides, so that one altered chunk does not make all others look altered.
 */
function cutOf({ lines, chunks }: SealedSnapshot, listed: readonly SnapshotChunk[]): number {
  const usual = chunkLinesFor(lines)
  const full = listed
    .filter((it) => it.chunkNo < chunks - 1)
    .map((it) => it.lines)
    .toSorted((one, other) => one - other)
  const [fewest, middle] = [full[0], full[full.length >> 1]]
  if (fewest === undefined || middle === undefined) return usual
  return middle >= usual && middle <= usual + REST_LINES ? usual : fewest
}

function sameRange(range: SnapshotChunk, chunk: WalkedChunk): boolean {
  return (
    range.firstCustomerId === chunk.firstCustomerId &&
    range.lastCustomerId === chunk.lastCustomerId &&
    range.lines === chunk.lines &&
    range.customers === chunk.customers
  )
}

function sameContent(stored: store.StoredChunk, chunk: WalkedChunk): boolean {
  return stored.digest.equals(chunk.digest) && stored.pack.equals(chunk.pack)
}
