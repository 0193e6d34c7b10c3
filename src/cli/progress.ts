/**
 * Progress that a person can follow: one line that moves on a terminal, elsewhere a new line every
 * three seconds, nothing with --quiet. Redrawn by a timer that does not keep the process alive, so
 * that a command which fails in the midst of a stage still ends.
 */
import {
  barOf,
  formatBytes,
  formatCount,
  formatDuration,
  formatShare,
  formatShort,
} from './chart.js'
import { RateMeter } from '../service/rate-meter.js'

export type ProgressUnit =
  'lines' | 'rows' | 'customers' | 'entries' | 'chunks' | 'files' | 'bytes' | 'messages'

/** What is needed of process.stderr. */
export interface ProgressStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface ProgressOptions {
  readonly stream: ProgressStream
  readonly quiet: boolean
  /** One document goes to stdout: lines instead of a bar, since both may be the same terminal. */
  readonly json: boolean
  /** Milliseconds since any moment; for tests. */
  readonly elapsedMs?: () => number
}

export interface StageOptions {
  readonly label: string
  /** 0 when nobody knows: then there is no share and no time left. */
  readonly total: number
  readonly unit: ProgressUnit
  /** What was there before, of a run that is taken up again: it says nothing about speed. */
  readonly done?: number
  /** Processes or lanes at work, told when more than none. */
  readonly workers?: () => number
}

export interface Stage {
  /** `done` counts from 0 to the total; `extra` is added to the line. */
  update(done: number, extra?: string): void
  /**
   * The last line, `summary` in place of the one made from the numbers. A second call says nothing.
   */
  finish(summary?: string): void
}

export interface Progress {
  stage(options: StageOptions): Stage
  /** Ends a stage that was left unfinished, without a last line. */
  stop(): void
}

const LINE_MS = 3_000
const FRAME_MS = 100
const BAR_WIDTH = 24
const CLEAR_LINE = '\r\u001b[2K'

export function openProgress(options: ProgressOptions): Progress {
  const onTerminal = options.stream.isTTY === true && !options.json
  const elapsedMs = options.elapsedMs ?? (() => performance.now())
  let open: Shown | undefined
  return {
    stage: (stage) => {
      open?.stop()
      if (options.quiet) return SILENT
      open = new Shown(stage, options.stream, onTerminal, elapsedMs)
      return open
    },
    stop: () => open?.stop(),
  }
}

const SILENT: Stage = { update: () => undefined, finish: () => undefined }

class Shown implements Stage {
  readonly #options: StageOptions
  readonly #stream: ProgressStream
  readonly #onTerminal: boolean
  readonly #elapsedMs: () => number
  readonly #meter: RateMeter
  readonly #timer: NodeJS.Timeout
  readonly #everyMs: number
  #done: number
  #extra: string | undefined
  #lastShownMs: number
  #ended = false

  constructor(
    options: StageOptions,
    stream: ProgressStream,
    onTerminal: boolean,
    elapsedMs: () => number,
  ) {
    this.#options = options
    this.#stream = stream
    this.#onTerminal = onTerminal
    this.#elapsedMs = elapsedMs
    this.#done = options.done ?? 0
    this.#everyMs = onTerminal ? FRAME_MS : LINE_MS
    this.#lastShownMs = elapsedMs()
    this.#meter = new RateMeter(this.#lastShownMs, this.#done)
    this.#timer = setInterval(() => this.#show(), this.#everyMs)
    this.#timer.unref()
    if (onTerminal) this.#draw()
  }

  update(done: number, extra?: string): void {
    if (this.#ended) return
    this.#done = done
    this.#extra = extra
    // A computation that leaves the timer no turn still tells of itself here.
    this.#show()
  }

  finish(summary?: string): void {
    if (this.#ended) return
    this.stop()
    const { label } = this.#options
    this.#stream.write(`${label}: ${summary ?? this.#summary()}\n`)
  }

  stop(): void {
    if (this.#ended) return
    this.#ended = true
    clearInterval(this.#timer)
    if (this.#onTerminal) this.#stream.write(CLEAR_LINE)
  }

  #show(): void {
    const now = this.#elapsedMs()
    this.#meter.add(now, this.#done)
    if (now - this.#lastShownMs < this.#everyMs) return
    this.#lastShownMs = now
    if (this.#onTerminal) this.#draw()
    else this.#stream.write(`${this.#options.label}: ${this.#parts().join(', ')}\n`)
  }

  #draw(): void {
    const { label, total } = this.#options
    const bar = total > 0 ? ` ${barOf(this.#done / total, BAR_WIDTH).padEnd(BAR_WIDTH, '░')}` : ''
    const line = `${label}${bar} ${this.#parts().join(', ')}`
    // A line that wraps could not be cleared again.
    this.#stream.write(CLEAR_LINE + line.slice(0, Math.max(20, (this.#stream.columns ?? 80) - 1)))
  }

  #parts(): readonly string[] {
    const { total, unit, workers } = this.#options
    const rate = this.#meter.rate()
    const parts = [this.#amount(total)]
    if (rate > 0) parts.push(rateText(rate, unit))
    if (rate > 0 && total > this.#done) {
      parts.push(`${formatDuration(((total - this.#done) / rate) * 1_000)} left`)
    }
    const atWork = workers?.() ?? 0
    if (atWork > 0) parts.push(atWork === 1 ? '1 worker' : `${formatCount(atWork)} workers`)
    if (this.#extra !== undefined) parts.push(this.#extra)
    return parts
  }

  #amount(total: number): string {
    const { unit } = this.#options
    if (total <= 0) return amountText(this.#done, unit)
    const share = formatShare(this.#done, total)
    if (unit === 'bytes') return `${formatBytes(this.#done)} of ${formatBytes(total)} (${share})`
    return `${formatCount(this.#done)} of ${formatCount(total)} ${unit} (${share})`
  }

  #summary(): string {
    const { unit } = this.#options
    const now = this.#elapsedMs()
    const parts = [`${amountText(this.#done, unit)} in ${formatDuration(this.#meter.lasted(now))}`]
    const rate = this.#meter.overall(now, this.#done)
    if (rate > 0) parts.push(rateText(rate, unit))
    return parts.join(', ')
  }
}

function amountText(value: number, unit: ProgressUnit): string {
  return unit === 'bytes' ? formatBytes(value) : `${formatCount(value)} ${unit}`
}

function rateText(perSecond: number, unit: ProgressUnit): string {
  return unit === 'bytes' ? `${formatBytes(perSecond)}/s` : `${formatShort(perSecond)} ${unit}/s`
}
