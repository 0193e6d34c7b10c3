/** Counts of a chunk, a plan or a run by benefit; sums of them are the figures that people see. */
import type { EntrySet } from '../ledger/entry.js'
import { BENEFITS } from '../rules/decision.js'
import type { Benefit, Decision } from '../rules/decision.js'

export interface BenefitTally {
  /** Grants posted; with `unchanged` and `refused` they make up the subjects. */
  grants: number
  reversals: number
  /** Granted, and posted by an earlier run. */
  unchanged: number
  refused: number
  /** Of grants minus reversals, in the benefit's unit. */
  quantity: number
  /** Decisions by reason code. */
  reasons: Record<string, number>
}

export type Tallies = Partial<Record<Benefit, BenefitTally>>

export function emptyTallies(due: readonly Benefit[]): Tallies {
  return Object.fromEntries(due.map((benefit) => [benefit, emptyTally()]))
}

function emptyTally(): BenefitTally {
  return { grants: 0, reversals: 0, unchanged: 0, refused: 0, quantity: 0, reasons: {} }
}

function tallyOf(tallies: Tallies, benefit: Benefit): BenefitTally {
  return (tallies[benefit] ??= emptyTally())
}

export function countDecision(
  tallies: Tallies,
  decision: Decision,
  unchanged: boolean,
  times: number,
): void {
  const tally = tallyOf(tallies, decision.benefit)
  tally.reasons[decision.reason] = (tally.reasons[decision.reason] ?? 0) + times
  if (decision.outcome === 'refused') tally.refused += times
  else if (unchanged) tally.unchanged += times
  else tally.grants += times
}

/** Adds what the entries give and take; how many subjects were granted is counted by decision. */
export function countEntries(tallies: Tallies, entries: EntrySet, times: number): void {
  for (const entry of entries) {
    const tally = tallyOf(tallies, entry.benefit)
    if (entry.entryType === 'reversal') tally.reversals += times
    tally.quantity +=
      entry.entryType === 'reversal' ? -entry.quantity * times : entry.quantity * times
  }
}

export function addTallies(sum: Tallies, more: Tallies): void {
  for (const benefit of BENEFITS) {
    const from = more[benefit]
    if (from === undefined) continue
    const into = tallyOf(sum, benefit)
    into.grants += from.grants
    into.reversals += from.reversals
    into.unchanged += from.unchanged
    into.refused += from.refused
    into.quantity += from.quantity
    for (const [reason, count] of Object.entries(from.reasons)) {
      into.reasons[reason] = (into.reasons[reason] ?? 0) + count
    }
  }
}

/** The same counts give the same text: benefits in their order, reasons by the alphabet. */
export function canonicalTallies(tallies: Tallies): Tallies {
  const ordered: Tallies = {}
  for (const benefit of BENEFITS) {
    const tally = tallies[benefit]
    if (tally === undefined) continue
    const reasons = Object.fromEntries(
      Object.entries(tally.reasons).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    )
    ordered[benefit] = {
      grants: tally.grants,
      reversals: tally.reversals,
      unchanged: tally.unchanged,
      refused: tally.refused,
      quantity: tally.quantity,
      reasons,
    }
  }
  return ordered
}

/** Entries that the tallies promise the ledger. */
export function entriesOf(tallies: Tallies): number {
  return Object.values(tallies).reduce((sum, it) => sum + it.grants + it.reversals, 0)
}
