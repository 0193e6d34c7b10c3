/** Rows that were refused: their faults, how many are allowed, and the report of them. */
import { copyText } from '../db/copy.js'
import type { Client } from '../db/database.js'
import { RedressError } from '../errors.js'
import type { Cipher } from '../privacy/cipher.js'
import type { RowFault } from './column.js'
import { copyQuarantined } from './quarantine-store.js'

// What waits for the next COPY: some hundreds of rows of usual length.
const FULL_CHARACTERS = 256 * 1024

/** Refused rows on their way into the database; memory stays flat however many there are. */
export class Quarantine {
  count = 0
  readonly #client: Client
  readonly #cipher: Cipher
  readonly #importId: string
  #pending: string[] = []
  #characters = 0

  constructor(client: Client, cipher: Cipher, importId: string) {
    this.#client = client
    this.#cipher = cipher
    this.#importId = importId
  }

  get isFull(): boolean {
    return this.#characters >= FULL_CHARACTERS
  }

  /** The raw row is sealed at once; nobody but the holder of the data key reads it. */
  add(fault: RowFault, raw: Uint8Array): void {
    this.count += 1
    const sealed = this.#cipher.seal(raw, quarantinePlace(this.#importId, fault.lineNo))
    const line = [
      this.#importId,
      String(fault.lineNo),
      copyText(fault.column),
      fault.reason,
      copyText(fault.expected),
      `\\\\x${sealed.toString('hex')}\n`,
    ].join('\t')
    this.#pending.push(line)
    this.#characters += line.length
  }

  async flush(): Promise<void> {
    if (this.#pending.length === 0) return
    const rows = Buffer.from(this.#pending.join(''))
    this.#pending = []
    this.#characters = 0
    await copyQuarantined(this.#client, rows)
  }
}

/** Binds a sealed row to where it lies. */
export function quarantinePlace(importId: string, lineNo: number | string): string {
  return `quarantined_row ${importId} ${lineNo}`
}

/** How many rows may be quarantined: a number of rows, a share of them, or the larger of both. */
export interface QuarantineBudget {
  readonly rows: number
  /** Percent of the rows read. */
  readonly percent: number
}

export const DEFAULT_BUDGET: QuarantineBudget = { rows: 10, percent: 0.1 }

/** Reads `N` or `N%`. @throws RedressError USAGE */
export function parseBudget(text: string): QuarantineBudget {
  const match = /^(\d{1,12}|\d{1,3}(?:\.\d{1,6})?(?=%))(%?)$/.exec(text)
  const value = Number(match?.[1])
  if (match === null || (match[2] === '%' && value > 100)) {
    throw new RedressError('USAGE', {
      problem: '--max-quarantine: not a number of rows; expected N or N%',
    })
  }
  return match[2] === '%' ? { rows: 0, percent: value } : { rows: value, percent: 0 }
}

export function rowsAllowed(budget: QuarantineBudget, read: number): number {
  // 0.1 % of 13,500,000 is not a whole number in binary; the thousandth is cut off.
  return Math.max(budget.rows, Math.floor((read * budget.percent) / 100 + 1e-6))
}
