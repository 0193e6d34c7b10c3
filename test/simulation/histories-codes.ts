/** The plain model's codes (contracts §2.4): how many of which day are left, and who has one. */
import type { CodeBatch } from './histories-world.js'

export interface Wish {
  readonly lineId: number
  readonly option: string
  /** Of the choice, in milliseconds. */
  readonly at: number
}

export interface Demand {
  readonly option: string
  readonly wanted: number
  readonly missing: number
}

interface Code {
  readonly option: string
  readonly expiresOn: string
  readonly imported: number
}

export class CodePool {
  /** In the order in which they are given out. */
  readonly #free: Code[]
  readonly #given = new Map<number, Code[]>()

  constructor(batches: readonly CodeBatch[]) {
    this.#free = batches
      .flatMap((it) => Array.from({ length: it.codes }, () => it))
      .toSorted((a, b) => (a.expiresOn < b.expiresOn ? -1 : Number(a.expiresOn > b.expiresOn)))
  }

  /** By time of choice, then line; who was given a code of the service before keeps it. */
  giveOut(
    wishes: readonly Wish[],
    day: string,
    moment: number,
  ): { readonly given: ReadonlySet<number>; readonly demand: readonly Demand[] } {
    const given = new Set<number>()
    const demand = new Map<string, { wanted: number; missing: number }>()
    for (const { lineId, option } of wishes.toSorted(
      (a, b) => a.at - b.at || a.lineId - b.lineId,
    )) {
      const counts = demand.get(option) ?? { wanted: 0, missing: 0 }
      demand.set(option, counts)
      counts.wanted += 1
      const isUsable = (it: Code): boolean => it.option === option && it.expiresOn >= day
      const own = this.#given.get(lineId) ?? []
      if (!own.some(isUsable)) {
        const next = this.#free.findIndex((it) => isUsable(it) && it.imported <= moment)
        if (next < 0) {
          counts.missing += 1
          continue
        }
        this.#given.set(lineId, [...own, ...this.#free.splice(next, 1)])
      }
      given.add(lineId)
    }
    const sorted = [...demand].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return { given, demand: sorted.map(([option, counts]) => ({ option, ...counts })) }
  }
}
