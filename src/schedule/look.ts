/**
 * One look of a scheduler: what has come due since its last one is recorded, what nobody saw in
 * time is missed. It is quick, and does none of the work.
 */
import type { Pool } from '../db/database.js'
import { occurrencesBetween } from '../rules/schedule/occurrences.js'
import type { Occurrence, Schedule } from '../rules/schedule/schedule.js'
import { standing } from '../rules/schedule/standing.js'
import type { TaskState } from '../rules/schedule/standing.js'
import { doneElsewhere, settleByHand } from './evidence-store.js'
import { insertNoticed, knownKeys, mergeOvertaken, recordLook } from './schedule-store.js'
import type { LookResult, Noticed } from './schedule-store.js'

export interface LookOptions {
  readonly pool: Pool
  readonly schedule: Schedule
  /** The time as ISO 8601. */
  readonly now: () => string
  /** Names this process; no person's name. */
  readonly name: string
}

export interface Look extends LookResult {
  /** Recorded by this look. */
  readonly missed: number
}

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

/**
 * Remembers how far it has looked, so that a look in vain is one statement; once a day, and
 * whenever the clock was set back, it looks at everything again.
 */
export class Watch {
  readonly #options: LookOptions
  #seenUntil: string | undefined
  #wholeAt: number | undefined
  #settledAt = -Infinity

  constructor(options: LookOptions) {
    this.#options = options
  }

  async look(): Promise<Look> {
    const { pool, schedule, name } = this.#options
    const now = this.#options.now()
    const missed = await this.#notice(now)
    const seen = await recordLook(pool, schedule, now, name)
    if (seen.overtaken) await mergeOvertaken(pool, schedule.programme, now)
    if (seen.unresolved) await this.#settle(now)
    return { ...seen, missed }
  }

  async #notice(now: string): Promise<number> {
    const { pool, schedule } = this.#options
    const at = Date.parse(now)
    const isBack = this.#seenUntil !== undefined && at < Date.parse(this.#seenUntil)
    const isWhole = isBack || this.#wholeAt === undefined || at - this.#wholeAt >= DAY_MS
    const fresh = occurrencesBetween(schedule, isWhole ? undefined : this.#seenUntil, now)
    const missed = await noticeAll(pool, schedule, fresh, now)
    if (isWhole) this.#wholeAt = at
    this.#seenUntil = now
    return missed
  }

  // What a person did by hand instead shows in its own tables.
  async #settle(now: string): Promise<void> {
    const { pool, schedule } = this.#options
    const waitMs = schedule.waitMinutes.value * MINUTE_MS
    if (Math.abs(Date.parse(now) - this.#settledAt) < waitMs) return
    await settleByHand(pool, schedule.programme, now)
    this.#settledAt = Date.parse(now)
  }
}

/**
 * Records what is not recorded yet, as due, missed, or done by hand already. Two who notice the
 * same record it once. Returns how many are missed.
 */
async function noticeAll(
  pool: Pool,
  schedule: Schedule,
  occurrences: readonly Occurrence[],
  now: string,
): Promise<number> {
  if (occurrences.length === 0) return 0
  const noticed = await unrecorded(pool, schedule, occurrences, now)
  if (noticed.length === 0) return 0
  const inserted = new Set(await insertNoticed(pool, noticed, now))
  const missed = noticed.filter((it) => it.state === 'missed' && inserted.has(it.occurrence.key))
  return missed.length
}

/** How those stand that nobody has recorded yet. */
export async function unrecorded(
  pool: Pool,
  schedule: Schedule,
  occurrences: readonly Occurrence[],
  now: string,
): Promise<readonly Noticed[]> {
  const known = await knownKeys(
    pool,
    occurrences.map((it) => it.key),
  )
  const fresh = occurrences.filter((it) => !known.has(it.key))
  const done = await doneElsewhere(pool, fresh)
  return fresh.map((occurrence) => {
    if (done.has(occurrence.key)) return { occurrence, state: 'done', result: { by_hand: true } }
    const state = standing(schedule, occurrence, NOTHING_KNOWN, now)
    return { occurrence, state: state === 'missed' ? 'missed' : 'due', result: {} }
  })
}

const NOTHING_KNOWN: ReadonlyMap<string, TaskState> = new Map()
