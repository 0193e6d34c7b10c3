/**
 * Rounds of reminders as two schedulers conduct them: prepared and sent once over a real spool,
 * waiting in sight of all while notices are stopped and while it is night.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { noticeTasks } from '../../src/cli/scheduled-notices.js'
import { scheduledTasks } from '../../src/cli/scheduled-tasks.js'
import { systemClock } from '../../src/config/clock.js'
import { readSettings } from '../../src/config/settings.js'
import { openPool } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import { SpoolGateway } from '../../src/gateways/spool-gateway.js'
import { jobsDatabaseUrl, openJobsBackend } from '../../src/jobs/bullmq-backend.js'
import { setStop } from '../../src/reminders/stop-store.js'
import { KT_2026_SCHEDULE } from '../../src/rules/programmes/kt-2026-schedule.js'
import { readTasks } from '../../src/schedule/schedule-store.js'
import type { ScheduledTask } from '../../src/schedule/task.js'
import { Scheduler } from '../../src/schedule/work-due.js'
import { noticeSetting, sendOptions } from './notice-setting.js'
import type { NoticeSetting } from './notice-setting.js'
import { VERSION } from './refund-setting.js'
import { seoul } from './schedule-setting.js'

const LINES = 30
let setting: NoticeSetting
let folder: string
let schedulers: readonly Scheduler[]
let now = ''
const pools: Pool[] = []
const gateways: SpoolGateway[] = []
const errors: unknown[] = []
/** Keys, each as often as a scheduler performed it. */
const performed: string[] = []

beforeAll(async () => {
  setting = await noticeSetting()
  folder = mkdtempSync(join(tmpdir(), 'redress-scheduled-notices-'))
  const lines = Array.from({ length: LINES }, (_, at) => ({ line: `${101 + at}` }))
  await setting.refundable(lines)
  schedulers = ['first', 'second'].map(schedulerNamed)
})
afterEach(() => expect([...errors, ...setting.gateway.troubles]).toEqual([]))
afterAll(async () => {
  await Promise.all(gateways.map((it) => it.close()))
  await Promise.all(pools.map((it) => it.end()))
  await setting.close()
  rmSync(folder, { recursive: true, force: true })
})

/** As a process of its own has it: connections, a queue and a gateway to the same spool. */
function schedulerNamed(name: string): Scheduler {
  const pool = openPool({ url: setting.url, max: 16, name, actor: 'kim' })
  const jobsPool = openPool({ url: jobsDatabaseUrl(setting.url), max: 8, name: `${name} jobs` })
  const gateway = new SpoolGateway({ folder: join(folder, 'spool'), clock: systemClock() })
  pools.push(pool, jobsPool)
  gateways.push(gateway)
  const backend = openJobsBackend({ pool: jobsPool })
  const { cipher } = setting
  const options = sendOptions({ pool, cipher }, backend, setting.gateway)
  return new Scheduler({
    pool,
    name,
    schedule: KT_2026_SCHEDULE,
    now: () => now,
    signal: new AbortController().signal,
    onError: (error) => errors.push(error),
    onPerformed: ({ key }) => performed.push(key),
    tasks: scheduledTasks({
      pool,
      cipher,
      name,
      schedule: KT_2026_SCHEDULE,
      version: VERSION,
      settings: readSettings({ REDRESS_HOME: folder }),
      log: { debug: () => undefined, warn: () => undefined },
      lanes: 2,
      backend: () => Promise.resolve(backend),
      notices: noticeTasks({
        context: { pool, cipher },
        version: VERSION,
        gateway: () => Promise.resolve(gateway),
        sending: (opened) => Promise.resolve({ ...options, name, gateway: opened }),
      }),
    }),
  })
}

/** Both look at the same moment, and do all that they start. */
async function lookAt(day: string, time: string): Promise<void> {
  now = seoul(day, time)
  await Promise.all(schedulers.map((it) => it.look()))
  await Promise.all(schedulers.map((it) => it.settled()))
}

async function task(key: string): Promise<ScheduledTask> {
  const all = await readTasks(setting.pool, 'kt-2026', 'all')
  const found = all.find((one) => one.key === `kt-2026/${key}`)
  if (found === undefined) throw new Error(`${key} is not recorded`)
  return found
}

function timesPerformed(key: string): number {
  return performed.filter((one) => one === `kt-2026/${key}`).length
}

/** Keys of what lies in the spool for whoever delivers it. */
function spooled(round: number): string[] {
  const shelves = join(folder, 'spool', 'new')
  return readdirSync(shelves, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(shelves, name), 'utf8')) as { key: string })
    .map(({ key }) => key)
    .filter((key) => key.startsWith(`refund_reminder.${round}.`))
}

