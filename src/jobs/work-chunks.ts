/**
 * A worker of this process: takes messages, applies their chunks, closes the run that has none
 * left, and looks from time to time for a run that nobody rings for.
 */
import { RedressError } from '../errors.js'
import type { Pool } from '../db/database.js'
import { isOutage } from '../db/database.js'
import { applyChunk } from '../runs/apply-chunk.js'
import { closeRun } from '../runs/close-run.js'
import { hasOpenChunk } from '../runs/run-store.js'
import type { JobsBackend } from './bullmq-backend.js'
import { Bell } from './bell.js'
import { openWorker } from './bullmq-worker.js'
import type { JobsWorker } from './bullmq-worker.js'
import { handleMessage } from './handle-message.js'
import type { MessageLog } from './handle-message.js'
import { RunContexts } from './run-contexts.js'

export interface WorkOptions {
  readonly pool: Pool
  readonly backend: JobsBackend
  /** Chunks at the same time. */
  readonly lanes: number
  /** Seen in `runs show`; no person's name. */
  readonly name: string
  readonly log: MessageLog
  /** The time as ISO 8601. */
  readonly now: () => string
  readonly onError?: (error: unknown) => void
}

/** The start of a run is rung for; this finds what was left by those who died or forgot. */
const LOOK_AROUND_MS = 2_000

/** @throws RedressError QUEUE_UNAVAILABLE when the queue cannot be reached at the start. */
export async function workChunks(options: WorkOptions): Promise<JobsWorker> {
  const { pool, log } = options
  const contexts = new RunContexts(pool, options.name, options.now)
  const worker = await openWorker(options.backend, {
    concurrency: options.lanes,
    name: options.name,
    onError: (error) => options.onError?.(error),
    handle: async (ref, signal) => {
      await handleMessage(
        {
          log,
          applyChunk: async (it) => {
            try {
              const done = await applyChunk(pool, await contexts.of(it.runId), it)
              if (!(await hasOpenChunk(pool, it.runId))) {
                await closeRun(pool, it.runId, options.now())
              }
              return done
            } catch (error) {
              throw isOutage(error) ? away(error) : error
            }
          },
        },
        ref,
        signal,
      )
    },
  })
  return lookingAround(worker, options)
}

function lookingAround(worker: JobsWorker, options: WorkOptions): JobsWorker {
  const { backend } = options
  const bell = new Bell({
    ...options,
    backend: () => Promise.resolve(backend),
    onError: (error) => options.onError?.(error),
  })
  bell.lookAround(options.now)
  const timer = setInterval(() => bell.lookAround(options.now), LOOK_AROUND_MS)
  return {
    close: async (how) => {
      clearInterval(timer)
      await Promise.all([worker.close(how), bell.close()])
    },
  }
}

function away(cause: unknown): RedressError {
  return new RedressError(
    'DATABASE_UNAVAILABLE',
    { problem: 'the connection was lost', expected: 'a PostgreSQL that answers' },
    { cause },
  )
}
