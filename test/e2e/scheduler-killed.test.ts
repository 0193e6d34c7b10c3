/** A scheduler that is really killed in the middle of a month's run: another one finishes it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyLedger } from '../../src/runs/verify-ledger.js'
import { redress, spawnRedress } from '../support/cli.js'
import type { CliResult } from '../support/cli.js'
import { LedgerSetting } from '../support/builders.js'

const RUN = 'kt-2026/run/2026-02'

let setting: LedgerSetting
beforeAll(async () => {
  setting = await LedgerSetting.open()
  await setting.importGenerated({ lines: 20_000, seed: 11, statuses: true })
  await setting.approve(await setting.plan('2026-02', { now: '2026-01-25T01:00:00.000Z' }), 0)
})
afterAll(() => setting.close())

function commandAt(time: string): readonly string[] {
  return ['scheduler', '--once', '--now', `2026-02-01T${time}:00+09:00`]
}

async function schedulerAt(time: string): Promise<CliResult> {
  const result = await redress(commandAt(time), environment())
  expect(result.exitCode).toBe(0)
  return result
}

function environment(): Record<string, string> {
  return { DATABASE_URL: setting.url, REDRESS_LANES: '1' }
}

async function row(): Promise<unknown> {
  const rows = await setting.query(
    'select state, attempts, result from scheduled_task where key = $1',
    [RUN],
  )
  return rows[0]
}

test('the lease keeps others away, then the task is performed again and posts once', async () => {
  const killed = spawnRedress(commandAt('06:00'), environment())
  await expect
    .poll(row, { timeout: 30_000, interval: 5 })
    .toMatchObject({ state: 'running', attempts: 1 })
  expect((await killed.kill('SIGKILL')).signal).toBe('SIGKILL')
  await schedulerAt('06:04')
  expect(await row()).toMatchObject({ state: 'running', attempts: 1 })
  await schedulerAt('06:06')
  expect(await row()).toMatchObject({ state: 'done', attempts: 2, result: { run_id: '1' } })
  await schedulerAt('06:10')
  const runs = await verifyLedger(setting.pool, { replay: true, lanes: 2 })
  expect(runs).toMatchObject([{ run: { period: '2026-02', state: 'closed' }, differences: [] }])
})
