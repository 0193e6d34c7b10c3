/**
 * Plans of a whole population, month after month, against an oracle written from contracts §3, and
 * runs that post exactly them.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeRun } from '../../src/runs/close-run.js'
import type { Plan, Run } from '../../src/runs/run.js'
import { readProgress } from '../../src/runs/run-store.js'
import { findVersion } from '../../src/rules/programmes/registry.js'
import { planPeriod } from '../../src/runs/plan-period.js'
import { startRun } from '../../src/runs/start-run.js'
import type { SealedSnapshot } from '../../src/snapshot/snapshot.js'
import { LedgerSetting, NOW } from '../support/builders.js'
import type { VoucherDraft } from '../support/builders.js'
import { BenefitOracle } from './benefit-oracle.js'
import type { Verdict } from './benefit-oracle.js'

/** In this order; February once more when all is over. Each now lies elsewhere to its month. */
const RUNS = [
  { period: '2026-02', now: '2026-02-10T09:00:00+09:00' },
  { period: '2026-03', now: '2026-04-02T00:00:00+09:00' },
  { period: '2026-04', now: '2026-04-20T18:00:00+09:00' },
  { period: '2026-05', now: '2026-05-31T12:00:00+09:00' },
  { period: '2026-06', now: '2026-06-30T23:59:59+09:00' },
  { period: '2026-07', now: '2026-08-10T09:00:00+09:00' },
  { period: '2026-02', now: '2026-08-11T09:00:00+09:00' },
] as const
const LINES = 20_000
/** Enough of one option, some of which expire on the way; far too few of the other. */
const CODES: readonly VoucherDraft[] = [
  { option: 'tving', codes: 1_500 },
  { option: 'tving', codes: 400, expiresOn: '2026-02-10' },
  { option: 'tving', codes: 2_000, expiresOn: '2026-04-19' },
  { option: 'disney_plus', codes: 300 },
  { option: 'disney_plus', codes: 100, expiresOn: '2026-02-09' },
]
const MORE_CODES: readonly VoucherDraft[] = [
  { option: 'disney_plus', codes: 500 },
  { option: 'tving', codes: 2_000 },
]

let setting: LedgerSetting
let snapshot: SealedSnapshot
let oracle: BenefitOracle
beforeAll(async () => {
  setting = await LedgerSetting.open()
  snapshot = await setting.importGenerated({
    lines: LINES,
    seed: 8,
    statuses: true,
    consents: true,
    choices: true,
  })
  oracle = new BenefitOracle(setting.generated!)
  await addCodes(CODES)
})
afterAll(async () => {
  await setting.close()
})

async function addCodes(drafts: readonly VoucherDraft[]): Promise<void> {
  await setting.importVouchers(...drafts)
  oracle.addCodes(...drafts)
}

const EACH: Readonly<Record<string, number>> = {
  data: 102_400,
  roaming_bonus: 50,
  membership: 6,
  ott_pass: 6,
  insurance: 24,
}

interface Expected {
  grants: number
  unchanged: number
  refused: number
  readonly reasons: Record<string, number>
}

function expectedOf(verdicts: readonly Verdict[]): Readonly<Record<string, Expected>> {
  const benefits: Record<string, Expected> = {}
  for (const { benefit, reason, grant, stands } of verdicts) {
    const it = (benefits[benefit] ??= { grants: 0, unchanged: 0, refused: 0, reasons: {} })
    it.reasons[reason] = (it.reasons[reason] ?? 0) + 1
    if (grant === null) it.refused += 1
    else if (stands) it.unchanged += 1
    else it.grants += 1
  }
  return benefits
}

/** What one list has and the other has not: short where two long lists are all but equal. */
function differences(one: readonly string[], other: readonly string[]): readonly string[] {
  const [ones, others] = [new Set(one), new Set(other)]
  expect([ones.size, others.size]).toEqual([one.length, other.length])
  return [...one.filter((it) => !others.has(it)), ...other.filter((it) => !ones.has(it))]
}

