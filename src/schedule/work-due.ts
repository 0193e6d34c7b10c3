/** Looks, and works on what is due: one task of each group at a time, the groups side by side. */
import { TASK_GROUPS } from '../rules/schedule/schedule.js'
import { Watch } from './look.js'
import type { Look } from './look.js'
import { performGroup } from './perform-task.js'
import type { Performed, PerformOptions } from './perform-task.js'
import type { Reminder } from './schedule-store.js'

export interface WorkDueOptions extends PerformOptions {
  readonly onPerformed?: (performed: Performed) => void
  /** What waits for a person for some hours again, when there is any. */
  readonly onReminders?: (reminders: readonly Reminder[]) => void
  /** Told how many a look has found missed, when there are any. */
  readonly onMissed?: (count: number) => void
  /** Told of a look, or of a group's work, that came to nothing because of it. */
  readonly onError: (error: unknown) => void
}

export class Scheduler {
  readonly #options: WorkDueOptions
  readonly #watch: Watch
  readonly #underWay = new Map<string, Promise<void>>()
  #looking: Promise<void> | undefined
  #lookAgain = false

  constructor(options: WorkDueOptions) {
    this.#options = options
    this.#watch = new Watch(options)
  }

  /** Looks, and starts what can be started. Asked while it looks, it looks once more. */
  async look(): Promise<void> {
    this.#lookAgain = true
    this.#looking ??= this.#lookWhileAsked().finally(() => {
      this.#looking = undefined
    })
    await this.#looking
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await this.#looking
    while (this.#underWay.size > 0) await Promise.all(this.#underWay.values())
  }

  async #lookWhileAsked(): Promise<void> {
    while (this.#lookAgain && !this.#options.signal.aborted) {
      this.#lookAgain = false
      try {
        this.#tell(await this.#watch.look())
      } catch (error) {
        this.#options.onError(error)
      }
    }
  }

  #tell(seen: Look): void {
    const { onMissed, onReminders } = this.#options
    if (seen.missed > 0) onMissed?.(seen.missed)
    if (seen.reminders.length > 0) onReminders?.(seen.reminders)
    for (const [group, tasks] of Object.entries(TASK_GROUPS)) {
      if (tasks.some((it) => seen.tasks.includes(it))) this.#start(group)
    }
  }

  #start(group: string): void {
    if (this.#underWay.has(group)) return
    const working = this.#work(group)
      .catch((error: unknown) => this.#options.onError(error))
      .finally(() => this.#underWay.delete(group))
    this.#underWay.set(group, working)
  }

  async #work(group: string): Promise<void> {
    const tasks = TASK_GROUPS[group] ?? []
    await performGroup(this.#options, group, tasks, (it) => this.#options.onPerformed?.(it))
  }
}

/** One look, and all that is due by then. */
export async function workDue(options: WorkDueOptions): Promise<void> {
  const scheduler = new Scheduler(options)
  await scheduler.look()
  await scheduler.settled()
}
