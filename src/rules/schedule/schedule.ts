/**
 * What a programme does while nobody watches, as data. Times are local civil times in the
 * programme's zone; which clock ticks when is no part of it: a tick is only a hint to look.
 */
import type { IsoDate, Period } from '../case.js'
import type { Cited } from '../cited.js'

/** Each is carried out by one function that does nothing a second time. */
export type Task =
  /** The plan of a period before it begins, for a second person to approve with a tolerance. */
  | 'forecast'
  /** The binding plan and run of a period. */
  | 'run'
  /** New choices and applications of a period that is under way. */
  | 'daily_run'
  | 'verify'
  /** Assess, then prepare the batch of a payout date. */
  | 'payout_prepare'
  | 'payout_export'
  | 'reminder_prepare'
  | 'reminder_send'
  /** One campaign that goes out once. */
  | 'notice'
  /** Whatever happened since and was not told yet: codes issued, payouts made or bounced. */
  | 'event_notices'

/** Local civil time of a day, `HH:mm`. */
export type TimeOfDay = string

/** Local civil time, `YYYY-MM-DDTHH:mm`. */
export type CivilTime = string

export type ScheduleEntry = MonthlyEntry | DailyEntry | PayoutEntry | RoundEntry | CampaignEntry

/** Once for each period: on a day of the month itself, or of the month before it. */
export interface MonthlyEntry {
  readonly task: 'forecast' | 'run'
  readonly periods: readonly Period[]
  readonly on: Cited<{
    readonly month: 'period' | 'before'
    /** A month that lacks the day has it on its last. */
    readonly day: number
    readonly time: TimeOfDay
  }>
}

/** Every day of a window, both ends inclusive. */
export interface DailyEntry {
  readonly task: 'daily_run' | 'verify' | 'event_notices'
  readonly window: Cited<{ readonly from: IsoDate; readonly to: IsoDate }>
  readonly time: Cited<TimeOfDay>
  /**
   * A daily run works for the period of the day before, and the first of a period belongs to its
   * binding run: the choices of the last day go to the first run that is made after it.
   */
  readonly periods?: readonly Period[]
}

/** For each payout date, so many days before it. */
export interface PayoutEntry {
  readonly task: 'payout_prepare' | 'payout_export'
  readonly dates: readonly IsoDate[]
  readonly on: Cited<{ readonly daysBefore: number; readonly time: TimeOfDay }>
}

export interface RoundEntry {
  readonly task: 'reminder_prepare' | 'reminder_send'
  readonly rounds: readonly Cited<{ readonly round: number; readonly at: CivilTime }>[]
}

export interface CampaignEntry {
  readonly task: 'notice'
  readonly campaign: string
  readonly at: Cited<CivilTime>
}

export interface Schedule {
  readonly programme: string
  readonly zone: 'Asia/Seoul'
  readonly entries: readonly ScheduleEntry[]
  /** So long after its time an occurrence that no scheduler saw is missed: a person decides. */
  readonly graceMinutes: Cited<number>
  /** A scheduler looks so often, whatever ticks come or are lost. */
  readonly lookMinutes: Cited<number>
  /** What waits for a person or a file is looked at again so often. */
  readonly waitMinutes: Cited<number>
  /** What waits for a person is told again so often. */
  readonly remindHours: Cited<number>
  /** After so long without a sign of life a task is somebody else's. */
  readonly leaseMinutes: Cited<number>
  /** A task that fails is tried so often; the pause doubles from the first one on. */
  readonly retries: Cited<{ readonly attempts: number; readonly firstPauseMinutes: number }>
  /** A daily run of more entries waits for a person. */
  readonly dailyEntriesAlone: Cited<number>
  readonly estimates: EstimateTerms
}

/** What a missed occurrence would cost, where nothing was measured yet. */
export interface EstimateTerms {
  /** Planned and posted together. */
  readonly linesPerSecond: Cited<number>
  readonly krwPerMessage: Cited<number>
}

/** One time at which something is due. */
export interface Occurrence {
  /** Stable: of the programme, the task and what it is for, never of the time of day. */
  readonly key: string
  readonly programme: string
  readonly task: Task
  readonly period: Period | null
  readonly date: IsoDate | null
  readonly round: number | null
  readonly campaign: string | null
  /** ISO 8601 in UTC with milliseconds. */
  readonly dueAt: string
}

/**
 * Of these a newer one does all that an older one would have done, so that older ones can be
 * merged into it.
 */
export const CUMULATIVE: readonly Task[] = ['daily_run', 'verify', 'event_notices']

/** Tasks of one group never run at the same time: they would overtake each other. */
export const TASK_GROUPS: Readonly<Record<string, readonly Task[]>> = {
  posting: ['forecast', 'run', 'daily_run'],
  verifying: ['verify'],
  paying: ['payout_prepare', 'payout_export'],
  telling: ['reminder_prepare', 'reminder_send', 'notice', 'event_notices'],
}
