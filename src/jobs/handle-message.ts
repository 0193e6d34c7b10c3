/**
 * From a message to the one function that does what it points at; the log gets ids and nothing
 * else.
 */
import { unreachable } from '../assert.js'
import type { ChunkOutcome } from '../runs/apply-chunk.js'
import type { ChunkRef } from '../runs/run.js'

/** What is needed of the logger of config/logger.ts. */
export interface MessageLog {
  debug(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export interface MessageParts {
  readonly applyChunk: (ref: ChunkRef, signal: AbortSignal) => Promise<ChunkOutcome>
  readonly log: MessageLog
}

/**
 * Another worker is at this chunk, or a killed one's connection has not been noticed yet. The
 * message comes again after a pause, so that a chunk never depends on a worker that is gone.
 */
export class ChunkBusy extends Error {
  override readonly name = 'ChunkBusy'
}

/** @throws ChunkBusy to be told again later; everything else that `applyChunk` throws. */
export async function handleMessage(
  parts: MessageParts,
  ref: ChunkRef,
  signal: AbortSignal,
): Promise<void> {
  const told = await parts.applyChunk(ref, signal)
  noteOutcome(parts.log, ref, told)
  if (told.outcome === 'busy') throw new ChunkBusy('chunk busy')
}

export function noteOutcome(log: MessageLog, ref: ChunkRef, told: ChunkOutcome): void {
  const ids = { run_id: ref.runId, chunk_no: ref.chunkNo }
  switch (told.outcome) {
    case 'posted':
      log.debug({ ...ids, lines: told.lines, entries: told.entries }, 'chunk posted')
      return
    case 'done':
    case 'run_not_open':
      log.debug({ ...ids, outcome: told.outcome }, 'chunk needs nothing')
      return
    case 'refused':
      log.warn(ids, 'chunk refused')
      return
    case 'busy':
      log.debug(ids, 'chunk busy')
      return
    default:
      unreachable(told)
  }
}
