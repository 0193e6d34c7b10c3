/** What the ledger holds: grants, and the reversals that undo them. Entries are never changed. */
import type { IsoDate } from '../rules/case.js'
import type { Benefit, Unit } from '../rules/decision.js'
import type { ReasonCode } from '../rules/reason-codes.js'

export type SubjectKind = 'line' | 'customer'

export interface LedgerEntry {
  readonly subject: SubjectKind
  readonly benefit: Benefit
  readonly entryType: 'grant' | 'reversal'
  /** Counts from 1 per subject and period, over all benefits. */
  readonly entryNo: number
  readonly quantity: number
  readonly unit: Unit
  readonly option: string | null
  readonly validFrom: IsoDate
  readonly validTo: IsoDate
  /** Of a grant, why it was given; of a reversal, why the grant is no longer justified. */
  readonly reason: ReasonCode
  /** Of a reversal: the entry_no of the grant that it undoes. */
  readonly reversesEntryNo: number | null
}

/** The entries of one line in one run, in the order of their numbers: what a posting says. */
export type EntrySet = readonly LedgerEntry[]

/** As stored, hashed and read by SQL: keys as in the view ledger_entry, in this order. */
export function toStored(entry: LedgerEntry): Record<string, string | number | null> {
  return {
    subject: entry.subject,
    benefit: entry.benefit,
    entry_type: entry.entryType,
    entry_no: entry.entryNo,
    quantity: entry.quantity,
    unit: entry.unit,
    option: entry.option,
    valid_from: entry.validFrom,
    valid_to: entry.validTo,
    reason: entry.reason,
    reverses_entry_no: entry.reversesEntryNo,
  }
}

export function fromStored(stored: Readonly<Record<string, string | number | null>>): LedgerEntry {
  return {
    subject: stored['subject'] as SubjectKind,
    benefit: stored['benefit'] as Benefit,
    entryType: stored['entry_type'] as 'grant' | 'reversal',
    entryNo: stored['entry_no'] as number,
    quantity: stored['quantity'] as number,
    unit: stored['unit'] as Unit,
    option: stored['option'] as string | null,
    validFrom: stored['valid_from'] as IsoDate,
    validTo: stored['valid_to'] as IsoDate,
    reason: stored['reason'] as ReasonCode,
    reversesEntryNo: stored['reverses_entry_no'] as number | null,
  }
}
