/** Whom a round told, as CSV by reference; streamed, and a whole file or none. */
import { withClient } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { WholeFile } from '../privacy/whole-file.js'
import { copyRound } from './show-store.js'

/** @returns bytes @throws RedressError OUTPUT_UNWRITABLE */
export async function exportRound(
  pool: Pool,
  roundId: string,
  path: string,
  signal?: AbortSignal,
): Promise<number> {
  return await withClient(pool, async (client) => {
    const file = await WholeFile.open(path)
    try {
      for await (const piece of copyRound(client, roundId)) {
        signal?.throwIfAborted()
        await file.write(piece)
      }
      await file.keep()
    } catch (error) {
      await file.discard()
      throw error
    }
    return file.bytes
  })
}
