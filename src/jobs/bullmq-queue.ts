/**
 * The ringing side of the queue: puts messages in, tells how many wait and who is there to take
 * them.
 */
import { Queue } from 'bullmq'
import type { IQueueBackend } from 'bullmq'
import type { ChunkRef } from '../runs/run.js'
import { within } from './bullmq-backend.js'
import type { JobsBackend, JobsConnection } from './bullmq-backend.js'
import { messageId } from './messages.js'

export const JOB_NAME = 'chunk'
/** Each try again waits longer (see `bullmq-worker.ts`): 40 of them last about six minutes. */
export const ATTEMPTS = 40
export const BACKOFF = 'capped-exponential'

/** Messages in one call; a thousand are some 300 kB. */
const BULK = 1_000
const ANSWER_MS = 10_000
const GOODBYE_MS = 1_000

export interface QueueDepth {
  readonly waiting: number
  /** Taken by a worker, or by one that was killed and has not been noticed yet. */
  readonly active: number
  /** Failed and to be tried again after a pause. */
  readonly delayed: number
}

export interface JobsQueue {
  /**
   * Adds one message for each chunk. A message that still waits from the same `ring` is not added
   * twice. @throws RedressError QUEUE_UNAVAILABLE when the queue cannot be reached.
   */
  ring(chunks: readonly ChunkRef[], ring: number): Promise<void>
  depth(): Promise<QueueDepth>
  workerNames(): Promise<readonly string[]>
  workerCount(): Promise<number>
  /** Counts this process among the workers, though it takes no message, until it closes. */
  appear(name: string): Promise<void>
  close(): Promise<void>
}

type ChunkQueue = Queue<
  ChunkRef,
  void,
  string,
  ChunkRef,
  void,
  string,
  IQueueBackend,
  JobsConnection
>

/** A worker's name as the queue tells it. */
export function workerNameOf(name: string): string {
  return name.replaceAll(/[^\w.-]+/g, '-').slice(0, 40)
}

/** @throws RedressError QUEUE_UNAVAILABLE when the queue cannot be reached before `signal`. */
export async function openQueue(backend: JobsBackend, signal?: AbortSignal): Promise<JobsQueue> {
  const connection = backend.connect('queue')
  const queue: ChunkQueue = new Queue(
    backend.queueName,
    {
      connection,
      prefix: backend.prefix,
      // Nothing reads the events; BullMQ has no way to write none.
      streams: { events: { maxLen: 100 } },
      skipVersionCheck: false,
      skipMetasUpdate: false,
      skipWaitingForReady: false,
    },
    backend.factory,
  )
  // Lost connections come back by themselves; the call that needs one tells of the loss.
  queue.on('error', () => undefined)
  const opened = new BullmqQueue(queue, connection)
  try {
    await within(ANSWER_MS, queue.waitUntilReady(), signal)
    return opened
  } catch (error) {
    await opened.close()
    throw error
  }
}

class BullmqQueue implements JobsQueue {
  readonly #queue: ChunkQueue
  readonly #connection: JobsConnection

  constructor(queue: ChunkQueue, connection: JobsConnection) {
    this.#queue = queue
    this.#connection = connection
  }

  async ring(chunks: readonly ChunkRef[], ring: number): Promise<void> {
    for (let start = 0; start < chunks.length; start += BULK) {
      const jobs = chunks.slice(start, start + BULK).map((ref) => ({
        name: JOB_NAME,
        data: { runId: ref.runId, chunkNo: ref.chunkNo },
        opts: {
          jobId: messageId(ref, ring),
          attempts: ATTEMPTS,
          backoff: { type: BACKOFF },
          delay: 0,
          priority: 0,
          lifo: false,
          // PostgreSQL knows what was posted and what was not; nothing is looked up here later.
          removeOnComplete: true,
          removeOnFail: true,
          keepLogs: 0,
          stackTraceLimit: 0,
          sizeLimit: 128,
        },
      }))
      await within(ANSWER_MS, this.#queue.addBulk(jobs))
    }
  }

  async depth(): Promise<QueueDepth> {
    const counts = await within(ANSWER_MS, this.#queue.getJobCounts('waiting', 'active', 'delayed'))
    return {
      waiting: counts['waiting'] ?? 0,
      active: counts['active'] ?? 0,
      delayed: counts['delayed'] ?? 0,
    }
  }

  async workerNames(): Promise<readonly string[]> {
    const workers = await within(ANSWER_MS, this.#queue.getWorkers())
    return workers.map((it) => (it['rawname'] ?? '').replace(/^.*:w:/, '')).toSorted()
  }

  async workerCount(): Promise<number> {
    return (await this.workerNames()).length
  }

  async appear(name: string): Promise<void> {
    const backend = this.#queue.getBackend()
    await within(ANSWER_MS, backend.setName(`${backend.clientName()}:w:${workerNameOf(name)}`))
  }

  async close(): Promise<void> {
    // With the server away nobody answers the goodbye, and nothing depends on it.
    await within(GOODBYE_MS, this.#queue.close()).catch(() => undefined)
    if ('redis' in this.#connection) this.#connection.redis.disconnect()
  }
}
