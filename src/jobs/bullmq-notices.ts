/**
 * The queue of messages to be sent: pieces of rounds, by ids alone, taken no faster than the
 * gateway wants, however many processes take them. As with chunks the queue is a doorbell: what is
 * due and what was handed over is known by PostgreSQL, so a message that comes twice or never does
 * no harm.
 */
import { Queue, UnrecoverableError, Worker } from 'bullmq'
import type { IQueueBackend } from 'bullmq'
import { z } from 'zod'
import { AssertionFailure } from '../assert.js'
import { RedressError } from '../errors.js'
import type { MessageRange } from '../reminders/sending-store.js'
import { paceOf, SENDING } from '../reminders/sending-terms.js'
import { labelOf, within } from './bullmq-backend.js'
import type { JobsBackend, JobsConnection } from './bullmq-backend.js'
import { ATTEMPTS, BACKOFF, workerNameOf } from './bullmq-queue.js'
import type { QueueDepth } from './bullmq-queue.js'
import { retryAfterMs } from './bullmq-worker.js'

const JOB_NAME = 'notices'
const BULK = 1_000
const ANSWER_MS = 10_000
const GOODBYE_MS = 1_000
const LOCK_MS = 5_000
const LOCK_RENEW_MS = 2_000
const STALLED_LOOK_MS = 2_000
const DEATHS = 10

const id = z.string().regex(/^[1-9]\d{0,18}$/)
const message = z.strictObject({ roundId: id, from: id, to: id })

/** A gateway's queue has its own name, since each has its own rate. */
export function noticesQueueName(backend: JobsBackend, gateway: string): string {
  return backend.queueName.replace(/^chunks/, `notices-${gateway}`)
}

/** Of all gateways there are. */
export function noticesQueueNames(backend: JobsBackend): readonly string[] {
  return Object.keys(SENDING.window.value).map((gateway) => noticesQueueName(backend, gateway))
}

export interface NoticesQueue {
  /** A piece that still waits from the same `ring` is not added twice. */
  ring(ranges: readonly MessageRange[], ring: number): Promise<void>
  depth(): Promise<QueueDepth>
  close(): Promise<void>
}

type RangeQueue = Queue<
  MessageRange,
  void,
  string,
  MessageRange,
  void,
  string,
  IQueueBackend,
  JobsConnection
>
type RangeWorker = Worker<MessageRange, void, string, IQueueBackend, number, JobsConnection>

/** @throws RedressError QUEUE_UNAVAILABLE when the queue cannot be reached */
export async function openNoticesQueue(
  backend: JobsBackend,
  gateway: string,
): Promise<NoticesQueue> {
  const connection = backend.connect('queue')
  const queue: RangeQueue = new Queue(
    noticesQueueName(backend, gateway),
    {
      connection,
      prefix: backend.prefix,
      streams: { events: { maxLen: 100 } },
      skipVersionCheck: false,
      skipMetasUpdate: false,
      skipWaitingForReady: false,
    },
    backend.factory,
  )
  // Lost connections come back by themselves; the call that needs one tells of the loss.
  queue.on('error', () => undefined)
  const close = async (): Promise<void> => {
    await within(GOODBYE_MS, queue.close()).catch(() => undefined)
    if ('redis' in connection) connection.redis.disconnect()
  }
  try {
    await within(ANSWER_MS, queue.waitUntilReady())
  } catch (error) {
    await close()
    throw error
  }
  return {
    ring: (ranges, ring) => ringOn(queue, ranges, ring),
    depth: async () => {
      const counts = await within(ANSWER_MS, queue.getJobCounts('waiting', 'active', 'delayed'))
      const { waiting = 0, active = 0, delayed = 0 } = counts
      return { waiting, active, delayed }
    },
    close,
  }
}

async function ringOn(
  queue: RangeQueue,
  ranges: readonly MessageRange[],
  ring: number,
): Promise<void> {
  for (let start = 0; start < ranges.length; start += BULK) {
    const jobs = ranges.slice(start, start + BULK).map(({ roundId, from, to }) => ({
      name: JOB_NAME,
      data: { roundId, from, to },
      opts: {
        jobId: `${roundId}-${from}-${to}-${ring}`,
        attempts: ATTEMPTS,
        backoff: { type: BACKOFF },
        delay: 0,
        priority: 0,
        lifo: false,
        // PostgreSQL knows what was handed over and what was not.
        removeOnComplete: true,
        removeOnFail: true,
        keepLogs: 0,
        stackTraceLimit: 0,
        sizeLimit: 128,
      },
    }))
    await within(ANSWER_MS, queue.addBulk(jobs))
  }
}

export interface NoticesWorkerOptions {
  readonly gateway: string
  /** Over all processes; each of them has to say the same. */
  readonly messagesASecond: number
  /** Pieces at the same time. */
  readonly concurrency: number
  readonly name: string
  readonly handle: (range: MessageRange) => Promise<void>
  readonly onError: (error: unknown) => void
}

export interface NoticesWorker {
  /** Finishes the pieces under way, takes no new one. */
  close(): Promise<void>
}

/** @throws RedressError QUEUE_UNAVAILABLE when the queue cannot be reached */
export async function openNoticesWorker(
  backend: JobsBackend,
  options: NoticesWorkerOptions,
): Promise<NoticesWorker> {
  const connection = backend.connect('worker')
  const worker: RangeWorker = new Worker(
    noticesQueueName(backend, options.gateway),
    async (job) => {
      try {
        await options.handle(rangeOf(job.data))
      } catch (error) {
        options.onError(error)
        throw failureOf(error)
      }
    },
    {
      connection,
      prefix: backend.prefix,
      name: workerNameOf(options.name),
      concurrency: options.concurrency,
      limiter: { max: paceOf(options.messagesASecond).max, duration: 1_000 },
      autorun: false,
      lockDuration: LOCK_MS,
      lockRenewTime: LOCK_RENEW_MS,
      stalledInterval: STALLED_LOOK_MS,
      maxStalledCount: DEATHS,
      drainDelay: 5,
      runRetryDelay: 1_000,
      skipLockRenewal: false,
      skipStalledCheck: false,
      skipVersionCheck: false,
      settings: { backoffStrategy: retryAfterMs },
    },
    backend.factory,
  )
  worker.on('error', (error) => options.onError(error))
  const close = async (): Promise<void> => {
    await worker.close().catch(() => undefined)
    if ('redis' in connection) connection.redis.disconnect()
  }
  try {
    await within(ANSWER_MS, worker.waitUntilReady())
    worker.run().catch((error: unknown) => options.onError(error))
    return { close }
  } catch (error) {
    await close()
    throw error
  }
}

/** @throws AssertionFailure when `data` is none: only this program writes to its queue */
export function rangeOf(data: unknown): MessageRange {
  const parsed = message.safeParse(data)
  if (!parsed.success) throw new AssertionFailure('expected: a message that points at a range')
  return parsed.data
}

/** What BullMQ stores of a failure: one word, since its text may quote data, and no stack. */
function failureOf(error: unknown): Error {
  const label = labelOf(error)
  const isBug = error instanceof AssertionFailure
  const isFinal = error instanceof RedressError && !error.retryable
  return isBug || isFinal ? new UnrecoverableError(label) : new Error(label)
}
