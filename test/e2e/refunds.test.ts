/** Refunds by whole commands: two thousand lines against an oracle, looks at one line, reviews. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { errorCodeOf } from '../../src/db/database.js'
import { generateSnapshot } from '../../src/generate/generate-snapshot.js'
import { expectedExport } from '../integration/refund-oracle.js'
import { redress } from '../support/cli.js'
import { loginsOf } from '../support/logins.js'
import type { Role } from '../support/logins.js'
import { complaintOf, setting } from './setting.js'
import type { Setting } from './setting.js'

const NOW = '2026-02-10T09:00:00+09:00'

let world: Setting
let files: { terminations: string; applications: string }
beforeAll(async () => {
  world = await setting()
  files = {
    terminations: join(world.folder, 'terminations.csv'),
    applications: join(world.folder, 'applications.csv'),
  }
  await generateSnapshot({
    size: { lines: 100 },
    seed: 7,
    asOf: '2026-01-13',
    badRows: 0,
    order: 'customer',
    out: join(world.folder, 'snapshot.csv'),
    terminationsOut: files.terminations,
    terminations: 2_000,
    applicationsOut: files.applications,
  })
})
afterAll(async () => {
  await world?.drop()
})

it('nothing is exported before it is assessed', async () => {
  const refused = await world.run('refunds', 'export', '--out', join(world.folder, 'none.csv'))
  expect(refused.exitCode).toBe(2)
  expect(refused.stderr).toContain('refunds: not assessed yet')
})

it('two thousand lines are exported as a naive reading of the files has them', async () => {
  await world.ok('refunds', 'import-terminations', files.terminations)
  await world.ok('refunds', 'import-applications', files.applications)
  const assessed = await world.ok('refunds', 'assess', '--now', NOW)
  const path = join(world.folder, 'refunds.csv')
  await world.ok('refunds', 'export', '--out', path)
  const [header, ...rows] = readFileSync(path, 'utf8').trimEnd().split('\n')
  expect(header).toBe(
    'line_id,decision,reason,amount_krw,application_id,application_state,payout_on,payout_state',
  )
  const expected = expectedExport(files, NOW)
  expect(rows).toHaveLength(expected.length)
  expect(rows.filter((row, index) => row !== expected[index])).toEqual([])
  expect(new Set(rows.map((row) => row.split(',')[5])).size).toBeGreaterThan(5)
  expect(assessed).toMatchObject({ assessment_id: '1', lines: 2_000 })
})

it('one line is shown, explained and estimated, and each look is logged', async () => {
  await world.ok('refunds', 'import-terminations', world.file('more.csv', MORE))
  await world.ok('refunds', 'assess', '--now', NOW)
  const shown = await world.ok('refunds', 'show', '901', '--lang', 'en', '--why', 'ticket 5')
  const refund = {
    decision: 'refused',
    reason: 'CONTRACT_EVENT_SINCE_BASE',
    amount_krw: 0,
    all_reasons: ['CONTRACT_EVENT_SINCE_BASE', 'NO_PENALTY'],
    recorded: { decision: 'refused', reason: 'CONTRACT_EVENT_SINCE_BASE', amount_krw: 0 },
    applications: [],
  }
  expect(shown).toMatchObject({ line_id: '901', ...refund })
  const explained = await world.ok('explain', '901', '--lang', 'ko')
  expect(explained).toMatchObject({ line_id: '901', periods: [], refund })
  const unknown = await world.run('refunds', 'show', '902')
  expect(unknown.exitCode).toBe(2)
  expect(complaintOf(unknown)).toContain('line 902: no termination known')
  expect((await world.run('explain', '902')).exitCode).toBe(2)
  const looks = await world.query(
    `select line_id, purpose, command from access_log where line_id >= 900 order by access_id`,
  )
  expect(looks.map((it) => Object.values(it).join(' '))).toEqual([
    '901 ticket 5 refunds show',
    '901 not stated explain',
    '902 not stated refunds show',
    '902 not stated explain',
  ])
})

it('an estimate goes by the bill, or by the formula without one (facts §2.3)', async () => {
  const contract = ['--contract-start', '2024-03-01', '--subsidy', '500000']
  // 2024-03-01 to 2025-09-01: day 549 of 730, so 500,000 x 181 / 550, floored.
  const unbilled = await world.ok('refunds', 'estimate', '900', ...contract)
  expect(unbilled).toMatchObject({
    eligible: true,
    reason: 'NO_PENALTY',
    basis: 'estimate',
    expected_krw: 164_545,
    estimate: { subsidy_clawback_krw: 164_545, discount_clawback_krw: 0, total_krw: 164_545 },
    billed_krw: null,
    differs_from_bill: null,
  })
  expect(await world.ok('refunds', 'estimate', '900')).toMatchObject({
    eligible: false,
    expected_reason: 'NO_PENALTY',
    basis: 'none',
    estimate: null,
  })
  const billed = ['estimate', '903', '--contract-start', '2024-03-01', '--discounts', '310500']
  expect(await world.ok('refunds', ...billed)).toMatchObject({
    eligible: true,
    reason: 'PENALTY_UNPAID',
    basis: 'bill',
    billed_krw: 102_000,
    expected_krw: 102_000,
    estimate: { total_krw: 102_182 },
    differs_from_bill: false,
  })
  const missing = await world.run('refunds', 'estimate', '900', '--subsidy', '500000')
  expect(missing.exitCode).toBe(2)
})

it('a line that never left has nothing to refund, and is told so', async () => {
  const snapshot = join(world.folder, 'snapshot.csv')
  await world.ok('snapshot', 'import', snapshot, '--as-of', '2026-01-13')
  const [, row] = readFileSync(snapshot, 'utf8').split('\n')
  const lineId = row!.split(',')[0]!
  for (const look of ['estimate', 'show']) {
    const refused = await world.run('refunds', look, lineId, '--now', NOW)
    expect(refused.exitCode).toBe(2)
    expect(complaintOf(refused)).toContain(`line ${lineId}: NOT_TERMINATED`)
  }
  const left = ['line_id,status,effective_at', `${lineId},terminated,2026-01-20T09:00:00+09:00`]
  await world.ok('status', 'import', world.file('left.csv', left))
  const gone = await world.run('refunds', 'estimate', lineId, '--now', NOW)
  expect(gone.exitCode).toBe(2)
  expect(complaintOf(gone)).toContain('terminated, but nothing was told of its penalty yet')
  const before = await world.run(
    'refunds',
    'estimate',
    lineId,
    '--now',
    '2026-01-19T09:00:00+09:00',
  )
  expect(complaintOf(before)).toContain('NOT_TERMINATED')
})

it('victims who took the discount are exported and explained as waiting for a person', async () => {
  const before = readFileSync(join(world.folder, 'refunds.csv'), 'utf8')
  const lineId = /^(\d+),refundable,/m.exec(before)![1]!
  const rows = ['line_id,discount_taken_on', `${lineId},2025-10-01`, '904,']
  const victims = world.file('victims.csv', rows)
  const counts = { read: 2, accepted: 2, quarantined: 0, duplicate: 0 }
  expect(await world.ok('refunds', 'import-victims', victims)).toMatchObject(counts)
  expect(await world.ok('refunds', 'import-victims', victims)).toMatchObject({ already: true })
  await world.ok('refunds', 'assess', '--now', NOW)
  const path = join(world.folder, 'victims-out.csv')
  await world.ok('refunds', 'export', '--out', path)
  expect(readFileSync(path, 'utf8')).toContain(`\n${lineId},review,VICTIM_DISCOUNT,0,`)
  expect(await world.ok('explain', lineId)).toMatchObject({
    refund: { decision: 'review', facts_used: { discount_taken_on: '2025-10-01' } },
  })
})

it('a review takes two people of finance, whatever client they come with', async () => {
  const logins = await loginsOf({ url: world.url, drop: () => Promise.resolve() })
  const as = (role: Role, ...args: readonly string[]) =>
    redress([...args, '--json', '--now', NOW], {
      DATABASE_URL: logins.urlOf(role),
      REDRESS_HOME: world.folder,
    })
  try {
    const waiver = ['--kind', 'exclusion_waived', '--exclusion', 'CONTRACT_EVENT_SINCE_BASE']
    const propose = ['refunds', 'review', 'propose', '901', ...waiver, '--outcome', 'granted']
    const proposed = await as('finance_maker', ...propose, '--reason', 'proof of a reservation')
    expect(proposed).toMatchObject({ exitCode: 0, json: { approved_by: null } })
    const approve = ['refunds', 'review', 'approve', '1']
    expect(await as('finance_maker', ...approve)).toMatchObject({ exitCode: 4 })
    expect(await as('agent', ...approve)).toMatchObject({ exitCode: 2 })
    expect(await as('finance_checker', ...propose, '--reason', 'x')).toMatchObject({ exitCode: 2 })
    const approval = { exitCode: 0, json: { approved_by: logins.nameOf('finance_checker') } }
    expect(await as('finance_checker', ...approve)).toMatchObject(approval)
    expect(await as('finance_checker', ...approve)).toMatchObject({ json: { already: true } })
    for (const change of [`reason = 'y'`, `outcome = 'denied'`, 'approved_at = null']) {
      const statement = `update refund_review set ${change}`
      expect(await refusalOf(statement)).toBe('RD001')
      expect(await logins.refusalOf('finance_maker', statement)).toBe('42501')
    }
    expect(await as('finance_checker', 'refunds', 'assess')).toMatchObject({ exitCode: 2 })
    const assessed = await as('finance_maker', 'refunds', 'assess')
    expect(assessed).toMatchObject({ exitCode: 0, json: { changed: { decisions: 1, states: 0 } } })
    expect(await as('agent', 'refunds', 'show', '901')).toMatchObject({
      exitCode: 0,
      json: { reason: 'NO_PENALTY', passed_over: ['CONTRACT_EVENT_SINCE_BASE'] },
    })
    expect(await refusalOf('delete from refund_assessment')).toBe('RD001')
    expect(await refusalOf(`update refund_assessment set result = '{}'`)).toBe('RD001')
  } finally {
    await logins.drop()
  }
})

async function refusalOf(statement: string): Promise<string | undefined> {
  return await world.query(statement).then(() => undefined, errorCodeOf)
}

const MORE = [
  'line_id,customer_id,customer_kind,network,line_kind,activated_on,contract_event,' +
    'contract_event_on,terminated_at,termination_kind,subsidy_clawback_krw,' +
    'discount_clawback_krw,other_charges_krw,paid_krw,already_waived_krw,resubscribed_on,' +
    'hardship,hardship_ended_on,notice_number',
  '900,9,individual,kt,handset,2024-03-01,,,2025-09-01T10:00:00+09:00,port_out,0,0,0,0,0,,,,',
  '901,9,individual,kt,handset,2024-03-01,renewal,2025-10-01,2025-11-01T10:00:00+09:00,' +
    'port_out,0,0,0,0,0,,,,',
  '903,9,individual,kt,handset,2024-03-01,,,2025-09-01T10:00:00+09:00,port_out,0,102000,0,0,0,' +
    ',,,',
]
