/** The bytes of an input file, unzipped where needed, counted and hashed on the way. */
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { Gunzip } from 'node:zlib'
import { assert } from '../assert.js'
import { RedressError } from '../errors.js'

/** 256 KiB a read keeps the reads under 1 % of the time and the buffers in the cache. */
export const CHUNK_BYTES = 256 * 1024

/** One pass over a file. A second pass takes a second source. */
export class ByteSource {
  readonly path: string
  readonly sizeBytes: number
  /** Bytes of the file, not of what comes out of a gzip. */
  bytesRead = 0
  readonly #handle: FileHandle
  readonly #hash: Hash = createHash('sha256')

  private constructor(path: string, handle: FileHandle, sizeBytes: number) {
    this.path = path
    this.#handle = handle
    this.sizeBytes = sizeBytes
  }

  /** @throws RedressError FILE_UNUSABLE when there is no file that can be read twice. */
  static async open(path: string): Promise<ByteSource> {
    let handle: FileHandle
    try {
      handle = await open(path, 'r')
    } catch (error) {
      throw unusable(path, problemOf(error))
    }
    try {
      const stats = await handle.stat()
      if (stats.isDirectory()) throw unusable(path, 'is a directory')
      if (!stats.isFile()) throw unusable(path, 'is not a regular file')
      return new ByteSource(path, handle, stats.size)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** A chunk is valid until the next one is asked for. */
  async *chunks(): AsyncGenerator<Uint8Array, void> {
    const raw = this.#rawChunks()
    try {
      const first = await raw.next()
      if (first.done === true) return
      if (first.value[0] === 0x1f && first.value[1] === 0x8b) {
        yield* this.#unzipped(first.value, raw)
      } else {
        yield first.value
        yield* raw
      }
    } finally {
      await raw.return()
    }
  }

  /** SHA-256 without looking at what the bytes say; takes the pass. */
  async hashAll(signal?: AbortSignal): Promise<Buffer> {
    for await (const chunk of this.#rawChunks()) {
      assert(chunk.length > 0, 'a chunk with bytes')
      signal?.throwIfAborted()
    }
    return this.sha256()
  }

  /** SHA-256 of the file; the pass must have come to its end. */
  sha256(): Buffer {
    return this.#hash.digest()
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }

  // The next read is under way while a chunk is worked on, hence two buffers in turn.
  async *#rawChunks(): AsyncGenerator<Uint8Array, void> {
    const buffers = [Buffer.allocUnsafeSlow(CHUNK_BYTES), Buffer.allocUnsafeSlow(CHUNK_BYTES)]
    let [now, next] = buffers as [Buffer, Buffer]
    let reading = this.#handle.read(now, 0, CHUNK_BYTES)
    try {
      for (;;) {
        const { bytesRead } = await reading
        if (bytesRead === 0) return
        reading = this.#handle.read(next, 0, CHUNK_BYTES)
        this.bytesRead += bytesRead
        const chunk = now.subarray(0, bytesRead)
        this.#hash.update(chunk)
        yield chunk
        ;[now, next] = [next, now]
      }
    } catch (error) {
      throw error instanceof RedressError ? error : unusable(this.path, problemOf(error))
    } finally {
      await reading.catch(() => undefined)
    }
  }

  async *#unzipped(
    first: Uint8Array,
    rest: AsyncGenerator<Uint8Array, void>,
  ): AsyncGenerator<Uint8Array, void> {
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
    const feeding = pipeline(copies(first, rest), gunzip)
    feeding.catch(() => undefined)
    try {
      for await (const piece of gunzip) yield piece as Buffer
      await feeding
    } catch (error) {
      throw error instanceof RedressError ? error : unusable(this.path, gzipProblemOf(error), WHOLE)
    } finally {
      gunzip.destroy()
    }
    this.#assertAllUnzipped(gunzip)
  }

  // zlib stops in silence at zeros after the end and at a short rest; such a rest is lost data.
  #assertAllUnzipped(gunzip: Gunzip): void {
    if (gunzip.bytesWritten === this.bytesRead && this.bytesRead >= this.sizeBytes) return
    throw unusable(this.path, 'has bytes after the end of its gzip data', WHOLE)
  }
}

const WHOLE = 'a whole gzip file and nothing after it'

// The chunks' buffers are reused, while zlib works on what it was given in another thread.
async function* copies(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Buffer, void> {
  yield Buffer.from(first)
  for await (const chunk of rest) yield Buffer.from(chunk)
}

function unusable(
  where: string,
  problem: string,
  expected = 'a file that can be read',
): RedressError {
  return new RedressError('FILE_UNUSABLE', { where, problem, expected })
}

function systemCodeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}

function problemOf(error: unknown): string {
  const code = systemCodeOf(error)
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist'
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user'
  if (code === 'EISDIR') return 'is a directory'
  return `cannot be read (${code})`
}

function gzipProblemOf(error: unknown): string {
  const code = systemCodeOf(error)
  return code === 'Z_BUF_ERROR' ? 'is a gzip file cut short' : `is a broken gzip file (${code})`
}
