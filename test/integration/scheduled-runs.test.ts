/**
 * A month as a scheduler conducts it, with the functions of the commands: the forecast that another
 * person approves, the run that waits for its input and goes by itself, the days after it, and the
 * payout that others sign.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { scheduledTasks } from '../../src/cli/scheduled-tasks.js'
import { readSettings } from '../../src/config/settings.js'
import { openPool } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import type { ImportOptions } from '../../src/intake/import-file.js'
import {
  importApplicationsFile,
  importTerminationsFile,
} from '../../src/intake/import-refund-files.js'
import { importStatusFile } from '../../src/intake/import-staged-file.js'
import { Cipher } from '../../src/privacy/cipher.js'
import { KT_2026_SCHEDULE } from '../../src/rules/programmes/kt-2026-schedule.js'
import { findVersion } from '../../src/rules/programmes/registry.js'
import { minutesAfter } from '../../src/rules/schedule/civil-time.js'
import { listRuns } from '../../src/runs/run-store.js'
import { recordPolicies } from '../../src/runs/approval-store.js'
import { approvePlan } from '../../src/runs/approve-plan.js'
import { resolveTasks } from '../../src/schedule/resolve-tasks.js'
import { readTasks } from '../../src/schedule/schedule-store.js'
import type { ScheduledTask } from '../../src/schedule/task.js'
import { viewMissed } from '../../src/schedule/tell-schedule.js'
import { Scheduler } from '../../src/schedule/work-due.js'
import { approveBatch } from '../../src/payouts/approve-batch.js'
import { termsOf } from '../../src/cli/payout-settings.js'
import { APPROVER, LedgerSetting } from '../support/builders.js'
import { seoul } from './schedule-setting.js'

const LINES = Array.from({ length: 40 }, (_, index) => ({
  line_id: index + 1,
  customer_id: index + 1,
}))

const CIPHER = new Cipher(Buffer.alloc(32, 7))

let setting: LedgerSetting
let approvers: Pool
let folder: string
let scheduler: Scheduler
let now = ''
const errors: unknown[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'redress-scheduled-'))
  setting = await LedgerSetting.open()
  approvers = openPool({ url: setting.url, max: 2, name: 'schedule tests', actor: APPROVER })
  await setting.importLines(LINES)
  await recordPolicies(setting.pool, [findVersion('kt-2026@1')!])
  const { pool } = setting
  const schedule = KT_2026_SCHEDULE
  const version = findVersion('kt-2026@1')!
  const settings = readSettings({ REDRESS_HOME: folder })
  const log = { debug: () => undefined, warn: () => undefined }
  scheduler = new Scheduler({
    pool,
    schedule,
    name: 'scheduler',
    now: () => now,
    signal: new AbortController().signal,
    onError: (error) => errors.push(error),
    tasks: scheduledTasks({
      pool,
      schedule,
      version,
      settings,
      log,
      name: 'scheduler',
      lanes: 2,
      cipher: CIPHER,
      backend: () => Promise.reject(new Error('no queue is needed')),
    }),
  })
})
afterEach(() => expect(errors).toEqual([]))
afterAll(async () => {
  await approvers.end()
  await setting.close()
  rmSync(folder, { recursive: true })
})

async function lookAt(instant: string): Promise<void> {
  now = instant
  await scheduler.look()
  await scheduler.settled()
}

async function task(key: string): Promise<ScheduledTask> {
  const all = await readTasks(setting.pool, 'kt-2026', 'all')
  const found = all.find((it) => it.key === `kt-2026/${key}`)
  if (found === undefined) throw new Error(`${key} is not recorded`)
  return found
}

function fileOf(name: string, at: string, ...rows: readonly string[]): ImportOptions {
  const path = join(folder, name)
  writeFileSync(path, [...rows, ''].join('\n'))
  return { pool: setting.pool, cipher: CIPHER, path, now: () => at }
}

async function importStatuses(name: string, at: string, ...rows: string[]): Promise<void> {
  await importStatusFile(fileOf(name, at, 'line_id,status,effective_at', ...rows))
}

/** Two lines that left in time, and applied in time for the first payout. */
async function importRefunds(): Promise<void> {
  const at = seoul('2026-01-20')
  const left = ['901', '902'].map(
    (line) =>
      `${line},${line},individual,kt,handset,2020-01-01,,,2025-10-10T10:00:00+09:00,voluntary,` +
      `20000,10000,0,30000,0,,,,`,
  )
  const terminations = await importTerminationsFile(
    fileOf(
      'terminations.csv',
      at,
      'line_id,customer_id,customer_kind,network,line_kind,activated_on,contract_event,' +
        'contract_event_on,terminated_at,termination_kind,subsidy_clawback_krw,' +
        'discount_clawback_krw,other_charges_krw,paid_krw,already_waived_krw,resubscribed_on,' +
        'hardship,hardship_ended_on,notice_number',
      ...left,
    ),
  )
  const applications = await importApplicationsFile(
    fileOf(
      'applications.csv',
      at,
      'application_id,line_id,channel,applied_at,bank_code,account_number,account_holder,' +
        'holder_check,withdrawn_at',
      'A901,901,web,2026-01-15T10:00:00+09:00,004,11111111111,Hong,match,',
      'A902,902,web,2026-01-16T10:00:00+09:00,004,22222222222,Kim,match,',
    ),
  )
  expect([terminations.accepted, applications.accepted]).toEqual([2, 2])
}

