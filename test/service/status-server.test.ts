/** The bounds of the HTTP server, with real sockets: what is refused, and what is ended. */
import { request } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import type { Page } from '../../src/service/status-pages.js'
import { openStatusServer } from '../../src/service/status-server.js'
import type { RouteHandler, StatusServer } from '../../src/service/status-server.js'

const errors: unknown[] = []
const opened: StatusServer[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map((it) => it.close()))
  expect(errors.splice(0)).toEqual([])
})

const fine: Page = () => Promise.resolve({ status: 200, contentType: 'text/plain', body: 'fine' })

async function open(
  pages: Readonly<Record<string, Page>> = { '/healthz': fine },
  routes: Readonly<Record<string, RouteHandler>> = {},
): Promise<StatusServer> {
  const server = await openStatusServer({
    host: '127.0.0.1',
    port: 0,
    pages: new Map(Object.entries(pages)),
    routes: new Map(Object.entries(routes)),
    onError: (error) => errors.push(error),
  })
  opened.push(server)
  return server
}

interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

function ask(
  server: StatusServer,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const { body, ...rest } = options
    const asked = request({ port: server.port, path, agent: false, ...rest }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response
        resolve({ status, headers, body: Buffer.concat(parts).toString() })
      })
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

/** What comes back until the server ends the connection. */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let got = ''
    socket.on('data', (part: Buffer) => (got += part.toString()))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(got))
  })
}

describe('a page', () => {
  test('answers GET, with or without a query', async () => {
    const server = await open()
    for (const path of ['/healthz', '/healthz?verbose=1']) {
      const { status, headers, body } = await ask(server, path)
      expect({ status, body }).toEqual({ status: 200, body: 'fine' })
      expect(headers).toMatchObject({ 'content-length': '4', 'cache-control': 'no-store' })
    }
  })

  test.each(['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'])('refuses %s', async (method) => {
    const { status, headers } = await ask(await open(), '/healthz', { method })
    expect(status).toBe(405)
    expect(headers.allow).toBe('GET')
  })

  test('refuses a body, stated or in chunks', async () => {
    const server = await open()
    const lines = 'GET /healthz HTTP/1.1\r\nHost: a\r\n'
    for (const more of ['Content-Length: 5', 'Transfer-Encoding: chunked']) {
      expect(await exchange(server.port, `${lines}${more}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /)
    }
  })

  test('that fails is a 500 without a word of it', async () => {
    const server = await open({ '/metrics': () => Promise.reject(new Error('secret')) })
    const { status, body } = await ask(server, '/metrics')
    expect({ status, body }).toEqual({ status: 500, body: '500\n' })
    expect(errors.splice(0)).toHaveLength(1)
  })
})

test.each(['/', '/health', '/healthz/', '//healthz', '/%68ealthz', '/healthz/../metrics'])(
  'another path, %s, is not found',
  async (path) => {
    expect((await ask(await open(), path)).status).toBe(404)
  },
)

describe('what is no good request', () => {
  test.each([
    ['text', 'hello\r\n\r\n', 400],
    ['no host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
    ['two lengths', 'GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1,2\r\n\r\n', 400],
    ['a long path', `GET /${'a'.repeat(10_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
    ['long headers', `GET / HTTP/1.1\r\nHost: a\r\nA: ${'a'.repeat(10_000)}\r\n\r\n`, 431],
  ])('%s is refused and the connection ended', async (_, text, status) => {
    const server = await open()
    expect(await exchange(server.port, text)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect((await ask(server, '/healthz')).status).toBe(200)
  })

  test('headers that never end are not waited for', async () => {
    const server = await open()
    const startedAt = performance.now()
    await exchange(server.port, 'GET /healthz HTTP/1.1\r\nHost: a\r\n')
    expect(performance.now() - startedAt).toBeLessThan(8_000)
  })
})

describe('a route that was plugged in', () => {
  const echo: RouteHandler = async (asked, response) => {
    let body = ''
    for await (const part of asked as AsyncIterable<Buffer>) body += part.toString()
    response.writeHead(202).end(`${asked.method} ${asked.url} ${body}`)
  }

  test('gets the method, the query and the body', async () => {
    const server = await open({}, { '/reports': echo })
    const { status, body } = await ask(server, '/reports?id=1', { method: 'POST', body: '{}' })
    expect({ status, body }).toEqual({ status: 202, body: 'POST /reports?id=1 {}' })
  })

  test('never sees a body that says it is too large', async () => {
    const server = await open({}, { '/reports': echo })
    const lines = 'POST /reports HTTP/1.1\r\nHost: a\r\nContent-Length: 262145\r\n\r\n'
    expect(await exchange(server.port, lines)).toMatch(/^HTTP\/1\.1 413 /)
  })

  test('that fails is a 500, and that never answers a 503', async () => {
    const server = await open(
      {},
      {
        '/fails': () => {
          throw new Error('secret')
        },
        '/hangs': () => new Promise(() => undefined),
      },
    )
    expect((await ask(server, '/fails')).status).toBe(500)
    expect(errors.splice(0)).toHaveLength(1)
    expect((await ask(server, '/hangs')).status).toBe(503)
  }, 20_000)
})

describe('the server', () => {
  test('takes no more than 64 connections at once', async () => {
    const server = await open()
    const sockets: Socket[] = []
    let refused = 0
    for (let n = 0; n < 80; n += 1) {
      const socket = connect(server.port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.on('close', () => (refused += 1))
      sockets.push(socket)
    }
    await sleep(500)
    expect(refused).toBe(16)
    for (const it of sockets) it.destroy()
  })

  test('closes within two seconds, whoever is still connected', async () => {
    let hasBegun = (): void => undefined
    const begun = new Promise<void>((done) => (hasBegun = done))
    const hangs: RouteHandler = () => {
      hasBegun()
      return new Promise(() => undefined)
    }
    const server = await open({ '/healthz': fine }, { '/hangs': hangs })
    const silent = exchange(server.port, '')
    const hanging = exchange(server.port, 'GET /hangs HTTP/1.1\r\nHost: a\r\n\r\n')
    await begun
    const startedAt = performance.now()
    await opened.pop()?.close()
    await Promise.all([silent, hanging])
    expect(performance.now() - startedAt).toBeLessThan(4_000)
    await expect(ask(server, '/healthz')).rejects.toThrow(/ECONNREFUSED/)
  })

  test('says which setting is wrong when it cannot listen', async () => {
    const { port } = await open()
    const more = { pages: new Map(), onError: () => undefined }
    await expect(openStatusServer({ host: '127.0.0.1', port, ...more })).rejects.toThrow(
      /^setting REDRESS_HTTP_PORT: error EADDRINUSE; expected a port that is free$/,
    )
    await expect(openStatusServer({ host: '192.0.2.1', port: 0, ...more })).rejects.toThrow(
      /^setting REDRESS_HTTP_HOST: error EADDRNOTAVAIL; expected an address of this machine$/,
    )
  })
})
