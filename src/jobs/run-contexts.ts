/**
 * What a worker knows of the runs it works for: read at a run's first message, kept for the others.
 */
import type { Pool } from '../db/database.js'
import type { RunContext } from '../runs/apply-chunk.js'
import { readRunContext } from '../runs/start-run.js'

/** A worker seldom serves more than one run; dictionaries of old ones need not stay in memory. */
const KEPT = 4

export class RunContexts {
  readonly #pool: Pool
  readonly #worker: string
  readonly #now: () => string
  readonly #contexts = new Map<string, Promise<RunContext>>()

  constructor(pool: Pool, worker: string, now: () => string) {
    this.#pool = pool
    this.#worker = worker
    this.#now = now
  }

  of(runId: string): Promise<RunContext> {
    const known = this.#contexts.get(runId)
    if (known !== undefined) return known
    const context = readRunContext(this.#pool, runId, this.#worker, this.#now)
    // What could not be read is asked for again by the next message.
    context.catch(() => this.#contexts.delete(runId))
    this.#contexts.set(runId, context)
    const oldest = this.#contexts.keys().next()
    if (this.#contexts.size > KEPT && oldest.done !== true) this.#contexts.delete(oldest.value)
    return context
  }
}