async function approve(planId: unknown, tolerance?: number): Promise<void> {
  const signature = { by: APPROVER, at: now, reason: 'tested', tolerance }
  await approvePlan(approvers, String(planId), signature)
}

async function skipMissed(): Promise<void> {
  const missed = await viewMissed(setting.pool, KT_2026_SCHEDULE, now)
  const keys = missed.map((it) => it.occurrence.key)
  const decision = { decision: 'skip', reason: 'tested', at: now } as const
  if (keys.length > 0) await resolveTasks(setting.pool, KT_2026_SCHEDULE, keys, decision)
}

it('pays what others have signed, on its date and once', async () => {
  await importRefunds()
  await lookAt(seoul('2026-01-21', '17:55'))
  await skipMissed()
  await lookAt(seoul('2026-01-21', '18:00'))
  const prepared = await task('payout_prepare/2026-01-22')
  expect(prepared).toMatchObject({
    state: 'waiting_for_approval',
    result: { batch_id: '1', count: 2, total_krw: 60_000 },
  })
  expect(prepared.needs).toContain('redress payouts approve 1')
  await lookAt(seoul('2026-01-22', '06:00'))
  expect(await task('payout_export/2026-01-22')).toMatchObject({ state: 'waiting_for_approval' })
  expect(await task('payout_prepare/2026-01-22')).toMatchObject({ reminders: 1 })
  await approveBatch(approvers, termsOf, '1', now)
  await lookAt(seoul('2026-01-22', '06:10'))
  expect(await task('payout_prepare/2026-01-22')).toMatchObject({ state: 'done' })
  expect(await task('payout_export/2026-01-22')).toMatchObject({
    state: 'done',
    result: { batches: 1, transfers: 2 },
  })
  const files = readdirSync(join(folder, 'payouts'))
  expect(files).toEqual(['kt-2026-B1.xml'])
  expect(readFileSync(join(folder, 'payouts', files[0]!), 'utf8')).toContain('<NbOfTxs>2</NbOfTxs>')
})

it('forecasts on the 25th, and another person approves with a tolerance', async () => {
  await lookAt(seoul('2026-01-25', '10:00'))
  await skipMissed()
  const forecast = await task('forecast/2026-02')
  expect(forecast).toMatchObject({ state: 'waiting_for_approval' })
  expect(forecast.needs).toContain('--tolerance')
  // What is imported meanwhile makes the plan stale, and another takes its place.
  await importStatuses('late.csv', seoul('2026-01-26'), '1,terminated,2026-01-26T10:00:00+09:00')
  await lookAt(seoul('2026-01-26'))
  const again = await task('forecast/2026-02')
  expect(again.result['plan_id']).not.toBe(forecast.result['plan_id'])
  // Of forty lines, one that is refused more is all that a tolerance of the whole lets pass.
  await approve(again.result['plan_id'], 1)
  await lookAt(seoul('2026-01-26', '10:00'))
  expect(await task('forecast/2026-02')).toMatchObject({
    state: 'done',
    result: { plan_id: again.result['plan_id'], approved: true },
  })
})

