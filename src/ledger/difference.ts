/**
 * Decisions minus what is posted: grants that are missing are added, grants that are no longer
 * justified are reversed. Pure, so that a correction can be reasoned about (and tested) alone.
 */
import { assert } from '../assert.js'
import type { Benefit, Decision, Grant } from '../rules/decision.js'
import type { ReasonCode } from '../rules/reason-codes.js'
import type { LedgerEntry, SubjectKind } from './entry.js'

export interface Difference {
  readonly entries: readonly LedgerEntry[]
  /** Benefits whose decided grant is posted already. */
  readonly unchanged: readonly Benefit[]
}

/**
 * Of one subject: `decisions` has at most one a benefit, `posted` all its entries of the period in
 * the order of their numbers. A benefit that is posted but not decided any more (its line left the
 * snapshot) is reversed for `absentReason`.
 */
export function entriesFor(
  subject: SubjectKind,
  decisions: readonly Decision[],
  posted: readonly LedgerEntry[],
  absentReason: ReasonCode = 'NOT_IN_SNAPSHOT',
): Difference {
  const entries: LedgerEntry[] = []
  const unchanged: Benefit[] = []
  let entryNo = posted.length
  const held = standingGrants(posted)
  for (const [benefit, grant] of held) {
    const decision = decisions.find((it) => it.benefit === benefit)
    if (decision?.outcome === 'granted' && sameGrant(grant, decision.grant)) {
      unchanged.push(benefit)
      continue
    }
    entryNo += 1
    entries.push({
      ...grant,
      entryType: 'reversal',
      entryNo,
      reason: causeOf(decision, absentReason),
      reversesEntryNo: grant.entryNo,
    })
  }
  for (const decision of decisions) {
    if (decision.outcome !== 'granted' || unchanged.includes(decision.benefit)) continue
    entryNo += 1
    entries.push(grantEntry(subject, decision.benefit, decision.reason, decision.grant, entryNo))
  }
  return { entries, unchanged }
}

/** The grants of a subject that nothing has undone: what it is entitled to. */
export function standingGrants(posted: readonly LedgerEntry[]): ReadonlyMap<Benefit, LedgerEntry> {
  const standing = new Map<Benefit, LedgerEntry>()
  for (const [index, entry] of posted.entries()) {
    assert(entry.entryNo === index + 1, 'entry numbers without gaps')
    if (entry.entryType === 'grant') {
      assert(!standing.has(entry.benefit), 'no second grant beside a standing one')
      standing.set(entry.benefit, entry)
    } else {
      assert(
        standing.get(entry.benefit)?.entryNo === entry.reversesEntryNo,
        'a reversal of the standing grant',
      )
      standing.delete(entry.benefit)
    }
  }
  return standing
}

function causeOf(decision: Decision | undefined, absentReason: ReasonCode): ReasonCode {
  if (decision === undefined) return absentReason
  return decision.outcome === 'refused' ? decision.reason : 'GRANT_CHANGED'
}

function sameGrant(entry: LedgerEntry, grant: Grant): boolean {
  return (
    entry.quantity === grant.quantity &&
    entry.unit === grant.unit &&
    entry.option === grant.option &&
    entry.validFrom === grant.validFrom &&
    entry.validTo === grant.validTo
  )
}

function grantEntry(
  subject: SubjectKind,
  benefit: Benefit,
  reason: ReasonCode,
  grant: Grant,
  entryNo: number,
): LedgerEntry {
  return {
    subject,
    benefit,
    entryType: 'grant',
    entryNo,
    quantity: grant.quantity,
    unit: grant.unit,
    option: grant.option,
    validFrom: grant.validFrom,
    validTo: grant.validTo,
    reason,
    reversesEntryNo: null,
  }
}
