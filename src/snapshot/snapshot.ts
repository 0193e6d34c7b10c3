/** A frozen population. Only a sealed one can be planned, and the types say so. */
import type { IsoDate } from '../rules/case.js'

export interface SealedSnapshot {
  readonly snapshotId: number
  readonly asOf: IsoDate
  readonly lines: number
  readonly customers: number
  readonly chunks: number
  /** SHA-256 in hex over all rows in order of customer_id, line_id. */
  readonly contentHash: string
  /** ISO 8601 instant in UTC. */
  readonly sealedAt: string
  /** The snapshot of the same day that this one corrects, or null. */
  readonly supersedes: number | null
  /** Why it does; null when it supersedes none. */
  readonly reason: string | null
}

/** The reason of a correction for which nobody gave one. */
export const REASON_NOT_GIVEN = 'not given'
/** Characters of a reason; the table holds no more. */
export const REASON_LENGTH = 500

/** A range of customers, both ends inclusive; the ranges of a snapshot cover every possible id. */
export interface SnapshotChunk {
  readonly chunkNo: number
  readonly firstCustomerId: string
  readonly lastCustomerId: string
  readonly lines: number
  readonly customers: number
}

/** A chunk as a walk over the rows finds it: what sealing stores and verifying compares. */
export interface WalkedChunk {
  readonly chunkNo: number
  readonly firstCustomerId: string
  readonly lastCustomerId: string
  readonly lines: number
  readonly customers: number
  /** SHA-256 over the chunk's rows. */
  readonly digest: Buffer
  readonly pack: Buffer
}

/** Ids have 1 to 18 digits (contracts §1), so these two enclose them all. */
export const LOWEST_ID = 0n
export const HIGHEST_ID = 999_999_999_999_999_999n

/**
 * Lines a chunk should hold: the same for all but small snapshots, so that memory is, too. 25,000
 * to 100,000 run equally fast; below, round trips and commits tell. A small snapshot is cut into 40
 * chunks, so that workers share it and a kill costs little.
 */
export function chunkLinesFor(lines: number): number {
  return lines < 100_000 ? Math.max(1_000, Math.ceil(lines / 40)) : 25_000
}
