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
  | { readonly kind: 'refund_files'; readonly files: RefundFiles }
  | { readonly kind: 'assess' | 'prepare' | 'approve' | 'reconcile' | 'plain_prepare' }
  | { readonly kind: 'export' | 'answers' | 'plain_export'; readonly file: string }
  | { readonly kind: 'notice_files'; readonly files: NoticeFiles }
  | { readonly kind: 'prepare_notices' | 'plain_notices' }
  | { readonly kind: 'send_notices'; readonly spool: string; readonly messagesASecond: number }

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

/** What refunds are decided by, imported in this order. */
export interface RefundFiles {
  readonly terminations: string
  readonly applications: string
}

/** Whom reminders go to, imported in this order. */
export interface NoticeFiles extends RefundFiles {
  readonly restrictions: string
}

export interface Order {
  readonly task: Task
  readonly databaseUrl: string
  readonly postmaster: number | null
}

export interface Outcome {
  readonly usage: Usage
  /** Rows of a file for an import, lines of the snapshot or transfers of a batch for the others. */
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
/** After the last application, before the last payout date: all that is due goes in one batch. */
export const ASSESSED_AT = '2026-02-18T10:00:00+09:00'
export const PAYOUT_ON = '2026-02-19'
export const ANSWERED_AT = '2026-02-19T18:30:00+09:00'
export const ALL_IN_ONE_FILE = 9_999_999
/** The last round, since most have applied by then: prepared in the morning, sent when due. */
export const NOTICE_ROUND = 3
export const PREPARED_AT = '2026-01-30T08:30:00+09:00'
export const SENT_AT = '2026-01-30T10:00:00+09:00'
export const DATA_KEY = Buffer.alloc(32)
