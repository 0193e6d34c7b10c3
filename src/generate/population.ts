/**
 * The synthetic population: who the customers are and which lines they hold on 2026-01-13. It is
 * fixed by seed and size alone, so that a snapshot of a later day shows the same people after the
 * changes between. Shares follow the programme's scale of 13.6 million handset lines, 1.4 million
 * second devices, 2.9 million IoT lines, 0.3 million prepaid and 0.25 million suspended.
 */
import { NO_DAY, dayOf } from './civil-day.js'
import { blankLine } from './drawn-line.js'
import type { DrawnLine, LineKind } from './drawn-line.js'
import { meanSize, sizeOf } from './fleet-size.js'
import type { SizeLaw } from './fleet-size.js'
import { PERMUTED, Random, STREAM, permute } from './random.js'

/** The day the population is drawn for; other days follow from it by the lines' timelines. */
export const ANCHOR_DAY = dayOf('2026-01-13')
/** Newcomers arrive and lines change until this day, the programme's last. */
export const HORIZON_DAY = dayOf('2026-07-31')

/** The least id of a line or customer: ten digits. */
export const FIRST_ID = 1_000_000_000
const LAST_ID = 999_999_999_999
/** Line numbers: newcomers and spoiled rows have ranges of their own. */
const NEWCOMER_INDEX = PERMUTED / 4
const SPARE_INDEX = PERMUTED / 2
const FORMER_INDEX = (PERMUTED / 4) * 3

/** The id of a line that had left before the anchor; no line of the population has it. */
export function formerLineId(number: number, seed: number): number {
  return FIRST_ID + permute(FORMER_INDEX + number, seed)
}

/** Lines of companies for each individual customer: 1.05 and 2.78 million to 12.5 million. */
const OFFICE_LINES = 0.0839
const FLEET_LINES = 0.2224
/** 1.2 % a month over the 6.6 months from the anchor to the horizon, as many as leave. */
const NEWCOMER_SHARE = 0.08

const OLDEST_DAY = dayOf('1926-01-01')
/** Birthdays on the edges of 65 (both base dates), and a leap day of a child. */
const BIRTH_EDGES = ['1961-01-13', '1961-01-14', '1961-01-31', '1961-02-01', '2012-02-29'].map(
  dayOf,
)
/** The base day of the refund rules, and the day after it. */
const CONTRACT_EDGES = ['2025-08-31', '2025-09-01'].map(dayOf)
const PROMOTION_EDGES = ['2026-01-30', '2026-01-31', '2026-02-01', '2026-02-02'].map(dayOf)
const PROMOTION_FIRST = dayOf('2025-12-01')
const PROMOTION_LAST = dayOf('2026-08-31')
/** Around the 20th, the last day whose consents count for the month after. */
const CONSENT_EDGES = ['2026-01-19', '2026-01-20', '2026-01-21', '2026-02-20', '2026-02-21'].map(
  dayOf,
)

type CustomerType = 'individual' | 'office' | 'fleet'

export class Population {
  readonly #seed: number
  readonly #random: Random
  readonly #ids: Random
  readonly #line: DrawnLine = blankLine()
  readonly #stride: number
  readonly #office: SizeLaw
  readonly #fleet: SizeLaw
  readonly #individualShare: number
  readonly #officeShare: number
  #lines = 0

