/**
 * In which order rows go into the file. Rows are made customer by customer; any other order goes
 * through pieces on disk, each small enough to be sorted in memory (at most some 80 MB).
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { assert } from '../assert.js'
import type { OutFile } from './out-file.js'
import { FIRST_ID } from './population.js'
import { PERMUTED, Random, STREAM } from './random.js'

export const ROW_ORDERS = ['customer', 'line', 'shuffled'] as const
export type RowOrder = (typeof ROW_ORDERS)[number]

export interface RowSink {
  /** Takes the first `length` bytes of `row`. */
  add(row: Uint8Array, length: number, lineId: number): void
  flush(): Promise<void>
  /** Hands all rows to the file; the file itself stays open. */
  finish(): Promise<void>
  /** Frees what is held, whether finished or not. */
  dispose(): void
}

export function openRowSink(order: RowOrder, file: OutFile, rows: number, seed: number): RowSink {
  if (order === 'customer') return new AsTheyCome(file)
  const random = order === 'line' ? undefined : new Random(seed, STREAM.shuffle)
  return new SortedPieces(file, rows, random)
}

class AsTheyCome implements RowSink {
  readonly #file: OutFile

  constructor(file: OutFile) {
    this.#file = file
  }

  add(row: Uint8Array, length: number): void {
    this.#file.add(row, length)
  }

  async flush(): Promise<void> {
    if (this.#file.isFull) await this.#file.flush()
  }

  finish(): Promise<void> {
    return this.#file.flush()
  }

  dispose(): void {
    // Nothing is held.
  }
}

const PIECE_ROWS = 400_000
/** At least so many pieces, that a key within one piece has 32 bits and its rank fits beside it. */
const LEAST_PIECES = 64
const RANKS = 1 << 20
const HEAD_BYTES = 6
const BUFFER_BYTES = 1 << 17

interface Piece {
  readonly path: string
  readonly file: number
  readonly buffer: Buffer
  at: number
  rows: number
}

class SortedPieces implements RowSink {
  readonly #file: OutFile
  readonly #random: Random | undefined
  readonly #folder: string
  readonly #pieces: readonly Piece[]
  readonly #keysAPiece: number
  #added = 0

  constructor(file: OutFile, rows: number, random: Random | undefined) {
    this.#file = file
    this.#random = random
    this.#folder = mkdtempSync(join(dirname(resolve(file.path)), '.redress-pieces-'))
    const count = Math.max(LEAST_PIECES, Math.ceil(rows / PIECE_ROWS))
    this.#keysAPiece = Math.ceil((random === undefined ? PERMUTED : 2 ** 32) / count)
    this.#pieces = Array.from({ length: count }, (_, number) => {
      const path = join(this.#folder, String(number))
      const buffer = Buffer.allocUnsafe(BUFFER_BYTES)
      return { path, file: openSync(path, 'w'), buffer, at: 0, rows: 0 }
    })
  }

  add(row: Uint8Array, length: number, lineId: number): void {
    const key = this.#keyOf(lineId)
    const number = Math.floor(key / this.#keysAPiece)
    const piece = this.#pieces[number]
    assert(piece !== undefined, 'every key lies in a piece')
    if (piece.at + HEAD_BYTES + length > BUFFER_BYTES) spill(piece)
    const { buffer, at } = piece
    buffer.writeUInt32LE(key - number * this.#keysAPiece, at)
    buffer.writeUInt16LE(length, at + 4)
    const start = at + HEAD_BYTES
    for (let index = 0; index < length; index += 1) buffer[start + index] = row[index] ?? 0
    piece.at = start + length
    piece.rows += 1
    this.#added += 1
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }

  async finish(): Promise<void> {
    for (const piece of this.#pieces) {
      spill(piece)
      const bytes = readFileSync(piece.path)
      for (const start of startsInOrder(bytes, piece.rows)) {
        const length = bytes.readUInt16LE(start + 4)
        const from = start + HEAD_BYTES
        this.#file.add(bytes.subarray(from, from + length), length)
      }
      await this.#file.flush()
    }
  }

  dispose(): void {
    for (const piece of this.#pieces) closeSync(piece.file)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #keyOf(lineId: number): number {
    if (this.#random === undefined) return lineId - FIRST_ID
    this.#random.restart(this.#added)
    return this.#random.next()
  }
}

function spill(piece: Piece): void {
  if (piece.at > 0) writeSync(piece.file, piece.buffer, 0, piece.at)
  piece.at = 0
}

/** Where the rows of a piece start, by key and then by the order in which they came. */
function startsInOrder(bytes: Buffer, rows: number): Float64Array {
  assert(rows < RANKS, 'a piece holds at most a million rows')
  const starts = new Float64Array(rows)
  // Key and rank in one number of 52 bits: sorting plain numbers is ten times as fast as by a
  // function.
  const keys = new Float64Array(rows)
  let at = 0
  for (let rank = 0; rank < rows; rank += 1) {
    starts[rank] = at
    keys[rank] = bytes.readUInt32LE(at) * RANKS + rank
    at += HEAD_BYTES + bytes.readUInt16LE(at + 4)
  }
  keys.sort()
  return keys.map((key) => starts[key % RANKS] ?? 0)
}
