/** Notices that follow events: payouts that arrived or came back, each told once. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { approveBatch } from '../../src/payouts/approve-batch.js'
import { importStatus } from '../../src/payouts/import-status.js'
import { prepareBatch } from '../../src/payouts/prepare-batch.js'
import { prepareRound } from '../../src/reminders/prepare-round.js'
import type { PreparedRound } from '../../src/reminders/prepare-round.js'
import { noticeSetting, prepareOptions } from './notice-setting.js'
import type { NoticeSetting } from './notice-setting.js'
import { reportOf, termsOf } from './payout-setting.js'
import type { AnswerDraft } from './payout-setting.js'

let setting: NoticeSetting
let folder: string
beforeAll(async () => {
  setting = await noticeSetting()
  folder = mkdtempSync(join(tmpdir(), 'redress-events-'))
  const applications = ['101', '102', '103', '104'].map((line) => ({
    application_id: `A${line}`,
    line_id: line,
    // A correction names another account; two lines of one person share none here.
    account_number: `110000${line}123`,
  }))
  await setting.applications('2026-01-16T10:00:00+09:00', ...applications)
  await setting.refundable(
    [
      { line: '101' },
      { line: '102' },
      // Two payouts of one person are two events.
      { line: '103', customer: '9', number: '01099999999' },
      { line: '104', customer: '9', number: '01099999999' },
    ],
    '2026-01-19T10:00:00+09:00',
  )
  const maker = setting.poolOf('maker')
  const prepared = await prepareBatch(maker, termsOf, '2026-01-22', '2026-01-21T01:00:00.000Z')
  expect(prepared.batch.count).toBe(4)
  await approveBatch(setting.poolOf('checker'), termsOf, '1', '2026-01-21T02:00:00.000Z')
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await setting.close()
})

async function answer(...answers: readonly AnswerDraft[]): Promise<void> {
  const file = join(folder, `${answers.map((it) => it.id).join()}.xml`)
  writeFileSync(file, reportOf(answers, { at: '2026-01-22T18:00:00+09:00' }))
  await importStatus({ pool: setting.poolOf('maker'), file, at: '2026-01-23T00:00:00.000Z' })
}

async function tell(campaign: string): Promise<PreparedRound> {
  const options = prepareOptions(setting, undefined, campaign)
  return await prepareRound({ ...options, now: '2026-01-23T01:00:00.000Z' })
}

const SENT = { now: () => '2026-01-23T10:00:00+09:00' }

test('who was paid is told once for each payout, as they come', async () => {
  expect(await tell('payout_made')).toMatchObject({ audience: 0, messages: 0, dueAt: null })
  await answer({ id: 'kt-2026-101-1', status: 'ACSC' }, { id: 'kt-2026-103-1', status: 'ACSC' })
  expect(await tell('payout_made')).toMatchObject({ queued: 2, added: { messages: 2 } })
  await setting.send({ ...SENT, filter: { campaign: 'payout_made' } })
  expect(await tell('payout_made')).toMatchObject({ queued: 2, added: { messages: 0 } })
  await answer({ id: 'kt-2026-104-1', status: 'ACSC' })
  expect(await tell('payout_made')).toMatchObject({ queued: 3, added: { messages: 1 } })
  await setting.send(SENT)
  expect(setting.gateway.numbers).toEqual(['01044444101', '01099999999', '01099999999'])
  expect(new Set(setting.gateway.keys).size).toBe(3)
})

test('whose payout came back is asked for another account, unless it came meanwhile', async () => {
  await answer({ id: 'kt-2026-102-1', status: 'RJCT', reason: 'AC01' })
  expect(await tell('payout_bounced')).toMatchObject({ queued: 1, added: { messages: 1 } })
  const before = setting.gateway.taken.length
  await setting.applications('2026-01-23T09:00:00+09:00', {
    application_id: 'A102',
    line_id: '102',
    account_number: '110000999999',
  })
  await setting.send(SENT)
  expect(setting.gateway.taken.length).toBe(before)
  expect(await setting.counts(0, 'payout_bounced')).toMatchObject({
    messages: 1,
    suppressed_at_send: { NOT_IN_AUDIENCE: 1 },
  })
})
