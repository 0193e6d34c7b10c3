/**
 * The clock of the demo's year: it walks from one instant at which something happens to the next.
 * What happens at one instant happens in the order in which it was planned.
 */
import { fixedClock } from '../../config/clock.js'
import type { Clock } from '../../config/clock.js'

type Happening = () => Promise<void>

export class YearClock implements Clock {
  readonly #plannedAt = new Map<number, Happening[]>()
  #at: number

  /** @param start an ISO 8601 instant, as all of them */
  constructor(start: string) {
    this.#at = Date.parse(start)
  }

  readonly now = (): string => new Date(this.#at).toISOString()

  todayIn(zone: string): string {
    return fixedClock(this.now()).todayIn(zone)
  }

  /** Nothing is planned for what has passed. */
  plan(instant: string, happening: Happening): void {
    const at = Math.max(Date.parse(instant), this.#at)
    const planned = this.#plannedAt.get(at)
    if (planned === undefined) this.#plannedAt.set(at, [happening])
    else planned.push(happening)
  }

  /** Walks until nothing is planned any more; `onInstant` is what always comes last. */
  async walk(signal: AbortSignal, onInstant: Happening): Promise<void> {
    while (this.#plannedAt.size > 0) {
      signal.throwIfAborted()
      this.#at = Math.min(...this.#plannedAt.keys())
      const happenings = this.#plannedAt.get(this.#at) ?? []
      // What is planned meanwhile for the same instant comes behind.
      for (const happening of happenings) await happening()
      this.#plannedAt.delete(this.#at)
      await onInstant()
    }
  }
}
