/** Numbers as people read them, and bars of plain text for a terminal. */

const COUNT = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** 2000000 → 2,000,000 */
export function formatCount(value: number | bigint): string {
  return COUNT.format(value)
}

/** 1934567 → 1.9 M: for rates, where more digits would only flicker. */
export function formatShort(value: number): string {
  return scaled(value, ['', 'k', 'M', 'G'])
}

/** 14200000 → 14.2 MB, of a thousand each, as disks and networks count. */
export function formatBytes(value: number): string {
  return scaled(value, ['B', 'kB', 'MB', 'GB', 'TB'])
}

/** Milliseconds as hours, minutes and seconds: 61000 → 0:01:01 */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000))
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

/** 110000 → ₩110,000 */
export function formatWon(value: number | bigint): string {
  return value < 0 ? `-₩${COUNT.format(-value)}` : `₩${COUNT.format(value)}`
}

/** A part of a whole: 60 %. Never says 100 before all is there, nor 0 when something is. */
export function formatShare(part: number, whole: number): string {
  if (whole <= 0) return '0 %'
  const percent = (part / whole) * 100
  if (percent > 99 && percent < 100) return '99 %'
  return percent > 0 && percent < 1 ? '<1 %' : `${Math.round(percent)} %`
}

export interface ChartRow {
  readonly label: string
  /** 0 or more. */
  readonly value: number
  /** Stands behind the value. */
  readonly note?: string
}

export interface ChartOptions {
  /** Of the whole chart, in characters. */
  readonly width?: number
  readonly format?: (value: number) => string
}

const DEFAULT_WIDTH = 80
/** Shorter bars tell nothing apart; a narrow terminal gets lines that are too long instead. */
const LEAST_BAR = 10

/** One line a row, the longest bar for the largest value; no line end after the last. */
export function barChart(rows: readonly ChartRow[], options: ChartOptions = {}): string {
  const format = options.format ?? formatCount
  const values = rows.map((row) => format(row.value))
  const labelWidth = Math.max(0, ...rows.map((row) => widthOf(row.label)))
  const valueWidth = Math.max(0, ...values.map(widthOf))
  const notes = rows.flatMap((row) => (row.note === undefined ? [] : [widthOf(row.note) + 2]))
  const noteWidth = Math.max(0, ...notes)
  const rest = (options.width ?? DEFAULT_WIDTH) - labelWidth - valueWidth - noteWidth - 4
  const most = Math.max(0, ...rows.map((row) => row.value))
  const barWidth = Math.max(LEAST_BAR, rest)
  return rows
    .map((row, index) => {
      const bar = barOf(most === 0 ? 0 : row.value / most, barWidth)
      const value = (values[index] ?? '').padStart(valueWidth)
      const line = `${padEnd(row.label, labelWidth)}  ${padEnd(bar, barWidth)}  ${value}`
      return row.note === undefined ? line : `${line}  ${row.note}`
    })
    .join('\n')
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A share of 0 to 1 as blocks, to an eighth of a character; what is more than nothing shows. */
export function barOf(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8)
  const shown = share > 0 ? Math.max(1, eighths) : 0
  return '█'.repeat(Math.floor(shown / 8)) + (EIGHTHS[shown % 8] ?? '')
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u

/** Columns on a terminal: Hangul and other wide characters take two. */
export function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += WIDE.test(character) ? 2 : 1
  return width
}

function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

function scaled(value: number, units: readonly string[]): string {
  let rest = value
  let unit = 0
  // 999.95 would print as 1000.0.
  while (Math.abs(rest) >= 999.95 && unit < units.length - 1) {
    rest /= 1_000
    unit += 1
  }
  const digits = unit === 0 ? COUNT.format(rest) : rest.toFixed(1)
  return `${digits} ${units[unit] ?? ''}`.trim()
}
