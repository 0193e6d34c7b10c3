/**
 * Lines that left, drawn one by one: 350,000 of 660,000 before the waiver's fourteen days, the
 * others in them, a third of these on the last two days; 55 % with a penalty, of KRW 110,000 in the
 * middle, 150,000 on average and 900,000 at most (facts §10, A40, A41). Each exclusion of facts §3
 * and each boundary has its share.
 */
import { NO_DAY, dayOf } from './civil-day.js'
import type { ContractEvent, LineKind } from './drawn-line.js'
import { formerLineId } from './population.js'
import { Random, STREAM } from './random.js'

export type TerminationKind = 'voluntary' | 'port_out' | 'ex_officio'
export type Hardship = 'military' | 'abroad' | 'hospital' | 'custody' | 'remote_area'

export interface DrawnTermination {
  readonly lineId: number
  readonly customerId: number
  readonly corporate: boolean
  readonly mvno: boolean
  readonly lineKind: LineKind
  readonly activatedDay: number
  readonly contractEvent: ContractEvent | ''
  readonly contractEventDay: number
  readonly day: number
  /** Second of that day in Korea. */
  readonly second: number
  readonly kind: TerminationKind
  readonly subsidy: number
  readonly discount: number
  readonly otherCharges: number
  readonly paid: number
  readonly alreadyWaived: number
  readonly resubscribedDay: number
  readonly hardship: Hardship | ''
  readonly hardshipEndedDay: number
  readonly noticeNumber: string
  /** Of a penalty that was open at first, what a later row says is paid; 0 where none follows. */
  readonly paidLater: number
}

const BASE_DAY = dayOf('2025-08-31')
const WAIVER_DAY = dayOf('2025-12-31')
const LAST_DAY = dayOf('2026-01-13')
const DAY_SECONDS = 86_400
const HARDSHIPS: readonly Hardship[] = ['military', 'abroad', 'hospital', 'custody', 'remote_area']
/** The first and last second of the window and of the payout groups, and their neighbours. */
const EDGES: readonly (readonly [day: number, second: number])[] = [
  [BASE_DAY, DAY_SECONDS - 1],
  [BASE_DAY + 1, 0],
  [WAIVER_DAY, DAY_SECONDS - 1],
  [WAIVER_DAY + 1, 0],
  [LAST_DAY, DAY_SECONDS - 1],
  [LAST_DAY + 1, 0],
]
/** Above all ids of the population, which have twelve digits. */
const FIRST_CUSTOMER_ID = 2_000_000_000_000

export class Terminations {
  readonly #seed: number
  readonly #random: Random

  constructor(seed: number) {
    this.#seed = seed
    this.#random = new Random(seed, STREAM.termination)
  }

  /** The termination of this number, always the same. */
  draw(index: number): DrawnTermination {
    const random = this.#random
    random.restart(index)
    const corporate = random.chance(0.05)
    const kind = random.unit()
    const when = this.#drawWhen()
    const late = when.day > LAST_DAY
    return {
      lineId: formerLineId(index, this.#seed),
      // Neighbours now and then are one person's handset and watch, leaving on different days.
      customerId: FIRST_CUSTOMER_ID + (index - (index % 10 === 9 ? 1 : 0)),
      corporate,
      mvno: random.chance(0.015),
      lineKind: kind < 0.88 ? 'handset' : kind < 0.94 ? 'watch' : kind < 0.98 ? 'tablet' : 'iot',
      ...this.#drawContract(),
      ...when,
      kind: this.#drawKind(when.day),
      ...this.#drawMoney(),
      resubscribedDay: random.chance(0.015) ? when.day + random.between(1, 40) : NO_DAY,
      ...this.#drawHardship(when.day, late),
      noticeNumber: random.chance(0.03) ? '' : this.#drawNumber(),
    }
  }

  #drawWhen(): { readonly day: number; readonly second: number } {
    const random = this.#random
    const second = random.below(DAY_SECONDS)
    const edge = random.unit()
    const [day, exact] = EDGES[Math.floor(edge * 1_000)] ?? []
    if (day !== undefined && exact !== undefined) return { day, second: exact }
    if (edge < 0.008) return { day: BASE_DAY - random.between(1, 60), second }
    if (edge < 0.014) return { day: LAST_DAY + random.between(1, 75), second }
    if (random.chance(35 / 66)) return { day: random.between(BASE_DAY + 1, WAIVER_DAY - 1), second }
    const last = random.chance(1 / 3)
    const from = last ? LAST_DAY - 1 : WAIVER_DAY
    return { day: random.between(from, last ? LAST_DAY : LAST_DAY - 2), second }
  }

