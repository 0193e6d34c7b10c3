/**
 * The file of guardians' later consents (contracts §2.2), crowded around the 20th of a month, the
 * last day that still counts for the month after.
 */
import { NO_DAY, dayOf, textOfDay } from './civil-day.js'
import type { DrawnLine, LineFeed } from './drawn-line.js'
import type { OutFile } from './out-file.js'
import { ANCHOR_DAY, HORIZON_DAY } from './population.js'
import { Random, STREAM } from './random.js'

const LATER_SHARE = 0.4
/** The earliest of several consents counts, so a few lines name a second one. */
const TWICE_SHARE = 0.03
const TWENTIETHS = ['01', '02', '03', '04', '05', '06', '07'].map((it) => dayOf(`2026-${it}-20`))

export class ConsentFeed implements LineFeed {
  readonly #file: OutFile
  readonly #random: Random
  #rows = 0
  #lines = 0

  constructor(file: OutFile, seed: number) {
    this.#file = file
    this.#random = new Random(seed, STREAM.consent)
    file.addText('line_id,guardian_consent_on\n')
  }

  addLine(line: DrawnLine): void {
    if (!line.minorPlan || line.guardianConsentDay !== NO_DAY) return
    this.#random.restart(line.index)
    if (!this.#random.chance(LATER_SHARE)) return
    this.#lines += 1
    this.#write(line)
    if (this.#random.chance(TWICE_SHARE)) this.#write(line)
  }

  async flush(): Promise<void> {
    if (this.#file.isFull) await this.#file.flush()
  }

  async finish(): Promise<Readonly<Record<string, number>>> {
    await this.#file.finish()
    return { rows: this.#rows, lines: this.#lines }
  }

  #write(line: DrawnLine): void {
    const random = this.#random
    const twentieth = TWENTIETHS[random.below(TWENTIETHS.length)] ?? ANCHOR_DAY
    const day = random.chance(0.5)
      ? twentieth + random.between(-1, 1)
      : random.between(ANCHOR_DAY + 1, HORIZON_DAY)
    this.#file.addText(`${line.lineId},${textOfDay(day)}\n`)
    this.#rows += 1
  }
}
