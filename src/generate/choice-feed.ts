/**
 * The file of choices and applications (contracts §2.3): passes chosen by lines, insurance applied
 * for by customers. Most of them come in the first two weeks. Some change their mind, withdraw,
 * come before or after the window, or choose where nothing can be had.
 */
import { NO_DAY, dayOf, yearsBefore } from './civil-day.js'
import type { DrawnLine, LineFeed } from './drawn-line.js'
import type { OutFile } from './out-file.js'
import { HORIZON_DAY } from './population.js'
import { STREAM, Random } from './random.js'
import { textOfMoment } from './timeline.js'

const FIRST_DAY = dayOf('2026-02-01')
const MONTH_STARTS = ['03', '04', '05', '06', '07'].map((month) => dayOf(`2026-${month}-01`))
const DAY_SECONDS = 86_400

/** Lines that can have no pass are told so in the app, and few try. */
const INELIGIBLE_SHARE = 0.01
const CHANGE_SHARE = 0.08
const WITHDRAWN_SHARE = 0.04
/** The same row once more, as a system sends it that got no answer. */
const REPEATED_SHARE = 0.002
const TVING_SHARE = 0.6

/** Of customers under 65; the others are insured without asking, and few ask all the same. */
const APPLICATION_SHARE = 0.1
const NEEDLESS_SHARE = 0.005
const TWICE_SHARE = 0.05

interface Moment {
  readonly day: number
  readonly second: number
}

interface ChoiceRow {
  readonly id: string
  readonly lineId: number
  readonly option: '' | 'tving' | 'disney_plus'
  readonly at: Moment
  readonly consent: '' | 'true' | 'false'
}

