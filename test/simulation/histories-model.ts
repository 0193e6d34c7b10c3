/**
 * The programme in plain words (contracts §2.3, §2.4, §3), written apart from the engine's rules
 * and from its SQL: subject by subject, from the events known at a run and from what stands in the
 * ledger by then. Dates by luxon.
 *
 * What a moment of issue fixes: an application that counted when the insurance was issued counts
 * for good. A pass that was issued stays, whatever is chosen or withdrawn later, as long as it is
 * for the last choice before its issue (A26), or before a later run of that day, which would grant
 * the same; where late news says otherwise, the line is one that chooses like any other.
 */
import { DateTime } from 'luxon'
import { EventsByLine, Known } from './histories-known.js'
import type { KnownChoice } from './histories-known.js'
import { PERIODS, ZONE } from './histories-script.js'
import type { RunStep } from './histories-script.js'
import type { Line, World } from './histories-world.js'
import { CodePool } from './histories-codes.js'
import type { Demand } from './histories-codes.js'

export const LINE_BENEFITS = ['data', 'roaming_bonus', 'membership', 'ott_pass'] as const
export type BenefitName = (typeof LINE_BENEFITS)[number] | 'insurance'

export interface GrantTold {
  readonly quantity: number
  readonly unit: string
  readonly option: string | null
  readonly validFrom: string
  readonly validTo: string
}

export interface Standing extends GrantTold {
  readonly reason: string
  /** The line that carries it. */
  readonly lineId: number
  /** Milliseconds: of the run that granted it, and of those whose grant it took the place of. */
  readonly issued: readonly number[]
}

export interface Entry extends GrantTold {
  readonly benefit: BenefitName
  /** `line 7` or `customer 7`. */
  readonly subject: string
  readonly type: 'grant' | 'reversal'
  readonly reason: string
  readonly lineId: number
}

export interface ModelTally {
  grants: number
  reversals: number
  unchanged: number
  refused: number
  quantity: number
  reasons: Record<string, number>
}

export interface ModelOutcome {
  readonly entries: readonly Entry[]
  readonly tallies: Readonly<Record<string, ModelTally>>
  readonly demand: readonly Demand[]
}

type Answer = { readonly reason: string; readonly grant?: GrantTold; readonly lineId?: number }

/** What a line that chose waits for. */
interface Wanting {
  readonly line: Line
  readonly option: string
  readonly at: number
}

export class PlainModel {
  readonly #world: World
  readonly #events: EventsByLine
  readonly #codes: CodePool
  /** By period, then `benefit subject`. */
  readonly standing = new Map<string, Map<string, Standing>>(PERIODS.map((it) => [it, new Map()]))

  /** By period: when it was run, in milliseconds. */
  readonly #runs = new Map<string, number[]>(PERIODS.map((it) => [it, []]))

  constructor(world: World) {
    this.#world = world
    this.#events = new EventsByLine(world)
    this.#codes = new CodePool(world.codes)
  }

