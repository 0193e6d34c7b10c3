/** One HTTP request, and what is certain about it when it fails. */

export interface Call {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export type CallAnswer =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly body: string
      readonly retryAfter: string | null
    }
  /** Nobody was reached: the request was certainly not read. */
  | { readonly kind: 'not_sent'; readonly reason: string }
  | { readonly kind: 'lost'; readonly reason: string }

/** Answers are short; a longer one is not of the protocol. */
const ANSWER_BYTES = 64 * 1024
// Without a connection, or one that was not encrypted yet, nothing of the request has gone out.
const NOT_SENT = new RegExp(
  '^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|' +
    'CERT_.*|ERR_TLS.*|ERR_SSL.*|DEPTH_ZERO.*|SELF_SIGNED.*|UNABLE_TO.*)$',
)

/** Redirections are not followed: what is sent is for nobody else. */
export async function call(it: Call, timeoutMs: number, signal: AbortSignal): Promise<CallAnswer> {
  if (signal.aborted) return { kind: 'not_sent', reason: 'ABORTED' }
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(it.url, {
      method: it.method,
      headers: it.headers,
      ...(it.body !== undefined && { body: it.body }),
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout]),
    })
    const body = await bodyOf(response)
    if (body === undefined) return { kind: 'lost', reason: 'ANSWER_TOO_LONG' }
    const retryAfter = response.headers.get('retry-after')
    return { kind: 'answered', status: response.status, body, retryAfter }
  } catch (error) {
    if (timeout.aborted) return { kind: 'lost', reason: 'NO_ANSWER' }
    if (signal.aborted) return { kind: 'lost', reason: 'ABORTED' }
    const code = causeOf(error)
    if (NOT_SENT.test(code)) return { kind: 'not_sent', reason: 'NOT_CONNECTED' }
    return { kind: 'lost', reason: 'CONNECTION_LOST' }
  }
}

async function bodyOf(response: Response): Promise<string | undefined> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += piece.length
    // Leaving the loop ends the connection.
    if (bytes > ANSWER_BYTES) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'UNKNOWN'
}
