/** Refunds through a bank: prepared, signed, written, answered, booked, on real PostgreSQL. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cancelBatch } from '../../src/payouts/approve-batch.js'
import { FIXED_WIDTH } from '../../src/payouts/fixed-width.js'
import { payoutReport, REPORT_HEADER, reportCsv } from '../../src/payouts/payout-report.js'
import { reportPage } from '../../src/payouts/report-page.js'
import { reconcile, tellProblem } from '../../src/payouts/reconcile.js'
import { setAside } from '../../src/payouts/set-aside.js'
import { payoutSetting, termsOf, textOf } from './payout-setting.js'
import type { PayoutSetting } from './payout-setting.js'

let it: PayoutSetting
beforeEach(async () => {
  it = await payoutSetting()
})
afterEach(async () => {
  await it.close()
})

/** Lines 1, 2, 3 of 150,000 won each, applied for and accepted. */
async function three(): Promise<void> {
  for (const line of [1, 2, 3]) await it.apply(line)
  await it.assess([{ line: 1 }, { line: 2 }, { line: 3 }])
}

async function sent(): Promise<string> {
  await three()
  const { batch } = await it.prepare()
  await it.approve(batch.batchId)
  await it.exported(batch.batchId)
  return batch.batchId
}

async function problems(): Promise<readonly string[]> {
  return (await reconcile(it.pool, null)).problems.map(tellProblem)
}

describe('a batch', () => {
  test('takes what is due and holds the rest by reason', async () => {
    for (const line of [1, 2, 3, 4, 5, 6]) await it.apply(line)
    await it.apply(2, { check: 'mismatch' })
    await it.apply(3, { withdrawnAt: '2026-01-19T00:00:00Z' })
    await it.assess([
      { line: 1, krw: 70_000 },
      { line: 2, state: 'held' },
      { line: 3 },
      { line: 4, payoutOn: '2026-02-05' },
      { line: 5, decision: 'review', state: 'not_refundable' },
      { line: 6, decision: 'refused', state: 'not_refundable' },
    ])
    const { batch, already } = await it.prepare()
    expect(batch).toMatchObject({
      payoutOn: '2026-01-22',
      count: 1,
      totalKrw: 70_000,
      checkers: 1,
      state: 'prepared',
      madeBy: 'maker',
      holds: { HOLDER_NOT_VERIFIED: 1, WITHDRAWN: 1, REVIEW_PENDING: 1 },
    })
    expect(already).toBe(false)
    expect(await it.prepare()).toEqual({ batch, already: true })
    expect(await problems()).toEqual([])
  })

  test('is of a payout date, and of one at least', async () => {
    await three()
    await expect(it.prepare('2026-01-23')).rejects.toMatchObject({ code: 'PAYOUT_DATE_UNKNOWN' })
    await expect(it.prepare('2026-13-40')).rejects.toMatchObject({ code: 'PAYOUT_DATE_UNKNOWN' })
    await it.prepare()
    await expect(it.prepare('2026-02-05')).rejects.toMatchObject({ code: 'NOTHING_DUE' })
  })

  test('is signed by another than its maker, as many as its total asks for', async () => {
    await it.apply(1)
    await it.assess([{ line: 1, krw: 10_000_000_001 }])
    const { batch } = await it.prepare()
    expect(batch.checkers).toBe(2)
    await expect(it.approve(batch.batchId, 'maker')).rejects.toMatchObject({ code: 'BATCH_STATE' })
    await it.approve(batch.batchId, 'one')
    await it.approve(batch.batchId, 'one')
    expect(await it.balances()).toEqual({
      refund_expense: 10_000_000_001,
      refunds_payable: -10_000_000_001,
    })
    await expect(it.exported(batch.batchId)).rejects.toMatchObject({ code: 'BATCH_STATE' })
    await it.approve(batch.batchId, 'two')
    expect(await it.balances()).toEqual({
      refund_expense: 10_000_000_001,
      in_transit: -10_000_000_001,
    })
    expect(await problems()).toEqual([])
  })

  test.each([
    ['a withdrawal', () => it.apply(2, { withdrawnAt: '2026-01-20T00:00:00Z' })],
    ['another amount', () => it.assess([{ line: 2, krw: 99_000 }])],
    ['a refusal', () => it.assess([{ line: 2, decision: 'refused', state: 'not_refundable' }])],
  ])('is stale after %s, and names the line', async (_what, change) => {
    await three()
    const { batch } = await it.prepare()
    await change()
    await expect(it.approve(batch.batchId)).rejects.toThrow(/stale, line 2/)
    await cancelBatch(it.pool, batch.batchId)
    const again = await it.prepare()
    await it.approve(again.batch.batchId)
    expect(await problems()).toEqual([])
  })

  test('gives the same bytes each time, and every export is logged', async () => {
    const batchId = await sent()
    const first = await it.exported(batchId)
    const [file] = first.parts
    expect(first.parts).toHaveLength(1)
    expect(textOf(file!.path).match(/<EndToEndId>[^<]*/g)).toEqual(
      [1, 2, 3].map((line) => `<EndToEndId>kt-2026-${line}-1`),
    )
    expect(textOf(file!.path)).toContain('11000000002')
    expect((await it.exported(batchId)).parts[0]!.sha256).toBe(file!.sha256)
    await expect(it.exported(batchId, { transfersPerFile: 2 })).rejects.toThrow(/--split/)
    const fixed = await it.exported(batchId, { format: FIXED_WIDTH, file: `${it.folder}/a.txt` })
    expect(fixed.parts[0]).toMatchObject({ count: 3, totalKrw: 450_000 })
    const logged = await it.query('select made_by, format from payout_export order by export_id')
    expect(logged.map((row) => row['format'])).toEqual([
      'pain.001.001.12',
      'pain.001.001.12',
      'pain.001.001.12',
      'fixed-width',
    ])
    expect(logged.every((row) => row['made_by'] === 'maker')).toBe(true)
  })
})

