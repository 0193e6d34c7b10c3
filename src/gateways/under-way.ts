/** Work that has begun and is waited for before a gateway closes. */

export class UnderWay {
  readonly #open = new Set<Promise<unknown>>()

  async track<T>(work: Promise<T>): Promise<T> {
    this.#open.add(work)
    try {
      return await work
    } finally {
      this.#open.delete(work)
    }
  }

  /** Once all that has begun by now has ended, well or not. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#open)
  }
}
