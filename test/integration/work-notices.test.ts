/** The part of a worker: it sends what somebody else prepared, by itself, beside another worker. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openPool } from '../../src/db/database.js'
import { workNotices } from '../../src/jobs/send-notices.js'
import type { NoticesOptions, NoticesService } from '../../src/jobs/send-notices.js'
import { openSender } from '../../src/reminders/sender-store.js'
import { takeInHand } from '../../src/reminders/sending-store.js'
import { setStop } from '../../src/reminders/stop-store.js'
import { until } from '../support/processes.js'
import { noticeSetting, ROUND_1, sendOptions } from './notice-setting.js'
import type { NoticeSetting } from './notice-setting.js'

const BEFORE = '2026-01-20T09:59:59+09:00'
const LINES = 50

let setting: NoticeSetting
let services: NoticesService[]
let now = BEFORE
beforeEach(async () => {
  setting = await noticeSetting()
  services = []
  now = BEFORE
  const lines = Array.from({ length: LINES }, (_, at) => ({ line: `${101 + at}` }))
  await setting.refundable(lines)
  await setting.prepare()
})
afterEach(async () => {
  await Promise.all(services.map((it) => it.close()))
  const { troubles } = setting.gateway
  await setting.close()
  expect(troubles).toEqual([])
})

/** @returns how often it asked for the time, which it does at each look around */
async function startWorker(name: string): Promise<() => number> {
  let looks = 0
  const options: NoticesOptions = {
    ...sendOptions(setting, setting.jobs, setting.gateway),
    name,
    now: () => {
      looks += 1
      return now
    },
  }
  services.push(await workNotices(options))
  return () => looks
}

async function sentSoFar(): Promise<number> {
  return (await setting.counts()).sent
}

test('two workers send a round when its time has come, each message once', async () => {
  const looks = await Promise.all(['one', 'two'].map(startWorker))
  await until('looks of both', () => looks.every((it) => it() > 0))
  expect(setting.gateway.taken).toEqual([])
  await setStop(setting.pool, true, 'a wrong text', BEFORE)
  now = ROUND_1
  const [before = 0] = looks.map((it) => it())
  // A look that finds notices stopped does not even ask what time it is.
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  expect(looks[0]?.()).toBe(before)
  expect(setting.gateway.taken).toEqual([])
  await setStop(setting.pool, false, null, ROUND_1)
  await until('all to be sent', async () => (await sentSoFar()) === LINES)
  expect(setting.gateway.keys.length).toBe(LINES)
  expect(new Set(setting.gateway.keys).size).toBe(LINES)
}, 30_000)

test('a worker takes over what a sender that is gone had in hand', async () => {
  const pool = openPool({ url: setting.url, max: 2, name: 'lost sender' })
  const lost = await openSender(pool)
  const ids = await setting.query('select message_id from outbox_message order by message_id')
  const mine = ids.slice(0, 4).map((it) => String(it['message_id']))
  const by = { senderId: lost.senderId, gateway: 'spool', now: ROUND_1 }
  expect(await takeInHand(pool, mine, by)).toHaveLength(4)
  // One of them had left.
  const rows = await setting.query(
    'select idempotency_key as key from outbox_message where message_id = $1',
    [mine[0]],
  )
  setting.gateway.taken.push({
    key: String(rows[0]?.['key']),
    to: '',
    text: '',
    kind: 'SMS',
    subject: null,
  })
  await lost.close()
  await pool.end()
  now = ROUND_1
  await startWorker('one')
  await until('all to be sent', async () => (await sentSoFar()) === LINES)
  expect(setting.gateway.keys.length).toBe(LINES)
  expect(new Set(setting.gateway.keys).size).toBe(LINES)
  const found = await setting.query(
    `select outcome, count(*)::integer as messages from delivery
     where sender_id = $1 group by outcome order by outcome`,
    [lost.senderId],
  )
  expect(found).toEqual([
    { outcome: 'found_not_taken', messages: 3 },
    { outcome: 'found_taken', messages: 1 },
  ])
}, 30_000)
