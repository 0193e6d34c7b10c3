/** The http gateway against a provider that misbehaves, and its endpoint against bad callers. */
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fixedClock } from '../../src/config/clock.js'
import type { DeliveryReport } from '../../src/gateways/gateway.js'
import { HttpGateway } from '../../src/gateways/http-gateway.js'
import { gatewaySuite, message, NEVER } from './gateway-suite.js'
import { hmac, SECRET, startProvider } from './test-provider.js'
import type { Fault, TestProvider } from './test-provider.js'

const NOW = '2026-01-20T01:00:00.000Z'

function open(url: string, timeoutMs = 5000): HttpGateway {
  const clock = fixedClock(NOW)
  return new HttpGateway({ url, secret: SECRET, clock, timeoutMs, throttleMs: 700 })
}

gatewaySuite('http', { knowsKeys: true }, async () => {
  const provider = await startProvider()
  const gateway = open(provider.url)
  return {
    gateway,
    arrived: () => {
      expect(provider.badRequests).toEqual([])
      return Promise.resolve([...provider.taken.values()].map(({ to, text }) => ({ to, text })))
    },
    close: async () => {
      await gateway.close()
      await provider.close()
    },
  }
})

describe('a hand-over by HTTP', () => {
  let provider: TestProvider
  beforeEach(async () => {
    provider = await startProvider()
  })
  afterEach(async () => await provider.close())

  const refused = (reason: string, permanent: boolean) => ({
    outcome: 'refused',
    reason,
    permanent,
  })
  const unknown = (reason: string) => ({ outcome: 'unknown', reason })
  const answer = (status: number, body?: string, head?: Record<string, string>): Fault => {
    return { kind: 'answer', status, ...(body && { body }), ...(head && { head }) }
  }

  test.each<[string, Fault, object]>([
    ['400', answer(400), refused('HTTP_400', true)],
    ['422 with a code', answer(422, '{"code":"NUMBER_INVALID"}'), refused('NUMBER_INVALID', true)],
    ['a code that is prose', answer(422, '{"code":"no 0105"}'), refused('HTTP_422', true)],
    ['401', answer(401), refused('HTTP_401', false)],
    ['403', answer(403), refused('HTTP_403', false)],
    [
      'a redirection',
      answer(307, '', { location: 'http://x.invalid/' }),
      refused('HTTP_307', false),
    ],
    ['500', answer(500), unknown('HTTP_500')],
    ['503', answer(503), unknown('HTTP_503')],
    ['200 that is no answer of ours', answer(200, '<html>'), unknown('ANSWER_UNREADABLE')],
    ['409 without a reference', answer(409), unknown('ANSWER_UNREADABLE')],
    ['an endless answer', answer(200, 'x'.repeat(70_000)), unknown('ANSWER_TOO_LONG')],
    ['429', answer(429), { outcome: 'throttled', retryAfterMs: 700 }],
    ['429 with seconds', answer(429, '', { 'retry-after': '12' }), { retryAfterMs: 12_000 }],
    [
      '429 with a date',
      answer(429, '', { 'retry-after': 'Tue, 20 Jan 2026 01:00:30 GMT' }),
      { retryAfterMs: 30_000 },
    ],
    [
      '429 with a date gone by',
      answer(429, '', { 'retry-after': 'Mon, 19 Jan 2026 01:00:30 GMT' }),
      { retryAfterMs: 0 },
    ],
    ['429 with nonsense', answer(429, '', { 'retry-after': 'soon' }), { retryAfterMs: 700 }],
    ['429 for a year', answer(429, '', { 'retry-after': '31536000' }), { retryAfterMs: 3_600_000 }],
  ])('answered with %s', async (_, fault, outcome) => {
    provider.faults.push(fault)
    const gateway = open(provider.url)
    expect(await gateway.send(message(1), NEVER)).toMatchObject(outcome)
    expect(await gateway.lookUp(message(1).key)).toBe('not_taken')
    await gateway.close()
  })

  test.each<[Fault['kind'], string]>([
    ['taken_and_cut', 'CONNECTION_LOST'],
    ['taken_and_silent', 'NO_ANSWER'],
    ['taken_and_answer', 'HTTP_502'],
  ])('%s is unknown, is told by its key, and may be repeated', async (kind, reason) => {
    provider.faults.push(
      kind === 'taken_and_answer' ? { kind, status: 502, body: '' } : ({ kind } as Fault),
    )
    const gateway = open(provider.url, 500)
    expect(await gateway.send(message(1), NEVER)).toEqual(unknown(reason))
    expect(await gateway.lookUp(message(1).key)).toBe('taken')
    const again = await gateway.send(message(1), NEVER)
    expect(again).toEqual({ outcome: 'accepted', reference: `r-${message(1).key}` })
    expect(provider.taken.size).toBe(1)
    await gateway.close()
  })

  test('a connection cut before it was taken is unknown as well, and not taken', async () => {
    provider.faults.push({ kind: 'cut' })
    const gateway = open(provider.url)
    expect(await gateway.send(message(1), NEVER)).toEqual(unknown('CONNECTION_LOST'))
    expect(await gateway.lookUp(message(1).key)).toBe('not_taken')
    await gateway.close()
  })

  test('told to stop on the way, it does not know', async () => {
    provider.faults.push({ kind: 'taken_and_silent' })
    const gateway = open(provider.url)
    const stop = new AbortController()
    const sending = gateway.send(message(1), stop.signal)
    while (provider.taken.size === 0) await new Promise((done) => setTimeout(done, 5))
    stop.abort()
    expect(await sending).toEqual(unknown('ABORTED'))
    await gateway.close()
  })

  test('where nobody listens, nothing was handed over and nobody can tell', async () => {
    const { url } = provider
    await provider.close()
    const gateway = open(url)
    expect(await gateway.send(message(1), NEVER)).toEqual(refused('NOT_CONNECTED', false))
    expect(await gateway.lookUp(message(1).key)).toBe('cannot_tell')
    provider = await startProvider()
  })

  test('a wrong secret is refused', async () => {
    const options = { url: `${provider.url}/`, secret: 'another secret', timeoutMs: 5000 }
    const gateway = new HttpGateway({ ...options, clock: fixedClock(NOW), throttleMs: 1 })
    expect(await gateway.send(message(1), NEVER)).toEqual(refused('HTTP_401', false))
    expect(provider.badRequests).toEqual(['POST /messages: signature'])
  })

  test('neither number nor text stands in an address or a header', async () => {
    const gateway = open(provider.url)
    await gateway.send(message(1), NEVER)
    await gateway.lookUp(message(1).key)
    const seen = JSON.stringify(provider.requests)
    expect(provider.requests).toHaveLength(2)
    expect(seen).not.toContain(message(1).to)
    expect(seen).not.toContain('안내')
    expect(seen).not.toContain(encodeURIComponent('안내'))
  })
})