  /** `size` is the number of lines expected; it bounds the largest customer and spaces the ids. */
  constructor(seed: number, size: number) {
    this.#seed = seed
    this.#random = new Random(seed, STREAM.population)
    this.#ids = new Random(seed, STREAM.identity)
    this.#stride = Math.min(2 ** 31, Math.floor((LAST_ID - FIRST_ID) / size))
    this.#office = { least: 1, slope: 1.5, most: Math.min(5_000, Math.max(5, size / 500)) }
    this.#fleet = { least: 5, slope: 1.2, most: Math.min(60_000, Math.max(20, size / 200)) }
    const offices = OFFICE_LINES / meanSize(this.#office)
    const fleets = FLEET_LINES / meanSize(this.#fleet)
    this.#individualShare = 1 / (1 + offices + fleets)
    this.#officeShare = offices * this.#individualShare
  }

  /**
   * Draws customer `number`; `visit` sees each of at most `most` lines. Returns how many there
   * were.
   */
  drawCustomer(number: number, most: number, visit: (line: DrawnLine) => void): number {
    const random = this.#random
    random.restart(number)
    const type = this.#drawType()
    const line = this.#line
    line.customerId = this.#customerId(number, 0)
    line.corporate = type !== 'individual'
    line.birthDay = type === 'individual' ? this.#drawBirthDay() : NO_DAY
    const mvno = random.chance(type === 'individual' ? 0.03 : 0.02)
    let drawn = 0
    const add = (kind: LineKind): void => {
      if (drawn >= most) return
      this.#drawLine(kind, mvno)
      drawn += 1
      visit(line)
    }
    if (type === 'individual') this.#addDevices(add)
    if (type === 'office') {
      const lines = sizeOf(this.#office, random.unit())
      for (let at = 0; at < lines; at += 1) add(random.chance(0.045) ? 'tablet' : 'handset')
    }
    if (type === 'fleet') {
      const lines = sizeOf(this.#fleet, random.unit())
      for (let at = 0; at < lines; at += 1) add('iot')
    }
    return drawn
  }

  /** The customer who joins beside customer `number` after the anchor, if one does. */
  drawNewcomer(number: number): DrawnLine | undefined {
    const random = this.#random
    random.restart(number + NEWCOMER_INDEX)
    if (!random.chance(NEWCOMER_SHARE)) return undefined
    const line = this.#line
    line.customerId = this.#customerId(number, 1)
    line.corporate = false
    line.birthDay = this.#drawBirthDay()
    const kept = this.#lines
    this.#lines = NEWCOMER_INDEX + number
    this.#drawLine('handset', random.chance(0.03))
    this.#lines = kept
    line.anchorStatus = 'active'
    line.status = 'active'
    line.activatedDay = random.between(ANCHOR_DAY + 1, HORIZON_DAY)
    line.contractEvent = 'new'
    line.contractEventDay = line.activatedDay
    return line
  }

  /** A line id that no line of the population has. */
  spareLineId(number: number): number {
    return FIRST_ID + permute(SPARE_INDEX + number, this.#seed)
  }

  /** A customer id that no customer has, for the rows that quarrel about `customer`. */
  spareCustomerId(customer: number): number {
    return this.#customerId(customer, 2)
  }

  #drawType(): CustomerType {
    const share = this.#random.unit()
    if (share < this.#individualShare) return 'individual'
    return share < this.#individualShare + this.#officeShare ? 'office' : 'fleet'
  }

  #addDevices(add: (kind: LineKind) => void): void {
    const random = this.#random
    const main = random.unit()
    add(main < 0.975 ? 'handset' : main < 0.99 ? 'tablet' : 'iot')
    if (random.chance(0.052)) add('watch')
    if (random.chance(0.042)) add('tablet')
    if (random.chance(0.035)) add('handset')
  }

  // A fifth of those who hold a line are 65 or over, 8.5 % are under 19.
  #drawBirthDay(): number {
    const random = this.#random
    if (random.chance(0.002)) return BIRTH_EDGES[random.below(BIRTH_EDGES.length)] ?? OLDEST_DAY
    const band = random.unit()
    if (band < 0.04) return ANCHOR_DAY - random.between(30, 14 * 365)
    if (band < 0.085) return ANCHOR_DAY - random.between(14 * 366, 19 * 365)
    if (band < 0.795) return ANCHOR_DAY - random.between(19 * 366, 65 * 365)
    // The number of the old falls with age: the lower of two draws.
    const years = Math.min(random.unit(), random.unit()) * 35
    return Math.max(OLDEST_DAY, ANCHOR_DAY - 65 * 366 - Math.floor(years * 365.25))
  }

  #drawLine(kind: LineKind, mvno: boolean): void {
    const random = this.#random
    const line = this.#line
    line.index = this.#lines
    line.lineId = FIRST_ID + permute(this.#lines, this.#seed)
    this.#lines += 1
    line.lineKind = kind
    line.mvno = mvno !== random.chance(0.002)
    line.prepaid = kind === 'handset' && random.chance(line.corporate ? 0.005 : 0.0235)
    line.anchorStatus = random.chance(0.014) ? 'suspended' : 'active'
    line.status = line.anchorStatus
    this.#drawContract()
    this.#drawMinorPlan()
    line.roamingPromotionEndDay = NO_DAY
    if (kind === 'handset' && random.chance(0.03)) {
      const edges = PROMOTION_EDGES
      line.roamingPromotionEndDay = this.#dayOrEdge(0.5, edges, PROMOTION_FIRST, PROMOTION_LAST)
    }
    line.noticeNumber = this.#drawNoticeNumber()
  }

  #drawContract(): void {
    const random = this.#random
    const line = this.#line
    // The lower of two draws over 20 years: most lines are younger than seven years.
    const age = Math.floor(Math.min(random.unit(), random.unit()) * 20 * 365)
    const edge = random.chance(0.002) ? CONTRACT_EDGES[random.below(2)] : undefined
    line.activatedDay = Math.max(line.birthDay, edge ?? ANCHOR_DAY - age)
    line.contractEvent = ''
    line.contractEventDay = NO_DAY
    const event = random.unit()
    if (event > 0.7) return
    line.contractEvent = event < 0.3 ? 'new' : event < 0.55 ? 'device_change' : 'renewal'
    line.contractEventDay = line.activatedDay
    if (line.contractEvent === 'new') return
    line.contractEventDay = Math.max(
      line.activatedDay,
      this.#dayOrEdge(0.01, CONTRACT_EDGES, line.activatedDay, ANCHOR_DAY),
    )
  }

  #drawMinorPlan(): void {
    const random = this.#random
    const line = this.#line
    const minor = !line.corporate && line.birthDay > ANCHOR_DAY - 19 * 365
    line.minorPlan = minor && line.lineKind === 'handset' && random.chance(0.4)
    line.guardianConsentDay = NO_DAY
    if (!line.minorPlan) return
    const consent = random.unit()
    if (consent < 0.6) line.guardianConsentDay = random.between(line.activatedDay, ANCHOR_DAY)
    else if (consent < 0.7) {
      line.guardianConsentDay = CONSENT_EDGES[random.below(CONSENT_EDGES.length)] ?? NO_DAY
    }
  }

  // 010-0… is not given to any subscriber, so that nobody can be called by mistake.
  #drawNoticeNumber(): string {
    const random = this.#random
    const line = this.#line
    if (random.chance(line.lineKind === 'iot' ? 0.8 : 0.02)) return ''
    const digits = String(10_000_000 + random.below(10_000_000)).slice(1)
    if (line.corporate && random.chance(0.3)) return `02${digits}`
    return line.corporate && random.chance(0.1) ? `031${digits}` : `0100${digits}`
  }

  #dayOrEdge(share: number, edges: readonly number[], first: number, last: number): number {
    const random = this.#random
    const edge = random.chance(share) ? edges[random.below(edges.length)] : undefined
    return edge ?? random.between(first, last)
  }

  // Each customer has a span of its own, cut in thirds, so that ids never meet. They rise with the
  // customer's number but tell nothing of the line ids.
  #customerId(number: number, third: number): number {
    this.#ids.restart(number * 3 + third)
    const span = Math.floor(this.#stride / 3)
    return FIRST_ID + number * this.#stride + third * span + this.#ids.below(span)
  }
}