const reasonsSeen = new Set<string>()
const runs: Run[] = []

describe.each(RUNS)('period $period at $now', ({ period, now }) => {
  let plan: Plan
  let verdicts: readonly Verdict[]

  it('is planned as the oracle counts it, and nothing is posted by that', async () => {
    if (period === '2026-05') await addCodes(MORE_CODES)
    const before = await setting.query('select count(*) from ledger_posting')
    plan = await setting.plan(period, { now })
    verdicts = oracle.decide(period, now)
    const expected = expectedOf(verdicts)
    for (const [benefit, it] of Object.entries(expected)) {
      expect(plan.result?.benefits).toMatchObject({
        [benefit]: { ...it, reversals: 0, quantity: it.grants * EACH[benefit]! },
      })
      for (const reason of Object.keys(it.reasons)) reasonsSeen.add(`${benefit} ${reason}`)
    }
    expect(Object.keys(plan.result?.benefits ?? {}).toSorted()).toEqual(
      Object.keys(expected).toSorted(),
    )
    expect(plan.result).toMatchObject({
      lines: LINES,
      customers: snapshot.customers,
      chunks: snapshot.chunks,
      entries: Object.values(expected).reduce((sum, it) => sum + it.grants, 0),
      codes: oracle.codes,
    })
    expect(await setting.query('select count(*) from ledger_posting')).toEqual(before)
  })

  it('is run to the grants and codes of the oracle and no others, and closed', async () => {
    const run = await setting.execute(plan)
    runs.push(run)
    expect(run).toMatchObject({
      state: 'closed',
      rootHash: plan.result?.rootHash,
      heldBecause: null,
    })
    const posted = await setting.query<{ text: string }>(
      `select concat_ws(' ', benefit, customer_id, line_id, entry_type, reason, quantity, unit,
         option, valid_from, valid_to) as text
       from ledger_entry where run_id = $1`,
      [run.runId],
    )
    const granted = verdicts.flatMap(({ benefit, customer, line, reason, grant, stands }) =>
      grant === null || stands ? [] : [`${benefit} ${customer} ${line} grant ${reason} ${grant}`],
    )
    expect(
      differences(
        granted,
        posted.map((it) => it.text),
      ),
    ).toEqual([])
    const given = await setting.query<{ text: string }>(
      `select code_id || ' to ' || line_id as text from voucher_issue where run_id = $1`,
      [run.runId],
    )
    const kept = [...oracle.newHolders].map(([code, line]) => `${code} to ${line}`)
    expect(
      differences(
        kept,
        given.map((it) => it.text),
      ),
    ).toEqual([])
    oracle.post(period, verdicts)
    const progress = await readProgress(setting.pool, run.runId)
    expect(progress).toMatchObject({
      open: 0,
      refused: 0,
      posted: snapshot.chunks,
      linesPosted: LINES,
      linesTotal: LINES,
      entriesPosted: plan.result?.entries,
    })
  })
})

