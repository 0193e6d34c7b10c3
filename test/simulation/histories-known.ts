/** What the files told so far say of lines and customers: the plain model's view of a history. */
import { DateTime } from 'luxon'
import { millis, SNAPSHOTS, startOf, ZONE } from './histories-script.js'
import type { RunStep } from './histories-script.js'
import type { Choice, Consent, Line, Person, StatusChange, World } from './histories-world.js'

export type Status = StatusChange['status']

/** Times in milliseconds since 1970. */
export interface KnownChoice {
  readonly choiceId: string
  readonly lineId: number
  readonly option: string | null
  readonly at: number
  readonly consent: boolean
  /** Infinity where none is known. */
  readonly withdrawnAt: number
}

const WINDOW = {
  from: millis('2026-02-01T00:00:00+09:00'),
  end: millis('2026-08-01T00:00:00+09:00'),
}

/** A world up to a moment, as a plan of a period sees it. */
export class Known {
  readonly step: RunStep
  readonly now: number
  readonly people: ReadonlyMap<number, Person>
  readonly lines: readonly Line[]
  readonly baseDate: string
  readonly linesOf = new Map<number, Line[]>()
  readonly #events: EventsByLine
  readonly #moment: number
  readonly #start: number
  readonly #end: number
  readonly #baseEnd: number

  constructor(world: World, events: EventsByLine, moment: number, step: RunStep) {
    const { people, lines } = world.snapshots[step.snapshot]!
    this.step = step
    this.now = millis(step.now)
    this.people = people
    this.lines = lines
    this.baseDate = SNAPSHOTS[step.snapshot]!.asOf
    for (const line of lines) push(this.linesOf, line.customerId, line)
    this.#events = events
    this.#moment = moment
    const start = DateTime.fromISO(startOf(step.period), { zone: ZONE })
    this.#start = start.toMillis()
    this.#end = start.plus({ months: 1 }).toMillis()
    this.#baseEnd = DateTime.fromISO(this.baseDate, { zone: ZONE }).plus({ days: 1 }).toMillis()
  }

  /** At 00:00 of the period's first day: the last change that counts, else the snapshot. */
  statusAtStart(line: Line): Status {
    let status: Status = line.status
    let [at, imported] = [-Infinity, -Infinity]
    for (const it of this.#events.changes.get(line.lineId) ?? []) {
      const { time } = it
      if (it.imported > this.#moment || time < this.#baseEnd || time > this.#start) continue
      if (time < at || (time === at && it.imported < imported)) continue
      ;[status, at, imported] = [it.status, time, it.imported]
    }
    return status
  }

  /** The earliest known; undefined where there is none. */
  consentOn(line: Line): string | undefined {
    const later = (this.#events.consents.get(line.lineId) ?? [])
      .filter((it) => it.imported <= this.#moment)
      .map((it) => it.on)
    return [...(line.consentOn === null ? [] : [line.consentOn]), ...later].toSorted()[0]
  }

  /** Inside the window and made before the end of the period. */
  choicesOf(lineId: number, benefit: Choice['benefit']): readonly KnownChoice[] {
    return (this.#events.choices.get(lineId) ?? [])
      .filter((it) => it.benefit === benefit && it.imported <= this.#moment)
      .map((it) => this.#asKnown(it))
      .filter((it) => it.at >= WINDOW.from && it.at < WINDOW.end && it.at < this.#end)
  }

  #asKnown(choice: Timed<Choice> & { readonly withdrawn: number }): KnownChoice {
    const isKnown = choice.withdrawalImported <= this.#moment
    return {
      choiceId: choice.choiceId,
      lineId: choice.lineId,
      option: choice.option,
      at: choice.time,
      consent: choice.consent === true,
      withdrawnAt: isKnown ? choice.withdrawn : Infinity,
    }
  }
}

/** With its time in milliseconds: read once, not at each of the millions of looks. */
type Timed<Event> = Event & { readonly time: number }

export class EventsByLine {
  readonly changes = new Map<number, Timed<StatusChange>[]>()
  readonly consents = new Map<number, Consent[]>()
  readonly choices = new Map<number, (Timed<Choice> & { readonly withdrawn: number })[]>()

  constructor(world: World) {
    for (const it of world.changes) push(this.changes, it.lineId, { ...it, time: millis(it.at) })
    for (const it of world.consents) push(this.consents, it.lineId, it)
    for (const it of world.choices) {
      const withdrawn = it.withdrawnAt === null ? Infinity : millis(it.withdrawnAt)
      push(this.choices, it.lineId, { ...it, time: millis(it.at), withdrawn })
    }
  }
}

function push<T>(map: Map<number, T[]>, key: number, value: T): void {
  const values = map.get(key)
  if (values === undefined) map.set(key, [value])
  else values.push(value)
}
