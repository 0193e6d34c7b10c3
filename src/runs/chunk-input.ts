/** What a chunk is decided from: the pack, what changed since the base date, what is posted. */
import type { LineStatus } from '../rules/case.js'
import type { Pack } from '../snapshot/pack.js'
import type { PostedRows } from './posted-rows.js'

/** Of a line whose status or consent the snapshot does not tell; settled once a plan. */
export interface LineFact {
  readonly customerId: bigint
  readonly lineId: bigint
  readonly statusAtStart: LineStatus | null
  readonly guardianConsentOn: string | null
}

export interface ChunkInput {
  readonly pack: Pack
  /** In order of customer, line. */
  readonly facts: readonly LineFact[]
  /** Of all runs of the period before this one; walked once. */
  readonly posted: PostedRows
}
