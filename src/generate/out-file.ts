/**
 * An output file written in blocks, packed when its name ends in .gz, never faster than the disk
 * takes it.
 */
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { finished } from 'node:stream/promises'
import type { Writable } from 'node:stream'
import { constants, createGzip } from 'node:zlib'
import { RedressError } from '../errors.js'

/**
 * A megabyte a write: smaller blocks spend the time on system calls, larger ones only wait longer.
 */
const BLOCK_BYTES = 1 << 20

export class OutFile {
  readonly path: string
  readonly #file: Writable
  readonly #entry: Writable
  readonly #full: Buffer[] = []
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
  #at = 0
  #failure: Error | undefined
  #wake: () => void = () => undefined
  bytes = 0

  static async open(path: string): Promise<OutFile> {
    await mkdir(dirname(resolve(path)), { recursive: true }).catch((error: unknown) => {
      throw unwritable(path, error)
    })
    return new OutFile(path)
  }

  private constructor(path: string) {
    this.path = path
    this.#file = createWriteStream(path, { highWaterMark: BLOCK_BYTES * 4 })
    this.#entry = this.#file
    if (path.endsWith('.gz')) {
      // Level 1 packs 100 MB/s to a seventh; level 6 takes four times as long for a tenth less.
      const gzip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: 1 << 18 })
      gzip.pipe(this.#file)
      this.#entry = gzip
    }
    this.#file.on('error', (error: Error) => {
      this.#failure ??= error
      this.#entry.destroy()
    })
    // Destroyed by the listener above; the file's own error is the one that is told.
    this.#entry.on('error', () => undefined)
    this.#entry.on('drain', () => this.#wake())
    this.#entry.on('close', () => this.#wake())
  }

  /** Takes the first `length` bytes of `row`, which must fit a block. */
  add(row: Uint8Array, length: number): void {
    if (this.#at + length > BLOCK_BYTES) this.#seal()
    const block = this.#block
    const at = this.#at
    // For rows of some 100 bytes a loop is quicker than the call of a copying function.
    for (let index = 0; index < length; index += 1) block[at + index] = row[index] ?? 0
    this.#at = at + length
    this.bytes += length
  }

  addText(text: string): void {
    const bytes = Buffer.from(text, 'utf8')
    this.add(bytes, bytes.length)
  }

  /** Whether `flush` has anything to wait for. */
  get isFull(): boolean {
    return this.#full.length > 0
  }

  async flush(): Promise<void> {
    for (const block of this.#full.splice(0)) {
      if (this.#failure !== undefined) break
      if (!this.#entry.write(block) && !this.#entry.closed) {
        await new Promise<void>((resume) => {
          this.#wake = resume
        })
      }
    }
    if (this.#failure !== undefined) throw unwritable(this.path, this.#failure)
  }

  async finish(): Promise<void> {
    this.#seal()
    await this.flush()
    this.#entry.end()
    await finished(this.#file).catch((error: unknown) => {
      throw unwritable(this.path, error)
    })
  }

  #seal(): void {
    if (this.#at === 0) return
    this.#full.push(this.#block.subarray(0, this.#at))
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
    this.#at = 0
  }
}

function unwritable(path: string, error: unknown): RedressError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return new RedressError('OUTPUT_UNWRITABLE', { file: path, problem: `error ${code}` })
}