  /** Plans and runs a period; `moment` is the last whose files are in. */
  run(moment: number, step: RunStep): ModelOutcome {
    const known = new Known(this.#world, this.#events, moment, step)
    const answers = new Map<string, Answer>()
    for (const line of known.lines) {
      answers.set(`data line ${line.lineId}`, this.#data(known, line))
      if (step.period === '2026-03')
        answers.set(`roaming_bonus line ${line.lineId}`, this.#roaming(known, line))
      if (step.period === '2026-02')
        answers.set(`membership line ${line.lineId}`, this.#membership(known, line))
    }
    const demand = this.#passes(known, moment, answers)
    for (const customerId of known.linesOf.keys())
      answers.set(`insurance customer ${customerId}`, this.#insurance(known, customerId))
    this.#runs.get(step.period)!.push(known.now)
    return { ...this.#post(step.period, known.now, answers), demand }
  }

  #data(known: Known, line: Line): Answer {
    const status = known.statusAtStart(line)
    const start = DateTime.fromISO(`${known.step.period}-01`)
    if (line.network === 'mvno') return { reason: 'MVNO' }
    if (line.lineKind === 'iot') return { reason: 'IOT' }
    if (line.lineKind !== 'handset') return { reason: 'SECOND_DEVICE' }
    if (line.payment === 'prepaid') return { reason: 'PREPAID' }
    if (line.status === 'suspended') return { reason: 'SUSPENDED_AT_BASE' }
    if (line.restriction === 'minor' && !isInTime(known.consentOn(line), start))
      return { reason: 'GUARDIAN_CONSENT_MISSING' }
    if (status === 'terminated') return { reason: 'TERMINATED' }
    if (status === 'suspended') return { reason: 'SUSPENDED' }
    const validFrom = isoDate(start)
    const validTo = isoDate(start.endOf('month'))
    const grant = { quantity: 102_400, unit: 'MB', option: null, validFrom, validTo }
    return { reason: 'ELIGIBLE', grant, lineId: line.lineId }
  }

  #roaming(known: Known, line: Line): Answer {
    if (line.network === 'mvno') return { reason: 'MVNO' }
    if (line.lineKind === 'iot') return { reason: 'IOT' }
    if (known.statusAtStart(line) === 'terminated') return { reason: 'TERMINATED' }
    const runsOn = line.promotionEndsOn !== null && line.promotionEndsOn >= '2026-02-01'
    const dates = { validFrom: '2026-03-01', validTo: '2026-08-31' }
    const grant = { quantity: 50, unit: 'percent', option: null, ...dates }
    return { reason: runsOn ? 'PROMOTION_EXTENDED' : 'ELIGIBLE', grant, lineId: line.lineId }
  }

  #membership(known: Known, line: Line): Answer {
    const refusal = handsetRefusal(known, line)
    if (refusal !== undefined) return { reason: refusal }
    const dates = { validFrom: '2026-02-01', validTo: '2026-07-31' }
    const grant = { quantity: 6, unit: 'months', option: null, ...dates }
    return { reason: 'ELIGIBLE', grant, lineId: line.lineId }
  }

  #passes(known: Known, moment: number, answers: Map<string, Answer>): readonly Demand[] {
    const wanting: Wanting[] = []
    for (const line of known.lines) {
      const answer = this.#passBeforeCodes(known, line)
      if ('option' in answer) wanting.push(answer)
      else answers.set(`ott_pass line ${line.lineId}`, answer)
    }
    const day = dayOf(known.now)
    const { given, demand } = this.#codes.giveOut(
      wanting.map((it) => ({ lineId: it.line.lineId, option: it.option, at: it.at })),
      day,
      moment,
    )
    for (const { line, option } of wanting) {
      const dates = { validFrom: day, validTo: lastDayOf(day, 6) }
      const grant = { quantity: 6, unit: 'months', option, ...dates }
      answers.set(
        `ott_pass line ${line.lineId}`,
        given.has(line.lineId)
          ? { reason: 'CHOSEN', grant, lineId: line.lineId }
          : { reason: 'NO_CODE_LEFT' },
      )
    }
    return demand
  }

  #passBeforeCodes(known: Known, line: Line): Answer | Wanting {
    const key = `ott_pass line ${line.lineId}`
    const refusal = handsetRefusal(known, line)
    if (refusal !== undefined) return { reason: refusal }
    if (this.#holdsElsewhere(known.step.period, key)) return { reason: 'ALREADY_GRANTED' }
    const choices = known.choicesOf(line.lineId, 'ott_pass')
    const held = this.standing.get(known.step.period)!.get(key)
    if (held !== undefined) {
      const planned = [...this.#runs.get(known.step.period)!, known.now].filter(
        (at) => at >= held.issued.at(-1)! && dayOf(at) === held.validFrom,
      )
      if (planned.some((at) => lastChoice(choices, at)?.option === held.option))
        return { reason: 'CHOSEN', grant: held, lineId: line.lineId }
    }
    const last = lastChoice(choices, known.now)
    if (last === undefined) return { reason: 'NO_CHOICE' }
    return { line, option: last.option!, at: last.at }
  }

  #insurance(known: Known, customerId: number): Answer {
    const key = `insurance customer ${customerId}`
    const person = known.people.get(customerId)!
    const lines = known.linesOf.get(customerId)!
    const ofKt = lines.filter((it) => it.network === 'kt')
    if (ofKt.length === 0) return { reason: 'MVNO' }
    const phones = ofKt.filter((it) => it.lineKind !== 'iot')
    if (phones.length === 0) return { reason: 'IOT' }
    if (person.kind === 'corporate') return { reason: 'CORPORATE' }
    const inService = phones.filter((it) => known.statusAtStart(it) !== 'terminated')
    if (inService.length === 0) return { reason: 'TERMINATED' }
    if (this.#holdsElsewhere(known.step.period, key)) return { reason: 'ALREADY_GRANTED' }
    const lineId = Math.min(...inService.map((it) => it.lineId))
    const insured = { quantity: 24, unit: 'months', option: null }
    if (known.step.period === '2026-02' && ageOn(person.birthDate!, known.baseDate) >= 65) {
      const dates = { validFrom: '2026-03-01', validTo: '2028-02-29' }
      return { reason: 'AGE_65', grant: { ...insured, ...dates }, lineId }
    }
    const held = this.standing.get(known.step.period)!.get(key)
    const bounds = [...(held?.issued ?? []), known.now]
    const applications = lines
      .flatMap((it) => known.choicesOf(it.lineId, 'insurance'))
      .filter((it) => bounds.some((at) => countsAt(it, at)))
      .toSorted((a, b) => a.at - b.at)
    if (applications.length === 0) return { reason: 'NO_APPLICATION' }
    const first = applications.find(
      (it) => it.consent || ageOn(person.birthDate!, dayOf(it.at)) >= 14,
    )
    if (first === undefined) return { reason: 'GUARDIAN_CONSENT_MISSING' }
    const start = DateTime.fromISO(dayOf(first.at)).startOf('month').plus({ months: 1 })
    const dates = { validFrom: isoDate(start), validTo: lastDayOf(isoDate(start), 24) }
    return { reason: 'APPLIED', grant: { ...insured, ...dates }, lineId }
  }

  #holdsElsewhere(period: string, key: string): boolean {
    return PERIODS.some((it) => it !== period && this.standing.get(it)!.has(key))
  }

