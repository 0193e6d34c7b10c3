/** COPY in and out as streams of bytes, with backpressure honoured in both directions. */
import copyStreams from 'pg-copy-streams'
import type { CopyStreamQuery, CopyToStreamQuery } from 'pg-copy-streams'
import type { Client } from './database.js'

/** Rows on their way into a table. Nothing is stored before `finish` and the commit after it. */
export class CopyIn {
  readonly #stream: CopyStreamQuery
  #failure: Error | undefined
  #rejectPending: ((error: Error) => void) | undefined

  /** `statement` is a `copy … from stdin` in any format; the caller writes bytes of that format. */
  constructor(client: Client, statement: string) {
    this.#stream = client.query(copyStreams.from(statement, { highWaterMark: 1 << 20 }))
    this.#stream.on('error', (error: Error) => {
      this.#failure ??= error
      this.#rejectPending?.(error)
    })
  }

  /**
   * Resolves when the socket has taken the bytes: pieces of more than 16 KiB can then be reused.
   * Await the write before the next one; meanwhile the next piece can be made.
   */
  write(bytes: Uint8Array): Promise<void> {
    return this.#settled((done) => {
      this.#stream.write(bytes, () => done())
    })
  }

  /** Ends the COPY and returns the number of rows that PostgreSQL counted. */
  async finish(): Promise<number> {
    await this.#settled((done) => {
      this.#stream.end(done)
    })
    return this.#stream.rowCount
  }

  /** Makes PostgreSQL forget what was sent. */
  abort(): void {
    if (this.#failure === undefined) this.#stream.destroy()
  }

  // A server that goes away answers no callback: the stream's error has to end the wait.
  #settled(start: (done: () => void) => void): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#rejectPending = reject
      start(() => {
        this.#rejectPending = undefined
        resolve()
      })
    })
  }
}

/** The bytes of a `copy … to stdout`, piece by piece; a piece may end anywhere in a row. */
export function copyOut(client: Client, statement: string): AsyncIterable<Buffer> {
  const stream: CopyToStreamQuery = client.query(
    copyStreams.to(statement, { highWaterMark: 1 << 18 }),
  )
  return stream as unknown as AsyncIterable<Buffer>
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
}

/** One field in COPY's text format; null is `\N`. */
export function copyText(value: string | number | null): string {
  if (value === null) return '\\N'
  return String(value).replace(/[\\\t\n\r]/g, (it) => ESCAPES[it] ?? it)
}
