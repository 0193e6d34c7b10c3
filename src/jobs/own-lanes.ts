/**
 * The chunks that a commanding process does itself: taken from PostgreSQL's own list, in order,
 * without a message for each. A chunk that somebody else is at is passed over; the lock of its row
 * and the key of the ledger keep it from being posted twice, as they do for messages.
 */
import { AssertionFailure } from '../assert.js'
import { isOutage } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import { applyChunk } from '../runs/apply-chunk.js'
import { idleChunks } from '../runs/run-store.js'
import { noteOutcome } from './handle-message.js'
import type { MessageLog } from './handle-message.js'
import { RunContexts } from './run-contexts.js'

export interface LanesOptions {
  readonly pool: Pool
  readonly runId: string
  /** Chunks at the same time. */
  readonly lanes: number
  /** Seen in `runs show`; no person's name. */
  readonly name: string
  readonly log: MessageLog
  /** The time as ISO 8601. */
  readonly now: () => string
  /** Told when the last lane has ended after some work: there may be nothing left. */
  readonly onIdle: () => void
}

const ALL = 1_000_000
/** Failures in a row that are no outage and yet may pass, before the run is given up for now. */
const TRIES = 5

export class OwnLanes {
  readonly #options: LanesOptions
  readonly #contexts: RunContexts
  readonly #underWay = new Set<Promise<void>>()
  #listed: number[] = []
  #listing: Promise<void> | undefined
  #stopped = false
  #worked = false
  #failures = 0
  #failure: { readonly error: unknown } | undefined

  constructor(options: LanesOptions) {
    this.#options = options
    this.#contexts = new RunContexts(options.pool, options.name, options.now)
  }

  /** Starts the lanes that are at rest; without an idle chunk they rest again at once. */
  start(): void {
    while (!this.#stopped && this.#underWay.size < this.#options.lanes) {
      const lane = this.#lane().finally(() => {
        this.#underWay.delete(lane)
        if (this.#underWay.size > 0 || !this.#worked) return
        this.#worked = false
        this.#options.onIdle()
      })
      this.#underWay.add(lane)
    }
  }

  /** Takes no further chunk. */
  halt(): void {
    this.#stopped = true
  }

  /** Takes no further chunk and resolves when those at hand are done. */
  async stop(): Promise<void> {
    this.halt()
    await Promise.all(this.#underWay)
  }

  /** @throws whatever a chunk failed of, unless it may go better next time. */
  assertSound(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async #lane(): Promise<void> {
    const { pool, runId, log } = this.#options
    try {
      // The context and the list are read side by side, each on the connection of a lane to be.
      const [context] = await Promise.all([this.#contexts.of(runId), this.#list()])
      for (;;) {
        const chunkNo = await this.#take()
        if (chunkNo === undefined) return
        const ref = { runId, chunkNo }
        const told = await applyChunk(pool, context, ref)
        noteOutcome(log, ref, told)
        if (told.outcome === 'run_not_open') return
        if (told.outcome !== 'posted') continue
        this.#worked = true
        this.#failures = 0
      }
    } catch (error) {
      this.#noteFailure(error)
    }
  }

  async #take(): Promise<number | undefined> {
    if (this.#listed.length === 0) await this.#list()
    return this.#stopped ? undefined : this.#listed.shift()
  }

  // The lanes share one list; whoever finds it empty reads it for all.
  async #list(): Promise<void> {
    if (this.#stopped || this.#listed.length > 0) return
    this.#listing ??= this.#readIdle().finally(() => {
      this.#listing = undefined
    })
    await this.#listing
  }

  async #readIdle(): Promise<void> {
    const { pool, runId } = this.#options
    this.#listed = [...(await idleChunks(pool, runId, ALL))]
  }

  // The list may be of before an outage: it is read again.
  #noteFailure(error: unknown): void {
    this.#listed = []
    if (isOutage(error)) return
    this.#failures += 1
    const isFinal = error instanceof RedressError && !error.retryable
    if (isFinal || error instanceof AssertionFailure || this.#failures >= TRIES) {
      this.#failure ??= { error }
      this.halt()
    }
  }
}