  #post(
    period: string,
    now: number,
    answers: ReadonlyMap<string, Answer>,
  ): Omit<ModelOutcome, 'demand'> {
    const standing = this.standing.get(period)!
    const entries: Entry[] = []
    const tallies: Record<string, ModelTally> = {}
    const write = (key: string, type: Entry['type'], grant: Standing, reason: string): void => {
      const { benefit, subject } = partsOf(key)
      entries.push({ ...grant, benefit, subject, type, reason })
      const tally = (tallies[benefit] ??= emptyTally())
      if (type === 'reversal') tally.reversals += 1
      tally.quantity += type === 'grant' ? grant.quantity : -grant.quantity
    }
    for (const [key, held] of standing) {
      const answer = answers.get(key)
      if (answer?.grant !== undefined && sameGrant(answer.grant, held)) continue
      const because = answer?.grant === undefined ? answer?.reason : 'GRANT_CHANGED'
      write(key, 'reversal', held, because ?? 'NOT_IN_SNAPSHOT')
      if (answer?.grant === undefined) standing.delete(key)
    }
    for (const [key, { reason, grant, lineId }] of answers) {
      const tally = (tallies[partsOf(key).benefit] ??= emptyTally())
      tally.reasons[reason] = (tally.reasons[reason] ?? 0) + 1
      const held = standing.get(key)
      if (grant === undefined) tally.refused += 1
      else if (held !== undefined && sameGrant(grant, held)) tally.unchanged += 1
      else {
        tally.grants += 1
        const issued = [...(held?.issued ?? []), now]
        const granted = { ...grant, reason, lineId: lineId!, issued }
        standing.set(key, granted)
        write(key, 'grant', granted, reason)
      }
    }
    return { entries, tallies }
  }
}

/** What refuses a membership or a pass before anything is chosen. */
function handsetRefusal(known: Known, line: Line): string | undefined {
  if (line.network === 'mvno') return 'MVNO'
  if (line.lineKind === 'iot') return 'IOT'
  if (line.lineKind !== 'handset') return 'SECOND_DEVICE'
  return known.statusAtStart(line) === 'terminated' ? 'TERMINATED' : undefined
}

function lastChoice(choices: readonly KnownChoice[], at: number): KnownChoice | undefined {
  return choices
    .filter((it) => countsAt(it, at))
    .toSorted((a, b) => a.at - b.at)
    .at(-1)
}

/** Made before the instant and not withdrawn before it. */
function countsAt(choice: KnownChoice, at: number): boolean {
  return choice.at < at && choice.withdrawnAt >= at
}

/** A consent until the 20th of a month counts from the following month (A17). */
function isInTime(consentOn: string | undefined, periodStart: DateTime): boolean {
  if (consentOn === undefined) return false
  const day = DateTime.fromISO(consentOn)
  const counts = day.startOf('month').plus({ months: day.day <= 20 ? 1 : 2 })
  return counts.toMillis() <= periodStart.toMillis()
}

/** A term ends the day before the corresponding day, or with a month that lacks it (Art. 160). */
function lastDayOf(start: string, months: number): string {
  const first = DateTime.fromISO(start)
  const corresponding = first.plus({ months })
  return isoDate(corresponding.day === first.day ? corresponding.minus({ days: 1 }) : corresponding)
}

/** Completed years; one born on 29 February is older from 1 March in common years (A45). */
function ageOn(birthDate: string, day: string): number {
  const [birth, on] = [DateTime.fromISO(birthDate), DateTime.fromISO(day)]
  const hadBirthday = on.month * 100 + on.day >= birth.month * 100 + birth.day
  return on.year - birth.year - (hadBirthday ? 0 : 1)
}

function dayOf(at: number): string {
  return isoDate(DateTime.fromMillis(at, { zone: ZONE }))
}

function isoDate(day: DateTime): string {
  return day.toISODate() ?? ''
}

function sameGrant(a: GrantTold, b: GrantTold): boolean {
  return (
    a.quantity === b.quantity &&
    a.unit === b.unit &&
    a.option === b.option &&
    a.validFrom === b.validFrom &&
    a.validTo === b.validTo
  )
}

function partsOf(key: string): { readonly benefit: BenefitName; readonly subject: string } {
  const [benefit, ...subject] = key.split(' ')
  return { benefit: benefit as BenefitName, subject: subject.join(' ') }
}

function emptyTally(): ModelTally {
  return { grants: 0, reversals: 0, unchanged: 0, refused: 0, quantity: 0, reasons: {} }
}