test('the report adds up, is one page, and holds no personal data', async () => {
  await sent()
  await it.apply(4, { check: 'mismatch' })
  await it.assess([{ line: 4, state: 'held' }])
  await it.answered([
    { id: 'kt-2026-1-1', status: 'ACSC' },
    { id: 'kt-2026-2-1', status: 'RJCT', reason: 'AC01' },
  ])
  await setAside(it.pool, termsOf, '2026-04-01T00:00:00.000Z')
  await it.apply(3, { account: '22000000001' })
  const report = await payoutReport(it.pool, '2026-06-01T00:00:00.000Z')
  const csv = reportCsv(report)
  expect(csv.split('\n')).toEqual([
    REPORT_HEADER,
    'overall,,,,owed,,4,600000',
    'overall,,,,paid,,1,150000',
    'overall,,,,in_transit,,1,150000',
    'overall,,,,returned,,0,0',
    'overall,,,,unclaimed,,2,300000',
    'overall,,,,payable,,0,0',
    'batch,1,2026-01-22,approved,due,,3,450000',
    'batch,1,2026-01-22,approved,paid,,1,150000',
    'batch,1,2026-01-22,approved,bounced,,1,150000',
    'batch,1,2026-01-22,approved,pending,,1,150000',
    'unclaimed,,,,age,under 3 months,1,150000',
    'unclaimed,,,,age,under 12 months,1,150000',
    '',
  ])
  const page = reportPage(report)
  expect(page).toMatch(/^<!doctype html>/)
  expect(page).toContain('<svg')
  expect(page).toContain('@media print')
  expect(page).not.toMatch(/https?:|src=|href=|11000000|22000000|김하늘/)
})

