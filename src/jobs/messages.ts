/** What a message may say: which chunk of which run, and nothing else. The queue holds no data. */
import { z } from 'zod'
import { AssertionFailure } from '../assert.js'
import type { ChunkRef } from '../runs/run.js'

const message = z.strictObject({
  /** PostgreSQL's bigint, as text. */
  runId: z.string().regex(/^[1-9]\d{0,18}$/),
  chunkNo: z.int().min(0).max(2_147_483_647),
})

/** The job id of a message: a chunk rung for twice in one ring waits only once. */
export function messageId(ref: ChunkRef, ring: number): string {
  return `${ref.runId}-${ref.chunkNo}-${ring}`
}

/** @throws AssertionFailure when `data` is not a message: only this program writes to its queue. */
export function parseMessage(data: unknown): ChunkRef {
  const parsed = message.safeParse(data)
  if (!parsed.success) throw new AssertionFailure('expected: a message that points at a chunk')
  return parsed.data
}
