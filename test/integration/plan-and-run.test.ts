/**
 * Plans of a whole population against SQL written here from contracts §3, and runs that post
 * exactly them.
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

const PERIODS = ['2026-02', '2026-03', '2026-04', '2026-05', '2026-06', '2026-07']
const LINES = 20_000

let setting: LedgerSetting
let snapshot: SealedSnapshot
beforeAll(async () => {
  setting = await LedgerSetting.open()
  snapshot = await setting.importGenerated({
    lines: LINES,
    seed: 8,
    statuses: true,
    consents: true,
  })
})
afterAll(async () => {
  await setting.close()
})

/** Every subject, benefit and reason of a period: $1 snapshot, $2 first day of the period. */
const DECIDED = `
  with line as (
    select l.line_id, l.customer_id, l.customer_kind, l.birth_date, l.network, l.line_kind,
      l.payment, l.status,
      l.plan_restriction, l.roaming_promotion_ends_on,
      coalesce((
        select s.status from status_change s
        where s.line_id = l.line_id
          and s.effective_at > timestamptz '2026-01-13T23:59:59.999999+09:00'
          and s.effective_at <= ($2 || 'T00:00:00+09:00')::timestamptz
        order by s.effective_at desc, s.sequence_no desc limit 1), l.status) as status_then,
      least(l.guardian_consent_on, (
        select min(guardian_consent_on) from guardian_consent c
        where c.line_id = l.line_id)) as consent_on
    from snapshot_line l where l.snapshot_id = $1
  ), decided as (
    select 'data' as benefit, line_id, customer_id, case
      when network = 'mvno' then 'MVNO'
      when line_kind = 'iot' then 'IOT'
      when line_kind in ('tablet', 'watch') then 'SECOND_DEVICE'
      when payment = 'prepaid' then 'PREPAID'
      when status = 'suspended' then 'SUSPENDED_AT_BASE'
      when plan_restriction = 'minor'
        and coalesce(consent_on, 'infinity') >= $2::date - interval '1 month' + interval '20 days'
        then 'GUARDIAN_CONSENT_MISSING'
      when status_then = 'terminated' then 'TERMINATED'
      when status_then = 'suspended' then 'SUSPENDED'
      else 'ELIGIBLE' end as reason
    from line
    union all
    select 'roaming_bonus', line_id, customer_id, case
      when network = 'mvno' then 'MVNO'
      when line_kind = 'iot' then 'IOT'
      when status_then = 'terminated' then 'TERMINATED'
      when roaming_promotion_ends_on >= '2026-02-01' then 'PROMOTION_EXTENDED'
      else 'ELIGIBLE' end
    from line where $2 = '2026-03-01'
    union all
    select 'membership', line_id, customer_id, case
      when network = 'mvno' then 'MVNO'
      when line_kind = 'iot' then 'IOT'
      when line_kind in ('tablet', 'watch') then 'SECOND_DEVICE'
      when status_then = 'terminated' then 'TERMINATED'
      else 'ELIGIBLE' end
    from line where $2 = '2026-02-01'
    union all
    select 'insurance',
      min(line_id) filter (
        where network = 'kt' and line_kind <> 'iot' and status_then <> 'terminated'),
      customer_id, case
      when count(*) filter (where network = 'kt') = 0 then 'MVNO'
      when count(*) filter (where network = 'kt' and line_kind <> 'iot') = 0 then 'IOT'
      when min(customer_kind) = 'corporate' then 'CORPORATE'
      when count(*) filter (
        where network = 'kt' and line_kind <> 'iot' and status_then <> 'terminated') = 0
        then 'TERMINATED'
      when extract(year from age('2026-01-13', min(birth_date))) >= 65 then 'AGE_65'
      else 'NO_APPLICATION' end
    from line where $2 = '2026-02-01' group by customer_id
  )`
const GRANTING = ['ELIGIBLE', 'PROMOTION_EXTENDED', 'AGE_65']
const EACH: Readonly<Record<string, number>> = {
  data: 102_400,
  roaming_bonus: 50,
  membership: 6,
  insurance: 24,
}

interface Expected {
  grants: number
  refused: number
  readonly reasons: Record<string, number>
}

async function expectedOf(period: string): Promise<Readonly<Record<string, Expected>>> {
  const counted = await setting.query<{ benefit: string; reason: string; count: number }>(
    `${DECIDED} select benefit, reason, count(*)::int as count
     from decided group by benefit, reason`,
    [snapshot.snapshotId, `${period}-01`],
  )
  const benefits: Record<string, Expected> = {}
  for (const { benefit, reason, count } of counted) {
    const it = (benefits[benefit] ??= { grants: 0, refused: 0, reasons: {} })
    it.reasons[reason] = count
    if (GRANTING.includes(reason)) it.grants += count
    else it.refused += count
  }
  return benefits
}

