/** `redress contacts` and `redress reminders` as whole commands, with notices of benefits. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CliDocument, CliResult } from '../support/cli.js'
import { AS_OF, complaintOf, NINE_LINES, setting } from './setting.js'
import type { Setting } from './setting.js'

let it: Setting
beforeAll(async () => {
  it = await setting()
  await it.ok('snapshot', 'import', it.file('lines.csv', NINE_LINES), '--as-of', AS_OF)
})
afterAll(() => it.drop())

const CHOSEN = 'choice_id,line_id,benefit,option,channel,chosen_at,guardian_consent,withdrawn_at'
const OPEN = '2026-02-01T10:00:00+09:00'

async function reminders(...args: readonly string[]): Promise<CliDocument> {
  const now = args.includes('--now') ? [] : ['--now', OPEN]
  return await it.ok('reminders', ...args, ...now)
}

test('restrictions are counted, kept once, and bad rows are told by their column', async () => {
  const file = it.file('restrictions.csv', [
    'line_id,customer_id,kind,since,until',
    ',900,advertising_consent,2026-01-02T00:00:00+09:00,',
    '102,,advertising_consent,2026-01-02T00:00:00+09:00,',
    '102,,advertising_consent,2026-01-02T00:00:00+09:00,',
    '102,901,opted_out,2026-01-02T00:00:00+09:00,',
    ',,opted_out,2026-01-02T00:00:00+09:00,',
    '102,,opted_out,2026-01-02T00:00:00+09:00,2026-01-01T00:00:00+09:00',
    '102,,dead,2026-01-02T00:00:00+09:00,',
  ])
  const counts = { read: 7, accepted: 2, quarantined: 4, duplicate: 1 }
  expect(await it.ok('contacts', 'import-restrictions', file)).toMatchObject(counts)
  const again = await it.ok('contacts', 'import-restrictions', file)
  expect(again).toMatchObject({ ...counts, already: true })
  const rows = await it.query('select column_name, reason from quarantined_row order by line_no')
  expect(rows).toEqual([
    { column_name: 'customer_id', reason: 'VALUE_UNEXPECTED' },
    { column_name: 'line_id', reason: 'VALUE_MISSING' },
    { column_name: 'until', reason: 'INSTANT_TOO_EARLY' },
    { column_name: 'kind', reason: 'NOT_IN_LIST' },
  ])
  // A later file restates one, and says another again.
  const later = it.file('later.csv', [
    'line_id,customer_id,kind,since,until',
    '102,,advertising_consent,2026-01-02T00:00:00+09:00,2026-06-01T00:00:00+09:00',
    ',900,advertising_consent,2026-01-02T00:00:00+09:00,',
  ])
  expect(await it.ok('contacts', 'import-restrictions', later)).toMatchObject({
    accepted: 1,
    duplicate: 1,
  })
})

test('who may choose a pass and did not is told, with consent alone', async () => {
  const choices = it.file('choices.csv', [
    CHOSEN,
    'c1,109,ott_pass,tving,web,2026-02-01T00:30:00+09:00,,',
    'c2,106,ott_pass,tving,web,2026-02-01T00:30:00+09:00,,2026-02-01T09:00:00+09:00',
  ])
  await it.ok('choices', 'import', choices)
  const preview = await reminders('prepare', '--campaign', 'ott_choice_open', '--preview')
  expect(preview).toMatchObject({
    audience: 6,
    suppressed: { NO_ADVERTISING_CONSENT: 3 },
    queued: 3,
    new_messages: 2,
  })
  expect(JSON.stringify(preview)).toContain('(광고)')
  const prepared = await reminders('prepare', '--campaign', 'ott_choice_open')
  // Lines 101 and 108 are one person's.
  expect(prepared).toMatchObject({ round: 1, queued: 3, messages: 2, already: false })
})

test('passes and insurances are told when a run gave them, once', async () => {
  await it.ok(
    'vouchers',
    'import',
    it.file('codes.csv', ['option,code,expires_on', 'tving,T-1,2026-12-31']),
  )
  await it.ok('run', '2026-02', '--yes')
  const insured = await reminders('prepare', '--campaign', 'insurance_enrolled')
  expect(insured).toMatchObject({ round: null, due_at: null, audience: 1, queued: 1, messages: 1 })
  const issued = await reminders('prepare', '--campaign', 'ott_code_issued')
  expect(issued).toMatchObject({
    audience: 1,
    suppressed: { NO_ADVERTISING_CONSENT: 1 },
    queued: 0,
  })
  expect(await reminders('prepare', '--campaign', 'insurance_enrolled')).toMatchObject({
    queued: 1,
    already: true,
  })
})

test('a round is shown and exported without a number', async () => {
  const shown = await reminders('show', '--campaign', 'ott_choice_open')
  expect(shown).toMatchObject({
    campaign: 'ott_choice_open',
    round: 1,
    due_at: '2026-02-01T01:00:00.000Z',
    audience: 6,
    suppressed: { NO_ADVERTISING_CONSENT: 3 },
    queued: 3,
    messages: 2,
    sent: 0,
    failed: 0,
    held_for_quiet_hours: 0,
    waiting: 2,
    unknown: 0,
    dead: 0,
    delivered: 0,
    suppressed_at_send: {},
    effect: { applied_within_24h: 0, applied_within_72h: 0 },
  })
  const out = join(it.folder, 'told.csv')
  await reminders('export', '--campaign', 'ott_choice_open', '--out', out)
  const [header, ...rows] = readFileSync(out, 'utf8').trimEnd().split('\n')
  expect(header).toBe(
    'line_id,event,key,state,reason,template_version,kind,gateway,reference,sent_at,delivered',
  )
  expect(rows.map((row) => row.split(',')[0])).toEqual(['101', '102', '108'])
  expect(rows.join('\n')).not.toMatch(/01099887766|광고/)
})

test('the stop switch, dead letters and unknown rounds answer with their exit codes', async () => {
  expect(await reminders('stop', '--reason', 'a wrong text')).toMatchObject({ stopped: true })
  const held = await it.run('reminders', 'send')
  expect(held.exitCode).toBe(3)
  expect(complaintOf(held)).toContain('notices: stopped')
  expect(await reminders('resume')).toMatchObject({ stopped: false, already: false })
  expect(await reminders('dead-letters')).toEqual({ dead: 0, unknown: 0, messages: [] })
  const refused: [readonly string[], number][] = [
    [['show', '1'], 2],
    // No refund was assessed yet.
    [['prepare', '1'], 2],
    [['drain', '1'], 4],
  ]
  for (const [args, exitCode] of refused) {
    const result: CliResult = await it.run('reminders', ...args)
    expect({ args, exitCode: result.exitCode }).toEqual({ args, exitCode })
    complaintOf(result)
  }
})
