/** What each role may do with notices, and that neither tables, queue nor log tell a number. */
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLogger } from '../../src/config/logger.js'
import { openPool } from '../../src/db/database.js'
import { grantQueue } from '../../src/db/queue-rights.js'
import { jobsDatabaseUrl, openJobsBackend } from '../../src/jobs/bullmq-backend.js'
import { noticesQueueNames, openNoticesQueue } from '../../src/jobs/bullmq-notices.js'
import { recordReport } from '../../src/reminders/delivery-report.js'
import { loginsOf } from '../support/logins.js'
import type { Logins, Role } from '../support/logins.js'
import { scanForPersonalData } from '../support/personal-data.js'
import { noticeSetting, ROUND_1 } from './notice-setting.js'
import type { NoticeSetting } from './notice-setting.js'

let setting: NoticeSetting
let logins: Logins
beforeAll(async () => {
  setting = await noticeSetting()
  logins = await loginsOf({ url: setting.url, drop: () => Promise.resolve() })
  await setting.refundable([{ line: '101' }, { line: '102' }, { line: '103' }])
})
afterAll(async () => {
  await logins.drop()
  await setting.close()
})

async function as<T>(role: Role, work: (pool: ReturnType<typeof openPool>) => Promise<T>) {
  const pool = openPool({ url: logins.urlOf(role), max: 8, name: 'roles' })
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}

test('the operator prepares, the worker sends', async () => {
  const prepared = await as('operator', (pool) => setting.prepare(1, { pool }))
  expect(prepared).toMatchObject({ queued: 3, messages: 3 })
  await setting.restrict({ line: '103', kind: 'opted_out' })
  const lost = setting.gateway
  lost.answer = (message, times) =>
    times === 1 && message.to === '01044444102' ? 'taken_but_silent' : null
  // The owner of the queue's schema opened it to the worker, as `redress migrate` does.
  await grantQueue(setting.pool, ['chunks', ...noticesQueueNames(setting.jobs)])
  const url = jobsDatabaseUrl(logins.urlOf('worker'))
  const jobsPool = openPool({ url, max: 8, name: 'roles' })
  const backend = openJobsBackend({ pool: jobsPool })
  await as('worker', (pool) => setting.send({ pool, backend }))
  await jobsPool.end()
  expect(lost.numbers).toEqual(['01044444101', '01044444102'])
  const [sent] = await setting.query(`select reference from outbox_message where state = 'sent'
    and reference is not null`)
  const report = { key: null, reference: String(sent!['reference']), state: 'delivered' } as const
  await as('worker', (pool) =>
    recordReport(
      pool,
      { ...report, code: null, at: ROUND_1 },
      { gateway: 'spool', receivedAt: ROUND_1 },
    ),
  )
  expect(await setting.counts()).toMatchObject({ sent: 2, delivered: 1 })
})

test.each([
  ['worker', `insert into notice_stop (stopped, decided_at) values (false, '2026-01-20')`],
  [
    'worker',
    `insert into outbox_verdict (message_id, verdict, was, decided_at)
     values (1, 'drained', 'dead', '2026-01-20')`,
  ],
  ['worker', 'select account_sealed from refund_application'],
  ['worker', 'select paid_krw from termination'],
  ['worker', 'select birth_date from snapshot_line'],
  ['operator', `update outbox_message set recipient = sha256('a')`],
  ['operator', 'delete from outbox_message'],
  ['auditor', `update outbox_message set state = 'waived'`],
  ['agent', 'select * from contact_restriction'],
  ['approver', 'select * from outbox_message'],
  ['finance_maker', 'select * from outbox_message'],
] as const)('the %s may not %s', async (role, statement) => {
  expect(await logins.refusalOf(role, statement)).toBe('42501')
})

test('neither tables, queue nor log hold a number or a text', async () => {
  const log: Buffer[] = []
  const out = new PassThrough().on('data', (it: Buffer) => log.push(it))
  const logger = createLogger('trace', out)
  const outbound = setting.gateway.taken[0]!
  // Passed on by mistake, a message loses what is personal by the names of its fields.
  logger.info({ key: outbound.key, notice_number: outbound.to }, 'handed over')
  await setting.prepare(2)
  const queue = await openNoticesQueue(setting.jobs, 'spool')
  await queue.ring([{ roundId: '2', from: '4', to: '6' }], 1)
  await queue.close()
  const [numbers, texts] = [setting.gateway.taken.map((it) => it.to), outbound.text.split('\n')]
  const tables = await setting.query(
    `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables
     where schemaname = 'bullmq' or tablename ~ '^(notice|outbox|delivery)'`,
  )
  expect(tables.length).toBeGreaterThan(8)
  const searched = [{ name: 'log', text: Buffer.concat(log).toString() }]
  for (const { name } of tables) {
    const rows = await setting.query(`select to_jsonb(t)::text as row from ${String(name)} t`)
    searched.push({ name: String(name), text: rows.map((it) => String(it['row'])).join('\n') })
  }
  const job = searched.find((it) => it.name === 'bullmq.job')
  expect(job?.text).toContain('"roundId": "2"')
  const values = [...numbers, ...texts.filter((it) => it.length >= 6)]
  expect(scanForPersonalData({ values, texts: searched })).toEqual([])
})
