/** What a child process is asked to do and what it answers; one task a process. */
import type { Usage } from './usage.js'

export type Task =
  | { readonly kind: 'import'; readonly file: string }
  | { readonly kind: 'plain_copy'; readonly file: string }
  | { readonly kind: 'changes'; readonly files: ChangeFiles }
  | { readonly kind: 'plan' }
  | { readonly kind: 'run' }
  | { readonly kind: 'chunked_sql' }
  | { readonly kind: 'raw_copy'; readonly rows: ReadyRows }
  | { readonly kind: 'query_builder'; readonly rows: ReadyRows; readonly mostLines: number }

/** In which shape rows are written: see row-shape.ts. */
export type Shape = 'postings' | 'entries'

/** A file of rows, as ready-rows.ts writes it. */
export interface ReadyRows {
  readonly shape: Shape
  readonly path: string
}

/** What came after the base date, imported in this order. */
export interface ChangeFiles {
  readonly statuses: string
  readonly consents: string
}

export interface Order {
  readonly task: Task
  readonly databaseUrl: string
  readonly postmaster: number | null
}

export interface Outcome {
  readonly usage: Usage
  /** Rows of a file for an import, lines of the snapshot for the others. */
  readonly lines: number
  /** Rows that are in the ledger now; of an import, lines that were accepted. */
  readonly written: number
  /** Up to here the ledger is filled; null when it is whole. */
  readonly lastCustomerId: string | null
}

/** Lanes of Redress and connections of its rivals: as many as the cores that PostgreSQL has. */
export const LANES = 2
export const PERIOD = '2026-02'
export const PROGRAMME = 'kt-2026@1'
export const NOW = '2026-02-01T09:00:00+09:00'
export const AS_OF = '2026-01-13'
