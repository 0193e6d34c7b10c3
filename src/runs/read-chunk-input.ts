/** Reads all that a chunk is decided from; the same for planning, posting and replaying. */
import { assert } from '../assert.js'
import type { Client } from '../db/database.js'
import { openPack } from '../snapshot/pack.js'
import { readChunk } from '../snapshot/snapshot-store.js'
import type { ChunkInput } from './chunk-input.js'
import type { PeriodContext } from './period-context.js'
import { PostedRows } from './posted-rows.js'
import { readPosted } from './read-posted.js'
import { openFactPack } from './fact-pack.js'
import { readFactPack } from './fact-store.js'

export async function readChunkInput(
  client: Client,
  context: PeriodContext,
  chunkNo: number,
): Promise<ChunkInput> {
  const { plan, ledgerNo, postedSets } = context
  const chunk = await readChunk(client, plan.snapshotId, chunkNo)
  const facts = await readFactPack(client, plan.planId, chunkNo)
  assert(facts !== undefined, 'settled facts of every chunk of a plan')
  const posted =
    ledgerNo === undefined || postedSets.size === 0
      ? new PostedRows(Buffer.alloc(0), postedSets)
      : await readPosted(client, ledgerNo, plan.planId, chunk, postedSets)
  return { pack: openPack(chunk.pack), facts: openFactPack(facts), posted }
}
