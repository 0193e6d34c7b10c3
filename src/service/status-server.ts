/**
 * The HTTP server of a service: few pages for machines, everything about it bounded, since whoever
 * reaches the port may send anything.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { RedressError } from '../errors.js'
import type { Page } from './status-pages.js'

/**
 * Answers a path of its own, whatever the method. It reads the body itself, and no further than it
 * needs: only a stated length is looked at here.
 */
export type RouteHandler = (
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void> | void

export interface StatusServerOptions {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  readonly pages: ReadonlyMap<string, Page>
  /** By path, such as delivery reports of a gateway. */
  readonly routes?: ReadonlyMap<string, RouteHandler>
  /** Told of what a page or handler did not foresee. */
  readonly onError: (error: unknown) => void
}

export interface StatusServer {
  /** `http://127.0.0.1:9464` */
  readonly url: string
  readonly port: number
  /** Takes no new connection; those under way get two seconds. */
  close(): Promise<void>
}

const CONNECTIONS = 64
const REQUESTS_A_CONNECTION = 1_000
/** Of the request line and all headers. */
const HEADER_BYTES = 8_192
/** Delivery reports come by the hundred, a few hundred bytes each. */
const BODY_BYTES = 262_144
const HEADERS_MS = 5_000
const REQUEST_MS = 10_000
const IDLE_MS = 5_000
/** Nothing sent, nothing read: a client that does not take its answer. */
const SILENCE_MS = 15_000
const CHECK_MS = 1_000
const HANDLER_MS = 10_000
const GOODBYE_MS = 2_000

/** @throws RedressError SETTING_INVALID when the address cannot be listened on. */
export async function openStatusServer(options: StatusServerOptions): Promise<StatusServer> {
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: CHECK_MS,
      insecureHTTPParser: false,
      requireHostHeader: true,
      joinDuplicateHeaders: false,
    },
    (request, response) => void answer(options, request, response),
  )
  server.timeout = SILENCE_MS
  server.maxConnections = CONNECTIONS
  server.maxRequestsPerSocket = REQUESTS_A_CONNECTION
  await listen(server, options)
  // Without a listener, being out of file handles for a moment would end the process.
  server.on('error', options.onError)
  const { port } = server.address() as AddressInfo
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  return { url: `http://${host}:${port}`, port, close: () => close(server) }
}

async function listen(server: Server, { host, port }: StatusServerOptions): Promise<void> {
  server.listen({ host, port, exclusive: true })
  try {
    await once(server, 'listening')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    const isPort = code === 'EADDRINUSE' || code === 'EACCES'
    throw new RedressError('SETTING_INVALID', {
      name: isPort ? 'REDRESS_HTTP_PORT' : 'REDRESS_HTTP_HOST',
      problem: `error ${code}`,
      expected: isPort ? 'a port that is free' : 'an address of this machine',
    })
  }
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((done) => server.close(done))
  server.closeIdleConnections()
  const goodbye = setTimeout(() => server.closeAllConnections(), GOODBYE_MS)
  await closed
  clearTimeout(goodbye)
}

async function answer(
  options: StatusServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A client that goes away in the middle is nothing to tell of.
  request.on('error', () => undefined)
  response.on('error', () => undefined)
  try {
    await withinTime(answerPath(options, request, response), response)
  } catch (error) {
    options.onError(error)
    refuse(response, 500)
  }
}

async function answerPath(
  { pages, routes }: StatusServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0] ?? ''
  const page = pages.get(path)
  const route = routes?.get(path)
  if (page === undefined && route === undefined) return refuse(response, 404)
  if (page !== undefined && request.method !== 'GET') {
    return refuse(response, 405, { allow: 'GET' })
  }
  const bytes = Number(request.headers['content-length'] ?? 0)
  if (page === undefined) {
    if (bytes > BODY_BYTES) return refuse(response, 413)
    return await route?.(request, response)
  }
  const isChunked = request.headers['transfer-encoding'] !== undefined
  if (bytes > 0 || isChunked) return refuse(response, 413)
  const { status, contentType, body } = await page()
  send(response, status, { 'content-type': contentType }, body)
}

async function withinTime(work: Promise<void>, response: ServerResponse): Promise<void> {
  const giveUp = new AbortController()
  const late = sleep(HANDLER_MS, true, { signal: giveUp.signal })
  try {
    if ((await Promise.race([work, late])) === true) refuse(response, 503)
  } finally {
    giveUp.abort()
    late.catch(() => undefined)
    work.catch(() => undefined)
  }
}

/** Ends the connection as well: what else stands in it need not be read. */
function refuse(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent) {
    if (!response.writableEnded) response.destroy()
    return
  }
  const more = { ...headers, connection: 'close', 'content-type': 'text/plain' }
  send(response, status, more, `${status}\n`)
}

function send(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, {
    ...headers,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(body)
}
