/**
 * The pool of voucher codes through plan and run: who gets one, which one, and that each is given
 * out once however many try.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openPool } from '../../src/db/database.js'
import { applyChunk } from '../../src/runs/apply-chunk.js'
import { closeRun } from '../../src/runs/close-run.js'
import type { Plan } from '../../src/runs/run.js'
import { cancelRun, readRunContext } from '../../src/runs/start-run.js'
import { verifyLedger } from '../../src/runs/verify-ledger.js'
import type { SealedSnapshot } from '../../src/snapshot/snapshot.js'
import { LedgerSetting } from '../support/builders.js'
import type { ChoiceDraft, VoucherDraft } from '../support/builders.js'
import { answersOf, codesGivenOut, expectSound, historyOf } from './answers.js'

let setting: LedgerSetting
beforeEach(async () => {
  setting = await LedgerSetting.open()
})
afterEach(async () => {
  await setting.close()
})

const TVING = 'tving'
const DISNEY = 'disney_plus'
const NOW = '2026-02-10T09:00:00+09:00'
const LATER = '2026-02-20T09:00:00+09:00'

/** Lines numbered from 1, each of a customer of its own. */
async function importLines(count: number): Promise<SealedSnapshot> {
  return await setting.importLines(
    Array.from({ length: count }, (_, index) => ({ line_id: index + 1, customer_id: index + 1 })),
  )
}

type Option = VoucherDraft['option']

/** `at` is day and time of February 2026 in Seoul. */
function chose(line: number, at: string, option: Option = TVING): ChoiceDraft {
  return { line, at: `2026-02-${at}+09:00`, option }
}

async function runFebruary(now: string): Promise<Plan> {
  const plan = await setting.plan('2026-02', { now })
  const run = await setting.execute(plan)
  expect({ state: run.state, because: run.heldBecause }).toEqual({ state: 'closed', because: null })
  return plan
}

