/**
 * Clocks that ring: job schedulers of BullMQ, one for each time of day, in the programme's zone. A
 * ring is only a hint to look; one that is lost, doubled or late changes nothing of what is due.
 */
import { Queue, Worker } from 'bullmq'
import type { IQueueBackend } from 'bullmq'
import { within } from './bullmq-backend.js'
import type { JobsBackend, JobsConnection } from './bullmq-backend.js'
import { workerNameOf } from './bullmq-queue.js'

export interface TicksOptions {
  /** Each has clocks of its own. */
  readonly programme: string
  /** Cron patterns, each once: of five fields, or of six with seconds first. */
  readonly patterns: readonly string[]
  /** The zone in which the patterns are read, such as `Asia/Seoul`, wherever the host stands. */
  readonly zone: string
  /** Names this process among the workers; no person's name. */
  readonly name: string
  readonly onTick: () => Promise<void>
  readonly onError: (error: unknown) => void
}

export interface Ticks {
  /** Makes those ring again that are gone: a queue may have been emptied. */
  repair(): Promise<void>
  /** The patterns in force and when each rings next, as ISO 8601. */
  next(): Promise<readonly { readonly pattern: string; readonly at: string }[]>
  close(): Promise<void>
}

type TickQueue = Queue<object, void, string, object, void, string, IQueueBackend, JobsConnection>
type TickWorker = Worker<object, void, string, IQueueBackend, number, JobsConnection>

const ANSWER_MS = 10_000
const GOODBYE_MS = 2_000
/** A tick is done in a moment: whoever holds one longer is dead. */
const LOCK_MS = 10_000

/**
 * Makes the patterns those that ring, and takes away others that an earlier schedule had.
 * @throws RedressError QUEUE_UNAVAILABLE when the queue cannot be reached.
 */
export async function openTicks(backend: JobsBackend, options: TicksOptions): Promise<Ticks> {
  const place = besides(backend, options.programme)
  const opened = new BullmqTicks(place, options)
  try {
    await opened.start()
    return opened
  } catch (error) {
    await opened.close()
    throw error
  }
}

/** A queue of its own beside that of the chunks. */
function besides(backend: JobsBackend, programme: string): JobsBackend {
  return { ...backend, queueName: `${backend.queueName}-schedule-${programme}` }
}

class BullmqTicks implements Ticks {
  readonly #options: TicksOptions
  readonly #queue: TickQueue
  readonly #worker: TickWorker
  readonly #connections: readonly JobsConnection[]
  #isAway = false

  constructor(backend: JobsBackend, options: TicksOptions) {
    this.#options = options
    const [forQueue, forWorker] = [backend.connect('queue'), backend.connect('worker')]
    this.#connections = [forQueue, forWorker]
    this.#queue = new Queue(
      backend.queueName,
      {
        connection: forQueue,
        prefix: backend.prefix,
        streams: { events: { maxLen: 100 } },
        skipVersionCheck: false,
        skipMetasUpdate: false,
        skipWaitingForReady: false,
      },
      backend.factory,
    )
    this.#worker = new Worker(
      backend.queueName,
      async () => await options.onTick(),
      {
        connection: forWorker,
        prefix: backend.prefix,
        name: workerNameOf(options.name),
        concurrency: 1,
        autorun: false,
        lockDuration: LOCK_MS,
        lockRenewTime: LOCK_MS / 2,
        stalledInterval: LOCK_MS,
        maxStalledCount: 1,
        drainDelay: 5,
        runRetryDelay: 1_000,
        skipLockRenewal: false,
        skipStalledCheck: false,
        skipVersionCheck: false,
      },
      backend.factory,
    )
    // Lost connections come back by themselves; until then the slow look goes on without ticks.
    this.#queue.on('error', () => undefined)
    this.#worker.on('error', (error) => {
      // A client that reconnects repeats itself every two seconds.
      if (!this.#isAway) options.onError(error)
      this.#isAway = true
    })
    this.#worker.on('active', () => {
      this.#isAway = false
    })
  }

  async start(): Promise<void> {
    await within(ANSWER_MS, this.#queue.waitUntilReady())
    await within(ANSWER_MS, this.#worker.waitUntilReady())
    const wanted = new Set(this.#options.patterns.map(idOf))
    for (const key of await this.#known()) {
      if (!wanted.has(key)) await within(ANSWER_MS, this.#queue.removeJobScheduler(key))
    }
    await this.repair()
    this.#worker.run().catch((error: unknown) => this.#options.onError(error))
  }

  async repair(): Promise<void> {
    const known = await this.#known()
    const missing = this.#options.patterns.filter((it) => !known.has(idOf(it)))
    for (const pattern of missing) await this.#upsert(pattern)
  }

  async #known(): Promise<ReadonlySet<string>> {
    const schedulers = await within(ANSWER_MS, this.#queue.getJobSchedulers(0, -1, true))
    return new Set(schedulers.map((it) => it.key))
  }

  async next(): Promise<readonly { readonly pattern: string; readonly at: string }[]> {
    const schedulers = await within(ANSWER_MS, this.#queue.getJobSchedulers(0, -1, true))
    return schedulers.flatMap(({ pattern, next }) =>
      pattern === undefined || next === undefined
        ? []
        : [{ pattern, at: new Date(next).toISOString() }],
    )
  }

  // In the very second of a ring another scheduler may be at it: the clock is there then.
  async #upsert(pattern: string): Promise<void> {
    const { zone, onError } = this.#options
    const repeat = { pattern, tz: zone }
    const opts = {
      attempts: 1,
      priority: 0,
      // What rang is of no interest later.
      removeOnComplete: true,
      removeOnFail: true,
      keepLogs: 0,
      stackTraceLimit: 0,
      sizeLimit: 128,
    }
    const template = { name: 'tick', data: {}, opts }
    const id = idOf(pattern)
    try {
      await within(ANSWER_MS, this.#queue.upsertJobScheduler(id, repeat, template))
    } catch (error) {
      const known = await within(ANSWER_MS, this.#queue.getJobScheduler(id))
      if (known === undefined) throw error
      onError(error)
    }
  }

  async close(): Promise<void> {
    // A look under way ends by itself; with the server away nobody answers the goodbye.
    await within(GOODBYE_MS, this.#worker.close()).catch(() => undefined)
    await within(GOODBYE_MS, this.#queue.close()).catch(() => undefined)
    for (const it of this.#connections) if ('redis' in it) it.redis.disconnect()
  }
}

/** Colons and spaces have a meaning in keys of BullMQ. */
function idOf(pattern: string): string {
  return `at-${pattern.replaceAll(/\s+/g, '_')}`
}
