/**
 * The dictionary of what postings say. Millions of lines are told the same few dozen things, so a
 * posting names an entry set by number and the digest names it by content.
 */
import { createHash } from 'node:crypto'
import { fromStored, toStored } from '../ledger/entry.js'
import type { EntrySet } from '../ledger/entry.js'

export interface EntrySetRef {
  /** 0 while planning: numbers are given when the plan is stored. */
  readonly id: number
  readonly entries: EntrySet
  /** SHA-256 over the canonical JSON. */
  readonly digest: Buffer
}

/**
 * Thrown when a run meets a set its plan never saw: it would post something that nobody approved.
 */
export class UnplannedEntrySet extends Error {}

export class EntrySets {
  readonly #byJson = new Map<string, EntrySetRef>()
  readonly #growing: boolean

  /**
   * A growing dictionary takes in what is asked for, as planning needs; a run's is fixed by its
   * plan.
   */
  constructor(stored: readonly { id: number; entries: EntrySet }[], growth: 'fixed' | 'growing') {
    this.#growing = growth === 'growing'
    for (const { id, entries } of stored) this.#add(canonical(entries), id, entries)
  }

  /** @throws UnplannedEntrySet */
  refFor(entries: EntrySet): EntrySetRef {
    const json = canonical(entries)
    const known = this.#byJson.get(json)
    if (known !== undefined) return known
    if (!this.#growing) throw new UnplannedEntrySet('an entry set that the plan does not hold')
    return this.#add(json, 0, entries)
  }

  all(): readonly EntrySetRef[] {
    return [...this.#byJson.values()]
  }

  #add(json: string, id: number, entries: EntrySet): EntrySetRef {
    const ref = { id, entries, digest: createHash('sha256').update(json).digest() }
    this.#byJson.set(json, ref)
    return ref
  }
}

export function canonical(entries: EntrySet): string {
  return JSON.stringify(entries.map(toStored))
}

export function parseEntrySet(stored: unknown): EntrySet {
  return (stored as Record<string, string | number | null>[]).map(fromStored)
}
