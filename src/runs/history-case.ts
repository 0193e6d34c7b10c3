/**
 * A customer that cannot be decided from the pack alone, with everything that is known of it.
 */
import { assert } from '../assert.js'
import { entriesFor } from '../ledger/difference.js'
import type { EntrySet, LedgerEntry } from '../ledger/entry.js'
import type { CaseLine, Customer, InsuranceFacts } from '../rules/case.js'
import type { Benefit, CustomerDecision, Decision } from '../rules/decision.js'
import type { LineFact } from './fact-pack.js'
import type { Posted } from './posted-rows.js'

export interface LinePosting {
  readonly lineId: bigint
  readonly entries: EntrySet
  readonly postingNo: number
}

export interface HistoryDifference {
  readonly unchangedOfLine: readonly (readonly Benefit[])[]
  readonly unchangedOfCustomer: readonly Benefit[]
  /** In order of line_id. */
  readonly postings: readonly LinePosting[]
}

export class HistoryCase {
  readonly lines: { readonly lineId: bigint; readonly line: CaseLine }[] = []
  /** Undefined when the customer left the snapshot. */
  customer: Customer | undefined
  /** What was settled about the customer itself. */
  readonly insurance: InsuranceFacts | null
  readonly #customerId: bigint
  readonly #facts: ReadonlyMap<bigint, LineFact>
  readonly #posted: readonly Posted[]
  // A company can hold a hundred thousand lines: look-ups by line must not walk them all.
  readonly #postedOfLine = new Map<bigint, Posted[]>()
  readonly #ids = Buffer.alloc(16)

  constructor(
    customerId: bigint,
    facts: ReadonlyMap<bigint, LineFact>,
    posted: readonly Posted[],
    insurance: InsuranceFacts | null,
  ) {
    this.#customerId = customerId
    this.#facts = facts
    this.insurance = insurance
    this.#posted = posted
    for (const it of posted) {
      const known = this.#postedOfLine.get(it.lineId)
      if (known) known.push(it)
      else this.#postedOfLine.set(it.lineId, [it])
    }
  }

  /** Adds a line of the snapshot with what is known of it since. */
  addLine(lineId: bigint, fromPack: CaseLine): void {
    const fact = this.#facts.get(lineId)
    this.lines.push({ lineId, line: fact ? withFact(fromPack, fact) : fromPack })
  }

  /** Customer and line id as a posting wants them. */
  idBytes(lineId: bigint): Buffer {
    this.#ids.writeBigInt64BE(this.#customerId, 0)
    this.#ids.writeBigInt64BE(lineId, 8)
    return this.#ids
  }

  difference(
    lineDecisions: readonly (readonly Decision[])[],
    customerDecisions: readonly CustomerDecision[],
  ): HistoryDifference {
    const entriesOfLine = new Map<bigint, LedgerEntry[]>()
    const put = (lineId: bigint, entries: readonly LedgerEntry[]): void => {
      if (entries.length > 0)
        entriesOfLine.set(lineId, [...(entriesOfLine.get(lineId) ?? []), ...entries])
    }
    const unchangedOfLine = this.lines.map(({ lineId }, index) => {
      const { entries, unchanged } = entriesFor(
        'line',
        lineDecisions[index]!,
        this.#lineEntries(lineId),
      )
      put(lineId, entries)
      return unchanged
    })
    for (const lineId of this.#absentLines()) {
      put(lineId, entriesFor('line', [], this.#lineEntries(lineId)).entries)
    }
    const unchangedOfCustomer = this.#customerDifference(customerDecisions, put)
    const postings = [...entriesOfLine]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([lineId, entries]) => ({ lineId, entries, postingNo: this.#nextNumberOf(lineId) }))
    return { unchangedOfLine, unchangedOfCustomer, postings }
  }

  /**
   * A reversal goes to the line that carried the grant, a grant to the line that carries it now.
   */
  #customerDifference(
    customerDecisions: readonly CustomerDecision[],
    put: (lineId: bigint, entries: readonly LedgerEntry[]) => void,
  ): readonly Benefit[] {
    const posted = this.#posted
      .flatMap((it) => it.entries.map((entry) => ({ entry, lineId: it.lineId })))
      .filter((it) => it.entry.subject === 'customer')
      .toSorted((a, b) => a.entry.entryNo - b.entry.entryNo)
    const decisions = customerDecisions.map((it) => it.decision)
    const { entries, unchanged } = entriesFor(
      'customer',
      decisions,
      posted.map((it) => it.entry),
    )
    for (const entry of entries) {
      const carrierOf =
        entry.entryType === 'reversal'
          ? posted.find((it) => it.entry.entryNo === entry.reversesEntryNo)?.lineId
          : this.lines[
              customerDecisions.find((it) => it.decision.benefit === entry.benefit)!.carrier
            ]?.lineId
      assert(carrierOf !== undefined, 'a line that carries the entry')
      put(carrierOf, [entry])
    }
    return unchanged
  }

  // Postings are in order of their numbers, but a line that moved away and back may lack some of
  // them here: their count would give a number twice.
  #nextNumberOf(lineId: bigint): number {
    return (this.#postingsOf(lineId).at(-1)?.postingNo ?? 0) + 1
  }

  #postingsOf(lineId: bigint): readonly Posted[] {
    return this.#postedOfLine.get(lineId) ?? []
  }

  #lineEntries(lineId: bigint): readonly LedgerEntry[] {
    return this.#postingsOf(lineId).flatMap((it) =>
      it.entries.filter((entry) => entry.subject === 'line'),
    )
  }

  #absentLines(): readonly bigint[] {
    const present = new Set(this.lines.map((it) => it.lineId))
    return [...this.#postedOfLine.keys()].filter((it) => !present.has(it))
  }
}

/** The line as it was at the period's start, by what became known after the base date. */
export function withFact(line: CaseLine, fact: LineFact): CaseLine {
  const consents = [line.facts.guardianConsentOn, fact.guardianConsentOn].filter(
    (it) => it !== null,
  )
  const guardianConsentOn = consents.toSorted()[0] ?? null
  return {
    facts:
      guardianConsentOn === line.facts.guardianConsentOn
        ? line.facts
        : { ...line.facts, guardianConsentOn },
    statusAtStart: fact.statusAtStart ?? line.statusAtStart,
    pass: fact.pass,
  }
}