describe('codes go', () => {
  it('to the earliest choice, of equal ones to the lowest line, until there are none', async () => {
    const snapshot = await importLines(8)
    await setting.importVouchers({ option: TVING, codes: 3 }, { option: DISNEY, codes: 1 })
    await setting.importChoices(
      chose(7, '02T10:00:00'),
      chose(5, '03T10:00:00'),
      chose(3, '03T10:00:00'),
      chose(4, '03T10:00:00'),
      chose(1, '03T10:00:01'),
      chose(2, '01T00:00:00', DISNEY),
      chose(6, '01T00:00:01', DISNEY),
      // Whoever changes his mind stands where his last choice stands.
      chose(8, '01T00:00:00'),
      chose(8, '04T00:00:00'),
    )
    const plan = await runFebruary(NOW)
    expect(plan.result?.codes).toEqual([
      { option: DISNEY, wanted: 2, missing: 1 },
      { option: TVING, wanted: 6, missing: 3 },
    ])
    expect(plan.result?.benefits['ott_pass']).toMatchObject({
      grants: 4,
      refused: 4,
      reasons: { CHOSEN: 4, NO_CODE_LEFT: 4 },
    })
    expect(await codesGivenOut(setting)).toEqual([
      '2 disney_plus #4',
      '3 tving #2',
      '4 tving #3',
      '7 tving #1',
    ])
    const refused = [1, 5, 6, 8]
    expect(await answersOf(setting, snapshot, '2026-02', 'ott_pass', refused)).toEqual({
      1: 'NO_CODE_LEFT',
      5: 'NO_CODE_LEFT',
      6: 'NO_CODE_LEFT',
      8: 'NO_CODE_LEFT',
    })
    await expectSound(setting)
  })

  it('to those who came too late in the next plan, once there are more', async () => {
    const snapshot = await importLines(5)
    await setting.importVouchers({ option: TVING, codes: 2 })
    await setting.importChoices(
      ...[1, 2, 3, 4, 5].map((line) => chose(line, `0${7 - line}T10:00:00`)),
    )
    await runFebruary(NOW)
    expect(await codesGivenOut(setting)).toEqual(['4 tving #2', '5 tving #1'])
    // Nothing new: planned again, the same are refused.
    const again = await runFebruary(LATER)
    expect(again.result?.codes).toEqual([{ option: TVING, wanted: 3, missing: 3 }])
    await setting.importVouchers({ option: TVING, codes: 1 }, { option: DISNEY, codes: 5 })
    const next = await runFebruary(LATER)
    expect(next.result?.codes).toEqual([{ option: TVING, wanted: 3, missing: 2 }])
    expect(next.result?.benefits['ott_pass']).toMatchObject({ grants: 1, unchanged: 2, refused: 2 })
    await setting.importVouchers({ option: TVING, codes: 9 })
    await setting.planAndExecute('2026-03', { now: '2026-03-05T09:00:00+09:00' })
    expect(await codesGivenOut(setting)).toEqual([
      '1 tving #10',
      '2 tving #9',
      '3 tving #3',
      '4 tving #2',
      '5 tving #1',
    ])
    expect(await answersOf(setting, snapshot, '2026-03', 'ott_pass', [1, 2, 3])).toEqual({
      1: 'tving 2026-03-05 … 2026-09-04',
      2: 'tving 2026-03-05 … 2026-09-04',
      3: 'ALREADY_GRANTED',
    })
    await expectSound(setting)
  })

  it('to nobody once they have expired, and those that expire first go first', async () => {
    await importLines(3)
    await setting.importVouchers(
      { option: TVING, codes: 1, expiresOn: '2026-12-31' },
      { option: TVING, codes: 1, expiresOn: '2026-02-09' },
      { option: TVING, codes: 1, expiresOn: '2026-02-11' },
      { option: TVING, codes: 1, expiresOn: '2026-02-10' },
    )
    await setting.importChoices(
      chose(1, '03T10:00:00'),
      chose(2, '02T10:00:00'),
      chose(3, '04T10:00:00'),
    )
    // 2026-02-10 in Seoul, the 9th in UTC: the day of issue is Seoul's.
    await runFebruary('2026-02-10T00:30:00+09:00')
    expect(await codesGivenOut(setting)).toEqual(['1 tving #3', '2 tving #4', '3 tving #1'])
    await expectSound(setting)
  })

  it('never to lines that are refused for something else', async () => {
    await setting.importLines([
      { line_id: 1, customer_id: 1, line_kind: 'tablet' },
      { line_id: 2, customer_id: 2, network: 'mvno' },
      { line_id: 3, customer_id: 3 },
      { line_id: 4, customer_id: 4 },
    ])
    await setting.importStatuses('3,terminated,2026-02-01T00:00:00+09:00')
    await setting.importVouchers({ option: TVING, codes: 1 })
    await setting.importChoices(...[1, 2, 3, 4].map((line) => chose(line, `0${line}T10:00:00`)))
    const plan = await runFebruary(NOW)
    expect(plan.result?.codes).toEqual([{ option: TVING, wanted: 1, missing: 0 }])
    expect(await codesGivenOut(setting)).toEqual(['4 tving #1'])
  })
})

describe('a code that was given out', () => {
  it('is kept by its line through reversal and new grant, and given to nobody else', async () => {
    await importLines(3)
    await setting.importVouchers({ option: TVING, codes: 1 })
    await setting.importChoices(chose(1, '03T10:00:00'), chose(2, '04T10:00:00'))
    await runFebruary(NOW)
    await setting.importStatuses('1,terminated,2026-01-20T00:00:00+09:00')
    const reversing = await runFebruary(LATER)
    // Line 2 waits: the code of line 1 is with its customer.
    expect(reversing.result?.codes).toEqual([{ option: TVING, wanted: 1, missing: 1 }])
    await setting.importStatuses('1,active,2026-01-20T00:00:01+09:00')
    const granting = await runFebruary('2026-02-21T09:00:00+09:00')
    expect(granting.result?.codes).toEqual([{ option: TVING, wanted: 2, missing: 1 }])
    expect(await historyOf(setting, '2026-02', 'ott_pass')).toEqual([
      '1 grant CHOSEN tving 2026-02-10',
      '1 reversal TERMINATED tving 2026-02-10',
      '1 grant CHOSEN tving 2026-02-21',
    ])
    expect(await codesGivenOut(setting)).toEqual(['1 tving #1'])
    const kept = await setting.query(
      'select line_id, code_id, reissued from plan_voucher where plan_id = $1',
      [granting.planId],
    )
    expect(kept).toEqual([{ line_id: '1', code_id: '1', reissued: true }])
    await expectSound(setting)
  })

  it('does not serve another option, nor a new grant after it has expired', async () => {
    await importLines(2)
    await setting.importVouchers(
      { option: TVING, codes: 2, expiresOn: '2026-02-15' },
      { option: TVING, codes: 1 },
      { option: DISNEY, codes: 1 },
    )
    await setting.importChoices(chose(1, '03T10:00:00'), chose(2, '04T10:00:00'))
    await runFebruary(NOW)
    await setting.importStatuses('2,terminated,2026-01-20T00:00:00+09:00')
    // Chosen before the issue, known only now: the pass is exchanged with its code.
    await setting.importChoices(chose(1, '09T10:00:00', DISNEY))
    await runFebruary(LATER)
    await setting.importStatuses('2,active,2026-01-20T00:00:01+09:00')
    await runFebruary('2026-02-21T09:00:00+09:00')
    expect(await codesGivenOut(setting)).toEqual([
      '1 tving #1',
      '1 disney_plus #4',
      '2 tving #2',
      '2 tving #3',
    ])
    await expectSound(setting)
  })

  it('is lost to its line with the pass when the other option has no code left', async () => {
    const snapshot = await importLines(1)
    await setting.importVouchers({ option: TVING, codes: 1 })
    await setting.importChoices(chose(1, '03T10:00:00'))
    await runFebruary(NOW)
    await setting.importChoices(chose(1, '09T10:00:00', DISNEY))
    const plan = await runFebruary(LATER)
    expect(plan.result?.codes).toEqual([{ option: DISNEY, wanted: 1, missing: 1 }])
    expect(await answersOf(setting, snapshot, '2026-02', 'ott_pass', [1])).toEqual({
      1: 'NO_CODE_LEFT',
    })
    await setting.importVouchers({ option: DISNEY, codes: 1 })
    await runFebruary('2026-02-21T09:00:00+09:00')
    expect(await historyOf(setting, '2026-02', 'ott_pass')).toEqual([
      '1 grant CHOSEN tving 2026-02-10',
      '1 reversal NO_CODE_LEFT tving 2026-02-10',
      '1 grant CHOSEN disney_plus 2026-02-21',
    ])
    await expectSound(setting)
  })
})

