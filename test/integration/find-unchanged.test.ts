/**
 * When a daily run may leave a period alone: only where a new plan of it could say nothing that its
 * last one did not say.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findUnchanged } from '../../src/runs/find-unchanged.js'
import type { Plan } from '../../src/runs/run.js'
import { LedgerSetting } from '../support/builders.js'

const FEBRUARY = '2026-02'
const FIRST = '2026-02-02T05:00:00+09:00'

let setting: LedgerSetting
let snapshotId: number

beforeAll(async () => {
  setting = await LedgerSetting.open()
  const lines = Array.from({ length: 8 }, (_, index) => ({
    line_id: index + 1,
    customer_id: index + 1,
  }))
  snapshotId = (await setting.importLines(lines)).snapshotId
  await setting.importVouchers({ option: 'tving', codes: 9 })
})
afterAll(async () => {
  await setting.close()
})

async function unchangedAt(now: string, more: Partial<Plan> = {}): Promise<Plan | undefined> {
  const asked = { programme: 'kt-2026', version: 1, period: FEBRUARY, snapshotId, now }
  return await findUnchanged(setting.pool, { ...asked, ...more })
}

/** Whether a plan made then would hold anything: what `findUnchanged` must never pass over. */
async function entriesAt(now: string): Promise<number | undefined> {
  return (await setting.plan(FEBRUARY, { now })).result?.entries
}

it('asks for a plan until the period has one that was posted', async () => {
  expect(await unchangedAt(FIRST)).toBeUndefined()
  const plan = await setting.plan(FEBRUARY, { now: FIRST })
  expect(await unchangedAt('2026-02-02T06:00:00+09:00')).toBeUndefined()
  const run = await setting.execute(plan)
  expect(run.state).toBe('closed')
  expect((await unchangedAt('2026-02-03T05:00:00+09:00'))?.planId).toBe(plan.planId)
})

it('finds the same after a plan that held nothing, and never before its time', async () => {
  const now = '2026-02-04T05:00:00+09:00'
  expect(await entriesAt(now)).toBe(0)
  expect((await unchangedAt('2026-02-05T05:00:00+09:00'))?.result?.entries).toBe(0)
  expect(await unchangedAt('2026-02-03T05:00:00+09:00')).toBeUndefined()
  expect(await unchangedAt('2026-02-05T05:00:00+09:00', { version: 2 })).toBeUndefined()
  const other = { snapshotId: snapshotId + 1 }
  expect(await unchangedAt('2026-02-05T05:00:00+09:00', other)).toBeUndefined()
})

it('asks for a plan once a file came, and when a choice in it begins to count', async () => {
  await setting.importChoices({ line: 3, at: '2026-02-10T12:00:00+09:00', option: 'tving' })
  const before = '2026-02-06T05:00:00+09:00'
  expect(await unchangedAt(before)).toBeUndefined()
  expect(await entriesAt(before)).toBe(0)
  expect(await unchangedAt('2026-02-10T12:00:00+09:00')).toBeDefined()
  const after = '2026-02-11T05:00:00+09:00'
  expect(await unchangedAt(after)).toBeUndefined()
  await setting.planAndExecute(FEBRUARY, { now: after })
  expect(await unchangedAt('2026-02-12T05:00:00+09:00')).toBeDefined()
})

it('asks for a plan when a withdrawal that was told before begins to count', async () => {
  await setting.importChoices({
    line: 4,
    at: '2026-02-12T12:00:00+09:00',
    option: 'tving',
    withdrawnAt: '2026-02-20T12:00:00+09:00',
  })
  await setting.planAndExecute(FEBRUARY, { now: '2026-02-12T11:00:00+09:00' })
  expect(await unchangedAt('2026-02-12T11:30:00+09:00')).toBeDefined()
  expect(await unchangedAt('2026-02-21T05:00:00+09:00')).toBeUndefined()
})

it('asks for a plan after a run of another period', async () => {
  const now = '2026-02-25T05:00:00+09:00'
  await setting.planAndExecute(FEBRUARY, { now })
  expect(await unchangedAt(now)).toBeDefined()
  await setting.planAndExecute('2026-03', { now: '2026-03-01T06:00:00+09:00' })
  expect(await unchangedAt('2026-03-01T07:00:00+09:00')).toBeUndefined()
})
