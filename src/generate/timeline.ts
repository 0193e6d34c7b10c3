/**
 * What becomes of a line between the anchor and the programme's end: terminations at 1.2 % a month,
 * suspensions and resumptions. Some fall on a month's first second or the second before it, where
 * the rules draw their boundary.
 */
import type { DrawnLine, Status } from './drawn-line.js'
import { dayOf, textOfDay, two } from './civil-day.js'
import { ANCHOR_DAY, HORIZON_DAY } from './population.js'
import { Random, STREAM } from './random.js'

export interface StatusEvent {
  readonly day: number
  /** Second of that day in Korea, which has no summer time: + 09:00 all year. */
  readonly second: number
  readonly status: Status
}

const DAY_SECONDS = 86_400
/** 1 - (1 - 0.012)^6.57: one draw for the whole time instead of one a month. */
const TERMINATED_SHARE = 0.0763
const SUSPENDED_SHARE = 0.04
const MONTH_STARTS = ['2026-02', '2026-03', '2026-04', '2026-05', '2026-06', '2026-07']

export class Timelines {
  readonly #random: Random
  readonly #monthStarts: readonly number[]

  constructor(seed: number) {
    this.#random = new Random(seed, STREAM.timeline)
    this.#monthStarts = MONTH_STARTS.map((month) => dayOf(`${month}-01`))
  }

  /** The events of a line in the order of time, all after the anchor. */
  eventsOf(line: DrawnLine): readonly StatusEvent[] {
    const random = this.#random
    const fromDay = Math.max(ANCHOR_DAY, line.activatedDay) + 1
    if (fromDay > HORIZON_DAY) return []
    random.restart(line.index)
    const events: StatusEvent[] = []
    const leaves = random.chance(TERMINATED_SHARE)
    const end = leaves ? this.#moment(fromDay, HORIZON_DAY, 'terminated') : undefined
    if (line.anchorStatus === 'suspended') {
      if (random.chance(0.5)) events.push(this.#moment(fromDay, HORIZON_DAY, 'active'))
    } else if (random.chance(SUSPENDED_SHARE)) {
      this.#addSuspension(events, fromDay)
    }
    if (end === undefined) return events
    return [...events.filter((it) => secondsOf(it) < secondsOf(end)), end]
  }

  #addSuspension(events: StatusEvent[], fromDay: number): void {
    const random = this.#random
    const start = this.#moment(fromDay, HORIZON_DAY, 'suspended')
    events.push(start)
    const returns = start.day + random.between(7, 120)
    if (random.chance(0.005)) {
      // Taken back in the same second: of two changes at one instant the later row counts.
      events.push({ ...start, status: 'active' })
    } else if (returns < HORIZON_DAY && random.chance(0.85)) {
      events.push(this.#moment(returns, returns, 'active'))
    }
  }

  #moment(firstDay: number, lastDay: number, status: Status): StatusEvent {
    const random = this.#random
    const day = random.between(firstDay, lastDay)
    const second = random.below(DAY_SECONDS)
    const edge = random.unit()
    const monthStart = this.#monthStarts.find((it) => it > day)
    if (edge > 0.06 || firstDay === lastDay || monthStart === undefined) {
      return { day, second, status }
    }
    if (edge < 0.03) return { day: monthStart, second: 0, status }
    return { day: monthStart - 1, second: DAY_SECONDS - 1, status }
  }
}

/** The status after all events up to the end of `day`. */
export function statusAt(line: DrawnLine, events: readonly StatusEvent[], day: number): Status {
  return events.findLast((it) => it.day <= day)?.status ?? line.anchorStatus
}

export function textOfMoment(event: Pick<StatusEvent, 'day' | 'second'>): string {
  const hour = Math.floor(event.second / 3600)
  const minute = Math.floor(event.second / 60) % 60
  const clock = `${two(hour)}:${two(minute)}:${two(event.second % 60)}`
  return `${textOfDay(event.day)}T${clock}+09:00`
}

function secondsOf(event: StatusEvent): number {
  return event.day * DAY_SECONDS + event.second
}
