/** From the gateway through Kannel's smsbox and bearerbox to an SMSC, and the reports back. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fixedClock } from '../../src/config/clock.js'
import type {
  DeliveryReport,
  Gateway,
  HandOver,
  OutboundMessage,
} from '../../src/gateways/gateway.js'
import { KannelGateway } from '../../src/gateways/kannel-gateway.js'
import { startKannel } from '../support/kannel.js'
import type { Kannel } from '../support/kannel.js'
import { gatewaySuite, message, NEVER } from './gateway-suite.js'
import { startSmsc } from './test-smsc.js'
import type { TestSmsc } from './test-smsc.js'

const NOW = '2026-01-20T01:00:00.000Z'
const LONG = '환급 대상이신데 아직 신청하지 않으셨습니다. 😀 '.repeat(6).trim()
let smsc: TestSmsc
let kannel: Kannel
let server: ReturnType<typeof createServer>
let reportsUrl: string
/** The one that is asked to take reports. */
let current: KannelGateway | undefined
let asked: string[] = []

beforeAll(async () => {
  smsc = await startSmsc()
  kannel = await startKannel(smsc.port)
  server = createServer((request, response) => {
    asked.push(request.url ?? '')
    void current?.handleReport(request, response)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  reportsUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/kannel/reports`
  await until(() => smsc.binds.length > 0)
})

afterAll(async () => {
  await kannel.stop()
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
  await smsc.close()
})

function open(options: { password?: string; url?: string } = {}): KannelGateway {
  current = new KannelGateway({
    url: options.url ?? kannel.url,
    user: kannel.user,
    password: options.password ?? kannel.password,
    sender: '100',
    reportsUrl,
    secret: 'a shared secret of tests',
    clock: fixedClock(NOW),
    timeoutMs: 10_000,
  })
  return current
}

async function until(isSo: () => boolean): Promise<void> {
  for (let waitedMs = 0; waitedMs < 30_000; waitedMs += 20) {
    if (isSo()) return
    await sleep(20)
  }
  throw new Error(`it did not come; Kannel says ${kannel.logs().slice(-3000)}`)
}

gatewaySuite('kannel', { knowsKeys: false }, () => {
  const before = smsc.messages().length
  const gateway = open()
  let accepted = 0
  const counted: Gateway = {
    name: 'http',
    send: async (...args: Parameters<KannelGateway['send']>) => {
      const handOver = await gateway.send(...args)
      if (handOver.outcome === 'accepted') accepted += 1
      return handOver
    },
    lookUp: async () => await gateway.lookUp(),
    onReport: gateway.onReport.bind(gateway),
    close: async () => await gateway.close(),
  }
  return Promise.resolve({
    gateway: counted,
    // Kannel has taken them; they reach the SMSC a little later.
    arrived: async () => {
      await until(() => smsc.messages().length - before >= accepted)
      return smsc.messages().slice(before)
    },
    // What is still on its way would be counted by the next test.
    close: async () => {
      await gateway.close()
      await until(() => smsc.messages().length - before >= accepted)
    },
  })
})

describe('through Kannel', () => {
  let gateway: KannelGateway
  let reports: DeliveryReport[]
  let key: string

  async function send(it: OutboundMessage): Promise<HandOver> {
    key = it.key
    return await gateway.send(it, NEVER)
  }

  beforeEach(() => {
    gateway = open()
    reports = []
    asked = []
    // Reports of earlier tests still come in.
    gateway.onReport((report) => {
      if (report.key === key) reports.push(report)
      return Promise.resolve()
    })
  })

  test('a message is delivered and reported by its key', async () => {
    expect(await send(message(11))).toEqual({ outcome: 'accepted', reference: key })
    await until(() => reports.length > 0)
    expect(reports).toEqual([{ key, reference: key, state: 'delivered', code: null, at: NOW }])
    const part = smsc.parts.find((it) => it.to === message(11).to)
    expect(part).toMatchObject({ from: '100', dataCoding: 8 })
    expect(smsc.binds[0]).toMatchObject({ systemId: 'kannel' })
  })

  test('a long one goes in parts, and one that is not delivered is reported as such', async () => {
    smsc.faults.failing = new Map([['2', 'UNDELIV']])
    const { to } = message(12, LONG)
    await send(message(12, LONG))
    await until(() => reports.length > 0)
    expect(reports[0]).toMatchObject({ key, state: 'undelivered', code: 'DLR_2' })
    expect(smsc.messages()).toContainEqual({ to, text: LONG })
    smsc.faults.failing = new Map()
  })

  test('one that the SMSC refuses is reported as undelivered', async () => {
    smsc.faults.statuses.push(0x0b)
    await send(message(13))
    await until(() => reports.length > 0)
    expect(reports[0]).toMatchObject({ key: message(13).key, state: 'undelivered', code: 'DLR_16' })
  })

  test('a listener that fails is told again', async () => {
    let tries = 0
    gateway.onReport((report) => {
      if (report.key !== key) return Promise.resolve()
      tries += 1
      return tries === 1 ? Promise.reject(new Error('down')) : Promise.resolve()
    })
    await send(message(14))
    await until(() => tries === 2)
    expect(reports).toHaveLength(2)
  })

  test('its reports show neither number nor text, and another token is refused', async () => {
    await send(message(15))
    await until(() => reports.length > 0)
    expect(asked.join()).not.toContain(message(15).to)
    const report = asked.find((it) => it.includes(encodeURIComponent(key))) ?? ''
    const url = new URL(`${reportsUrl}${report.slice(report.indexOf('?'))}`)
    const status = async (it: URL) => (await fetch(it)).status
    expect(await status(url)).toBe(200)
    expect(await status(withQuery(url, 'state', '8'))).toBe(200)
    expect(await status(withQuery(url, 'key', message(16).key))).toBe(401)
    expect(await status(withQuery(url, 'token', 'x'))).toBe(401)
    expect(await status(new URL(reportsUrl))).toBe(401)
    expect((await fetch(url, { method: 'POST' })).status).toBe(405)
    // The report, and the same again; what is only under way is not told.
    expect(reports).toHaveLength(2)
  })

  test('a wrong password is refused and may be put right', async () => {
    const outcome = await open({ password: 'wrong' }).send(message(17), NEVER)
    expect(outcome).toEqual({ outcome: 'refused', reason: 'HTTP_403', permanent: false })
  })

  test('with the smsbox gone nothing is handed over', async () => {
    await kannel.stopSmsbox()
    const outcome = await send(message(18))
    expect(outcome).toEqual({ outcome: 'refused', reason: 'NOT_CONNECTED', permanent: false })
  })
})

function withQuery(url: URL, name: string, value: string): URL {
  const changed = new URL(url)
  changed.searchParams.set(name, value)
  return changed
}