describe('after all periods', () => {
  it('every reason of every benefit was met', () => {
    const lines = ['MVNO', 'IOT', 'TERMINATED']
    const once = [...lines, 'ALREADY_GRANTED']
    const all = {
      data: [
        ...lines,
        'SECOND_DEVICE',
        'PREPAID',
        'SUSPENDED_AT_BASE',
        'GUARDIAN_CONSENT_MISSING',
        'SUSPENDED',
        'ELIGIBLE',
      ],
      roaming_bonus: [...lines, 'PROMOTION_EXTENDED', 'ELIGIBLE'],
      membership: [...lines, 'SECOND_DEVICE', 'ELIGIBLE'],
      ott_pass: [...once, 'SECOND_DEVICE', 'NO_CHOICE', 'NO_CODE_LEFT', 'CHOSEN'],
      insurance: [
        ...once,
        'CORPORATE',
        'AGE_65',
        'NO_APPLICATION',
        'GUARDIAN_CONSENT_MISSING',
        'APPLIED',
      ],
    }
    const expected = Object.entries(all).flatMap(([benefit, reasons]) =>
      reasons.map((reason) => `${benefit} ${reason}`),
    )
    expect([...reasonsSeen].toSorted()).toEqual(expected.toSorted())
  })

  it('for each benefit subjects are granted, unchanged and refused', () => {
    for (const run of runs) {
      for (const [benefit, it] of Object.entries(run.balance ?? {})) {
        expect(it.ok).toBe(true)
        expect(it.granted + it.unchanged + it.refused).toBe(it.subjects)
        expect(it.subjects).toBe(benefit === 'insurance' ? snapshot.customers : LINES)
      }
    }
    expect(runs.map((it) => Object.keys(it.balance!).toSorted().join())).toEqual([
      'data,insurance,membership,ott_pass',
      'data,insurance,ott_pass,roaming_bonus',
      ...Array.from({ length: 4 }, () => 'data,insurance,ott_pass'),
      'data,insurance,membership,ott_pass',
    ])
  })

  it('every grant says what the contract promises', async () => {
    const grants = await setting.query<{ text: string }>(
      `select distinct
         concat_ws(' ', period, benefit, subject, quantity, unit, valid_from, valid_to) as text
       from ledger_entry where reason <> 'APPLIED' order by text`,
    )
    expect(grants.map((it) => it.text)).toEqual([
      '2026-02 data line 102400 MB 2026-02-01 2026-02-28',
      '2026-02 insurance customer 24 months 2026-03-01 2028-02-29',
      '2026-02 membership line 6 months 2026-02-01 2026-07-31',
      '2026-02 ott_pass line 6 months 2026-02-10 2026-08-09',
      '2026-02 ott_pass line 6 months 2026-08-11 2027-02-10',
      '2026-03 data line 102400 MB 2026-03-01 2026-03-31',
      '2026-03 ott_pass line 6 months 2026-04-02 2026-10-01',
      '2026-03 roaming_bonus line 50 percent 2026-03-01 2026-08-31',
      '2026-04 data line 102400 MB 2026-04-01 2026-04-30',
      '2026-04 ott_pass line 6 months 2026-04-20 2026-10-19',
      '2026-05 data line 102400 MB 2026-05-01 2026-05-31',
      '2026-05 ott_pass line 6 months 2026-05-31 2026-11-30',
      '2026-06 data line 102400 MB 2026-06-01 2026-06-30',
      '2026-06 ott_pass line 6 months 2026-06-30 2026-12-29',
      '2026-07 data line 102400 MB 2026-07-01 2026-07-31',
      '2026-07 ott_pass line 6 months 2026-08-10 2027-02-09',
    ])
  })

  it('nobody has two passes, two insurances or a code of another', async () => {
    const [row] = await setting.query<Record<string, number>>(
      `select
         (count(*) filter (where benefit = 'ott_pass'))::int as passes,
         (count(distinct line_id) filter (where benefit = 'ott_pass'))::int as lines_with_pass,
         (count(*) filter (where benefit = 'insurance'))::int as insurances,
         (count(distinct customer_id) filter (where benefit = 'insurance'))::int as insured,
         (select count(*)::int from voucher_issue) as codes
       from ledger_entry`,
    )
    expect(row!['passes']).toBe(row!['lines_with_pass'])
    expect(row!['insurances']).toBe(row!['insured'])
    expect(row!['codes']).toBe(row!['passes'])
    expect(row!['passes']).toBeGreaterThan(2_000)
  })

  it('a period planned again holds nothing but what is unchanged', async () => {
    const { now } = RUNS.at(-1)!
    const plan = await setting.plan('2026-02', { now })
    expect(plan.result?.entries).toBe(0)
    for (const [benefit, it] of Object.entries(expectedOf(oracle.decide('2026-02', now)))) {
      expect(it.grants).toBe(0)
      expect(plan.result?.benefits).toMatchObject({
        [benefit]: { ...it, reversals: 0, quantity: 0 },
      })
    }
  })
})

