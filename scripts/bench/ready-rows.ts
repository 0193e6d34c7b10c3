/**
 * Rows of a run that Redress posted, chunk by chunk, in COPY's binary format: what rivals that do
 * not decide are given. One file: for each chunk its length (u32) and its COPY stream.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { assert } from '../../src/assert.js'
import { copyOut } from '../../src/db/copy.js'
import { withClient } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import { isoOfPostgresDay } from '../../src/db/day.js'
import type { SnapshotChunk } from '../../src/snapshot/snapshot.js'
import { COLUMNS, DATES, rowsOfRange } from './row-shape.js'
import type { ReadyRows, Shape } from './task.js'

const SIGNATURE_BYTES = 19
const TRAILER_BYTES = 2

export async function captureRows(
  pool: Pool,
  postingTable: string,
  chunks: readonly SnapshotChunk[],
  { shape, path }: ReadyRows,
): Promise<void> {
  const file = openSync(path, 'w')
  try {
    await withClient(pool, async (client) => {
      for (const { firstCustomerId, lastCustomerId } of chunks) {
        const range = `customer_id between ${firstCustomerId} and ${lastCustomerId}`
        const rows = rowsOfRange(shape, postingTable, range)
        const pieces: Buffer[] = []
        for await (const piece of copyOut(client, `copy (${rows}) to stdout (format binary)`)) {
          pieces.push(piece)
        }
        const length = Buffer.alloc(4)
        length.writeUInt32BE(pieces.reduce((sum, it) => sum + it.length, 0))
        for (const bytes of [length, ...pieces]) writeSync(file, bytes)
      }
    })
  } finally {
    closeSync(file)
  }
}

/** Whole COPY streams, by chunk number. */
export function readChunkStreams({ path }: ReadyRows): readonly Buffer[] {
  const bytes = readFileSync(path)
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32BE(at)
    chunks.push(bytes.subarray(at + 4, end))
    at = end
  }
  return chunks
}

export type RowObject = Record<string, string | number | null>

/** Rows of a COPY stream as a query builder takes them: ids and dates as text. */
export function objectsOf(shape: Shape, stream: Buffer): readonly RowObject[] {
  const columns = COLUMNS[shape]
  const objects: RowObject[] = []
  let at = SIGNATURE_BYTES
  while (at < stream.length - TRAILER_BYTES) {
    assert(stream.readInt16BE(at) === columns.length, 'as many fields as columns')
    at += 2
    const row: RowObject = {}
    for (const column of columns) {
      const length = stream.readInt32BE(at)
      at += 4
      row[column] = length < 0 ? null : valueOf(column, stream, at, length)
      at += Math.max(0, length)
    }
    objects.push(row)
  }
  return objects
}

function valueOf(column: string, bytes: Buffer, at: number, length: number): string | number {
  if (length === 8) return String(bytes.readBigInt64BE(at))
  if (length === 2) return bytes.readInt16BE(at)
  const value = bytes.readInt32BE(at)
  return DATES.has(column) ? isoOfPostgresDay(value) : value
}
