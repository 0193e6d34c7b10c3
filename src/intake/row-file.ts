/** An input file whose header was checked, to be walked over once, block by block. */
import { RedressError } from '../errors.js'
import { ByteSource } from './byte-source.js'
import type { FileColumns } from './column.js'
import { RowCursor } from './csv.js'
import type { Encoding } from './encoding.js'
import { readHeader } from './header.js'
import type { Header } from './header.js'

export class RowFile {
  readonly path: string
  readonly header: Header
  readonly cursor: RowCursor
  readonly #source: ByteSource
  readonly #chunks: AsyncGenerator<Uint8Array, void>

  private constructor(
    source: ByteSource,
    chunks: AsyncGenerator<Uint8Array, void>,
    cursor: RowCursor,
    header: Header,
  ) {
    this.path = source.path
    this.#source = source
    this.#chunks = chunks
    this.cursor = cursor
    this.header = header
  }

  /** @throws RedressError FILE_UNUSABLE when there is no file, no header, or another header. */
  static async open(path: string, encoding: Encoding, columns: FileColumns): Promise<RowFile> {
    const source = await ByteSource.open(path)
    const chunks = source.chunks()
    try {
      const cursor = new RowCursor(path, encoding)
      for (;;) {
        const chunk = await chunks.next()
        if (chunk.done === true) cursor.end()
        else cursor.append(chunk.value)
        if (cursor.next()) break
        if (chunk.done === true) throw emptyFile(path)
      }
      const header = readHeader(cursor, columns.columns, path)
      cursor.fixWidth(header.width)
      return new RowFile(source, chunks, cursor, header)
    } catch (error) {
      await chunks.return()
      await source.close()
      throw error
    }
  }

  get bytesRead(): number {
    return this.#source.bytesRead
  }

  get bytesTotal(): number {
    return this.#source.sizeBytes
  }

  /** Calls `work` each time the cursor has new rows, and once more at the end. */
  async eachBlock(work: () => Promise<void>): Promise<void> {
    await work()
    for await (const chunk of this.#chunks) {
      this.cursor.append(chunk)
      await work()
    }
    this.cursor.end()
    await work()
  }

  /** SHA-256 of the whole file, after the walk. */
  sha256(): Buffer {
    return this.#source.sha256()
  }

  async close(): Promise<void> {
    await this.#chunks.return()
    await this.#source.close()
  }
}

function emptyFile(path: string): RedressError {
  return new RedressError('FILE_UNUSABLE', {
    where: path,
    problem: 'is empty',
    expected: 'a header line and rows',
  })
}
