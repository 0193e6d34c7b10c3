/** Several COPYs into one table at a time, fed with whichever buffer is full next. */
import { assert } from '../assert.js'
import { CopyIn } from '../db/copy.js'
import { withClient } from '../db/database.js'
import type { Client, Pool } from '../db/database.js'
import { newRowBuffer } from './row-encoder.js'

export interface RowSink {
  /** Takes over `buffer` with `length` bytes of rows and gives another one to go on with. */
  send(buffer: Buffer, length: number): Promise<Buffer>
}

interface Lane {
  readonly copy: CopyIn
  writing: Promise<void>
  buffer: Buffer
}

export class CopyLanes implements RowSink {
  #lanes: Lane[]

  constructor(clients: readonly Client[], statement: string) {
    this.#lanes = clients.map((client) => ({
      copy: new CopyIn(client, statement),
      writing: Promise.resolve(),
      buffer: newRowBuffer(),
    }))
  }

  async send(buffer: Buffer, length: number): Promise<Buffer> {
    const lane = await Promise.race(this.#lanes.map((it) => it.writing.then(() => it)))
    // The lane goes to the end of the queue, so that all get equal shares.
    this.#lanes = [...this.#lanes.filter((it) => it !== lane), lane]
    const free = lane.buffer
    lane.buffer = buffer
    lane.writing = lane.copy.write(buffer.subarray(0, length))
    lane.writing.catch(() => undefined)
    return free
  }

  /** Feeds the COPYs by `work`, which returns the number of rows it sent, and ends them. */
  async fedBy(work: (sink: RowSink) => Promise<number>): Promise<void> {
    try {
      const sent = await work(this)
      assert((await this.#finish()) === sent, 'PostgreSQL counts the rows that were sent')
    } catch (error) {
      // A COPY without an end would keep its connection from the rollback.
      for (const lane of this.#lanes) lane.copy.abort()
      throw error
    }
  }

  async #finish(): Promise<number> {
    const counts = await Promise.all(
      this.#lanes.map(async (lane) => {
        await lane.writing
        return await lane.copy.finish()
      }),
    )
    return counts.reduce((sum, count) => sum + count, 0)
  }
}

/** Two connections load what one Node process can check. Each commits by itself. */
export async function copyOnTwoLanes(
  pool: Pool,
  statement: string,
  work: (sink: RowSink) => Promise<number>,
): Promise<void> {
  await withClient(pool, (one) =>
    withClient(pool, (other) => new CopyLanes([one, other], statement).fedBy(work)),
  )
}
