/**
 * The doorbell: calls other processes to a run's open chunks. What is open is asked of PostgreSQL,
 * whether anybody waits for a message is asked of the queue; so a queue that was emptied, or whose
 * messages died with a worker, is rung again by whoever looks next.
 */
import { randomInt } from 'node:crypto'
import type { Pool } from '../db/database.js'
import { closeRun } from '../runs/close-run.js'
import { hasOpenChunk, idleChunks, listRuns } from '../runs/run-store.js'
import type { JobsBackend } from './bullmq-backend.js'
import type { JobsQueue } from './bullmq-queue.js'

export interface BellOptions {
  readonly pool: Pool
  /** Asked for at the first look; a queue that is away is asked for again at the next one. */
  readonly backend: () => Promise<JobsBackend>
  /** Under which this process works. */
  readonly name: string
  /** Told once of a queue, or database, that is away, and again when it had come back meanwhile. */
  readonly onError: (error: unknown) => void
}

const ALL = 1_000_000

export class Bell {
  readonly #options: BellOptions
  readonly #close = new AbortController()
  #queue: JobsQueue | undefined
  #looking: Promise<void> | undefined
  #workers = 1
  #isAway = false

  constructor(options: BellOptions) {
    this.#options = options
  }

  /** Processes at work on the queue at the last look, this one included. */
  get workers(): number {
    return this.#workers
  }

  /**
   * For a process that works without messages: shows itself among the workers and, if there are
   * others, rings for what it cannot do at once. Does not wait, and one look at a time is enough.
   */
  lookAt(runId: string): void {
    this.#look(async (queue) => {
      const { workerNameOf } = await import('./bullmq-queue.js')
      const { name } = this.#options
      await queue.appear(name)
      const names = await queue.workerNames()
      this.#workers = Math.max(1, names.length)
      if (names.some((it) => it !== workerNameOf(name))) await this.#ringIfQuiet(queue, runId)
    })
  }

  /**
   * For a worker: rings for every open run that nobody rings for, and closes one whose last chunk
   * was posted by a process that died before it could.
   */
  lookAround(now: () => string): void {
    this.#look(async (queue) => {
      const { pool } = this.#options
      for (const { runId, state } of await listRuns(pool)) {
        if (state !== 'open') continue
        if (await hasOpenChunk(pool, runId)) await this.#ringIfQuiet(queue, runId)
        else await closeRun(pool, runId, now())
      }
    })
  }

  async close(): Promise<void> {
    this.#close.abort()
    await this.#looking
    await this.#queue?.close()
  }

  #look(work: (queue: JobsQueue) => Promise<void>): void {
    if (this.#looking !== undefined || this.#close.signal.aborted) return
    this.#looking = this.#opened()
      .then(work)
      .then(
        () => {
          this.#isAway = false
        },
        (error: unknown) => {
          if (!this.#isAway && !this.#close.signal.aborted) this.#options.onError(error)
          this.#isAway = true
        },
      )
      .finally(() => {
        this.#looking = undefined
      })
  }

  async #opened(): Promise<JobsQueue> {
    if (this.#queue === undefined) {
      // Loaded when it is needed: a run of a second never is.
      const { openQueue } = await import('./bullmq-queue.js')
      this.#queue = await openQueue(await this.#options.backend(), this.#close.signal)
    }
    return this.#queue
  }

  // From the last chunk to the first: who works without messages comes from the other end. Numbers
  // are fresh because a message in the hands of a dead worker would keep out its like.
  async #ringIfQuiet(queue: JobsQueue, runId: string): Promise<void> {
    const { waiting, delayed } = await queue.depth()
    if (waiting > 0 || delayed > 0) return
    const idle = await idleChunks(this.#options.pool, runId, ALL)
    const refs = idle.toReversed().map((chunkNo) => ({ runId, chunkNo }))
    if (refs.length > 0) await queue.ring(refs, randomInt(1, 2 ** 31))
  }
}
