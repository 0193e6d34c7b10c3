/** Refunds assessed in a real database: what is restated, withdrawn, lifted, waived, repeated. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { assessRefunds } from '../../src/refunds/assess-refunds.js'
import { tellRefundLine } from '../../src/refunds/tell-refund-line.js'
import { refundSetting, VERSION } from './refund-setting.js'
import type { RefundSetting } from './refund-setting.js'

let setting: RefundSetting
beforeEach(async () => {
  setting = await refundSetting()
})
afterEach(async () => {
  await setting.close()
})

const day = (date: string): string => `2026-${date}T12:00:00+09:00`

it('every line and application has its answer, and a repeat records nothing', async () => {
  await setting.terminations(
    day('01-20'),
    { line_id: '20' },
    { line_id: '3', network: 'mvno' },
    { line_id: '100', terminated_at: '2026-01-13T23:59:59.999999+09:00', paid_krw: '120000' },
    { line_id: '101', terminated_at: '2026-01-14T00:00:00+09:00' },
    { line_id: '102', already_waived_krw: '30000' },
  )
  await setting.applications(
    day('01-20'),
    { application_id: 'a-1', line_id: '20', applied_at: '2026-01-18T23:59:59.999999+09:00' },
    { application_id: 'a-2', line_id: '20', channel: 'store', applied_at: day('01-19') },
    { application_id: 'b\\1', line_id: '100' },
    { application_id: 'c-1', line_id: '3' },
    { application_id: 'd-1', line_id: '999' },
    { application_id: 'e-1', line_id: '102', applied_at: '2026-01-31T22:00:00.000001+09:00' },
  )
  const first = await setting.assess(day('02-01'))
  expect(await setting.recorded()).toEqual({
    '20': 'refundable REFUNDABLE 150000',
    '3': 'refused MVNO 0',
    '100': 'refundable REFUNDABLE 120000',
    '101': 'refused OUTSIDE_WINDOW 0',
    '102': 'refundable REFUNDABLE 120000',
    'a-1': 'accepted 2026-01-22',
    'a-2': 'duplicate',
    'b\\1': 'accepted 2026-02-19',
    'c-1': 'not_refundable',
    'd-1': 'unknown_line',
    'e-1': 'late',
  })
  expect(first).toMatchObject({
    lines: 5,
    applications: 6,
    decisions: { refundable: 3, review: 0, refused: 2 },
    reasons: { REFUNDABLE: 3, MVNO: 1, OUTSIDE_WINDOW: 1 },
    amount_krw: 390_000,
    changed: { decisions: 5, states: 6 },
    payout_dates: {
      '2026-01-22': { count: 1, amount_krw: 150_000 },
      '2026-02-19': { count: 1, amount_krw: 120_000 },
    },
  })
  const second = await setting.assess(day('02-01'))
  expect(second).toMatchObject({ changed: { decisions: 0, states: 0 }, hash: first.hash })
})

it('a line that is restated is decided anew, and so are its applications', async () => {
  await setting.terminations(day('01-20'), { line_id: '1', paid_krw: '0' }, { line_id: '2' })
  await setting.applications(day('01-20'), { application_id: 'a', line_id: '1' })
  await setting.assess(day('01-21'))
  expect(await setting.recorded()).toMatchObject({
    '1': 'refused PENALTY_UNPAID 0',
    a: 'not_refundable',
  })
  await setting.terminations(day('01-22'), { line_id: '1', paid_krw: '90000' })
  const again = await setting.assess(day('01-23'))
  expect(again.changed).toEqual({ decisions: 1, states: 1 })
  expect(await setting.recorded()).toMatchObject({
    '1': 'refundable REFUNDABLE 90000',
    a: 'accepted 2026-01-22',
  })
  const rows = await setting.query(
    `select decision_no, reason from refund_decision where line_id = 1 order by decision_no`,
  )
  expect(rows).toEqual([
    { decision_no: 1, reason: 'PENALTY_UNPAID' },
    { decision_no: 2, reason: 'REFUNDABLE' },
  ])
})

it('a withdrawal counts unless its batch was approved, and makes room for the next', async () => {
  await setting.terminations(day('01-20'), { line_id: '1' }, { line_id: '2' })
  const applications = [
    { application_id: 'a', line_id: '1' },
    { application_id: 'b', line_id: '1', applied_at: day('01-19') },
    { application_id: 'c', line_id: '2' },
  ]
  await setting.applications(day('01-20'), ...applications)
  // As the migration of payouts will tell it.
  await setting.query(`create or replace view approved_transfer as select 2::bigint as line_id,
    'c'::text as application_id, '2026-01-21T00:00:00Z'::timestamptz as batch_approved_at`)
  const withdrawn = applications.map((it) => ({ ...it, withdrawn_at: day('01-25') }))
  await setting.applications(day('01-26'), withdrawn[0]!, withdrawn[2]!)
  await setting.assess(day('01-25'))
  expect(await setting.recorded()).toMatchObject({ a: 'accepted 2026-01-22', b: 'duplicate' })
  await setting.assess(day('01-26'))
  expect(await setting.recorded()).toMatchObject({
    a: 'withdrawn',
    b: 'accepted 2026-02-05',
    c: 'accepted 2026-01-22',
  })
})

it('a hold keeps later ones out, and goes to the next payout date once lifted', async () => {
  await setting.terminations(day('01-20'), { line_id: '1' }, { line_id: '2' }, { line_id: '3' })
  const held = { application_id: 'a', line_id: '1', holder_check: 'mismatch' }
  await setting.applications(
    day('01-20'),
    held,
    { application_id: 'b', line_id: '1', applied_at: day('01-19') },
    { ...held, application_id: 'c', line_id: '2' },
    { ...held, application_id: 'd', line_id: '3' },
  )
  await setting.assess(day('01-21'))
  expect(await setting.recorded()).toMatchObject({ a: 'held', b: 'duplicate', c: 'held' })
  // By an account in the right name, and by a person.
  await setting.applications(day('01-22'), { ...held, holder_check: 'match' })
  const lifted = { kind: 'hold_lifted', outcome: 'granted' } as const
  await setting.review({ ...lifted, lineId: '2', applicationId: 'c', at: day('02-05') })
  await setting.review({ ...lifted, lineId: '3', applicationId: 'd', at: day('01-21') })
  await setting.assess(day('02-06'))
  expect(await setting.recorded()).toMatchObject({
    a: 'accepted 2026-02-05',
    b: 'duplicate',
    c: 'accepted 2026-02-19',
    d: 'accepted 2026-01-22',
  })
  // Another account that does not fit was not what the person looked at.
  const other = { account_number: '11000099999', holder_check: 'mismatch' }
  await setting.applications(day('02-07'), { ...held, application_id: 'd', line_id: '3', ...other })
  await setting.assess(day('02-07'))
  expect(await setting.recorded()).toMatchObject({ d: 'held', c: 'accepted 2026-02-19' })
})

it('a hardship, a waived exclusion and a late application go by what people approved', async () => {
  await setting.terminations(
    day('01-20'),
    {
      line_id: '1',
      terminated_at: day('01-20'),
      hardship: 'hospital',
      hardship_ended_on: '2026-01-10',
    },
    { line_id: '2', contract_event: 'renewal', contract_event_on: '2025-10-01' },
    { line_id: '3' },
  )
  await setting.applications(
    day('02-02'),
    { application_id: 'a', line_id: '1' },
    { application_id: 'c', line_id: '3', applied_at: day('02-01') },
  )
  await setting.assess(day('02-02'))
  expect(await setting.recorded()).toMatchObject({
    '1': 'review HARDSHIP_REVIEW 0',
    a: 'not_refundable',
    c: 'late',
  })
  const at = day('02-03')
  const granted = { outcome: 'granted', at } as const
  await setting.review({ ...granted, lineId: '1', kind: 'hardship' })
  await setting.review({ ...granted, lineId: '3', kind: 'late_accepted', applicationId: 'c' })
  const waiver = { lineId: '2', kind: 'exclusion_waived' } as const
  await setting.review({ ...granted, ...waiver, exclusion: 'CONTRACT_EVENT_SINCE_BASE' })
  await setting.assess(day('02-04'))
  expect(await setting.recorded()).toEqual({
    '1': 'refundable REFUNDABLE 150000',
    '2': 'refundable REFUNDABLE 150000',
    '3': 'refundable REFUNDABLE 150000',
    // The second Thursday after the approval (A4).
    a: 'accepted 2026-02-12',
    c: 'accepted 2026-02-05',
  })
  const denied = { ...waiver, exclusion: 'CONTRACT_EVENT_SINCE_BASE', outcome: 'denied' } as const
  await setting.review({ ...denied, at })
  await setting.assess(day('02-04'))
  expect(await setting.recorded()).toMatchObject({ '2': 'refused CONTRACT_EVENT_SINCE_BASE 0' })
})

it('what is told of one line is what the assessment of all records', async () => {
  await setting.terminations(day('01-20'), { line_id: '1' }, { line_id: '2', network: 'mvno' })
  await setting.applications(day('01-20'), { application_id: 'a', line_id: '1' })
  await setting.assess(day('01-21'))
  const line = await tellRefundLine(setting.pool, {
    version: VERSION,
    lineId: '1',
    now: day('01-21'),
  })
  expect(line).toMatchObject({
    explanation: { decision: 'refundable', amountKrw: 150_000, allReasons: ['REFUNDABLE'] },
    states: [{ applicationId: 'a', state: 'accepted', payoutOn: '2026-01-22' }],
    case: { recorded: { decision: 'refundable', amountKrw: 150_000 } },
  })
  expect([...(line?.payoutStates ?? [])]).toEqual([['a', 'due']])
  const before = { version: VERSION, lineId: '1', now: day('01-19'), knownAt: day('01-19') }
  expect(await tellRefundLine(setting.pool, before)).toBeUndefined()
})

it('what becomes true together with an assessment is undone with it', async () => {
  await setting.terminations(day('01-20'), { line_id: '1' })
  const failing = assessRefunds({
    pool: setting.pool,
    version: VERSION,
    now: day('01-21'),
    together: async ({ client }, assessmentId) => {
      const { rows } = await client.query(
        'select reason from refund_decision where assessment_id = $1',
        [assessmentId],
      )
      expect(rows).toEqual([{ reason: 'REFUNDABLE' }])
      throw new Error('the books are closed')
    },
  })
  await expect(failing).rejects.toThrow('the books are closed')
  expect(await setting.recorded()).toEqual({})
  expect(await setting.query('select * from refund_assessment')).toEqual([])
})

it('two assessments at a time come one after the other, and record nothing twice', async () => {
  await setting.terminations(day('01-20'), { line_id: '1' }, { line_id: '2' })
  await setting.applications(day('01-20'), { application_id: 'a', line_id: '1' })
  const both = await Promise.all([setting.assess(day('01-21')), setting.assess(day('01-21'))])
  expect(both.map((it) => it.changed.decisions).toSorted((a, b) => a - b)).toEqual([0, 2])
  expect(both[0].hash).toBe(both[1].hash)
})