/** Hand-overs of a round by how often its messages were tried. */
async function deliveries(round: number): Promise<readonly Record<string, unknown>[]> {
  return await setting.query(
    `select outcome, attempt_no, count(*)::integer as messages
     from delivery join outbox_message using (message_id) join notice_round using (notice_round_id)
     where round = $1 group by outcome, attempt_no`,
    [round],
  )
}

it('prepares a round on its morning and sends it when it is due, once', async () => {
  await lookAt('2026-01-20', '08:30')
  expect(await task('reminder_prepare/1')).toMatchObject({
    state: 'done',
    result: { audience: LINES, queued: LINES, messages: LINES, added: LINES },
  })
  await lookAt('2026-01-20', '09:59')
  await expect(task('reminder_send/1')).rejects.toThrow('is not recorded')
  await lookAt('2026-01-20', '10:00')
  const sent = { sent: LINES, waiting: 0, unknown: 0, dead: 0, suppressed_at_send: 0 }
  expect(await task('reminder_send/1')).toMatchObject({ state: 'done', result: sent })
  await lookAt('2026-01-20', '10:20')
  expect(timesPerformed('reminder_prepare/1')).toBe(1)
  expect(timesPerformed('reminder_send/1')).toBe(1)
  expect(new Set(spooled(1)).size).toBe(LINES)
  expect(spooled(1)).toHaveLength(LINES)
  expect(await deliveries(1)).toEqual([{ outcome: 'accepted', attempt_no: 1, messages: LINES }])
}, 30_000)

it('waits while notices are stopped, then until 08:00, when it sends', async () => {
  // One applied meanwhile, by a file that nobody assessed.
  await setting.applications('2026-01-25T12:00:00+09:00', {
    application_id: 'a',
    line_id: '101',
    applied_at: '2026-01-25T11:00:00+09:00',
  })
  await lookAt('2026-01-26', '08:30')
  expect(await task('reminder_prepare/2')).toMatchObject({
    state: 'done',
    result: { audience: LINES, queued: LINES - 1, messages: LINES - 1 },
  })
  await setStop(setting.pool, true, 'a wrong text', now)
  await lookAt('2026-01-26', '10:00')
  const stopped = await task('reminder_send/2')
  expect(stopped).toMatchObject({ state: 'waiting_for_input', result: { waiting: LINES - 1 } })
  expect(stopped.needs).toBe(
    `${LINES - 1} messages of refund_reminder 2 wait for a person, who resumes notices: ` +
      '`redress reminders resume`',
  )
  await lookAt('2026-01-26', '20:59')
  expect(spooled(2)).toEqual([])
  // What waits for a person reminds of itself.
  expect((await task('reminder_send/2')).reminders).toBeGreaterThan(0)
  now = seoul('2026-01-26', '21:05')
  await setStop(setting.pool, false, null, now)
  await lookAt('2026-01-26', '21:10')
  const held = await task('reminder_send/2')
  expect(held).toMatchObject({ state: 'waiting_for_input', result: { waiting: LINES - 1 } })
  expect(held.needs).toBe(`${LINES - 1} messages of refund_reminder 2 wait for their hour`)
  expect(await setting.counts(2)).toMatchObject({ held_for_quiet_hours: LINES - 1, sent: 0 })
  await lookAt('2026-01-27', '07:49')
  expect(await task('reminder_send/2')).toMatchObject({ state: 'waiting_for_input' })
  expect(spooled(2)).toEqual([])
  await lookAt('2026-01-27', '08:00')
  expect(await task('reminder_send/2')).toMatchObject({
    state: 'done',
    result: { sent: LINES - 1, waiting: 0 },
  })
  expect(new Set(spooled(2)).size).toBe(LINES - 1)
  expect(spooled(2)).toHaveLength(LINES - 1)
  const once = { outcome: 'accepted', attempt_no: 1, messages: LINES - 1 }
  expect(await deliveries(2)).toEqual([once])
  expect(spooled(1)).toHaveLength(LINES)
}, 30_000)

it('waits for a round to be prepared that nobody prepared in time', async () => {
  await lookAt('2026-01-30', '10:31')
  expect(await task('reminder_prepare/3')).toMatchObject({ state: 'missed' })
  const waiting = await task('reminder_send/3')
  expect(waiting).toMatchObject({ state: 'waiting_for_input' })
  expect(waiting.needs).toContain('`redress reminders prepare 3`')
  await setting.prepare(3, { now })
  await lookAt('2026-01-30', '10:41')
  expect(await task('reminder_send/3')).toMatchObject({
    state: 'done',
    result: { sent: LINES - 1, waiting: 0 },
  })
  expect(new Set(spooled(3)).size).toBe(LINES - 1)
}, 30_000)
