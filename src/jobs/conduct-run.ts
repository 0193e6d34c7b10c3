/**
 * Sees a run through: works on its chunks at once and without messages, calls other workers to it
 * when it takes longer, tells how far it is. What is left to do is asked of PostgreSQL alone: a
 * killed worker costs a moment, and a queue that is away costs nothing but the help of others.
 */
import { isOutage } from '../db/database.js'
import { RedressError } from '../errors.js'
import { closeRun } from '../runs/close-run.js'
import type { Run, RunProgress } from '../runs/run.js'
import { idleChunks, readProgress, readRun } from '../runs/run-store.js'
import { Bell } from './bell.js'
import type { JobsBackend } from './bullmq-backend.js'
import { OwnLanes } from './own-lanes.js'
import type { WorkOptions } from './work-chunks.js'

export interface ConductOptions extends Omit<WorkOptions, 'backend' | 'onRunFinished'> {
  readonly runId: string
  /** Opened when it is needed, which a run of a second does not. */
  readonly backend: () => Promise<JobsBackend>
  /** False: only rings and returns at once; workers elsewhere do the work. */
  readonly work: boolean
  readonly signal: AbortSignal
  /** `workers` are the processes at work on the queue, this one included. */
  readonly onProgress?: (progress: RunProgress, workers: number) => void
  /** Brings an embedded database back; called when it does not answer. */
  readonly revive?: () => Promise<unknown>
}

const LOOK_MS = 200
/**
 * A run of a second needs nobody's help. To open BullMQ on PostgreSQL and to ring for 20 chunks
 * took a tenth of a second of the processors that the chunks wanted; whoever takes over a run that
 * was killed so early finds its chunks without a message.
 */
const BELL_AFTER_MS = 1_000
const BELL_EVERY_MS = 2_000
const OUTAGE_LIMIT_MS = 120_000

/**
 * @throws RedressError RUN_INTERRUPTED after `signal`; DATABASE_UNAVAILABLE after two minutes
 * without it; QUEUE_UNAVAILABLE only when all is left to others; what made a chunk fail for good.
 */
export async function conductRun(options: ConductOptions): Promise<Run> {
  return options.work ? await workUntilFinished(options) : await leaveToOthers(options)
}

async function leaveToOthers({ pool, backend, runId }: ConductOptions): Promise<Run> {
  const { openQueue } = await import('./bullmq-queue.js')
  const queue = await openQueue(await backend())
  try {
    const idle = await idleChunks(pool, runId, 1_000_000)
    // The same number each time: messages that still wait are not doubled.
    await queue.ring(
      idle.map((chunkNo) => ({ runId, chunkNo })),
      0,
    )
    return await readRun(pool, runId)
  } finally {
    await queue.close()
  }
}

async function workUntilFinished(options: ConductOptions): Promise<Run> {
  const pause = new Pause()
  const lanes = new OwnLanes({ ...options, onIdle: () => pause.end() })
  const bell = new Bell({ ...options, onError: (error) => options.onError?.(error) })
  const stop = (): void => {
    lanes.halt()
    pause.end()
  }
  options.signal.addEventListener('abort', stop)
  try {
    return await watch(options, lanes, bell, pause)
  } finally {
    options.signal.removeEventListener('abort', stop)
    await lanes.stop()
    await bell.close()
  }
}

async function watch(
  options: ConductOptions,
  lanes: OwnLanes,
  bell: Bell,
  pause: Pause,
): Promise<Run> {
  const { pool, runId, signal } = options
  let bellDueAt = performance.now() + BELL_AFTER_MS
  let outageSince: number | undefined
  for (;;) {
    if (signal.aborted) {
      await lanes.stop()
      throw new RedressError('RUN_INTERRUPTED', {
        run: runId,
        command: `redress runs resume ${runId}`,
      })
    }
    lanes.start()
    await pause.wait(LOOK_MS)
    lanes.assertSound()
    try {
      const progress = await readProgress(pool, runId)
      outageSince = undefined
      options.onProgress?.(progress, bell.workers)
      if (progress.run.state !== 'open') return progress.run
      if (progress.open === 0) return await closeRun(pool, runId, options.now())
      if (performance.now() < bellDueAt) continue
      bell.lookAt(runId)
      bellDueAt = performance.now() + BELL_EVERY_MS
    } catch (error) {
      if (!isPassing(error)) throw error
      outageSince ??= performance.now()
      if (performance.now() - outageSince > OUTAGE_LIMIT_MS) throw error
      await options.revive?.().catch(() => undefined)
    }
  }
}

function isPassing(error: unknown): boolean {
  return isOutage(error) || (error instanceof RedressError && error.retryable)
}

/** The wait between two looks, which ends at once when there is something to see. */
class Pause {
  #ended = false
  #end: (() => void) | undefined

  end(): void {
    this.#ended = true
    this.#end?.()
  }

  async wait(milliseconds: number): Promise<void> {
    if (!this.#ended) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds)
        this.#end = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#ended = false
    this.#end = undefined
  }
}