it('a code that is kept by a plan that nobody asked for one is told', async () => {
  await importLines(1)
  await setting.importVouchers({ option: TVING, codes: 1 })
  const { planId } = await runFebruary(NOW)
  await expectSound(setting)
  await setting.tamper('plan_voucher', 'insert into plan_voucher values ($1, 1, 1, 1, true)', [
    planId,
  ])
  const [verified] = await verifyLedger(setting.pool, { replay: true, lanes: 1 })
  expect(verified?.differences).toEqual([
    `plan ${planId}: 1 codes kept for lines differ from the imported changes`,
  ])
})

/** Three chunks of a thousand lines; every third line chose, all at the same second. */
async function threeChunks(codes: number): Promise<SealedSnapshot> {
  const snapshot = await importLines(2_900)
  await setting.importVouchers({ option: TVING, codes })
  const lines = Array.from({ length: 2_900 }, (_, index) => index + 1).filter((it) => it % 3 === 0)
  await setting.importChoices(...lines.map((line) => chose(line, '03T10:00:00')))
  expect(snapshot.chunks).toBe(3)
  return snapshot
}

/** Codes given out and passes that stand, each counted once and all together. */
async function codesAndPasses(): Promise<unknown> {
  const [row] = await setting.query(
    `select
       (select count(*)::int from voucher_issue) as given,
       (select count(distinct code_id)::int from voucher_issue) as codes,
       (select count(distinct line_id)::int from voucher_issue) as lines,
       (select count(*)::int from ledger_entry
        where benefit = 'ott_pass' and entry_type = 'grant') as passes,
       (select count(*)::int from ledger_entry e join voucher_issue i
          on i.line_id = e.line_id and i.run_id = e.run_id
        where benefit = 'ott_pass' and entry_type = 'grant') as passes_with_code`,
  )
  return row
}

const all = (count: number): unknown => ({
  given: count,
  codes: count,
  lines: count,
  passes: count,
  passes_with_code: count,
})

