/**
 * The other side of the http gateway, written from docs/gateways.md alone: checks signatures,
 * remembers keys, and misbehaves on demand.
 */
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export const SECRET = 'a shared secret of tests'

/** What the next hand-over meets, each once. */
export type Fault =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly body?: string
      readonly head?: Record<string, string>
    }
  /** The message is taken, and the connection ends without an answer. */
  | { readonly kind: 'taken_and_cut' }
  | { readonly kind: 'cut' }
  | { readonly kind: 'taken_and_silent' }
  | { readonly kind: 'taken_and_answer'; readonly status: number; readonly body: string }

export interface TestProvider {
  readonly url: string
  readonly faults: Fault[]
  readonly taken: Map<
    string,
    {
      readonly to: string
      readonly text: string
      readonly kind: string
      readonly subject: string | null
    }
  >
  readonly badRequests: string[]
  readonly requests: { method: string; path: string; headers: IncomingMessage['headers'] }[]
  close(): Promise<void>
}

export async function startProvider(): Promise<TestProvider> {
  const state = {
    faults: [] as Fault[],
    taken: new Map(),
    badRequests: [] as string[],
    requests: [] as TestProvider['requests'],
  }
  const server = createServer((request, response) => void serve(state, request, response))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    ...state,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

export function hmac(at: string, about: string, body: string, secret = SECRET): string {
  const signed = Buffer.from(`${at}\n${about}\n${body}`)
  return `v1=${createHmac('sha256', secret).update(signed).digest('hex')}`
}

async function serve(
  state: Omit<TestProvider, 'url' | 'close'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  const body = Buffer.concat(pieces).toString('utf8')
  const [method, path] = [request.method ?? '', (request.url ?? '').replace(/^\/v1/, '')]
  state.requests.push({ method, path, headers: request.headers })
  const say = (status: number, text = '', head: Record<string, string> = {}): void => {
    response.writeHead(status, head).end(text)
  }
  const at = String(request.headers['redress-timestamp'])
  if (request.headers['redress-signature'] !== hmac(at, `${method} ${path}`, body)) {
    state.badRequests.push(`${method} ${path}: signature`)
    return say(401)
  }
  const key = decodeURIComponent(/^\/messages\/(.+)$/.exec(path)?.[1] ?? '')
  if (method === 'GET') {
    return state.taken.has(key) ? say(200, JSON.stringify({ reference: `r-${key}` })) : say(404)
  }
  const message = JSON.parse(body)
  if (request.headers['idempotency-key'] !== message.key) {
    state.badRequests.push(`${method} ${path}: key`)
    return say(400)
  }
  const fault = state.faults.shift()
  if (fault?.kind === 'cut') return void request.socket.destroy()
  if (fault?.kind === 'answer') return say(fault.status, fault.body, fault.head)
  const isKnown = state.taken.has(message.key)
  if (!isKnown) {
    const { to, text, kind, subject } = message
    state.taken.set(message.key, { to, text, kind, subject })
  }
  if (fault?.kind === 'taken_and_cut') return void request.socket.destroy()
  if (fault?.kind === 'taken_and_silent') return
  if (fault?.kind === 'taken_and_answer') return say(fault.status, fault.body)
  say(isKnown ? 409 : 201, JSON.stringify({ reference: `r-${message.key}` }))
}
