/** That contestants made the same, whoever was the first. */
import { assert } from '../../src/assert.js'

export class SameContent {
  found = 0
  readonly #first = new Map<string, string>()

  expect(what: string, content: string): void {
    const first = this.#first.get(what) ?? content
    this.#first.set(what, first)
    assert(content === first, `the same ${what} as the first time`)
    this.found += 1
  }
}