describe('a run that is cut short', () => {
  it('leaves its codes with the lines it reached and the others to the next run', async () => {
    await threeChunks(966)
    const run = await setting.start(await setting.plan('2026-02', { now: NOW }))
    expect((await setting.apply(run, [1])).map((it) => it.outcome)).toEqual(['posted'])
    expect(await codesAndPasses()).toEqual(all(333))
    await cancelRun(setting.pool, run.runId, NOW)
    // Another month may run next: the lines of the chunk that was posted are served.
    const march = await setting.plan('2026-03', { now: '2026-03-01T09:00:00+09:00' })
    expect(march.result?.benefits['ott_pass']).toMatchObject({
      grants: 633,
      reasons: { ALREADY_GRANTED: 333, CHOSEN: 633 },
    })
    const rest = await runFebruary(LATER)
    expect(rest.result?.codes).toEqual([{ option: TVING, wanted: 633, missing: 0 }])
    expect(rest.result?.benefits['ott_pass']).toMatchObject({ grants: 633, unchanged: 333 })
    expect(await codesAndPasses()).toEqual(all(966))
    await expectSound(setting)
  })

  it('refuses a chunk whose code somebody gave out past every guard, and is held', async () => {
    await importLines(2)
    await setting.importVouchers({ option: TVING, codes: 2 })
    await setting.importChoices(chose(1, '03T10:00:00'))
    const run = await setting.start(await setting.plan('2026-02', { now: NOW }))
    await setting.tamper('voucher_issue', 'insert into voucher_issue values (1, 2, 999)')
    expect(await setting.apply(run)).toMatchObject([{ outcome: 'refused' }])
    expect(await closeRun(setting.pool, run.runId, NOW)).toMatchObject({ state: 'held' })
    expect(await historyOf(setting, '2026-02', 'ott_pass')).toEqual([])
  })
})

describe('64 attempts at a time', () => {
  it('at a pool as large as the demand give no code twice and lose none', async () => {
    await threeChunks(966)
    const run = await setting.start(await setting.plan('2026-02', { now: NOW }))
    // The embedded server takes 60 connections in all; the other attempts wait for one of these.
    const pool = openPool({ url: setting.url, max: 40, name: 'attempts' })
    try {
      const attempts = Array.from({ length: 64 }, async (_, attempt) => {
        const context = await readRunContext(pool, run.runId, `worker ${attempt}`, () => NOW)
        const outcomes: string[] = []
        for (let step = 0; step < run.chunks; step += 1) {
          const chunkNo = (attempt + step) % run.chunks
          outcomes.push((await applyChunk(pool, context, { runId: run.runId, chunkNo })).outcome)
        }
        return outcomes
      })
      const outcomes = (await Promise.all(attempts)).flat()
      expect(outcomes.filter((it) => it === 'posted').length).toBe(3)
      expect(outcomes.every((it) => ['posted', 'busy', 'done'].includes(it))).toBe(true)
      // Most came while somebody else was at it.
      expect(outcomes.filter((it) => it === 'busy').length).toBeGreaterThan(10)
    } finally {
      await pool.end()
    }
    expect(await closeRun(setting.pool, run.runId, NOW)).toMatchObject({ state: 'closed' })
    expect(await codesAndPasses()).toEqual(all(966))
    await expectSound(setting)
  })

  it('to start two months that count on the same codes start one of them', async () => {
    const now = '2026-03-10T09:00:00+09:00'
    await importLines(40)
    await setting.importVouchers({ option: TVING, codes: 20 })
    await setting.importChoices(
      ...Array.from({ length: 40 }, (_, index) => chose(index + 1, '03T10:00:00')),
    )
    const plans = await Promise.all(
      ['2026-02', '2026-03'].map((period) => setting.plan(period, { now })),
    )
    for (const plan of plans) {
      expect(plan.result?.codes).toEqual([{ option: TVING, wanted: 40, missing: 20 }])
      await setting.approve(plan)
    }
    const started = await Promise.allSettled(
      Array.from({ length: 64 }, (_, attempt) => setting.startApproved(plans[attempt % 2]!)),
    )
    const runs = new Set(
      started.flatMap((it) => (it.status === 'fulfilled' ? [it.value.runId] : [])),
    )
    expect(runs.size).toBe(1)
    const refused = started.flatMap((it) =>
      it.status === 'rejected' ? [(it.reason as { code?: string }).code] : [],
    )
    expect(refused.length).toBe(32)
    expect(new Set(refused)).toEqual(new Set(['RUN_STATE']))
    const [runId] = runs
    const open = started.find((it) => it.status === 'fulfilled')!.value
    await setting.apply(open)
    expect(await closeRun(setting.pool, runId!, now)).toMatchObject({ state: 'closed' })
    const other = plans.find((it) => it.planId !== open.planId)!
    await expect(setting.startApproved(other)).rejects.toMatchObject({
      code: 'PLAN_STALE',
    })
    expect(await codesAndPasses()).toEqual(all(20))
    const next = await setting.plan(other.period, { now })
    expect(next.result?.codes).toEqual([{ option: TVING, wanted: 20, missing: 20 }])
    await expectSound(setting)
  })
})
