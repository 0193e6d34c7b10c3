/** Sending: asked again at the last moment, held at night, stopped, tried again, never twice. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { recordReport } from '../../src/reminders/delivery-report.js'
import { decide, listDeadLetters } from '../../src/reminders/dead-letter-store.js'
import { openSender } from '../../src/reminders/sender-store.js'
import { effectOf } from '../../src/reminders/show-store.js'
import { setStop } from '../../src/reminders/stop-store.js'
import { noticeSetting, ROUND_1 } from './notice-setting.js'
import type { NoticeSetting } from './notice-setting.js'

let setting: NoticeSetting
beforeEach(async () => {
  setting = await noticeSetting()
})
afterEach(async () => {
  const { troubles } = setting.gateway
  await setting.close()
  expect(troubles).toEqual([])
})

const lines = (count: number) => Array.from({ length: count }, (_, at) => ({ line: `${101 + at}` }))

async function roundIdOf(round = 1): Promise<string> {
  const [row] = await setting.query('select notice_round_id from notice_round where round = $1', [
    round,
  ])
  return String(row!['notice_round_id'])
}

describe('at the moment of sending', () => {
  test('whoever applied, was suppressed or is owed nothing any more is not sent to', async () => {
    const three = ['201', '202', '203'].map((line) => ({
      line,
      customer: '7',
      number: '01077777777',
    }))
    await setting.refundable([...lines(8), ...three])
    await setting.prepare()
    await setting.applications(
      '2026-01-20T09:00:00+09:00',
      { application_id: 'a', line_id: '101' },
      // Of three lines of one person one applied: the others are still to be told.
      { application_id: 'b', line_id: '201' },
    )
    await setting.assess('2026-01-20T09:10:00+09:00')
    // Not assessed yet, and withdrawn already.
    await setting.applications(
      '2026-01-20T09:30:00+09:00',
      { application_id: 'c', line_id: '102' },
      { application_id: 'd', line_id: '103', withdrawn_at: '2026-01-20T09:20:00+09:00' },
    )
    await setting.restrict({ line: '104', kind: 'opted_out' })
    await setting.terminations('2026-01-20T09:40:00+09:00', {
      line_id: '105',
      customer_id: '5105',
      notice_number: '01044444105',
      paid_krw: '0',
    })
    await setting.assess('2026-01-20T09:50:00+09:00')
    await setting.restrict({ line: '106', kind: 'deceased' })
    const report = await setting.send()
    expect(report.accepted).toBe(4)
    expect(setting.gateway.numbers).toEqual([
      '01044444103',
      '01044444107',
      '01044444108',
      '01077777777',
    ])
    expect(await setting.counts()).toMatchObject({
      messages: 9,
      sent: 4,
      suppressed_at_send: {
        APPLIED: 2,
        OPTED_OUT: 1,
        NOT_IN_AUDIENCE: 1,
        DECEASED_OR_SEIZED: 1,
      },
    })
  })

  test('a number that was restated is written to, once a recipient', async () => {
    await setting.refundable([
      ...lines(2),
      { line: '301', customer: '5101', number: '01090000301' },
    ])
    await setting.prepare()
    const [plain] = await setting.query(`select count(*)::integer as n from outbox_message`)
    expect(plain).toEqual({ n: 3 })
    // 101 gets the number of its holder's other line, 102 one of its own.
    await setting.refundable([
      { line: '101', number: '01090000301' },
      { line: '102', number: '01090000102' },
    ])
    await setting.send()
    expect(setting.gateway.numbers).toEqual(['01090000102', '01090000301'])
    expect(await setting.counts()).toMatchObject({
      sent: 2,
      suppressed_at_send: { NUMBER_CHANGED: 2 },
    })
  })

  test('nothing leaves before its time', async () => {
    await setting.refundable(lines(2))
    await setting.prepare(1, { now: '2026-01-20T09:00:00+09:00' })
    await setting.send({ now: () => '2026-01-20T09:59:59.999+09:00' })
    expect(setting.gateway.taken).toEqual([])
    await setting.send({ now: () => '2026-01-20T10:00:00+09:00' })
    expect(setting.gateway.taken.length).toBe(2)
  })
})

describe('quiet hours', () => {
  test.each([
    ['2026-01-20T20:59:59+09:00', 3, 0],
    ['2026-01-20T21:00:00+09:00', 0, 3],
    ['2026-01-21T07:59:59+09:00', 0, 3],
    ['2026-01-21T08:00:00+09:00', 3, 0],
  ])('at %s %i go and %i are held, and all go at eight, once', async (now, sent, held) => {
    await setting.refundable(lines(3))
    await setting.prepare()
    await setting.send({ now: () => now })
    expect(setting.gateway.taken.length).toBe(sent)
    expect(await setting.counts()).toMatchObject({ sent, held_for_quiet_hours: held })
    // Held, they are not even due, a second before eight.
    await setting.send({ now: () => '2026-01-21T07:59:59.999+09:00' })
    expect(setting.gateway.taken.length).toBe(sent)
    await setting.send({ now: () => '2026-01-21T08:00:00+09:00' })
    expect(new Set(setting.gateway.keys).size).toBe(3)
    expect(setting.gateway.taken.length).toBe(3)
    expect(await setting.counts()).toMatchObject({ sent: 3, held_for_quiet_hours: 0 })
  })

  test('begin in the midst of a round', async () => {
    await setting.refundable(lines(60))
    await setting.prepare()
    let now = '2026-01-20T20:59:59+09:00'
    setting.gateway.delay = async () => {
      if (setting.gateway.taken.length >= 20) now = '2026-01-20T21:00:00+09:00'
      await Promise.resolve()
    }
    await setting.send({ now: () => now })
    const { sent, held_for_quiet_hours: held, waiting } = await setting.counts()
    expect(setting.gateway.taken.length).toBe(sent)
    expect(sent).toBeGreaterThanOrEqual(20)
    expect(held).toBe(60 - sent)
    expect(waiting).toBe(held)
    expect(held).toBeGreaterThan(0)
  })
})

describe('the stop switch', () => {
  test('works in the midst of a round, and lets it go on', async () => {
    await setting.refundable(lines(80))
    await setting.prepare()
    let stops = 0
    setting.gateway.delay = async () => {
      stops += 1
      if (stops === 1) await setStop(setting.pool, true, 'a wrong text', ROUND_1)
    }
    const report = await setting.send()
    expect(report.stopped).toBe(true)
    const first = setting.gateway.taken.length
    // Of two lanes each has at most one window in hand.
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThanOrEqual(32)
    expect((await setting.send()).stopped).toBe(true)
    expect(setting.gateway.taken.length).toBe(first)
    await setStop(setting.pool, false, null, ROUND_1)
    await setting.send()
    expect(new Set(setting.gateway.keys).size).toBe(80)
    expect(setting.gateway.taken.length).toBe(80)
  })
})

describe('trouble', () => {
  test('what is refused for now is tried later and later, then it is a dead letter', async () => {
    await setting.refundable(lines(2))
    await setting.prepare()
    setting.gateway.answer = (message, times) =>
      message.to === '01044444101' && times < 3
        ? { outcome: 'refused', reason: 'BUSY', permanent: false }
        : message.to === '01044444102'
          ? { outcome: 'refused', reason: 'BUSY', permanent: false }
          : null
    const minutes = [0, 1, 3, 7, 15]
    for (const after of minutes) {
      const at = (ms: number) => new Date(Date.parse(ROUND_1) + after * 60_000 + ms).toISOString()
      // A moment before its time nothing is tried.
      if (after > 0) await setting.send({ now: () => at(-1) })
      await setting.send({ now: () => at(0) })
    }
    expect(setting.gateway.numbers).toEqual(['01044444101'])
    expect(await setting.counts()).toMatchObject({ sent: 1, dead: 1, waiting: 0 })
    const tries = await setting.query(
      `select array_agg(d.attempt_no order by delivery_id) as tries, m.state
       from delivery d join outbox_message m using (message_id) group by m.message_id, m.state
       order by m.state`,
    )
    expect(tries).toEqual([
      { state: 'dead', tries: [1, 2, 3, 4, 5] },
      { state: 'sent', tries: [1, 2, 3] },
    ])
  })

  test('a dead letter is drained or waived by a person, once', async () => {
    await setting.refundable(lines(3))
    await setting.prepare()
    setting.gateway.answer = () => ({ outcome: 'refused', reason: 'BAD_NUMBER', permanent: true })
    await setting.send()
    const letters = await listDeadLetters(setting.pool, 10)
    expect(letters.map((it) => it.reason)).toEqual(['BAD_NUMBER', 'BAD_NUMBER', 'BAD_NUMBER'])
    const [one] = letters
    const waive = { verdict: 'waived', reason: 'written to by post', at: ROUND_1 } as const
    expect(await decide(setting.pool, one!, waive)).toEqual([one!.messageId])
    expect(await decide(setting.pool, one!, waive)).toEqual([])
    const drain = { verdict: 'drained', reason: null, at: ROUND_1 } as const
    expect((await decide(setting.pool, 'all', drain)).length).toBe(2)
    setting.gateway.answer = () => null
    await setting.send()
    expect(await setting.counts()).toMatchObject({ sent: 2, waived: 1, dead: 0 })
    const refused = setting.query(`update outbox_message set state = 'queued'
      where message_id = ${one!.messageId}`)
    await expect(refused).rejects.toMatchObject({ code: 'RD001' })
  })

  test('a gateway that has too much gets its pause, and that is no try', async () => {
    await setting.refundable(lines(2))
    await setting.prepare()
    setting.gateway.answer = (_, times) =>
      times < 4 ? { outcome: 'throttled', retryAfterMs: 5 } : null
    await setting.send()
    expect(await setting.counts()).toMatchObject({ sent: 2 })
    const rows = await setting.query('select distinct attempts from outbox_message')
    expect(rows).toEqual([{ attempts: 1 }])
  })

  test('an answer that got lost is asked for by the key', async () => {
    await setting.refundable(lines(3))
    await setting.prepare()
    const { gateway } = setting
    gateway.answer = (message, times) => {
      if (times > 1) return null
      return message.to === '01044444101' ? 'taken_but_silent' : 'lost_before'
    }
    await setting.send()
    expect(await setting.counts()).toMatchObject({ sent: 1, waiting: 2, unknown: 0 })
    await setting.send({ now: () => '2026-01-20T10:01:00+09:00' })
    expect(await setting.counts()).toMatchObject({ sent: 3 })
    expect(new Set(gateway.keys).size).toBe(gateway.taken.length)
  })

  test('what nobody knows is not tried by itself; a report proves that it was taken', async () => {
    await setting.refundable(lines(3))
    await setting.prepare()
    const { gateway, pool } = setting
    gateway.canLookUp = false
    gateway.answer = (message) => (message.to === '01044444101' ? null : 'taken_but_silent')
    await setting.send()
    await setting.send({ now: () => '2026-01-21T10:00:00+09:00' })
    expect(gateway.taken.length).toBe(3)
    expect(await setting.counts()).toMatchObject({ sent: 1, unknown: 2 })
    const [, second] = await setting.query(
      `select idempotency_key as key, message_id as id from outbox_message order by message_id`,
    )
    const report = {
      key: String(second!['key']),
      reference: null,
      state: 'delivered',
      code: null,
      at: ROUND_1,
    } as const
    const source = { gateway: 'spool', receivedAt: ROUND_1 } as const
    expect(await recordReport(pool, report, source)).toBe(true)
    expect(await recordReport(pool, report, source)).toBe(false)
    expect(await setting.counts()).toMatchObject({ sent: 2, unknown: 1, delivered: 1 })
    // Of an unknown one, all of them is not enough: it has to be named.
    const drain = { verdict: 'drained', reason: null, at: ROUND_1 } as const
    expect(await decide(pool, 'all', drain)).toEqual([])
    const [left] = await listDeadLetters(pool, 10)
    expect(await decide(pool, left!, drain)).toEqual([left!.messageId])
  })
})

describe('side by side', () => {
  test('two senders at once hand each message over once', async () => {
    await setting.refundable(lines(150))
    await setting.prepare()
    setting.gateway.delay = () => new Promise((done) => setTimeout(done, 2))
    const both = await Promise.all([setting.send(), setting.send()])
    expect(setting.gateway.taken.length).toBe(150)
    expect(new Set(setting.gateway.keys).size).toBe(150)
    expect(both[0]!.accepted + both[1]!.accepted).toBe(150)
  })

  test('round 2 is prepared and sent while round 1 still goes', async () => {
    await setting.refundable(lines(40))
    await setting.prepare()
    setting.gateway.delay = () => new Promise((done) => setTimeout(done, 20))
    const first = setting.send({ filter: { round: 1 } })
    await setting.prepare(2)
    const second = setting.send({ filter: { round: 2 }, now: () => '2026-01-26T10:00:00+09:00' })
    await Promise.all([first, second])
    expect(setting.gateway.taken.length).toBe(80)
    expect(new Set(setting.gateway.keys).size).toBe(80)
    expect(await setting.counts(2)).toMatchObject({ sent: 40 })
    // A round that is being sent takes nothing more.
    await setting.refundable([{ line: '501' }])
    expect(await setting.prepare(1)).toMatchObject({ closed: true, added: { lines: 0 } })
  })

  test('a limit is kept, and the rest goes next time', async () => {
    await setting.refundable(lines(30))
    await setting.prepare()
    expect((await setting.send({ limit: 12 })).accepted).toBe(12)
    expect((await setting.send()).accepted).toBe(18)
  })

  test('a living sender keeps what it has in hand', async () => {
    await setting.refundable(lines(1))
    await setting.prepare()
    const sender = await openSender(setting.pool)
    await setting.query(
      `update outbox_message set state = 'handing_over', sender_id = ${sender.senderId},
         gateway = 'spool', attempts = 1`,
    )
    expect((await setting.send()).settled).toEqual({ taken: 0, again: 0, unknown: 0, left: 0 })
    expect(setting.gateway.taken).toEqual([])
    await sender.close()
    expect((await setting.send()).settled).toMatchObject({ again: 1 })
    expect(setting.gateway.taken.length).toBe(1)
  })
})

test('the effect counts who applied within a day and within three of being told', async () => {
  await setting.refundable(lines(4))
  await setting.prepare()
  await setting.send()
  await setting.applications(
    '2026-01-28T09:00:00+09:00',
    { application_id: 'a', line_id: '101', applied_at: '2026-01-21T10:00:00+09:00' },
    { application_id: 'b', line_id: '102', applied_at: '2026-01-21T10:00:01+09:00' },
    { application_id: 'c', line_id: '103', applied_at: '2026-01-23T10:00:01+09:00' },
  )
  await setting.assess('2026-01-28T09:10:00+09:00')
  expect(await effectOf(setting.pool, await roundIdOf())).toEqual({
    applied_within_24h: 1,
    applied_within_72h: 2,
  })
})
