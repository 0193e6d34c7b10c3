/**
 * Sees a run through: rings for its open chunks, works on them beside any other worker there is,
 * tells how far it is, and rings again when the queue has forgotten. What is left to do is asked of
 * PostgreSQL alone, so an emptied queue or a killed worker costs some seconds and nothing else.
 */
import { randomInt } from 'node:crypto'
import { isOutage } from '../db/database.js'
import { RedressError } from '../errors.js'
import { closeRun } from '../runs/close-run.js'
import type { Run, RunProgress } from '../runs/run.js'
import { idleChunks, readProgress, readRun } from '../runs/run-store.js'
import { openQueue } from './bullmq-queue.js'
import type { JobsQueue } from './bullmq-queue.js'
import type { JobsWorker } from './bullmq-worker.js'
import { workChunks } from './work-chunks.js'
import type { WorkOptions } from './work-chunks.js'

export interface ConductOptions extends WorkOptions {
  readonly runId: string
  /** False: only rings and returns at once; workers elsewhere do the work. */
  readonly work: boolean
  readonly signal: AbortSignal
  /** `workers` are the processes at work on the queue, this one included. */
  readonly onProgress?: (progress: RunProgress, workers: number) => void
  /** Brings an embedded database back; called when it does not answer. */
  readonly revive?: () => Promise<unknown>
}

const LOOK_MS = 200
/** No chunk posted for so long, whatever the queue says: it lost messages. */
const SILENCE_MS = 2_000
/**
 * No chunk posted for so long, no message waiting, and chunks that nobody works on: those who took
 * their messages are dead. The queue itself would need up to nine seconds to find that out, and it
 * gives the messages back by a few every two seconds, which the limit above takes for progress.
 */
const QUIET_MS = 400
const OUTAGE_LIMIT_MS = 120_000

/**
 * @throws RedressError RUN_INTERRUPTED after `signal`; DATABASE_UNAVAILABLE after two minutes
 * without it.
 */
export async function conductRun(options: ConductOptions): Promise<Run> {
  const queue = await openQueue(options.backend)
  try {
    const first = new Ringing(options, queue)
    await first.ring(0)
    if (!options.work) return await readRun(options.pool, options.runId)
    return await workUntilFinished(options, first)
  } finally {
    await queue.close()
  }
}

async function workUntilFinished(options: ConductOptions, ringing: Ringing): Promise<Run> {
  const pause = new Pause()
  const worker = await workChunks({ ...options, onRunFinished: () => pause.end() })
  try {
    return await watch(options, ringing, worker, pause)
  } finally {
    await worker.close({ graceful: true })
  }
}

async function watch(
  options: ConductOptions,
  ringing: Ringing,
  worker: JobsWorker,
  pause: Pause,
): Promise<Run> {
  let silentSince = performance.now()
  let outageSince: number | undefined
  let posted = -1
  for (;;) {
    if (options.signal.aborted) {
      await worker.close({ graceful: true })
      throw new RedressError('RUN_INTERRUPTED', {
        run: options.runId,
        command: `redress runs resume ${options.runId}`,
      })
    }
    try {
      const progress = await readProgress(options.pool, options.runId)
      outageSince = undefined
      options.onProgress?.(progress, await ringing.workers())
      if (progress.run.state !== 'open') return progress.run
      if (progress.open === 0) return await closeRun(options.pool, options.runId, options.now())
      if (progress.posted !== posted) silentSince = performance.now()
      posted = progress.posted
      const silentMs = performance.now() - silentSince
      if (silentMs > SILENCE_MS || (silentMs > QUIET_MS && (await ringing.isForgotten()))) {
        await ringing.ring(freshNumber())
        silentSince = performance.now()
      }
    } catch (error) {
      if (!isPassing(error)) throw error
      outageSince ??= performance.now()
      if (performance.now() - outageSince > OUTAGE_LIMIT_MS) throw error
      await options.revive?.().catch(() => undefined)
    }
    await pause.wait(LOOK_MS)
  }
}

function isPassing(error: unknown): boolean {
  return isOutage(error) || (error instanceof RedressError && error.retryable)
}

/** No earlier conductor of the run used the same; a chunk rung for twice is merely told twice. */
function freshNumber(): number {
  return randomInt(1, 2 ** 31)
}

const COUNT_MS = 2_000

/** The wait between two looks, which ends at once when there is something to see. */
class Pause {
  #end: () => void = () => undefined

  end(): void {
    this.#end()
  }

  async wait(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      this.#end = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

class Ringing {
  readonly #options: ConductOptions
  readonly #queue: JobsQueue
  #workers = 1
  #countedAt = -Infinity

  constructor(options: ConductOptions, queue: JobsQueue) {
    this.#options = options
    this.#queue = queue
  }

  /** Asked of the queue every two seconds: it is for people to read. */
  async workers(): Promise<number> {
    if (performance.now() - this.#countedAt > COUNT_MS) {
      this.#countedAt = performance.now()
      this.#workers = Math.max(1, await this.#queue.workerCount().catch(() => this.#workers))
    }
    return this.#workers
  }

  async isForgotten(): Promise<boolean> {
    const { pool, runId } = this.#options
    const { waiting } = await this.#queue.depth()
    return waiting === 0 && (await idleChunks(pool, runId, 1)).length > 0
  }

  /**
   * Messages of one `number` that still wait are not doubled; those of another number are new ones.
   */
  async ring(number: number): Promise<void> {
    const { pool, runId } = this.#options
    const chunks = await idleChunks(pool, runId, 1_000_000)
    await this.#queue.ring(
      chunks.map((chunkNo) => ({ runId, chunkNo })),
      number,
    )
  }
}
