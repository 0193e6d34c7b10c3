/** Where a line stands in each snapshot: its customer with all lines, and the chunk. */
import { assert } from '../assert.js'
import { withClient } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { findInPack, openPack } from '../snapshot/pack.js'
import type { PackedCustomer } from '../snapshot/pack.js'
import { findLine, readChunk } from '../snapshot/snapshot-store.js'

export interface LinePlace {
  readonly customerId: string
  readonly chunkNo: number
  readonly customer: PackedCustomer
  /** Of the line among the customer's. */
  readonly index: number
}

/** Looks a line up once a snapshot. */
export class LinePlaces {
  readonly #pool: Pool
  readonly #lineId: string
  readonly #places = new Map<number, LinePlace | undefined>()

  constructor(pool: Pool, lineId: string) {
    this.#pool = pool
    this.#lineId = lineId
  }

  /** Undefined when the snapshot does not hold the line. */
  async in(snapshotId: number): Promise<LinePlace | undefined> {
    if (!this.#places.has(snapshotId)) this.#places.set(snapshotId, await this.#find(snapshotId))
    return this.#places.get(snapshotId)
  }

  async #find(snapshotId: number): Promise<LinePlace | undefined> {
    const found = await findLine(this.#pool, snapshotId, this.#lineId)
    if (found === undefined) return undefined
    const chunk = await withClient(this.#pool, (client) =>
      readChunk(client, snapshotId, found.chunkNo),
    )
    const customer = findInPack(openPack(chunk.pack), BigInt(found.customerId))
    assert(customer !== undefined, 'the customer of a line in its chunk')
    const index = customer.lines.findIndex((it) => String(it.lineId) === this.#lineId)
    assert(index >= 0, 'the line among those of its customer')
    return { ...found, customer, index }
  }
}