  #drawKind(day: number): TerminationKind {
    const random = this.#random
    if (random.chance(0.02)) return 'ex_officio'
    return random.chance(day >= WAIVER_DAY ? 0.93 : 0.6) ? 'port_out' : 'voluntary'
  }

  #drawContract(): Pick<DrawnTermination, 'activatedDay' | 'contractEvent' | 'contractEventDay'> {
    const random = this.#random
    // The lower of two draws over eight years: contracts that still cost something are young.
    const age = Math.floor(Math.min(random.unit(), random.unit()) * 8 * 365)
    const since = random.chance(0.03)
    const edge = random.chance(0.002) ? random.below(2) : undefined
    const activatedDay =
      edge !== undefined
        ? BASE_DAY + edge
        : since
          ? BASE_DAY + random.between(1, 80)
          : BASE_DAY - age
    const event = random.unit()
    if (since || event < 0.35) {
      return { activatedDay, contractEvent: 'new', contractEventDay: activatedDay }
    }
    if (event > 0.8) return { activatedDay, contractEvent: '', contractEventDay: NO_DAY }
    const latest = random.chance(0.06) ? BASE_DAY + 90 : BASE_DAY
    return {
      activatedDay,
      contractEvent: event < 0.55 ? 'device_change' : 'renewal',
      contractEventDay: random.between(activatedDay, Math.max(activatedDay, latest)),
    }
  }

  #drawMoney(): Pick<
    DrawnTermination,
    'subsidy' | 'discount' | 'otherCharges' | 'paid' | 'alreadyWaived' | 'paidLater'
  > {
    const random = this.#random
    const otherCharges = random.chance(0.6) ? random.between(1, 120) * 10_000 : 0
    if (!random.chance(0.55)) {
      const nothing = { subsidy: 0, discount: 0, paid: 0, alreadyWaived: 0, paidLater: 0 }
      return { ...nothing, otherCharges }
    }
    const penalty = this.#drawPenalty()
    const parts = random.unit()
    const share = parts < 0.4 ? 0 : parts < 0.75 ? 1 : random.unit()
    const subsidy = Math.floor(penalty * share)
    const payment = random.unit()
    const isOpen = payment < 0.11
    const isPart = payment >= 0.08 && isOpen
    const whole = payment > 0.995 ? penalty * 2 : penalty
    const waived = random.chance(0.02) ? (random.chance(0.5) ? penalty : penalty / 3) : 0
    return {
      subsidy,
      discount: penalty - subsidy,
      otherCharges,
      paid: isPart ? Math.floor(penalty / 2) : isOpen ? 0 : whole,
      alreadyWaived: Math.floor(waived),
      paidLater: isOpen && random.chance(0.5) ? penalty : 0,
    }
  }

  // Logarithms of penalties are spread normally; this spread takes a middle of 110,000 to a mean of
  // 150,000 when what lies above 900,000 is drawn anew.
  #drawPenalty(): number {
    const random = this.#random
    for (;;) {
      const far = Math.sqrt(-2 * Math.log(1 - random.unit()))
      const normal = far * Math.cos(2 * Math.PI * random.unit())
      const won = Math.floor((110_700 * Math.exp(0.83 * normal)) / 10) * 10
      if (won > 0 && won <= 900_000) return won
    }
  }

  #drawHardship(
    day: number,
    late: boolean,
  ): Pick<DrawnTermination, 'hardship' | 'hardshipEndedDay'> {
    const random = this.#random
    // Half of those who left late say why, most of them within the fourteen days of grace.
    if (!random.chance(late ? 0.5 : 0.001)) return { hardship: '', hardshipEndedDay: NO_DAY }
    const hardship = HARDSHIPS[random.below(HARDSHIPS.length)] ?? 'military'
    return { hardship, hardshipEndedDay: day - random.between(0, 17) }
  }

  // 010-0… is not given to any subscriber, so that nobody can be called by mistake.
  #drawNumber(): string {
    return `0100${String(10_000_000 + this.#random.below(10_000_000)).slice(1)}`
  }
}
