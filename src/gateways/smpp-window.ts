/** How many requests may be without an answer; the others wait in the order they came. */

export class SmppWindow {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(size: number) {
    this.#free = size
  }

  /** True with a place that has to be left again; false when `signal` came first. */
  async enter(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false
    if (this.#free > 0) {
      this.#free -= 1
      return true
    }
    return await new Promise((tell) => {
      const isCalled = (): void => {
        signal.removeEventListener('abort', isAborted)
        tell(true)
      }
      const isAborted = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(isCalled), 1)
        tell(false)
      }
      this.#waiting.push(isCalled)
      signal.addEventListener('abort', isAborted, { once: true })
    })
  }

  leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next()
  }
}
