/**
 * Takes each drawn line to the snapshot's day, and from there into the snapshot and every other
 * feed.
 */
import type { BadRows } from './bad-rows.js'
import { NO_DAY, yearsBefore } from './civil-day.js'
import type { DrawnLine, LineFeed } from './drawn-line.js'
import { ANCHOR_DAY } from './population.js'
import type { Population } from './population.js'
import type { RowSink } from './row-order.js'
import { SnapshotRow } from './snapshot-row.js'
import { SnapshotTally } from './snapshot-tally.js'
import { statusAt } from './timeline.js'
import type { Timelines } from './timeline.js'

export interface SnapshotWriterParts {
  readonly population: Population
  readonly timelines: Timelines
  readonly asOfDay: number
  readonly sink: RowSink
  readonly feeds: readonly LineFeed[]
  readonly badRows: BadRows
}

export class SnapshotWriter {
  readonly tally: SnapshotTally
  readonly wantsNewcomers: boolean
  readonly #row = new SnapshotRow()
  readonly #parts: SnapshotWriterParts
  #customer = 0

  constructor(parts: SnapshotWriterParts) {
    this.#parts = parts
    this.wantsNewcomers = parts.asOfDay > ANCHOR_DAY
    this.tally = new SnapshotTally(yearsBefore(parts.asOfDay, 65))
  }

  beginCustomer(customer: number): void {
    this.#customer = customer
    this.tally.beginCustomer()
  }

  readonly visit = (line: DrawnLine): void => {
    if (!this.#bringToDay(line)) return
    this.tally.add(line)
    this.#row.fill(line)
    this.#parts.sink.add(this.#row.bytes, this.#row.length, line.lineId)
    for (const feed of this.#parts.feeds) feed.addLine(line)
    const bad = this.#parts.badRows.after(
      line,
      () => this.#row.text(),
      () => this.#parts.population.spareCustomerId(this.#customer),
    )
    for (const it of bad) {
      const bytes = Buffer.from(`${it.text}\n`, 'latin1')
      this.#parts.sink.add(bytes, bytes.length, it.lineId)
    }
  }

  async flush(): Promise<void> {
    await this.#parts.sink.flush()
    for (const feed of this.#parts.feeds) await feed.flush()
  }

  /** Moves a line from the anchor to the snapshot's day; false when it is not in service then. */
  #bringToDay(line: DrawnLine): boolean {
    const day = this.#parts.asOfDay
    if (line.activatedDay > day) return false
    if (day > ANCHOR_DAY) line.status = statusAt(line, this.#parts.timelines.eventsOf(line), day)
    if (line.contractEventDay > day) {
      line.contractEvent = ''
      line.contractEventDay = NO_DAY
    }
    return line.status !== 'terminated'
  }
}
