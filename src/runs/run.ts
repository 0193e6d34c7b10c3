/** Plans, runs and chunks as values, and the states they can be in. */
import type { IsoDate, Period } from '../rules/case.js'
import type { Hold } from './approval-policy.js'
import type { ReasonMigration } from './reason-migration.js'
import type { Tallies } from './tally.js'

/** What a message points at, and all that it says. */
export interface ChunkRef {
  readonly runId: string
  readonly chunkNo: number
}

export interface Plan {
  readonly planId: string
  readonly programme: string
  readonly version: number
  readonly period: Period
  readonly snapshotId: number
  /** ISO 8601 instant. */
  readonly now: string
  readonly rulesVersion: string
  /** Ids of the accepted imports of changes that it looked at, ascending. */
  readonly inputs: readonly string[]
  /** Ids of the programme's runs that were closed when it was made, ascending. */
  readonly ledgerRuns: readonly string[]
  readonly state: 'planning' | 'planned' | 'superseded'
  /** Hex; null while planning. */
  readonly planHash: string | null
  readonly result: PlanResult | null
  /** Figures that are off; the plan waits for a reason until somebody approves it with one. */
  readonly holds: readonly Hold[]
  readonly madeBy: string
  readonly approvedBy: string | null
}

export interface PlanResult {
  readonly lines: number
  readonly customers: number
  readonly chunks: number
  readonly postings: number
  readonly entries: number
  /** Root hash of the chunk digests: what the run's root hash must come to; hex. */
  readonly rootHash: string
  readonly benefits: Tallies
  readonly baseDate: IsoDate
  /** Codes wanted and missing by option; empty where nobody wants one. */
  readonly codes: readonly {
    readonly option: string
    readonly wanted: number
    readonly missing: number
  }[]
  /** Whose answer changed since the period was last run; empty in its first. */
  readonly migrations: readonly ReasonMigration[]
}

export type RunState = 'open' | 'held' | 'closed' | 'cancelled'

export interface Run {
  readonly runId: string
  readonly planId: string
  readonly programme: string
  readonly period: Period
  readonly state: RunState
  readonly chunks: number
  readonly startedAt: string
  readonly closedAt: string | null
  readonly rootHash: string | null
  readonly heldBecause: string | null
  readonly balance: Balance | null
}

export interface BenefitBalance {
  readonly subjects: number
  readonly granted: number
  readonly reversed: number
  readonly unchanged: number
  readonly refused: number
  /** Subjects = granted + unchanged + refused, and the ledger holds granted + reversed entries. */
  readonly ok: boolean
}

export type Balance = Readonly<Record<string, BenefitBalance>>

export interface RunProgress {
  readonly run: Run
  readonly open: number
  readonly posted: number
  readonly refused: number
  readonly linesPosted: number
  readonly linesTotal: number
  readonly entriesPosted: number
  /** ISO 8601 instants of the first and the last chunk so far. */
  readonly firstPostedAt: string | null
  readonly lastPostedAt: string | null
}
