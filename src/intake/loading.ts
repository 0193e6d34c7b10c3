/** An import under way: its rows on their way from the file, and its counts. */
import { assert } from '../assert.js'
import { cancellable } from '../db/cancellable.js'
import type { Client, Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import type { FileColumns, RowFault } from './column.js'
import type { RowSink } from './copy-lanes.js'
import type { Encoding } from './encoding.js'
import * as store from './import-store.js'
import type { ImportCounts, ReadFile } from './import-store.js'
import { rowsAllowed } from './quarantine.js'
import type { Quarantine, QuarantineBudget } from './quarantine.js'
import { RowEncoder } from './row-encoder.js'
import { RowFile } from './row-file.js'

export interface ImportProgress {
  readonly bytesRead: number
  readonly bytesTotal: number
  readonly rows: number
}

export interface LoadingOptions {
  readonly pool: Pool
  readonly path: string
  readonly encoding?: Encoding | undefined
  readonly columns: FileColumns
  readonly budget: QuarantineBudget
  readonly now: () => string
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined
}

/** Why a row that was good by itself is refused, by its place in the file, counted from 1. */
export interface LateFault extends Omit<RowFault, 'lineNo'> {
  readonly rowNo: number
}

export interface LoadingParts {
  /** The connection that guards the import; nothing else runs on it while `readInto` does. */
  readonly control: Client
  readonly file: RowFile
  readonly quarantine: Quarantine
  readonly importId: string
}

export class Loading {
  readonly pool: Pool
  readonly control: Client
  readonly importId: string
  readonly signal: AbortSignal | undefined
  readonly columnNames: readonly string[]
  isAcceptedElsewhere = false
  readonly #options: LoadingOptions
  readonly #file: RowFile
  readonly #encoder: RowEncoder
  readonly #quarantine: Quarantine
  #read = 0
  #duplicate = 0
  #sha256: Buffer | undefined

  constructor(options: LoadingOptions, parts: LoadingParts) {
    this.pool = options.pool
    this.signal = options.signal
    this.control = parts.control
    this.importId = parts.importId
    this.#options = options
    this.#file = parts.file
    this.#quarantine = parts.quarantine
    this.#encoder = new RowEncoder(options.columns, parts.file.header)
    this.columnNames = this.#encoder.columnNames
  }

  get counts(): ImportCounts {
    const quarantined = this.#quarantine.count
    const duplicate = this.#duplicate
    const accepted = this.#read - quarantined - duplicate
    return { read: this.#read, accepted, quarantined, duplicate }
  }

  get sha256(): Buffer {
    assert(this.#sha256 !== undefined, 'a file that was read to its end')
    return this.#sha256
  }

  /** Reads the whole file: good rows into `sink`, bad ones into quarantine. @returns good rows */
  async readInto(sink: RowSink): Promise<number> {
    const encoder = this.#encoder
    const send = async (): Promise<void> => {
      encoder.buffer = await sink.send(encoder.buffer, encoder.length)
      encoder.length = 0
    }
    await this.#file.eachBlock(async () => {
      for (let stop = this.#fill(); stop !== 'starved'; stop = this.#fill()) {
        if (stop === 'full') await send()
        else await this.#quarantine.flush()
      }
      this.#report()
    })
    if (encoder.length > 0) await send()
    await this.#quarantine.flush()
    this.#sha256 = this.#file.sha256()
    return this.#read - this.#quarantine.count
  }

  // No promise inside: this loop sees every row.
  #fill(): 'starved' | 'full' | 'faulty' {
    const cursor = this.#file.cursor
    const encoder = this.#encoder
    const quarantine = this.#quarantine
    while (cursor.next()) {
      this.#read += 1
      if (encoder.encode(cursor, this.#read)) {
        if (encoder.isFull) return 'full'
      } else {
        quarantine.add({ lineNo: cursor.lineNo, ...encoder.fault }, cursor.raw)
        if (quarantine.isFull) return 'faulty'
      }
    }
    return 'starved'
  }

  /**
   * Reads the file once more for rows that only the whole file showed to be bad.
   * @param nextFaults the first ones after a row, in the order of the file
   */
  async quarantineAgain(
    nextFaults: (afterRowNo: number) => Promise<readonly LateFault[]>,
  ): Promise<void> {
    const { path, encoding, columns, signal } = this.#options
    const file = await RowFile.open(path, encoding ?? 'utf-8', columns)
    const { cursor } = file
    const quarantine = this.#quarantine
    let due = await nextFaults(0)
    let at = 0
    let rowNo = 0
    try {
      await file.eachBlock(async () => {
        signal?.throwIfAborted()
        while (cursor.next()) {
          rowNo += 1
          const fault = due[at]
          if (fault?.rowNo !== rowNo) continue
          const { column, reason, expected } = fault
          quarantine.add({ lineNo: cursor.lineNo, column, reason, expected }, cursor.raw)
          at += 1
          if (quarantine.isFull) await quarantine.flush()
          if (at === due.length) [due, at] = [await nextFaults(rowNo), 0]
        }
      })
      await quarantine.flush()
      if (!file.sha256().equals(this.sha256)) throw changedFile(path)
    } finally {
      await file.close()
    }
  }

  addDuplicates(count: number): void {
    this.#duplicate += count
  }

  /** @throws RedressError QUARANTINE_BUDGET */
  assertWithinBudget(): void {
    const { read, quarantined } = this.counts
    const allowed = rowsAllowed(this.#options.budget, read)
    if (quarantined <= allowed) return
    throw new RedressError('QUARANTINE_BUDGET', {
      file: this.#options.path,
      quarantined,
      read,
      budget: allowed,
      import: this.importId,
      sha256: this.sha256.toString('hex'),
    })
  }

  /** The last statement of the transaction that stores the rows. */
  async accept(client: Client): Promise<void> {
    this.assertWithinBudget()
    const { read, accepted, quarantined, duplicate } = this.counts
    assert(read === accepted + quarantined + duplicate, 'every row is accounted for')
    try {
      await store.markAccepted(client, this.importId, this.#asRead(this.counts))
    } catch (error) {
      this.isAcceptedElsewhere = error instanceof store.AcceptedElsewhere
      throw error
    }
  }

  asHeld(): ReadFile {
    return this.#asRead({ ...this.counts, accepted: 0 })
  }

  /** Runs statements that may take long on `client`; an abort ends them. */
  async cancellable<T>(client: Client, work: () => Promise<T>): Promise<T> {
    return await cancellable(this.pool, client, this.signal, work)
  }

  #asRead(counts: ImportCounts): ReadFile {
    return {
      counts,
      sha256: this.sha256,
      sizeBytes: this.#file.bytesRead,
      finishedAt: this.#options.now(),
    }
  }

  #report(): void {
    this.signal?.throwIfAborted()
    const { bytesRead, bytesTotal } = this.#file
    this.#options.onProgress?.({ bytesRead, bytesTotal, rows: this.#read })
  }
}

function changedFile(path: string): RedressError {
  return new RedressError('FILE_UNUSABLE', {
    where: path,
    problem: 'was changed while it was read',
    expected: 'a file that stays as it is during its import',
  })
}
