/**
 * Which customers two snapshots hold and how they differ, read off their packs: these hold all
 * customers in order, so that two snapshots are merged chunk by chunk. 360,000 customers take
 * 0.2 s, where grouping their lines in SQL takes 0.8 s.
 */
import { withClient } from '../db/database.js'
import type { Client, Pool } from '../db/database.js'
import { CORPORATE_BIT, CUSTOMER_BYTES, LINE_BYTES, openPack } from './pack.js'
import type { SealedSnapshot, SnapshotChunk } from './snapshot.js'
import { listChunks, readChunk } from './snapshot-store.js'

export interface CustomerDiff {
  readonly added: number
  readonly gone: number
  /** Those of another kind or with another birth date, each once. */
  readonly changed: number
  readonly unchanged: number
  /** Changed customers by what changed. */
  readonly columns: Readonly<Record<'customer_kind' | 'birth_date', number>>
}

export interface CustomerDiffOptions {
  readonly signal?: AbortSignal | undefined
  /** Customers of the first snapshot, out of all of them. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/** Holds one pack of either snapshot at a time. */
export async function diffCustomers(
  pool: Pool,
  was: SealedSnapshot,
  is: SealedSnapshot,
  options: CustomerDiffOptions = {},
): Promise<CustomerDiff> {
  const [ofWas, ofIs] = [
    await listChunks(pool, was.snapshotId),
    await listChunks(pool, is.snapshotId),
  ]
  return await withClient(pool, (client) =>
    merge(
      new CustomerCursor(client, was.snapshotId, ofWas),
      new CustomerCursor(client, is.snapshotId, ofIs),
      (done) => {
        options.signal?.throwIfAborted()
        options.onProgress?.(done, was.customers)
      },
    ),
  )
}

async function merge(
  was: CustomerCursor,
  is: CustomerCursor,
  onPack: (done: number) => void,
): Promise<CustomerDiff> {
  const count = { both: 0, added: 0, gone: 0, changed: 0, kind: 0, birth: 0 }
  for (;;) {
    const [inWas, inIs] = [await was.openPack(), await is.openPack()]
    if (!inWas && !inIs) break
    if (!inWas) count.added += is.skipPack()
    if (!inIs) count.gone += was.skipPack()
    // No promise inside: this loop sees every customer.
    while (was.isInPack && is.isInPack) {
      if (was.id < is.id) {
        count.gone += 1
        was.next()
      } else if (is.id < was.id) {
        count.added += 1
        is.next()
      } else {
        const [kind, birth] = [was.corporate !== is.corporate, was.birthDay !== is.birthDay]
        count.both += 1
        if (kind || birth) count.changed += 1
        if (kind) count.kind += 1
        if (birth) count.birth += 1
        was.next()
        is.next()
      }
    }
    onPack(count.both + count.gone)
  }
  const { added, gone, changed } = count
  return {
    added,
    gone,
    changed,
    unchanged: count.both - changed,
    columns: { customer_kind: count.kind, birth_date: count.birth },
  }
}

/** Goes over the customers of a snapshot in order of customer_id. */
class CustomerCursor {
  id = 0n
  corporate = false
  /** Days since 2000-01-01; the same for all that have none. */
  birthDay = 0
  isInPack = false

  readonly #client: Client
  readonly #snapshotId: number
  readonly #chunks: readonly SnapshotChunk[]
  #nextChunk = 0
  #records: Buffer = Buffer.alloc(0)
  #at = 0

  constructor(client: Client, snapshotId: number, chunks: readonly SnapshotChunk[]) {
    this.#client = client
    this.#snapshotId = snapshotId
    this.#chunks = chunks
  }

  /**
   * Goes to the first customer of the next pack that has one, unless it is in a pack still.
   * @returns false when no pack is left
   */
  async openPack(): Promise<boolean> {
    while (!this.isInPack) {
      const chunk = this.#chunks[this.#nextChunk]
      if (chunk === undefined) return false
      this.#nextChunk += 1
      const { pack } = await readChunk(this.#client, this.#snapshotId, chunk.chunkNo)
      this.#records = openPack(pack).records
      this.#at = 0
      this.next()
    }
    return true
  }

  next(): void {
    const records = this.#records
    const at = this.#at
    this.isInPack = at < records.length
    if (!this.isInPack) return
    const kindAndLines = records.readUInt32BE(at + 12)
    this.id = records.readBigInt64BE(at)
    this.birthDay = records.readInt32BE(at + 8)
    this.corporate = kindAndLines >= CORPORATE_BIT
    this.#at = at + CUSTOMER_BYTES + (kindAndLines % CORPORATE_BIT) * LINE_BYTES
  }

  /** Goes to the end of the pack. @returns the customers that were left in it */
  skipPack(): number {
    let customers = 0
    for (; this.isInPack; this.next()) customers += 1
    return customers
  }
}
