/** A file that appears whole or not at all: written beside its name, renamed at the end. */
import { open, rename, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { RedressError } from '../errors.js'

export class WholeFile {
  bytes = 0
  readonly #path: string
  readonly #partial: string
  readonly #handle: FileHandle

  private constructor(path: string, partial: string, handle: FileHandle) {
    this.#path = path
    this.#partial = partial
    this.#handle = handle
  }

  /** For its owner alone. @throws RedressError OUTPUT_UNWRITABLE */
  static async open(path: string): Promise<WholeFile> {
    const partial = `${path}.partial`
    return await told(path, async () => {
      await rm(partial, { force: true })
      return new WholeFile(path, partial, await open(partial, 'wx', 0o600))
    })
  }

  /** @throws RedressError OUTPUT_UNWRITABLE */
  async write(piece: Uint8Array): Promise<void> {
    await told(this.#path, async () => {
      for (let at = 0; at < piece.length;) {
        at += (await this.#handle.write(piece, at)).bytesWritten
      }
    })
    this.bytes += piece.length
  }

  /** @throws RedressError OUTPUT_UNWRITABLE */
  async keep(): Promise<void> {
    await told(this.#path, async () => {
      await this.#handle.close()
      await rename(this.#partial, this.#path)
    })
  }

  /** After a failure: nothing stays. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined)
    await rm(this.#partial, { force: true }).catch(() => undefined)
  }
}

async function told<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new RedressError('OUTPUT_UNWRITABLE', { file, problem: `error ${code}` })
  }
}
