/** Whether this process can do its work now: what a load balancer or an orchestrator asks. */
import { boundedRead } from '../db/bounded-read.js'
import { isOutage } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { assertSchema, migrations } from '../db/migrate.js'
import { RedressError } from '../errors.js'
import { KeptAnswer } from './kept-answer.js'
import type { Answer } from './kept-answer.js'
import type { QueueProbe } from './queue-probe.js'

export type ReadinessCode =
  'STARTING' | 'STOPPING' | 'DATABASE_UNAVAILABLE' | 'SCHEMA_MISMATCH' | 'QUEUE_UNAVAILABLE'

export interface ReadinessOptions {
  readonly pool: Pool
  readonly queue: QueueProbe
  /** Aborted when the service begins to stop. */
  readonly signal: AbortSignal
}

/** However often somebody asks, each server is asked once a second. */
const KEEP_MS = 1_000
const DEADLINE_MS = 2_000
/** The schema read needs milliseconds; what takes longer would come too late. */
const ANSWER_MS = 2_000

export class Readiness {
  readonly #database: KeptAnswer<void>
  readonly #queue: KeptAnswer<unknown>
  readonly #signal: AbortSignal
  #isStarted = false

  constructor({ pool, queue, signal }: ReadinessOptions) {
    const files = migrations()
    const limits = { keepMs: KEEP_MS, deadlineMs: DEADLINE_MS }
    this.#database = new KeptAnswer({
      ...limits,
      fetch: () => boundedRead(pool, ANSWER_MS, (client) => assertSchema(client, files)),
    })
    this.#queue = new KeptAnswer({ ...limits, fetch: () => queue.depth() })
    this.#signal = signal
  }

  /** Before, the service answers that it is on its way. */
  started(): void {
    this.#isStarted = true
  }

  async isDatabaseUp(): Promise<boolean> {
    return databaseCode(await this.#database.get()) !== 'DATABASE_UNAVAILABLE'
  }

  /** Empty when the service can do its work. Answers within some two seconds. */
  async codes(): Promise<readonly ReadinessCode[]> {
    // Whoever stops lets go of its servers, and need not ask them.
    if (this.#signal.aborted) return ['STOPPING']
    const [database, queue] = await Promise.all([this.#database.get(), this.#queue.get()])
    const codes: readonly (ReadinessCode | undefined)[] = [
      this.#isStarted ? undefined : 'STARTING',
      databaseCode(database),
      queue.outcome === 'fetched' ? undefined : 'QUEUE_UNAVAILABLE',
    ]
    return codes.filter((it) => it !== undefined)
  }
}

function databaseCode(answer: Answer<void>): ReadinessCode | undefined {
  if (answer.outcome === 'fetched') return undefined
  if (answer.outcome === 'late' || isOutage(answer.error)) return 'DATABASE_UNAVAILABLE'
  const { error } = answer
  const isOther = error instanceof RedressError && error.code === 'SCHEMA_MISMATCH'
  return isOther ? 'SCHEMA_MISMATCH' : 'DATABASE_UNAVAILABLE'
}
