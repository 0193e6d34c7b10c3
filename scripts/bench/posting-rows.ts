/**
 * Rows of a run that Redress posted, chunk by chunk, in COPY's binary format: what rivals that do
 * not decide are given. One file: for each chunk its length (u32) and its COPY stream.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { copyOut } from '../../src/db/copy.js'
import { withClient } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import { POSTING_COLUMNS } from '../../src/runs/posting-writer.js'
import type { SnapshotChunk } from '../../src/snapshot/snapshot.js'

const SIGNATURE_BYTES = 19
const ROW_BYTES = 46

export interface ChunkRows {
  /** A whole COPY stream. */
  readonly bytes: Buffer
}

export async function captureRows(
  pool: Pool,
  table: string,
  chunks: readonly SnapshotChunk[],
  path: string,
): Promise<void> {
  const file = openSync(path, 'w')
  try {
    await withClient(pool, async (client) => {
      for (const { firstCustomerId, lastCustomerId } of chunks) {
        const pieces: Buffer[] = []
        for await (const piece of copyOut(
          client,
          `copy (
          select ${POSTING_COLUMNS} from ${table}
          where customer_id between ${firstCustomerId} and ${lastCustomerId}
          order by customer_id, line_id) to stdout (format binary)`,
        ))
          pieces.push(piece)
        const length = Buffer.alloc(4)
        length.writeUInt32BE(pieces.reduce((sum, it) => sum + it.length, 0))
        for (const bytes of [length, ...pieces]) writeSync(file, bytes)
      }
    })
  } finally {
    closeSync(file)
  }
}

/** By chunk number. */
export function readChunkRows(path: string): readonly ChunkRows[] {
  const bytes = readFileSync(path)
  const chunks: ChunkRows[] = []
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32BE(at)
    chunks.push({ bytes: bytes.subarray(at + 4, end) })
    at = end
  }
  return chunks
}

export function eachRow(bytes: Buffer, visit: (bytes: Buffer, at: number) => void): void {
  for (let at = SIGNATURE_BYTES; at + ROW_BYTES <= bytes.length; at += ROW_BYTES) visit(bytes, at)
}