describe('the bank answers', () => {
  const [one, two, three_] = [1, 2, 3].map((line) => `kt-2026-${line}-1`) as [
    string,
    string,
    string,
  ]

  test('settled, rejected and pending add up to what was sent', async () => {
    await sent()
    const { counts } = await it.answered([
      { id: one, status: 'ACSC', krw: 150_000 },
      { id: two, status: 'RJCT', reason: 'AC01' },
      { id: three_, status: 'PDNG' },
      { id: 'kt-2026-9-1', status: 'ACSC' },
    ])
    expect(counts).toMatchObject({ settled: 1, rejected: 1, pending: 1, unknown: 1, repeated: 0 })
    const { ok, batches } = await reconcile(it.pool, null)
    expect(ok).toBe(true)
    expect(batches[0]).toMatchObject({
      sentKrw: 450_000,
      settledKrw: 150_000,
      returnedKrw: 150_000,
      pendingKrw: 150_000,
    })
  })

  test('a wrong amount books nothing, and a file twice does nothing', async () => {
    await sent()
    const wrong = await it.answered([{ id: one, status: 'ACSC', krw: 150_001 }])
    expect(wrong.counts).toMatchObject({ settled: 0, wrong_amount: 1 })
    expect(await it.balances()).toMatchObject({ in_transit: -450_000 })
    expect((await it.answered([{ id: one, status: 'ACSC' }])).already).toBe(false)
    const again = await it.answered([{ id: one, status: 'ACSC' }])
    expect(again).toMatchObject({ already: true, counts: { settled: 0, repeated: 1 } })
    expect(await problems()).toEqual([])
  })

  test('a whole message rejected comes back as a whole, and of a part only the part', async () => {
    await three()
    const { batch } = await it.prepare()
    await it.approve(batch.batchId)
    await it.exported(batch.batchId, { transfersPerFile: 2 })
    const messageId = `kt-2026-B${batch.batchId}-1-2`
    const { counts } = await it.answered([], { messageId, group: 'RJCT' })
    expect(counts).toMatchObject({ rejected: 2 })
    expect(await it.balances()).toMatchObject({ returned: -300_000, in_transit: -150_000 })
    expect(await problems()).toEqual([])
  })

  test('back after settlement is a return, settled after rejection a contradiction', async () => {
    await sent()
    const early = { at: '2026-01-22T10:00:00+09:00' }
    const late = { at: '2026-01-23T10:00:00+09:00' }
    // Line 1 settles and comes back; line 2 is told in the wrong order; line 3 contradicts itself.
    await it.answered([{ id: one, status: 'ACSC' }], early)
    await it.answered([{ id: one, status: 'RJCT', reason: 'AC04' }], late)
    await it.answered([{ id: two, status: 'RJCT', reason: 'AC04' }], late)
    await it.answered([{ id: two, status: 'ACSC' }], early)
    await it.answered([{ id: three_, status: 'RJCT', reason: 'AC04' }], early)
    const last = await it.answered([{ id: three_, status: 'ACSC' }], late)
    expect(last.counts).toMatchObject({ settled: 0, contradicts: 1 })
    expect(last.contradicted).toEqual([three_])
    const states = await it.query('select state from transfer_state order by line_id')
    expect(states.map((row) => row['state'])).toEqual(['returned', 'returned', 'contradicted'])
    expect(await it.balances()).toMatchObject({ returned: -450_000 })
    for (const line of [1, 2, 3]) await it.apply(line, { account: '22000000001' })
    const { batch } = await it.prepare('2026-02-05')
    expect(batch).toMatchObject({ count: 2, holds: { BANK_CONTRADICTS: 1 } })
    expect(await problems()).toEqual([])
  })

  test('a corrected account goes on the next date, others wait for a person', async () => {
    await sent()
    await it.answered([
      { id: one, status: 'RJCT', reason: 'AC01' },
      { id: two, status: 'RJCT', reason: 'AC06' },
      { id: three_, status: 'RJCT', reason: 'AM05' },
    ])
    await expect(it.prepare('2026-02-05')).rejects.toMatchObject({ code: 'NOTHING_DUE' })
    await it.apply(1, { account: '22000000001' })
    expect((await it.prepare('2026-01-22')).already).toBe(true)
    const { batch } = await it.prepare('2026-02-05')
    expect(batch).toMatchObject({ count: 1, holds: { BANK_HOLD: 1, MAYBE_PAID: 1 } })
    await it.approve(batch.batchId)
    expect(textOf((await it.exported(batch.batchId)).parts[0]!.path)).toContain('kt-2026-1-2')
    await it.answered([{ id: 'kt-2026-1-2', status: 'ACSC' }])
    expect(await it.balances()).toEqual({
      refund_expense: 450_000,
      settled: -150_000,
      returned: -300_000,
    })
    expect(await problems()).toEqual([])
  })

  test('what is unsolved after the last date is unclaimed, once', async () => {
    await sent()
    await it.answered([{ id: one, status: 'RJCT', reason: 'AC01' }])
    await expect(setAside(it.pool, termsOf, '2026-03-26T03:00:00Z')).rejects.toMatchObject({
      code: 'NOTHING_DUE',
    })
    const late = '2026-04-01T00:00:00.000Z'
    expect(await setAside(it.pool, termsOf, late)).toMatchObject({ count: 1, totalKrw: 150_000 })
    expect(await setAside(it.pool, termsOf, late)).toMatchObject({ count: 0 })
    expect(await it.balances()).toMatchObject({ unclaimed: -150_000, in_transit: -300_000 })
    expect(await problems()).toEqual([])
  })
})