describe('a plan', () => {
  it('has one hash from one input in any database, and another from another', async () => {
    const first = await setting.plan('2026-05')
    expect((await setting.plan('2026-05')).planHash).toBe(first.planHash)
    const other = await LedgerSetting.open()
    try {
      // Moves every number that the database gives out.
      await other.importLines([{ line_id: 1, customer_id: 1 }])
      const same = await other.importGenerated({ lines: 3_000, seed: 4, statuses: true })
      const alone = await LedgerSetting.open()
      const twin = await alone.importGenerated({ lines: 3_000, seed: 4, statuses: true })
      const one = await other.plan('2026-05', { snapshot: same })
      const two = await alone.plan('2026-05', { snapshot: twin })
      await alone.importConsents('1,2026-01-01')
      expect((await alone.plan('2026-05', { snapshot: twin })).planHash).toBe(two.planHash)
      const [line] = await alone.query<{ id: string }>(
        `select min(line_id) as id from snapshot_line
         where plan_restriction = 'minor' and guardian_consent_on is null`,
      )
      await alone.importConsents(`${line!.id},2025-01-01`)
      expect((await alone.plan('2026-05', { snapshot: twin })).planHash).not.toBe(two.planHash)
      await alone.close()
      expect(one.planHash).toBe(two.planHash)
      expect((await other.plan('2026-06', { snapshot: same })).planHash).not.toBe(one.planHash)
    } finally {
      await other.close()
    }
  })

  it("is refused for a period or a snapshot that is not its version's", async () => {
    await expect(setting.plan('2026-08')).rejects.toMatchObject({
      code: 'PERIOD_UNKNOWN',
      exitCode: 2,
    })
    const version = findVersion('kt-2026@2')!
    const planning = planPeriod(setting.pool, {
      version,
      period: '2026-02',
      snapshot,
      now: NOW,
      lanes: 1,
    })
    await expect(planning).rejects.toMatchObject({ code: 'SNAPSHOT_WRONG_DATE', exitCode: 2 })
  })

  it('is stale once changes were imported, a newer plan was made or a run was closed', async () => {
    const stale = { code: 'PLAN_STALE', exitCode: 4 }
    const first = await setting.plan('2026-06')
    const second = await setting.plan('2026-06')
    await expect(setting.start(first)).rejects.toMatchObject({
      ...stale,
      message: expect.stringContaining('newer plan'),
    })
    await setting.importStatuses('1,suspended,2026-01-20T00:00:00+09:00')
    await expect(setting.start(second)).rejects.toMatchObject({
      ...stale,
      message: expect.stringContaining('imported'),
    })
    const third = await setting.plan('2026-06')
    await setting.execute(await setting.plan('2026-07'))
    await expect(setting.start(third)).rejects.toMatchObject({
      ...stale,
      message: expect.stringContaining('run'),
    })
  })

  it('runs only when it is approved, and is signed once, by its hash', async () => {
    const plan = await setting.plan('2026-06')
    await expect(startRun(setting.pool, plan.planId, NOW)).rejects.toMatchObject({
      code: 'APPROVAL_MISSING',
    })
    await setting.approve(plan)
    expect(
      await setting.query(
        'select approved_by, kind, encode(plan_hash, $1) as hash from approval where plan_id = $2',
        ['hex', plan.planId],
      ),
    ).toEqual([{ approved_by: 'approver', kind: 'person', hash: plan.planHash }])
    const run = await startRun(setting.pool, plan.planId, NOW)
    await setting.apply(run)
    expect((await closeRun(setting.pool, run.runId, NOW)).state).toBe('closed')
  })
})
