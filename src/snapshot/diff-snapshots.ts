/**
 * What became of the lines and customers of one snapshot in another: counted by column, with the
 * first lines that changed. Memory stays flat, however much differs.
 */
import { assert } from '../assert.js'
import { cancellable } from '../db/cancellable.js'
import { withClient } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { diffCustomers } from './diff-customers.js'
import type { CustomerDiff } from './diff-customers.js'
import { readInt32 } from './row-stream.js'
import type { SealedSnapshot } from './snapshot.js'
import * as store from './snapshot-diff-store.js'
import type { LineColumn } from './snapshot-diff-store.js'

export interface LineDiff {
  readonly added: number
  readonly gone: number
  readonly changed: number
  readonly unchanged: number
  /** Changed lines by what changed; one that changed in two columns counts in both. */
  readonly columns: Readonly<Record<LineColumn, number>>
}

/** Of a personal column nothing is told but that it differs. */
export type ColumnChange =
  | {
      readonly column: LineColumn
      readonly personal: false
      readonly was: string | null
      readonly is: string | null
    }
  | { readonly column: LineColumn; readonly personal: true }

export interface ChangedLine {
  readonly lineId: string
  readonly changes: readonly ColumnChange[]
}

export interface SnapshotDiff {
  readonly lines: LineDiff
  readonly customers: CustomerDiff
  /** The changed lines with the lowest ids, in their order. */
  readonly sample: readonly ChangedLine[]
}

export interface DiffOptions {
  /** Changed lines to be shown. */
  readonly sample: number
  readonly signal?: AbortSignal | undefined
  /** Lines of the first snapshot that were compared, out of all of them; off by a thousand. */
  readonly onLines?: ((done: number, total: number) => void) | undefined
  readonly onCustomers?: ((done: number, total: number) => void) | undefined
}

/** @throws the reason of the signal once it is aborted */
export async function diffSnapshots(
  pool: Pool,
  was: SealedSnapshot,
  is: SealedSnapshot,
  options: DiffOptions,
): Promise<SnapshotDiff> {
  const { signal } = options
  const tally = await withClient(pool, (client) =>
    cancellable(pool, client, signal, async () => {
      await store.prepareJoin(client)
      const counted = new DifferenceTally(options.sample)
      for await (const piece of store.differingLines(client, was.snapshotId, is.snapshotId)) {
        signal?.throwIfAborted()
        counted.push(piece)
        options.onLines?.(Math.min(counted.beats * store.LINES_A_BEAT, was.lines), was.lines)
      }
      return counted
    }),
  )
  options.onLines?.(was.lines, was.lines)
  const { added, gone, changed } = tally
  const unchanged = was.lines - gone - changed
  assert(is.lines === unchanged + changed + added, 'every line of both snapshots is accounted for')
  const customers = await diffCustomers(pool, was, is, { signal, onProgress: options.onCustomers })
  return {
    lines: { added, gone, changed, unchanged, columns: tally.columns() },
    customers,
    sample: await tell(pool, was, is, tally.sample()),
  }
}

interface SampledLine {
  readonly id: bigint
  readonly bits: number
}

async function tell(
  pool: Pool,
  was: SealedSnapshot,
  is: SealedSnapshot,
  sample: readonly SampledLine[],
): Promise<readonly ChangedLine[]> {
  const ids = sample.map((it) => String(it.id))
  const valuesOfWas = await store.readLineValues(pool, was.snapshotId, ids)
  const valuesOfIs = await store.readLineValues(pool, is.snapshotId, ids)
  return sample.map(({ id, bits }) => {
    const lineId = String(id)
    const [before, after] = [valuesOfWas.get(lineId), valuesOfIs.get(lineId)]
    assert(before !== undefined && after !== undefined, 'a changed line that both snapshots hold')
    const changes = store.LINE_COLUMNS.flatMap((column, index): readonly ColumnChange[] => {
      if ((bits & (1 << index)) === 0) return []
      if (store.isPersonal(column)) return [{ column, personal: true }]
      return [{ column, personal: false, was: before[column], is: after[column] }]
    })
    return { lineId, changes }
  })
}

const SIGNATURE_BYTES = 19
// A field count of 2, then line_id of 8 and bits of 4 bytes, each after its length of 4.
const ROW_BYTES = 2 + 4 + 8 + 4 + 4
const COLUMN_BITS = store.ADDED_LINE - 1

/** Counts the rows of a binary COPY, whose pieces end anywhere. */
class DifferenceTally {
  added = 0
  gone = 0
  changed = 0
  /** Lines that came along for progress, changed or not. */
  beats = 0

  readonly #sampleSize: number
  #sample: SampledLine[] = []
  /** Lines above it are no longer among the lowest. */
  #highestSampled: bigint | undefined
  readonly #byColumn = store.LINE_COLUMNS.map(() => 0)
  #rest: Buffer = Buffer.alloc(0)
  #isAtStart = true

  constructor(sampleSize: number) {
    this.#sampleSize = sampleSize
  }

  push(piece: Buffer): void {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    let at = 0
    if (this.#isAtStart && bytes.length >= SIGNATURE_BYTES) {
      this.#isAtStart = false
      at = SIGNATURE_BYTES
    }
    if (!this.#isAtStart) {
      for (; at + ROW_BYTES <= bytes.length; at += ROW_BYTES) this.#row(bytes, at)
    }
    this.#rest = Buffer.from(bytes.subarray(at))
  }

  columns(): Readonly<Record<LineColumn, number>> {
    const counts = store.LINE_COLUMNS.map((column, index) => [column, this.#byColumn[index]])
    return Object.fromEntries(counts) as Record<LineColumn, number>
  }

  sample(): readonly SampledLine[] {
    this.#cutSample()
    return this.#sample
  }

  #row(bytes: Buffer, at: number): void {
    const bits = readInt32(bytes, at + 18)
    if (store.isBeat(bits)) this.beats += 1
    if ((bits & store.ADDED_LINE) !== 0) this.added += 1
    else if ((bits & store.GONE_LINE) !== 0) this.gone += 1
    else if ((bits & COLUMN_BITS) !== 0) this.#change(bytes.readBigInt64BE(at + 6), bits)
  }

  #change(id: bigint, bits: number): void {
    this.changed += 1
    for (let index = 0; index < this.#byColumn.length; index += 1) {
      this.#byColumn[index]! += (bits >> index) & 1
    }
    if (this.#highestSampled !== undefined && id > this.#highestSampled) return
    this.#sample.push({ id, bits })
    if (this.#sample.length >= 2 * this.#sampleSize + 1_000) this.#cutSample()
  }

  #cutSample(): void {
    this.#sample.sort((a, b) => (a.id < b.id ? -1 : 1))
    if (this.#sample.length < this.#sampleSize) return
    this.#sample = this.#sample.slice(0, this.#sampleSize)
    this.#highestSampled = this.#sample.at(-1)?.id ?? -1n
  }
}
