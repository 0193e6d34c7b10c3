/** Asks a queue how much waits in it: what it tells is a figure, that it answers is readiness. */
import type { JobsQueue, QueueDepth } from '../jobs/bullmq-queue.js'
import type { MetricsSource } from './metrics-source.js'

const KEEP_MS = 5_000

export class QueueProbe {
  readonly #open: () => Promise<JobsQueue>
  #queue: Promise<JobsQueue> | undefined

  /** @param open asked at the first look, and again after it failed */
  constructor(open: () => Promise<JobsQueue>) {
    this.#open = open
  }

  /** @throws RedressError QUEUE_UNAVAILABLE when the queue cannot be reached. */
  async depth(): Promise<QueueDepth> {
    this.#queue ??= this.#open()
    const opening = this.#queue
    try {
      const queue = await opening
      return await queue.depth()
    } catch (error) {
      // A queue that was opened finds its server again by itself.
      const opened = await opening.catch(() => undefined)
      if (opened === undefined && this.#queue === opening) this.#queue = undefined
      throw error
    }
  }

  async close(): Promise<void> {
    const queue = await this.#queue?.catch(() => undefined)
    await queue?.close()
  }
}

/** @param label what the queue is for, `chunks` */
export function queueMetrics(label: string, probe: QueueProbe): MetricsSource {
  return {
    name: `queue-${label}`,
    keepMs: KEEP_MS,
    read: async () => {
      const { waiting, active, delayed } = await probe.depth()
      const states = Object.entries({ waiting, active, delayed })
      return [
        {
          kind: 'gauge',
          name: 'redress_queue_messages',
          help: 'Messages in the queue by state.',
          figures: states.map(([state, value]) => ({ labels: { queue: label, state }, value })),
        },
      ]
    },
  }
}
