/** How fast something goes: over the last seconds while it runs, over all of it at the end. */

/**
 * Long enough that a chunk of two seconds does not make the figure jump, short enough to notice a
 * stop.
 */
const WINDOW_MS = 10_000
/** One sample a moment is enough; a stage may be updated a million times. */
const SAMPLE_MS = 200

interface Sample {
  readonly atMs: number
  readonly done: number
}

export class RateMeter {
  readonly #first: Sample
  readonly #samples: Sample[]
  #last: Sample

  constructor(atMs: number, done: number) {
    this.#first = { atMs, done }
    this.#last = this.#first
    this.#samples = [this.#first]
  }

  add(atMs: number, done: number): void {
    this.#last = { atMs, done }
    const newest = this.#samples.at(-1)
    if (newest !== undefined && atMs - newest.atMs < SAMPLE_MS) return
    this.#samples.push(this.#last)
    while (this.#samples.length > 2 && atMs - (this.#samples[1]?.atMs ?? atMs) > WINDOW_MS) {
      this.#samples.shift()
    }
  }

  /** Per second over the window; 0 as long as nothing is known. */
  rate(): number {
    return between(this.#samples[0] ?? this.#first, this.#last)
  }

  overall(atMs: number, done: number): number {
    return between(this.#first, { atMs, done })
  }

  lasted(atMs: number): number {
    return atMs - this.#first.atMs
  }
}

function between(from: Sample, to: Sample): number {
  const seconds = (to.atMs - from.atMs) / 1_000
  return seconds <= 0 ? 0 : Math.max(0, (to.done - from.done) / seconds)
}
