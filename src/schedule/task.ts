/** What a scheduled task is handed, what it can come to, and what is recorded of it. */
import type { Occurrence, Task } from '../rules/schedule/schedule.js'
import type { TaskState } from '../rules/schedule/standing.js'

/** Ids, counts and codes; never personal data. */
export type TaskResult = Readonly<Record<string, string | number | boolean | null>>

export type TaskOutcome =
  | { readonly outcome: 'done'; readonly result: TaskResult }
  /** A later look tries again; `needs` is a sentence for people. */
  | {
      readonly outcome: 'waiting_for_input' | 'waiting_for_approval'
      readonly needs: string
      readonly result: TaskResult
    }
  /** Another occurrence, that is recorded, does it. */
  | { readonly outcome: 'merged'; readonly into: string; readonly result: TaskResult }

export interface TaskContext {
  /** ISO 8601. */
  readonly now: () => string
  /** Aborted when the scheduler stops, or when somebody else has taken the task over. */
  readonly signal: AbortSignal
  /** A person said that it goes without the input it would wait for. */
  readonly forced: boolean
  /** What the last try came to; empty before the first. */
  readonly earlier: TaskResult
}

/**
 * Each does nothing that was done before: what is killed in the middle is performed again. What it
 * throws is tried again where that can help, else the task has failed.
 */
export type PerformTask = (occurrence: Occurrence, context: TaskContext) => Promise<TaskOutcome>

export type Tasks = Readonly<Record<Task, PerformTask>>

export interface ScheduledTask extends Occurrence {
  readonly state: TaskState
  readonly attempts: number
  readonly nextTryAt: string | null
  readonly leaseUntil: string | null
  readonly needs: string | null
  readonly result: TaskResult
  readonly forced: boolean
  readonly resolution: 'run' | 'skip' | 'merge' | null
  readonly resolvedBy: string | null
  readonly authenticated: boolean | null
  readonly resolvedAt: string | null
  readonly reason: string | null
  readonly mergedInto: string | null
  readonly remindedAt: string | null
  readonly reminders: number
  readonly changedAt: string
}
