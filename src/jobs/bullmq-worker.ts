/**
 * The working side of the queue. A message may come twice, at the same time even, since a lock here
 * only tells who is alive; that a chunk is posted once is the database's promise (apply-chunk.ts).
 */
import { UnrecoverableError, Worker } from 'bullmq'
import type { IQueueBackend, Job } from 'bullmq'
import { setTimeout as sleep } from 'node:timers/promises'
import { AssertionFailure } from '../assert.js'
import { RedressError } from '../errors.js'
import type { ChunkRef } from '../runs/run.js'
import { labelOf, within } from './bullmq-backend.js'
import type { JobsBackend, JobsConnection } from './bullmq-backend.js'
import { workerNameOf } from './bullmq-queue.js'
import { parseMessage } from './messages.js'

/**
 * A killed worker's message comes back after its lock ended and two looks at the active jobs: nine
 * seconds at the most. A chunk that keeps the thread busy for longer than the lock is merely told
 * twice, and the second telling finds it locked or posted.
 */
const LOCK_MS = 5_000
const LOCK_RENEW_MS = 2_000
const STALLED_LOOK_MS = 2_000
/**
 * A message that was there at the death of so many workers is given up; its run is rung for again.
 */
const DEATHS = 10
const READY_MS = 10_000
const CLOSE_MS = 5_000

export interface WorkerOptions {
  /** Messages handled at the same time. */
  readonly concurrency: number
  /** Seen by `workerNames`; `signal` aborts when the worker is closed without grace. */
  readonly name: string
  readonly handle: (ref: ChunkRef, signal: AbortSignal) => Promise<void>
  /** Told of each failed try with its message, and once of an outage of the queue without one. */
  readonly onError: (error: unknown, ref?: ChunkRef) => void
}

export interface JobsWorker {
  /**
   * With grace: finishes the messages under way, takes no new one. Without: aborts and leaves them.
   */
  close(options: { readonly graceful: boolean }): Promise<void>
}

type ChunkWorker = Worker<ChunkRef, void, string, IQueueBackend, number, JobsConnection>

/** @throws RedressError QUEUE_UNAVAILABLE when the queue cannot be reached. */
export async function openWorker(
  backend: JobsBackend,
  options: WorkerOptions,
): Promise<JobsWorker> {
  const connection = backend.connect('worker')
  const opened = new BullmqWorker(connection, options)
  const worker: ChunkWorker = new Worker(
    backend.queueName,
    // BullMQ counts the parameters: only with three of them is there a signal.
    async (job, _token, signal) => await opened.process(job, signal),
    {
      connection,
      prefix: backend.prefix,
      name: workerNameOf(options.name),
      concurrency: options.concurrency,
      autorun: false,
      lockDuration: LOCK_MS,
      lockRenewTime: LOCK_RENEW_MS,
      stalledInterval: STALLED_LOOK_MS,
      maxStalledCount: DEATHS,
      // Seconds until an idle worker asks again though nobody rang.
      drainDelay: 5,
      runRetryDelay: 1_000,
      skipLockRenewal: false,
      skipStalledCheck: false,
      skipVersionCheck: false,
      settings: { backoffStrategy: retryAfterMs },
    },
    backend.factory,
  )
  opened.attach(worker)
  try {
    await within(READY_MS, worker.waitUntilReady())
    opened.run()
    return opened
  } catch (error) {
    await opened.close({ graceful: false })
    throw error
  }
}

/**
 * 0.25 s, doubled up to 10 s: a database that restarts is back within one or two of the long ones.
 */
export function retryAfterMs(attemptsMade: number): number {
  return Math.min(10_000, 250 * 2 ** (attemptsMade - 1))
}

class BullmqWorker implements JobsWorker {
  readonly #connection: JobsConnection
  readonly #options: WorkerOptions
  #worker: ChunkWorker | undefined
  #underWay = 0
  /** Outages already told; a reconnecting client repeats itself every two seconds. */
  readonly #told = new Set<string>()

  constructor(connection: JobsConnection, options: WorkerOptions) {
    this.#connection = connection
    this.#options = options
  }

  attach(worker: ChunkWorker): void {
    this.#worker = worker
    // Without a listener an outage would end the process; BullMQ goes on by itself afterwards.
    worker.on('error', (error) => {
      const label = labelOf(error)
      if (!this.#told.has(label)) this.#options.onError(error)
      this.#told.add(label)
    })
    worker.on('active', () => {
      if (this.#told.size > 0) this.#reappear(worker)
      this.#told.clear()
    })
  }

  // PostgreSQL knows a worker by the connection it listens on, which a busy worker opens again only
  // when it runs out of messages; until then it would count as gone. Redis needs nothing.
  #reappear(worker: ChunkWorker): void {
    if ('redis' in this.#connection) return
    worker
      .getBackend()
      .setName(`${worker.name}:w:${worker.opts.name ?? ''}`)
      .catch(() => undefined)
  }

  run(): void {
    // Ends when the worker is closed; what goes wrong meanwhile comes by the event 'error'.
    this.#worker?.run().catch((error: unknown) => this.#options.onError(error))
  }

  async process(job: Job<ChunkRef, void>, signal: AbortSignal | undefined): Promise<void> {
    this.#underWay += 1
    let ref: ChunkRef | undefined
    try {
      ref = parseMessage(job.data)
      await this.#options.handle(ref, signal ?? new AbortController().signal)
    } catch (error) {
      this.#options.onError(error, ref)
      throw failureOf(error)
    } finally {
      this.#underWay -= 1
    }
  }

  async close(options: { readonly graceful: boolean }): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    if (!options.graceful) worker.cancelAllJobs('the worker is closed')
    const closed = worker.close(!options.graceful).then(
      () => true,
      () => true,
    )
    // Handlers get the time they need; an answer of a queue that is away is not waited for.
    while (!(await firstOf(closed, CLOSE_MS))) {
      if (!options.graceful || this.#underWay === 0) break
    }
    if ('redis' in this.#connection) this.#connection.redis.disconnect()
  }
}

async function firstOf(closed: Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const giveUp = new AbortController()
  const late = sleep(timeoutMs, false, { signal: giveUp.signal }).catch(() => false)
  const won = await Promise.race([closed, late])
  giveUp.abort()
  return won
}

/** What BullMQ stores of a failure: one word, since its text may quote data, and no stack. */
function failureOf(error: unknown): Error {
  const label = labelOf(error)
  const isBug = error instanceof AssertionFailure
  const isFinal = error instanceof RedressError && !error.retryable
  return isBug || isFinal ? new UnrecoverableError(label) : new Error(label)
}