export class ChoiceFeed implements LineFeed {
  readonly #file: OutFile
  readonly #choice: Random
  readonly #application: Random
  readonly #share: number
  readonly #bornAt65 = yearsBefore(FIRST_DAY, 65)
  readonly #counts = {
    rows: 0,
    lines_choosing: 0,
    customers_applying: 0,
    tving: 0,
    disney_plus: 0,
    withdrawn: 0,
    repeated: 0,
    outside_window: 0,
  }
  // A customer's lines come one after the other; the first one in service applies.
  #customerId = 0

  /** @param share of KT's handset lines, those that choose a pass */
  constructor(file: OutFile, seed: number, share: number) {
    this.#file = file
    this.#choice = new Random(seed, STREAM.choice)
    this.#application = new Random(seed, STREAM.application)
    this.#share = share
    file.addText(
      'choice_id,line_id,benefit,option,channel,chosen_at,guardian_consent,withdrawn_at\n',
    )
  }

  addLine(line: DrawnLine): void {
    this.#choose(line)
    if (line.customerId === this.#customerId) return
    this.#customerId = line.customerId
    this.#apply(line)
  }

  async flush(): Promise<void> {
    if (this.#file.isFull) await this.#file.flush()
  }

  async finish(): Promise<Readonly<Record<string, number>>> {
    await this.#file.finish()
    return this.#counts
  }

  #choose(line: DrawnLine): void {
    const random = this.#choice
    random.restart(line.index)
    const eligible = line.lineKind === 'handset' && !line.mvno
    if (!random.chance(eligible ? this.#share : this.#share * INELIGIBLE_SHARE)) return
    this.#counts.lines_choosing += 1
    const option = random.chance(TVING_SHARE) ? 'tving' : 'disney_plus'
    const at = momentOf(random)
    const id = `ott-${line.lineId}`
    this.#write(random, { id: `${id}-1`, lineId: line.lineId, option, at, consent: '' })
    if (!random.chance(CHANGE_SHARE)) return
    const other = option === 'tving' ? 'disney_plus' : 'tving'
    const later = laterThan(random, at)
    this.#write(random, {
      id: `${id}-2`,
      lineId: line.lineId,
      option: other,
      at: later,
      consent: '',
    })
  }

  #apply(line: DrawnLine): void {
    const random = this.#application
    random.restart(line.customerId)
    const old = line.birthDay !== NO_DAY && line.birthDay <= this.#bornAt65
    const needless = old || line.corporate
    if (!random.chance(needless ? NEEDLESS_SHARE : APPLICATION_SHARE)) return
    this.#counts.customers_applying += 1
    const at = momentOf(random)
    const id = `ins-${line.lineId}`
    const minor = line.birthDay > yearsBefore(at.day, 14)
    const asked = minor && random.chance(0.3) ? 'false' : 'true'
    // Grown-ups are not asked for a consent, and some systems say so.
    const consent = minor ? (random.chance(0.2) ? '' : asked) : random.chance(0.05) ? 'false' : ''
    const { lineId } = line
    this.#write(random, { id: `${id}-1`, lineId, option: '', at, consent })
    const refused = minor && consent !== 'true'
    if (!random.chance(refused ? 0.5 : TWICE_SHARE)) return
    const again = laterThan(random, at)
    this.#write(random, {
      id: `${id}-2`,
      lineId,
      option: '',
      at: again,
      consent: minor ? 'true' : '',
    })
  }

  #write(random: Random, row: ChoiceRow): void {
    const { day } = row.at
    if (day < FIRST_DAY || day > HORIZON_DAY) this.#counts.outside_window += 1
    if (row.option !== '') this.#counts[row.option] += 1
    const channel = random.unit()
    const said = [
      row.id,
      row.lineId,
      row.option === '' ? 'insurance' : 'ott_pass',
      row.option,
      channel < 0.55 ? 'app' : channel < 0.85 ? 'web' : channel < 0.95 ? 'call_center' : 'store',
      textOfMoment(row.at),
      row.consent,
    ].join()
    if (random.chance(WITHDRAWN_SHARE)) {
      const withdrawnAt = textOfMoment(laterThan(random, row.at))
      this.#counts.withdrawn += 1
      // Half of them are told as the row first comes, half by a later row.
      if (random.chance(0.5)) this.#add(`${said},`)
      this.#add(`${said},${withdrawnAt}`)
    } else {
      this.#add(`${said},`)
      if (!random.chance(REPEATED_SHARE)) return
      this.#counts.repeated += 1
      this.#add(`${said},`)
    }
  }

  #add(row: string): void {
    this.#counts.rows += 1
    this.#file.addText(`${row}\n`)
  }
}

/** Two thirds in the first two weeks; some on the edges of the window and of months. */
function momentOf(random: Random): Moment {
  const second = random.below(DAY_SECONDS)
  const edge = random.unit()
  if (edge < 0.001) return { day: FIRST_DAY, second: 0 }
  if (edge < 0.002) return { day: FIRST_DAY - 1, second: DAY_SECONDS - 1 }
  if (edge < 0.003) return { day: HORIZON_DAY, second: DAY_SECONDS - 1 }
  if (edge < 0.004) return { day: HORIZON_DAY + 1, second: 0 }
  if (edge < 0.006) return { day: FIRST_DAY - random.between(1, 10), second }
  if (edge < 0.008) return { day: HORIZON_DAY + random.between(1, 10), second }
  const month = MONTH_STARTS[random.below(MONTH_STARTS.length)] ?? FIRST_DAY
  if (edge < 0.013) return { day: month, second: 0 }
  if (edge < 0.018) return { day: month - 1, second: DAY_SECONDS - 1 }
  if (random.chance(2 / 3)) return { day: FIRST_DAY + random.below(14), second }
  return { day: random.between(FIRST_DAY + 14, HORIZON_DAY), second }
}

/** A second to forty days later. */
function laterThan(random: Random, { day, second }: Moment): Moment {
  const soon = random.chance(0.1) && second < DAY_SECONDS - 1
  if (soon) return { day, second: second + 1 }
  return { day: day + random.between(1, 40), second: random.below(DAY_SECONDS) }
}
