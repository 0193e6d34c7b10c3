/**
 * One interface a table, columns named as in SQL. Tables that are only reached by COPY are not
 * here.
 */
import type { ColumnType, Generated, JSONColumnType } from 'kysely'

/** bigint: text when read, since 18 digits do not fit a number. */
type BigInt = ColumnType<string, string | number, string | number>
type Instant = ColumnType<string, string, string>
type Binary = Buffer

export interface ImportTable {
  import_id: Generated<string>
  kind:
    | 'snapshot'
    | 'status'
    | 'consents'
    | 'choices'
    | 'vouchers'
    | 'terminations'
    | 'applications'
    | 'restrictions'
    | 'victims'
  as_of: string | null
  file_name: string
  sha256: Binary | null
  size_bytes: BigInt | null
  state: Generated<'loading' | 'accepted' | 'held'>
  rows_read: ColumnType<string, number | undefined, number>
  rows_accepted: ColumnType<string, number | undefined, number>
  rows_quarantined: ColumnType<string, number | undefined, number>
  rows_duplicate: ColumnType<string, number | undefined, number>
  imported_by: Generated<string>
  started_at: Instant
  finished_at: Instant | null
}

export interface QuarantinedRowTable {
  import_id: BigInt
  line_no: BigInt
  column_name: string | null
  reason: string
  expected: string
  raw_sealed: Binary
}

export interface SnapshotTable {
  snapshot_id: Generated<number>
  import_id: BigInt
  as_of: string
  lines: ColumnType<string, number | undefined, number>
  customers: ColumnType<string, number | undefined, number>
  chunks: ColumnType<number, number | undefined, number>
  content_hash: Binary | null
  sealed_at: Instant | null
  supersedes_snapshot_id: number | null
  superseded_reason: string | null
}

export interface SnapshotChunkTable {
  snapshot_id: number
  chunk_no: number
  first_customer_id: BigInt
  last_customer_id: BigInt
  lines: number
  customers: number
  digest: Binary
  pack: Binary
}

export interface PlanTable {
  plan_id: Generated<string>
  programme: string
  version: number
  period: string
  snapshot_id: number
  now_at: Instant
  rules_version: string
  inputs: ColumnType<string[], string[], string[]>
  ledger_runs: ColumnType<string[], string[], string[]>
  state: Generated<'planning' | 'planned' | 'superseded'>
  plan_hash: Binary | null
  result: JSONColumnType<object> | null
  holds: JSONColumnType<object[]>
  made_by: Generated<string>
  made_at: Instant
}

export interface ApprovalTable {
  plan_id: BigInt
  kind: 'person' | 'alone' | 'forecast'
  /** Filled in by the database, as are made_by, started_by and imported_by elsewhere. */
  approved_by: Generated<string>
  authenticated: Generated<boolean>
  approved_at: Instant
  plan_hash: Binary
  reason: string | null
  tolerance: ColumnType<string | null, number | null, never>
  forecast_plan_id: BigInt | null
}

export interface RunTable {
  run_id: Generated<string>
  plan_id: BigInt
  programme: string
  period: string
  state: Generated<'open' | 'held' | 'closed' | 'cancelled'>
  chunks: number
  started_by: Generated<string>
  started_at: Instant
  closed_at: Instant | null
  root_hash: Binary | null
  held_because: string | null
  balance: JSONColumnType<object> | null
}

export interface RunChunkTable {
  run_id: BigInt
  chunk_no: number
  state: Generated<'open' | 'posted' | 'refused'>
  attempts: Generated<number>
  digest: Binary | null
  postings: number | null
  entries: number | null
  lines: number | null
  posted_at: Instant | null
  worker: string | null
  refused_because: string | null
}

export interface Tables {
  import: ImportTable
  quarantined_row: QuarantinedRowTable
  snapshot: SnapshotTable
  snapshot_chunk: SnapshotChunkTable
  plan: PlanTable
  approval: ApprovalTable
  run: RunTable
  run_chunk: RunChunkTable
}
