/**
 * Applications of those who left: four fifths apply, half of them in the first five days (A40).
 * Some apply twice by different channels, with the wrong holder, too early or too late, withdraw,
 * correct their account, or name a line that nobody knows.
 */
import { dayOf } from './civil-day.js'
import { formerLineId } from './population.js'
import { Random, STREAM } from './random.js'
import { textOfMoment } from './timeline.js'

export interface ApplicationRow {
  readonly id: string
  readonly lineId: number
  readonly channel: 'web' | 'call_center' | 'store'
  readonly appliedAt: string
  readonly bankCode: string
  readonly accountNumber: string
  readonly accountHolder: string
  readonly holderCheck: 'match' | 'mismatch' | 'unchecked'
  readonly withdrawnAt: string
}

export type News = 'withdrawn' | 'corrected' | 'checked' | 'repeated'

export interface DrawnApplications {
  readonly rows: readonly ApplicationRow[]
  /** What is told of the first of them after all others came: the same id with one change. */
  readonly later: { readonly news: News; readonly row: ApplicationRow } | undefined
  readonly isUnknownLine: boolean
}

interface Moment {
  readonly day: number
  readonly second: number
}

const FIRST_DAY = dayOf('2026-01-14')
const LAST_DAY = dayOf('2026-01-31')
const OPENS_AT = 9 * 3_600
const CLOSES_AT = 22 * 3_600
const DAY_SECONDS = 86_400
const APPLYING_SHARE = 0.8
const UNKNOWN_SHARE = 0.003
/** Line numbers that no termination has: a file has at most a thousand million of those. */
const UNKNOWN_INDEX = 2_000_000_000

const BANKS = ['004', '088', '020', '081', '011', '090', '092', '003', '089', '045', '031', '071']
const FAMILY_NAMES = Array.from('김이박최정강조윤장임한오서신권황안송류홍')
const SYLLABLES = Array.from('민서지우하윤도현수아준영은채원진호연재훈나라솔별가람새봄')
const COMPANIES = ['한빛상사', '누리물산', '가온테크', '새길유통', '다온건설']

export class Applications {
  readonly #seed: number
  readonly #random: Random

  constructor(seed: number) {
    this.#seed = seed
    this.#random = new Random(seed, STREAM.refundApplication)
  }

  /** What is applied for termination number `index`, always the same; mostly one row. */
  draw(index: number): DrawnApplications {
    const random = this.#random
    random.restart(index)
    if (!random.chance(APPLYING_SHARE)) {
      return { rows: [], later: undefined, isUnknownLine: false }
    }
    const isUnknownLine = random.chance(UNKNOWN_SHARE)
    const lineId = formerLineId(isUnknownLine ? UNKNOWN_INDEX + index : index, this.#seed)
    const at = this.#drawMoment()
    const channel = random.unit()
    const check = random.unit()
    const first: ApplicationRow = {
      id: `rf-${index}-1`,
      lineId,
      channel: channel < 0.7 ? 'web' : channel < 0.9 ? 'call_center' : 'store',
      appliedAt: textOfMoment(at),
      ...this.#drawAccount(),
      accountHolder: this.#drawHolder(),
      holderCheck: check < 0.93 ? 'match' : check < 0.95 ? 'mismatch' : 'unchecked',
      withdrawnAt: random.chance(0.008) ? textOfMoment(this.#laterThan(at)) : '',
    }
    const again = random.chance(0.03) ? [this.#drawAgain(first, at)] : []
    return { rows: [first, ...again], later: this.#drawLater(first, at), isUnknownLine }
  }

  /** The same person by another channel, a third of the time with another account. */
  #drawAgain(first: ApplicationRow, at: Moment): ApplicationRow {
    const random = this.#random
    return {
      ...first,
      id: first.id.replace(/1$/, '2'),
      channel: first.channel === 'web' ? 'call_center' : 'web',
      // Now and then at the same instant, where the id decides which one comes first.
      appliedAt: textOfMoment(random.chance(0.02) ? at : this.#laterThan(at)),
      withdrawnAt: '',
      ...(random.chance(0.33) ? this.#drawAccount() : {}),
    }
  }

  #drawLater(first: ApplicationRow, at: Moment): DrawnApplications['later'] {
    const random = this.#random
    if (first.withdrawnAt !== '') return undefined
    const kind = random.unit()
    if (kind < 0.008) {
      const withdrawnAt = textOfMoment(this.#laterThan(at))
      return { news: 'withdrawn', row: { ...first, withdrawnAt } }
    }
    if (kind < 0.014) {
      const row = { ...first, ...this.#drawAccount(), holderCheck: 'match' as const }
      return { news: 'corrected', row }
    }
    if (kind < 0.016) return { news: 'repeated', row: first }
    if (first.holderCheck !== 'unchecked' || random.chance(0.4)) return undefined
    return { news: 'checked', row: { ...first, holderCheck: 'match' } }
  }

  #drawMoment(): Moment {
    const random = this.#random
    const edge = random.unit()
    const open = OPENS_AT + random.below(CLOSES_AT - OPENS_AT)
    if (edge < 0.0005) return { day: FIRST_DAY, second: OPENS_AT }
    if (edge < 0.001) return { day: FIRST_DAY, second: OPENS_AT - 1 }
    if (edge < 0.0015) return { day: LAST_DAY, second: CLOSES_AT }
    if (edge < 0.002) return { day: LAST_DAY, second: CLOSES_AT + 1 }
    if (edge < 0.0025) return { day: FIRST_DAY + 4, second: DAY_SECONDS - 1 }
    if (edge < 0.003) return { day: FIRST_DAY + 5, second: 0 }
    if (edge < 0.005) return { day: FIRST_DAY - random.between(1, 10), second: open }
    if (edge < 0.01) return { day: LAST_DAY + random.between(1, 20), second: open }
    if (random.chance(0.5)) return { day: random.between(FIRST_DAY, FIRST_DAY + 4), second: open }
    return { day: random.between(FIRST_DAY + 5, LAST_DAY), second: open }
  }

  /** An hour to ten days later. */
  #laterThan({ day, second }: Moment): Moment {
    const random = this.#random
    if (random.chance(0.1) && second < DAY_SECONDS - 3_600) return { day, second: second + 3_600 }
    return { day: day + random.between(1, 10), second: random.below(DAY_SECONDS) }
  }

  // No bank gives numbers that begin with four zeros, so that nobody is paid by mistake.
  #drawAccount(): Pick<ApplicationRow, 'bankCode' | 'accountNumber'> {
    const random = this.#random
    const bankCode = BANKS[random.below(BANKS.length)] ?? '088'
    const digits = 6 + random.below(5)
    const drawn = String(random.below(2 ** 32))
      .padStart(10, '0')
      .slice(-digits)
    const plain = `0000${drawn}`
    const isGrouped = random.chance(0.4)
    const accountNumber = isGrouped
      ? `${plain.slice(0, 3)}-${plain.slice(3, 6)}-${plain.slice(6)}`
      : plain
    return { bankCode, accountNumber }
  }

  #drawHolder(): string {
    const random = this.#random
    if (random.chance(0.05)) return `${COMPANIES[random.below(COMPANIES.length)]}(주)`
    const syllable = (): string => SYLLABLES[random.below(SYLLABLES.length)] ?? '민'
    return `${FAMILY_NAMES[random.below(FAMILY_NAMES.length)]}${syllable()}${syllable()}`
  }
}
