/** What the demo's year comes to, and its report tells. */
import type { PayoutReport } from '../../payouts/payout-report.js'
import type { RoundCounts } from '../../reminders/show-store.js'
import type { Effect } from '../../reminders/show-store.js'
import type { RoundResult } from '../../reminders/notice-round.js'
import type { Task } from '../../rules/schedule/schedule.js'

/** The occurrences of one task. */
export interface TaskFigures {
  readonly task: Task
  readonly due: number
  readonly done: number
  readonly missed: number
  readonly skipped: number
  readonly merged: number
  /** Neither of these in the end. */
  readonly open: number
  /** Of them, those that waited for a person's signature. */
  readonly waited: number
  readonly waitedMinutes: number
  readonly longestWaitMinutes: number
  /** That it took, all tries together. */
  readonly seconds: number
}

export interface MonthFigures {
  readonly period: string
  readonly runs: number
  readonly granted: number
  readonly reversed: number
}

export interface CampaignFigures {
  readonly campaign: string
  /** 0 where it follows events. */
  readonly round: number
  readonly result: RoundResult
  readonly counts: RoundCounts
  readonly effect: Effect
}

/** What a person was shown after the scheduler had been off. */
export interface OutageFigures {
  readonly from: string
  readonly to: string
  readonly missed: number
  readonly byTask: Readonly<Record<string, number>>
  readonly seconds: number | null
  readonly run: number
  readonly skipped: number
  readonly merged: number
}

export interface YearFigures {
  readonly from: string
  readonly to: string
  readonly lines: number
  readonly schedulers: number
  readonly looks: number
  readonly seconds: number
  readonly tasks: readonly TaskFigures[]
  /** Occurrences that were done by more than one scheduler, or twice by one. */
  readonly doubled: number
  /** How many of the tasks each of the schedulers did. */
  readonly shares: readonly number[]
  readonly months: readonly MonthFigures[]
  readonly payouts: PayoutReport
  readonly campaigns: readonly CampaignFigures[]
  /** Messages marked as sent, and files in the spool. */
  readonly sent: number
  readonly spooled: number
  readonly outage: OutageFigures
  readonly booksOk: boolean
  readonly verified: boolean
  readonly errors: readonly string[]
  readonly home: string
}

export function isGood(it: YearFigures): boolean {
  return (
    it.doubled === 0 &&
    it.sent === it.spooled &&
    it.booksOk &&
    it.verified &&
    it.errors.length === 0 &&
    it.tasks.every((of) => of.open === 0)
  )
}
