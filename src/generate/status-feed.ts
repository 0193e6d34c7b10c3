/** The file of status changes (contracts §2.2) after the snapshot's day. */
import type { DrawnLine, LineFeed, Status } from './drawn-line.js'
import type { OutFile } from './out-file.js'
import { STREAM, Random } from './random.js'
import { textOfMoment } from './timeline.js'
import type { StatusEvent, Timelines } from './timeline.js'

/** One line in a thousand also tells of a change long past, which an import has to ignore. */
const STALE_SHARE = 0.001

export class StatusFeed implements LineFeed {
  readonly #file: OutFile
  readonly #asOfDay: number
  readonly #timelines: Timelines
  readonly #random: Random
  readonly #counts: Record<Status, number> = { active: 0, suspended: 0, terminated: 0 }
  #stale = 0

  constructor(file: OutFile, seed: number, asOfDay: number, timelines: Timelines) {
    this.#file = file
    this.#asOfDay = asOfDay
    this.#timelines = timelines
    this.#random = new Random(seed, STREAM.stale)
    file.addText('line_id,status,effective_at\n')
  }

  addLine(line: DrawnLine): void {
    this.#random.restart(line.index)
    if (this.#random.chance(STALE_SHARE)) {
      const day = this.#asOfDay - this.#random.between(0, 60)
      this.#write(line, { day, second: this.#random.below(86_400), status: 'suspended' })
      this.#stale += 1
    }
    for (const event of this.#timelines.eventsOf(line)) {
      if (event.day > this.#asOfDay) {
        this.#write(line, event)
        this.#counts[event.status] += 1
      }
    }
  }

  async flush(): Promise<void> {
    if (this.#file.isFull) await this.#file.flush()
  }

  async finish(): Promise<Readonly<Record<string, number>>> {
    await this.#file.finish()
    return { ...this.#counts, before_as_of: this.#stale }
  }

  #write(line: DrawnLine, event: StatusEvent): void {
    this.#file.addText(`${line.lineId},${event.status},${textOfMoment(event)}\n`)
  }
}
