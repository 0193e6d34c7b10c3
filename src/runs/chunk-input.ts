/** What a chunk is decided from: the pack, what changed since the base date, what is posted. */
import type { LineStatus } from '../rules/case.js'
import type { EntrySet } from '../ledger/entry.js'
import type { Pack } from '../snapshot/pack.js'

/** Of a line whose status or consent the snapshot does not tell; settled once a plan. */
export interface LineFact {
  readonly customerId: bigint
  readonly lineId: bigint
  readonly statusAtStart: LineStatus | null
  readonly guardianConsentOn: string | null
}

/** One row of the ledger with what its entry set says. */
export interface Posted {
  readonly customerId: bigint
  readonly lineId: bigint
  readonly postingNo: number
  readonly entries: EntrySet
}

export interface ChunkInput {
  readonly pack: Pack
  /** In order of customer, line. */
  readonly facts: readonly LineFact[]
  /** Of all runs of the period before this one, in order of customer, line, posting. */
  readonly posted: readonly Posted[]
}