const reasonsSeen = new Set<string>()
const runs = new Map<string, Run>()

describe.each(PERIODS)('period %s', (period) => {
  let plan: Plan

  it('is planned as SQL counts it, and nothing is posted by that', async () => {
    plan = await setting.plan(period)
    const expected = await expectedOf(period)
    for (const [benefit, it] of Object.entries(expected)) {
      expect(plan.result?.benefits).toMatchObject({
        [benefit]: { ...it, reversals: 0, unchanged: 0, quantity: it.grants * EACH[benefit]! },
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
    })
    expect(await setting.query('select from ledger where period = $1', [period])).toEqual([])
  })

  it('is run to the granted subjects of SQL and nobody else, and closed', async () => {
    const run = await setting.execute(plan)
    runs.set(period, run)
    expect(run).toMatchObject({
      state: 'closed',
      rootHash: plan.result?.rootHash,
      heldBecause: null,
    })
    const granted = `select benefit, line_id, customer_id, reason from decided
                     where reason in ('ELIGIBLE', 'PROMOTION_EXTENDED', 'AGE_65')`
    const posted = `select benefit, line_id, customer_id, reason from ledger_entry
                    where period = '${period}' and entry_type = 'grant'`
    const values = [snapshot.snapshotId, `${period}-01`]
    expect(await setting.query(`${DECIDED} (${granted}) except all (${posted})`, values)).toEqual(
      [],
    )
    expect(await setting.query(`${DECIDED} (${posted}) except all (${granted})`, values)).toEqual(
      [],
    )
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
    const lines = ['MVNO', 'IOT', 'TERMINATED', 'ELIGIBLE']
    const all = [
      ...[
        ...lines,
        'SECOND_DEVICE',
        'PREPAID',
        'SUSPENDED_AT_BASE',
        'GUARDIAN_CONSENT_MISSING',
        'SUSPENDED',
      ].map((it) => `data ${it}`),
      ...[...lines, 'PROMOTION_EXTENDED'].map((it) => `roaming_bonus ${it}`),
      ...[...lines, 'SECOND_DEVICE'].map((it) => `membership ${it}`),
      ...['MVNO', 'IOT', 'CORPORATE', 'TERMINATED', 'AGE_65', 'NO_APPLICATION'].map(
        (it) => `insurance ${it}`,
      ),
    ]
    expect([...reasonsSeen].toSorted()).toEqual(all.toSorted())
  })

  it('for each benefit subjects are granted, unchanged and refused', () => {
    for (const run of runs.values()) {
      for (const [benefit, it] of Object.entries(run.balance ?? {})) {
        expect(it.ok).toBe(true)
        expect(it.granted + it.unchanged + it.refused).toBe(it.subjects)
        expect(it.subjects).toBe(benefit === 'insurance' ? snapshot.customers : LINES)
      }
    }
    expect(Object.keys(runs.get('2026-02')!.balance!).toSorted()).toEqual([
      'data',
      'insurance',
      'membership',
    ])
  })

  it('every grant says what the contract promises', async () => {
    const grants = await setting.query<{ text: string }>(
      `select distinct
         concat_ws(' ', period, benefit, subject, quantity, unit, valid_from, valid_to) as text
       from ledger_entry order by text`,
    )
    expect(grants.map((it) => it.text)).toEqual([
      '2026-02 data line 102400 MB 2026-02-01 2026-02-28',
      '2026-02 insurance customer 24 months 2026-03-01 2028-02-29',
      '2026-02 membership line 6 months 2026-02-01 2026-07-31',
      '2026-03 data line 102400 MB 2026-03-01 2026-03-31',
      '2026-03 roaming_bonus line 50 percent 2026-03-01 2026-08-31',
      '2026-04 data line 102400 MB 2026-04-01 2026-04-30',
      '2026-05 data line 102400 MB 2026-05-01 2026-05-31',
      '2026-06 data line 102400 MB 2026-06-01 2026-06-30',
      '2026-07 data line 102400 MB 2026-07-01 2026-07-31',
    ])
  })

  it('a period planned again holds nothing but what is unchanged', async () => {
    const plan = await setting.plan('2026-02')
    expect(plan.result?.entries).toBe(0)
    for (const [benefit, it] of Object.entries(await expectedOf('2026-02'))) {
      expect(plan.result?.benefits).toMatchObject({
        [benefit]: {
          grants: 0,
          reversals: 0,
          quantity: 0,
          unchanged: it.grants,
          refused: it.refused,
          reasons: it.reasons,
        },
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
