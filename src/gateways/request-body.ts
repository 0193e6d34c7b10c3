/** The body of a request that comes in, bounded in size and time. */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** The status that refuses it, or the body. */
export async function readBody(
  request: IncomingMessage,
  limits: { readonly bytes: number; readonly timeoutMs: number },
): Promise<Buffer | 408 | 413> {
  const pieces: Buffer[] = []
  let bytes = 0
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    request.destroy(new Error('late'))
  }, limits.timeoutMs)
  try {
    if (Number(request.headers['content-length'] ?? 0) > limits.bytes) return 413
    for await (const piece of request as AsyncIterable<Buffer>) {
      bytes += piece.length
      if (bytes > limits.bytes) return 413
      pieces.push(piece)
    }
    return Buffer.concat(pieces)
  } catch (error) {
    if (isLate || request.destroyed) return 408
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** A status and no word more; refusals also end the connection, whatever is still coming in. */
export function answer(response: ServerResponse, status: number): void {
  response.writeHead(status, status < 300 ? {} : { connection: 'close' })
  response.end()
}