it('runs on the 1st by itself, once the status changes are in', async () => {
  await lookAt(seoul('2026-02-01', '06:00'))
  await skipMissed()
  const waiting = await task('run/2026-02')
  expect(waiting).toMatchObject({ state: 'waiting_for_input' })
  expect(waiting.needs).toContain('redress status import')
  await importStatuses(
    'first.csv',
    seoul('2026-02-01', '06:02'),
    '2,suspended,2026-01-31T23:59:00+09:00',
  )
  await lookAt(seoul('2026-02-01', '06:12'))
  const run = await task('run/2026-02')
  expect(run).toMatchObject({ state: 'done', result: { run_id: '1' } })
  expect(await listRuns(setting.pool)).toMatchObject([{ period: '2026-02', state: 'closed' }])
  const signed = await setting.query('select kind from approval where plan_id = $1', [
    run.result['plan_id'],
  ])
  expect(signed).toEqual([{ kind: 'forecast' }])
})

it('gives every day what was chosen, and proves the ledger every night', async () => {
  await setting.importVouchers({ option: 'tving', codes: 5 })
  await setting.importChoices({ line: 3, at: '2026-02-02T02:00:00+09:00', option: 'tving' })
  await lookAt(seoul('2026-02-02', '03:00'))
  await lookAt(seoul('2026-02-02', '05:00'))
  expect(await task('verify/2026-02-02')).toMatchObject({ state: 'done', result: { runs: 1 } })
  expect(await task('daily_run/2026-02-02')).toMatchObject({
    state: 'done',
    result: { entries: 1 },
  })
  await lookAt(seoul('2026-02-03', '05:00'))
  expect(await task('daily_run/2026-02-03')).toMatchObject({
    state: 'done',
    result: { entries: 0 },
  })
  expect(await listRuns(setting.pool)).toHaveLength(2)
})

it('waits, visibly, where no forecast covers the figures, until a person signs', async () => {
  await importStatuses(
    'march.csv',
    seoul('2026-03-01', '00:30'),
    '4,terminated,2026-02-20T10:00:00+09:00',
  )
  await lookAt(seoul('2026-03-01', '06:00'))
  await skipMissed()
  const waiting = await task('run/2026-03')
  expect(waiting).toMatchObject({ state: 'waiting_for_approval' })
  expect(waiting.needs).toContain('no forecast of it is approved')
  await lookAt(seoul('2026-03-01', '06:30'))
  // The same plan: nothing has changed, and it is not made again and again.
  expect((await task('run/2026-03')).result).toEqual(waiting.result)
  await approve(waiting.result['plan_id'])
  await lookAt(seoul('2026-03-01', '06:40'))
  expect(await task('run/2026-03')).toMatchObject({
    state: 'done',
    result: { plan_id: waiting.result['plan_id'] },
  })
})

it('leaves alone what was run by hand, and merges days into a run to come', async () => {
  await importStatuses(
    'april.csv',
    seoul('2026-04-01', '00:30'),
    '5,terminated,2026-03-20T10:00:00+09:00',
  )
  now = seoul('2026-04-01', '12:00')
  await setting.planAndExecute('2026-04', { now })
  await lookAt(seoul('2026-04-02', '05:00'))
  expect(await task('run/2026-04')).toMatchObject({ state: 'done', result: { by_hand: true } })
  await skipMissed()
  await lookAt(seoul('2026-05-01', '06:00'))
  await skipMissed()
  expect(await task('run/2026-05')).toMatchObject({ state: 'waiting_for_input' })
  await lookAt(seoul('2026-05-02', '05:00'))
  expect(await task('daily_run/2026-05-02')).toMatchObject({
    state: 'merged',
    mergedInto: 'kt-2026/run/2026-05',
  })
  const decision = { decision: 'run', reason: 'no changes in May', at: now } as const
  await resolveTasks(setting.pool, KT_2026_SCHEDULE, ['kt-2026/run/2026-05'], decision)
  await lookAt(minutesAfter(now, 1))
  expect(await task('run/2026-05')).toMatchObject({ state: 'waiting_for_approval', forced: true })
})

it('says that nobody tells notices where none are set up', async () => {
  await lookAt(seoul('2026-05-02', '10:30'))
  expect(await task('event_notices/2026-05-02')).toMatchObject({
    state: 'failed',
    attempts: 1,
    result: { error: 'NOT_AVAILABLE' },
  })
})

it('estimates what was missed at the measured rate', async () => {
  const missed = await viewMissed(setting.pool, KT_2026_SCHEDULE, seoul('2026-06-03'))
  const run = missed.find((it) => it.occurrence.key === 'kt-2026/run/2026-06')
  expect(run?.estimate.how).toMatch(/^40 lines at \d+ lines\/s/)
})