describe('the endpoint for reports', () => {
  const report = {
    key: 'refund_reminder:1:1:text',
    reference: 'r-1',
    state: 'delivered',
    code: null,
    at: '2026-01-20T10:00:00+09:00',
  } as const
  const good = JSON.stringify({ reports: [report] })
  let told: DeliveryReport[]
  let isFailing: boolean
  let url: string
  let close: () => Promise<void>

  beforeEach(async () => {
    told = []
    isFailing = false
    const gateway = open('http://127.0.0.1:1', 300)
    gateway.onReport((it) => {
      if (isFailing) return Promise.reject(new Error('down'))
      told.push(it)
      return Promise.resolve()
    })
    const server = createServer((request, response) => {
      void gateway.handleReport(request, response)
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/reports`
    close = async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    }
  })
  afterEach(async () => await close())

  async function post(body: string, it: { at?: string; about?: string; signature?: string } = {}) {
    const at = it.at ?? NOW
    const signature = it.signature ?? hmac(at, it.about ?? 'reports', body)
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'redress-timestamp': at, 'redress-signature': signature },
      body,
    })
    expect(await response.text()).toBe('')
    return response.status
  }

  test('takes reports, several at once, and again', async () => {
    const other = { ...report, reference: 'r-2', state: 'undelivered', code: 'EXPIRED_041' }
    expect(await post(JSON.stringify({ reports: [report, other] }))).toBe(204)
    expect(await post(good)).toBe(204)
    expect(told).toEqual([report, other, report])
  })

  test('asks for a repetition while a listener fails', async () => {
    isFailing = true
    expect(await post(good)).toBe(503)
    isFailing = false
    expect(await post(good)).toBe(204)
    expect(told).toEqual([report])
  })

  test.each([
    ['another body', { signature: hmac(NOW, 'reports', `${good} `) }],
    ['another secret', { signature: hmac(NOW, 'reports', good, 'guessed') }],
    ['a hand-over passed off as a report', { about: 'POST /messages' }],
    ['another time', { signature: hmac('2026-01-20T01:00:01.000Z', 'reports', good) }],
    ['an old time', { at: '2026-01-20T00:54:59.000Z' }],
    ['a time to come', { at: '2026-01-20T01:05:01.000Z' }],
    ['no time', { at: 'now' }],
    ['an empty time', { at: '' }],
    ['no signature', { signature: '' }],
    ['a short signature', { signature: 'v1=' }],
  ])('401 for %s', async (_, it) => {
    expect(await post(good, it)).toBe(401)
    expect(told).toEqual([])
  })

  test.each(['2026-01-20T00:55:00.000Z', '2026-01-20T01:05:00.000Z'])(
    '%s is in time',
    async (at) => {
      expect(await post(good, { at })).toBe(204)
    },
  )

  test.each([
    ['no JSON', '{'],
    ['no reports', '{}'],
    ['none', '{"reports":[]}'],
    ['an unknown state', good.replace('delivered', 'lost')],
    ['a code that is prose', good.replace('null', '"to 0105 550"')],
    ['a time without offset', good.replace('+09:00', '')],
    ['a field too many', good.replace('"key"', '"text":"x","key"')],
    ['501 of them', JSON.stringify({ reports: Array.from({ length: 501 }, () => report) })],
  ])('400 for %s', async (_, body) => {
    expect(await post(body)).toBe(400)
    expect(told).toEqual([])
  })

  test('405 for another method, 413 for too much, announced or not', async () => {
    expect((await fetch(url)).status).toBe(405)
    expect(await raw({ 'content-length': '300000' }, 1)).toBe(413)
    expect(await raw({ 'transfer-encoding': 'chunked' }, 300_000)).toBe(413)
    expect(told).toEqual([])
  })

  test('a body that never ends is given up', async () => {
    const { port } = new URL(url)
    const socket = connect(Number(port), '127.0.0.1')
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{')
    socket.resume()
    await new Promise((done) => socket.on('close', done))
    expect(told).toEqual([])
  })

  async function raw(headers: Record<string, string>, bytes: number): Promise<number> {
    return await new Promise((tell, fail) => {
      const sending = httpRequest(url, { method: 'POST', headers }, (it) => {
        it.resume()
        tell(it.statusCode ?? 0)
        sending.destroy()
      })
      sending.on('error', fail)
      sending.write('x'.repeat(bytes))
    })
  }
})
