/** The smpp gateway against an SMSC that is slow, full, unfaithful, or gone. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fixedClock } from '../../src/config/clock.js'
import type { DeliveryReport, Gateway } from '../../src/gateways/gateway.js'
import { SmppGateway } from '../../src/gateways/smpp-gateway.js'
import type { SmppOptions } from '../../src/gateways/smpp-gateway.js'
import { gatewaySuite, message, NEVER } from './gateway-suite.js'
import { deliverPdu, pduOf, startSmsc } from './test-smsc.js'
import type { TestSmsc } from './test-smsc.js'

const NOW = '2026-01-20T01:00:00.000Z'
const LONG = '환급 대상이신데 아직 신청하지 않으셨습니다. '.repeat(5)

function open(port: number, options: Partial<SmppOptions> = {}): SmppGateway {
  return new SmppGateway({
    host: '127.0.0.1',
    port,
    tls: false,
    systemId: 'redress',
    password: 'secret',
    systemType: 'notice',
    window: 10,
    answerTimeoutMs: 5000,
    enquireEveryMs: 60_000,
    reconnect: { firstMs: 20, longestMs: 100 },
    sender: '100',
    senderAddress: { ton: 0, npi: 1 },
    recipientAddress: { ton: 0, npi: 1 },
    throttleMs: 30,
    rememberedParts: 1000,
    clock: fixedClock(NOW),
    ...options,
  })
}

async function until(isSo: () => boolean): Promise<void> {
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 5) {
    if (isSo()) return
    await sleep(5)
  }
  throw new Error('it did not come')
}

gatewaySuite('smpp', { knowsKeys: false }, async () => {
  const smsc = await startSmsc()
  const gateway = open(smsc.port)
  return {
    gateway,
    arrived: () => Promise.resolve(smsc.messages()),
    close: async () => {
      await gateway.close()
      await smsc.close()
    },
  }
})

describe('smpp', () => {
  let smsc: TestSmsc
  let gateway: Gateway
  let reports: DeliveryReport[]
  let isFailing: boolean

  beforeEach(async () => {
    smsc = await startSmsc()
    reports = []
    isFailing = false
    gateway = open(smsc.port)
  })
  afterEach(async () => {
    await gateway.close()
    await smsc.close()
  })

  function listen(): void {
    gateway.onReport((report) => {
      if (isFailing) return Promise.reject(new Error('down'))
      reports.push(report)
      return Promise.resolve()
    })
  }

  const refused = (reason: string, permanent = false) => ({ outcome: 'refused', reason, permanent })
  const unknown = (reason: string) => ({ outcome: 'unknown', reason })

  test('binds once as what it is told to be, submits in UCS-2, asks for a receipt', async () => {
    await Promise.all([1, 2].map((it) => gateway.send(message(it), NEVER)))
    const bind = { systemId: 'redress', password: 'secret', systemType: 'notice', version: 0x34 }
    expect(smsc.binds).toEqual([bind])
    expect(smsc.parts[0]).toMatchObject({
      from: '100',
      to: message(1).to,
      esmClass: 0,
      dataCoding: 8,
      registeredDelivery: 1,
    })
  })

  test('a subject becomes the first line', async () => {
    await gateway.send({ ...message(1), kind: 'LMS', subject: '환급' }, NEVER)
    expect(smsc.messages()).toEqual([{ to: message(1).to, text: `환급\n${message(1).text}` }])
  })

  test('parts carry the header of their text, the same when it is sent again', async () => {
    await gateway.send(message(1, LONG), NEVER)
    await gateway.send(message(1, LONG), NEVER)
    expect(smsc.parts.length).toBe(4)
    expect(new Set(smsc.parts.map((it) => it.bytes[3])).size).toBe(1)
    for (const part of smsc.parts) expect(part.esmClass).toBe(0x40)
  })

  test('no more than the window are without an answer, and all get through', async () => {
    await gateway.close()
    gateway = open(smsc.port, { window: 4 })
    Object.assign(smsc.faults, { window: 4, answerDelayMs: 10 })
    const all = Array.from({ length: 60 }, (_, it) => message(it))
    await Promise.all(all.map((it) => gateway.send(it, NEVER)))
    expect(smsc.messages()).toHaveLength(60)
    expect([smsc.seen.mostOpen, smsc.seen.breaches]).toEqual([4, 0])
  })

  test.each([
    ['ESME_RTHROTTLED', 0x58, { outcome: 'throttled', retryAfterMs: 30 }],
    ['ESME_RMSGQFUL', 0x14, { outcome: 'throttled', retryAfterMs: 30 }],
    ['an invalid recipient', 0x0b, refused('ESME_RINVDSTADR', true)],
    ['an invalid length', 0x01, refused('ESME_RINVMSGLEN', true)],
    ['a system error', 0x08, refused('ESME_RSYSERR')],
    ['a failed submission', 0x45, refused('ESME_RSUBMITFAIL')],
    ['a status of its own', 0x0501, refused('ESME_0X501')],
  ])('answered with %s', async (_, status, outcome) => {
    smsc.faults.statuses.push(status)
    expect(await gateway.send(message(1), NEVER)).toEqual(outcome)
    expect(smsc.messages()).toEqual([])
  })

  test('a number that SMPP has no room for is refused before anything is written', async () => {
    for (const to of ['1'.repeat(21), '12', '010-555', '']) {
      const outcome = await gateway.send({ ...message(1), to }, NEVER)
      expect(outcome).toEqual(refused('INVALID_NUMBER', true))
    }
    expect(smsc.binds).toEqual([])
  })

  test('a later part that is throttled is tried again, since the first is on its way', async () => {
    smsc.faults.statuses.push(0, 0x58, 0x14)
    expect(await gateway.send(message(1, LONG), NEVER)).toMatchObject({ outcome: 'accepted' })
    expect(smsc.messages()).toEqual([{ to: message(1).to, text: LONG }])
  })

  test.each([
    ['throttled for ever', [0, ...Array.from({ length: 10 }, () => 0x58)]],
    ['refused', [0, 0x0b]],
  ])('a later part that is %s leaves it unknown', async (_, statuses) => {
    smsc.faults.statuses.push(...statuses)
    expect(await gateway.send(message(1, LONG), NEVER)).toEqual(unknown('PARTLY_TAKEN'))
  })

  test('a connection lost behind a part leaves it unknown', async () => {
    smsc.faults.dropAfter = 2
    expect(await gateway.send(message(1, LONG), NEVER)).toEqual(unknown('PARTLY_TAKEN'))
  })

  test('a connection lost without an answer: unknown, and the next ones go on', async () => {
    smsc.faults.dropAfter = 3
    const first = await Promise.all([1, 2, 3].map((it) => gateway.send(message(it), NEVER)))
    expect(first.at(-1)).toEqual(unknown('CONNECTION_LOST'))
    expect(await gateway.lookUp(message(3).key)).toBe('cannot_tell')
    expect(await gateway.send(message(4), NEVER)).toMatchObject({ outcome: 'accepted' })
    expect(smsc.binds).toHaveLength(2)
    // It was taken: handing it over again would have sent it twice.
    expect(smsc.messages().map((it) => it.to)).toContain(message(3).to)
  })

  test('through any drops: accepted arrived, refused did not', async () => {
    const outcomes = new Map<string, string>()
    let next = 0
    const lane = async (): Promise<void> => {
      while (next < 200) {
        const it = message((next += 1))
        if (next % 20 === 0) smsc.faults.dropAfter = 5
        outcomes.set(it.to, (await gateway.send(it, NEVER)).outcome)
      }
    }
    await Promise.all([1, 2, 3, 4, 5, 6].map(lane))
    const arrived = smsc.messages().map((it) => it.to)
    expect(new Set(arrived).size).toBe(arrived.length)
    for (const [to, outcome] of outcomes) {
      if (outcome === 'accepted') expect(arrived).toContain(to)
      if (outcome === 'refused') expect(arrived).not.toContain(to)
    }
    const counted = [...outcomes.values()].filter((it) => it === 'unknown').length
    expect(counted).toBeGreaterThan(0)
    expect(smsc.binds.length).toBeGreaterThan(5)
  })

  test('an SMSC that is there but silent: unknown, and its place stays taken', async () => {
    await gateway.close()
    gateway = open(smsc.port, { window: 1, answerTimeoutMs: 300 })
    smsc.faults.isSilent = true
    expect(await gateway.send(message(1), NEVER)).toEqual(unknown('NO_ANSWER'))
    expect(await gateway.send(message(2), NEVER)).toEqual(refused('WINDOW_FULL'))
    expect(smsc.seen.mostOpen).toBe(1)
    // Some time later it is clear that none will come.
    smsc.faults.isSilent = false
    await sleep(900)
    expect(await gateway.send(message(3), NEVER)).toMatchObject({ outcome: 'accepted' })
  })

  test('an SMSC that answers late is waited for by the window', async () => {
    await gateway.close()
    gateway = open(smsc.port, { window: 2, answerTimeoutMs: 500 })
    Object.assign(smsc.faults, { answerDelayMs: 700, window: 2 })
    const sent = await Promise.all([1, 2].map((it) => gateway.send(message(it), NEVER)))
    expect(sent).toEqual([unknown('NO_ANSWER'), unknown('NO_ANSWER')])
    smsc.faults.answerDelayMs = 0
    expect(await gateway.send(message(3), NEVER)).toMatchObject({ outcome: 'accepted' })
    expect([smsc.seen.mostOpen, smsc.seen.breaches]).toEqual([2, 0])
  })

  test('told to stop on the way, it does not know', async () => {
    smsc.faults.isSilent = true
    const stop = new AbortController()
    const sending = gateway.send(message(1), stop.signal)
    await until(() => smsc.parts.length === 1)
    stop.abort()
    expect(await sending).toEqual(unknown('ABORTED'))
    smsc.cut()
  })

  test('nobody there: nothing was handed over', async () => {
    await smsc.close()
    await gateway.close()
    gateway = open(smsc.port, { answerTimeoutMs: 200 })
    const sent = await Promise.all([1, 2].map((it) => gateway.send(message(it), NEVER)))
    expect(sent).toEqual([refused('NOT_CONNECTED'), refused('NOT_CONNECTED')])
    smsc = await startSmsc()
  })

  test.each([
    ['a wrong password', { password: 'wrong' }, 0, 'ESME_RINVPASWD'],
    ['a refused bind', {}, 0x0d, 'ESME_RBINDFAIL'],
  ])('%s: nothing was handed over, and it says why', async (_, options, bindStatus, reason) => {
    smsc.faults.bindStatus = bindStatus
    await gateway.close()
    gateway = open(smsc.port, { answerTimeoutMs: 200, ...options })
    expect(await gateway.send(message(1), NEVER)).toEqual(refused(reason))
    // It has tried again, and less and less often.
    expect(smsc.binds.length).toBeGreaterThan(1)
    expect(smsc.binds.length).toBeLessThan(12)
  })

  test('a dead line is found out by asking, and replaced', async () => {
    await gateway.close()
    gateway = open(smsc.port, { enquireEveryMs: 40, answerTimeoutMs: 100 })
    listen()
    await until(() => smsc.seen.enquiries >= 2)
    smsc.faults.isDead = true
    await sleep(200)
    smsc.faults.isDead = false
    await until(() => smsc.binds.length > 1)
    // On a busy machine even the new bind may be too late for so short a wait, and is made again.
    let outcome = ''
    for (let tries = 0; outcome !== 'accepted' && tries < 50; tries += 1) {
      outcome = (await gateway.send(message(1), NEVER)).outcome
    }
    expect(outcome).toBe('accepted')
  })

  describe('receipts', () => {
    test.each(['text', 'fields', 'payload'] as const)('as %s', async (receiptForm) => {
      listen()
      Object.assign(smsc.faults, { receiptForm, failing: new Map([['2', 'UNDELIV']]) })
      const sent = []
      for (const it of [1, 2]) sent.push(await gateway.send(message(it), NEVER))
      await until(() => reports.length === 2)
      const code = receiptForm === 'fields' ? 'UNDELIV' : 'UNDELIV_041'
      expect(reports).toEqual([
        { key: message(1).key, reference: 'smsc_1', state: 'delivered', code: null, at: NOW },
        { key: message(2).key, reference: 'smsc_2', state: 'undelivered', code, at: NOW },
      ])
      const references = sent.map((it) => ('reference' in it ? it.reference : ''))
      expect(references).toEqual(['smsc_1', 'smsc_2'])
      await until(() => smsc.seen.deliverAnswers.length === 2)
      expect(smsc.seen.deliverAnswers).toEqual([0, 0])
    })

    test('that come twice, or in one piece with the answer, say the same twice', async () => {
      listen()
      Object.assign(smsc.faults, { receipts: 2, isReceiptAtOnce: true })
      await gateway.send(message(1), NEVER)
      await until(() => smsc.seen.deliverAnswers.length === 2)
      expect(reports.map((it) => it.key)).toEqual([message(1).key, message(1).key])
      expect(new Set(reports.map((it) => JSON.stringify(it))).size).toBe(1)
    })

    test('of several parts become one report, and that under the first id', async () => {
      listen()
      Object.assign(smsc.faults, { isReceiptAtOnce: true, receipts: 2 })
      const sent = await gateway.send(message(1, LONG), NEVER)
      await until(() => smsc.seen.deliverAnswers.length === 4)
      expect(sent).toEqual({ outcome: 'accepted', reference: 'smsc_1' })
      // Both parts came twice: one report when all are there, one for the repetition.
      expect(new Set(reports.map((it) => `${it.reference} ${it.state}`))).toEqual(
        new Set(['smsc_1 delivered']),
      )
      expect(reports.length).toBeLessThan(4)
    })

    test('a part that fails makes the message undelivered at once', async () => {
      listen()
      smsc.faults.failing = new Map([['1', 'EXPIRED']])
      await gateway.send(message(1, LONG), NEVER)
      await until(() => reports.length > 0)
      expect(reports[0]).toMatchObject({ reference: 'smsc_1', state: 'undelivered' })
      expect(reports[0]?.code).toBe('EXPIRED_041')
    })

    test('of an earlier process are told by their id', async () => {
      await gateway.send(message(1), NEVER)
      await gateway.close()
      gateway = open(smsc.port)
      listen()
      await until(() => smsc.binds.length === 2)
      await until(() => (smsc.receiptAgain('smsc_1'), reports.length > 0))
      expect(reports[0]).toMatchObject({ key: null, reference: 'smsc_1', state: 'delivered' })
    })

    test('that say nothing final, or are no receipts, are taken and not told', async () => {
      listen()
      smsc.faults.failing = new Map([['1', 'ENROUTE']])
      await gateway.send(message(1), NEVER)
      smsc.write(deliverPdu(0, Buffer.from('id:smsc_1 stat:DELIVRD')))
      smsc.write(deliverPdu(4, Buffer.from('nothing of the kind')))
      smsc.write(deliverPdu(4, Buffer.alloc(0)))
      smsc.write(deliverPdu(0x44, Buffer.from([255, 0, 255, 1])))
      await until(() => smsc.seen.deliverAnswers.length === 5)
      expect(reports).toEqual([])
      expect(new Set(smsc.seen.deliverAnswers)).toEqual(new Set([0]))
    })

    test('are asked for again while a listener fails', async () => {
      listen()
      isFailing = true
      await gateway.send(message(1), NEVER)
      await until(() => smsc.seen.deliverAnswers.length === 1)
      isFailing = false
      smsc.receiptAgain('smsc_1')
      await until(() => reports.length === 1)
      await until(() => smsc.seen.deliverAnswers.length === 2)
      expect(smsc.seen.deliverAnswers).toEqual([0x64, 0])
    })

    test('by the thousand while listeners are slow all come through', async () => {
      gateway.onReport(async (report) => {
        await sleep(5)
        reports.push(report)
      })
      await Promise.all(Array.from({ length: 500 }, (_, it) => gateway.send(message(it), NEVER)))
      await until(() => reports.length === 500)
      expect(new Set(reports.map((it) => it.key)).size).toBe(500)
    })
  })

  test('what an SMSC may ask is answered, what it may not is refused', async () => {
    listen()
    await until(() => smsc.binds.length === 1)
    await until(() => (smsc.write(pduOf(0x15, 0, 77)), smsc.seen.answers.length > 0))
    smsc.write(Buffer.concat([pduOf(0x102, 0, 78), pduOf(0x7777, 0, 79), pduOf(0x04, 3, 80)]))
    await until(() => smsc.seen.answers.some((it) => it.command === 0x80000004))
    expect(smsc.seen.answers[0]).toEqual({ command: 0x80000015, status: 0 })
    expect(smsc.seen.answers).toContainEqual({ command: 0x80000000, status: 3 })
    expect(await gateway.send(message(1), NEVER)).toMatchObject({ outcome: 'accepted' })
  })

  test.each([
    ['a length beyond reason', Buffer.from([0x7f, 0xff, 0xff, 0xff, 1, 2, 3, 4])],
    ['a broken request', deliverPdu(4, Buffer.alloc(0), Buffer.from([0x04, 0x27, 0, 1]))],
    ['an unbind', pduOf(0x06, 0, 6)],
  ])('after %s it binds again and goes on', async (_, bytes) => {
    await gateway.send(message(1), NEVER)
    smsc.write(bytes)
    await until(() => smsc.binds.length === 2)
    expect(await gateway.send(message(2), NEVER)).toMatchObject({ outcome: 'accepted' })
  })

  test('closing takes leave', async () => {
    await gateway.send(message(1), NEVER)
    await gateway.close()
    expect(smsc.seen.unbinds).toBe(1)
  })
})
