/**
 * An answer that costs something, kept for a while: however many ask, it is fetched once at a time,
 * and nobody waits for it longer than the deadline.
 */
import { setTimeout as sleep } from 'node:timers/promises'

export interface KeptAnswerOptions<T> {
  readonly fetch: () => Promise<T>
  /** How long an answer is good for. */
  readonly keepMs: number
  /** How long a failure stands before it is tried again; as long as an answer when not said. */
  readonly keepFailureMs?: (error: unknown) => number
  /** How much longer an answer is told while the next one is late; not at all when not said. */
  readonly staleMs?: number | undefined
  /** Counted from the beginning of the fetching, however late somebody asks. */
  readonly deadlineMs: number
}

export type Answer<T> =
  | { readonly outcome: 'fetched'; readonly value: T }
  | { readonly outcome: 'failed'; readonly error: unknown }
  /** Still on its way; when it comes, it is kept for those who ask next. */
  | { readonly outcome: 'late' }

const LATE = { outcome: 'late' } as const

export class KeptAnswer<T> {
  readonly #options: KeptAnswerOptions<T>
  #kept: { readonly answer: Answer<T>; readonly untilMs: number } | undefined
  #fetching: { readonly done: Promise<Answer<T>>; readonly deadlineAtMs: number } | undefined

  constructor(options: KeptAnswerOptions<T>) {
    this.#options = options
  }

  async get(): Promise<Answer<T>> {
    const nowMs = performance.now()
    if (this.#kept !== undefined && nowMs < this.#kept.untilMs) return this.#kept.answer
    this.#fetching ??= {
      done: this.#fetch(),
      deadlineAtMs: nowMs + this.#options.deadlineMs,
    }
    const leftMs = this.#fetching.deadlineAtMs - nowMs
    const answer = leftMs <= 0 ? LATE : await firstOf(this.#fetching.done, leftMs)
    return answer.outcome === 'late' ? this.#staleOr(answer) : answer
  }

  #staleOr(late: Answer<T>): Answer<T> {
    if (this.#kept?.answer.outcome !== 'fetched') return late
    const isStale = performance.now() < this.#kept.untilMs + (this.#options.staleMs ?? 0)
    return isStale ? this.#kept.answer : late
  }

  async #fetch(): Promise<Answer<T>> {
    const { fetch, keepMs, keepFailureMs } = this.#options
    const [answer, forMs] = await Promise.resolve()
      .then(fetch)
      .then(
        (value): [Answer<T>, number] => [{ outcome: 'fetched', value }, keepMs],
        (error: unknown): [Answer<T>, number] => [
          { outcome: 'failed', error },
          keepFailureMs?.(error) ?? keepMs,
        ],
      )
    this.#kept = { answer, untilMs: performance.now() + forMs }
    this.#fetching = undefined
    return answer
  }
}

async function firstOf<T>(done: Promise<Answer<T>>, leftMs: number): Promise<Answer<T>> {
  const giveUp = new AbortController()
  const late = sleep<Answer<T>>(leftMs, LATE, { signal: giveUp.signal })
  try {
    return await Promise.race([done, late])
  } finally {
    giveUp.abort()
    late.catch(() => undefined)
  }
}
