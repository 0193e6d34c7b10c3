/**
 * `redress scheduler` and `redress schedule …` as whole commands: one login with the two roles that
 * it needs, others that look and decide, and a service that is stopped.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KT_2026_SCHEDULE } from '../../src/rules/programmes/kt-2026-schedule.js'
import { allOccurrences } from '../../src/rules/schedule/occurrences.js'
import { redress, spawnRedress } from '../support/cli.js'
import type { CliResult } from '../support/cli.js'
import { testDatabase } from '../support/database.js'
import type { TestDatabase } from '../support/database.js'
import { loginsOf } from '../support/logins.js'
import type { Logins, Role } from '../support/logins.js'
import { AS_OF, complaintOf, NINE_LINES, query } from './setting.js'

const DAY = '2026-01-25T10:00:00+09:00'
const FORECAST = 'kt-2026/forecast/2026-02'

let database: TestDatabase
let logins: Logins
let folder: string

beforeAll(async () => {
  database = await testDatabase()
  folder = mkdtempSync(join(tmpdir(), 'redress-scheduler-'))
  logins = await loginsOf(database)
  const owner = { DATABASE_URL: database.url, REDRESS_HOME: folder }
  expect((await redress(['migrate'], owner)).exitCode).toBe(0)
  // The scheduler's own login: it runs periods, and pays.
  await query(database.url, `grant redress_finance_maker to ${logins.nameOf('operator')}`)
  const lines = join(folder, 'lines.csv')
  writeFileSync(lines, `${NINE_LINES.join('\n')}\n`)
  await ok('operator', ['snapshot', 'import', lines, '--as-of', AS_OF])
})

afterAll(async () => {
  await logins?.drop()
  await database?.drop()
  rmSync(folder, { recursive: true, force: true })
})

function environmentOf(role: Role): Record<string, string> {
  return { DATABASE_URL: logins.urlOf(role), REDRESS_HOME: folder, REDRESS_AUTO_MIGRATE: 'false' }
}

async function as(role: Role, args: readonly string[], now = DAY): Promise<CliResult> {
  return await redress([...args, '--json', '--now', now], environmentOf(role))
}

/** What the documents of `schedule` hold. */
interface Told {
  readonly count: number
  readonly missed: readonly { readonly key: string }[]
  readonly open: readonly object[]
  readonly resolved: readonly object[]
  readonly next: readonly object[]
}

async function ok(role: Role, args: readonly string[], now = DAY): Promise<Told> {
  const result = await as(role, args, now)
  const said = result.exitCode === 0 ? '' : result.stderr
  expect({ args, code: result.exitCode, said }).toEqual({ args, code: 0, said: '' })
  return result.json as unknown as Told
}

test('makes the forecast when it is due, and shows everybody that it waits', async () => {
  const once = await redress(['scheduler', '--once', '--now', DAY], environmentOf('operator'))
  expect({ code: once.exitCode, said: once.stdout }).toEqual({ code: 0, said: '' })
  expect(once.stderr).toContain(`${FORECAST}: waiting_for_approval`)
  for (const role of ['approver', 'worker'] as const) {
    expect(await ok(role, ['schedule', 'list', '--next', '1'])).toMatchObject({
      programme: 'kt-2026',
      looked_at: '2026-01-25T01:00:00.000Z',
      open: [{ key: FORECAST, state: 'waiting_for_approval', result: { plan_id: '1' } }],
      next: [{ key: 'kt-2026/event_notices/2026-01-25', state: 'upcoming' }],
    })
  }
  await ok('approver', ['approve', '1', '--tolerance', '10%'])
})

test('tells what was missed, and what it would cost', async () => {
  const told = await ok('approver', ['schedule', 'missed'])
  const due = allOccurrences(KT_2026_SCHEDULE).filter((it) => it.dueAt < '2026-01-24T23:00:00.000Z')
  expect(told.missed.map((it) => it.key).toSorted()).toEqual(due.map((it) => it.key).toSorted())
  expect(told).toMatchObject({
    count: due.length,
    tasks: { reminder_send: { count: 1, how: 'no assessment to count the audience of' } },
  })
})

test('lets who may decide, by name and with a reason', async () => {
  const resolve = ['schedule', 'resolve', 'kt-2026/notice/refund_eligibility']
  const reason = ['--reason', 'told by hand']
  expect(complaintOf(await as('operator', [...resolve, ...reason]))).toContain('--run, --skip')
  expect((await as('approver', [...resolve, '--skip', ...reason])).exitCode).toBe(2)
  const merged = await as('operator', [...resolve, '--merge', ...reason])
  expect([merged.exitCode, complaintOf(merged)]).toEqual([
    4,
    'redress: scheduled task kt-2026/notice/refund_eligibility: each notice is for itself; ' +
      'expected --run or --skip',
  ])
  expect((await ok('operator', [...resolve, '--skip', ...reason])).resolved).toMatchObject([
    {
      state: 'skipped',
      resolved_by: logins.nameOf('operator'),
      authenticated: true,
      reason: 'told by hand',
    },
  ])
})

test('serves until it is stopped, with its clocks in the queue', async () => {
  const running = spawnRedress(['scheduler'], environmentOf('operator'))
  const clocks = async (): Promise<unknown> =>
    (
      await query(
        database.url,
        `select count(*)::integer as clocks, min(tz) as zone from bullmq.scheduler`,
      )
    )[0]
  const looked = async (): Promise<unknown> =>
    (
      await query(
        database.url,
        `select looked_at > now() - interval '1 minute' as it
       from schedule_tick`,
      )
    )[0]
  try {
    await expect.poll(clocks, { timeout: 20_000, interval: 100 }).toEqual({
      clocks: 8,
      zone: 'Asia/Seoul',
    })
    await expect.poll(looked, { timeout: 20_000, interval: 100 }).toEqual({ it: true })
  } finally {
    const stopped = await running.kill('SIGTERM')
    expect({ code: stopped.exitCode, said: stopped.stdout }).toEqual({ code: 0, said: '' })
  }
  // By this machine's clock the year may be over: then all that was not done is offered.
  const now = new Date()
  const seenUntil = new Date(now.getTime() - 2 * 3_600_000).toISOString()
  const told = await ok('auditor', ['schedule', 'missed'], now.toISOString())
  const resolved = ['kt-2026/notice/refund_eligibility', FORECAST]
  expect(told.missed.map((it) => it.key).toSorted()).toEqual(
    allOccurrences(KT_2026_SCHEDULE)
      .filter((it) => it.dueAt < seenUntil)
      .map((it) => it.key)
      .filter((it) => !resolved.includes(it))
      .toSorted(),
  )
})
