/** Victims who took the discount of their own package (A43): told by a file, decided by people. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { importVictimsFile } from '../../src/intake/import-refund-files.js'
import { assessRefunds } from '../../src/refunds/assess-refunds.js'
import { missingTermination } from '../../src/refunds/missing-termination.js'
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

async function victims(at: string, ...rows: readonly string[]): Promise<readonly number[]> {
  const text = ['line_id,discount_taken_on', ...rows, ''].join('\n')
  const report = await importVictimsFile({ ...setting.optionsFor(text), now: () => at })
  return [report.read, report.accepted, report.quarantined, report.duplicate]
}

it('a later row restates its line, and what is not new is a duplicate', async () => {
  expect(await victims(day('01-20'), '1,2025-10-01', '1,2025-10-01', '2,', '3,2025-13-01')).toEqual(
    [4, 2, 1, 1],
  )
  expect(await victims(day('01-21'), '1,2025-10-02', '1,', '2,', '4,2025-10-04')).toEqual([
    4, 3, 0, 1,
  ])
  const stored = await setting.query(
    `select line_id, discount_taken_on::text as day from victim_discount order by victim_no`,
  )
  expect(stored.map((row) => [row['line_id'], row['day']].map(String).join(' '))).toEqual([
    '1 2025-10-01',
    '2 null',
    '1 2025-10-02',
    '1 null',
    '4 2025-10-04',
  ])
  await expect(setting.query('delete from victim_discount')).rejects.toThrow(/refused/)
})

it('a person decides instead of the batch, until it is taken back', async () => {
  await setting.terminations(
    day('01-20'),
    { line_id: '1' },
    { line_id: '2' },
    { line_id: '3' },
    { line_id: '4', paid_krw: '0' },
    { line_id: '5' },
  )
  await setting.applications(
    day('01-20'),
    { application_id: 'a', line_id: '1' },
    { application_id: 'b', line_id: '2' },
  )
  await victims(day('01-20'), ...['1', '2', '3', '4', '9'].map((line) => `${line},2025-10-01`))
  await setting.assess(day('01-21'))
  expect(await setting.recorded()).toEqual({
    '1': 'review VICTIM_DISCOUNT 0',
    '2': 'review VICTIM_DISCOUNT 0',
    '3': 'review VICTIM_DISCOUNT 0',
    '4': 'refused PENALTY_UNPAID 0',
    '5': 'refundable REFUNDABLE 150000',
    a: 'not_refundable',
    b: 'not_refundable',
  })
  const waived = { kind: 'exclusion_waived', exclusion: 'VICTIM_DISCOUNT' } as const
  await setting.review({ ...waived, outcome: 'granted', lineId: '1', at: day('01-22') })
  await setting.review({ ...waived, outcome: 'denied', lineId: '2', at: day('01-22') })
  await victims(day('01-22'), '3,')
  await setting.assess(day('01-23'))
  expect(await setting.recorded()).toMatchObject({
    '1': 'refundable REFUNDABLE 150000',
    '2': 'refused VICTIM_DISCOUNT 0',
    '3': 'refundable REFUNDABLE 150000',
    a: 'accepted 2026-02-05',
    b: 'not_refundable',
  })
  const told = (lineId: string, knownAt?: string) =>
    tellRefundLine(setting.pool, { version: VERSION, lineId, now: day('01-23'), knownAt })
  expect((await told('1'))?.explanation).toMatchObject({
    passedOver: ['VICTIM_DISCOUNT'],
    factsUsed: { discount_taken_on: '2025-10-01' },
  })
  expect((await told('3', day('01-21')))?.explanation).toMatchObject({
    decision: 'review',
    sources: ['facts §11, A43'],
  })
})

it('refunds of a second programme are refused, by the database as well', async () => {
  await setting.terminations(day('01-20'), { line_id: '1' })
  await setting.assess(day('01-21'))
  const version = { ...VERSION, programme: 'other-2027' }
  const other = { pool: setting.pool, version, now: day('01-22') }
  await expect(assessRefunds(other)).rejects.toThrow(/refunds of kt-2026 are kept here/)
  await expect(
    tellRefundLine(setting.pool, { version, lineId: '1', now: day('01-22') }),
  ).rejects.toMatchObject({ code: 'OTHER_REFUND_PROGRAMME' })
  await expect(
    setting.query(
      `insert into refund_assessment (programme, version, now_at, inputs, rules_version, made_at)
       values ('other-2027', 1, now(), '{}', '1', now())`,
    ),
  ).rejects.toMatchObject({ code: 'RD001' })
  const second = { ...VERSION, version: 2 }
  await assessRefunds({ pool: setting.pool, version: second, now: day('01-22') })
})

it('of a line without a termination it is said whether it ever left', async () => {
  await setting.query(`insert into status_change (line_id, effective_at, status, import_id)
    values (7, '2026-01-20T00:00Z', 'terminated', 1)`)
  const why = async (lineId: string): Promise<string> => {
    const asked = { version: VERSION, lineId, now: day('01-23') }
    return (await missingTermination(setting.pool, asked)).code
  }
  expect(await why('7')).toBe('REFUND_LINE_UNKNOWN')
})
