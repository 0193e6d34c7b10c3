/** Approvals against PostgreSQL: who may sign what, what holds a plan, what a forecast lets go. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate, migrations } from '../../src/db/migrate.js'
import { withTransaction } from '../../src/db/database.js'
import { KT_2026 } from '../../src/rules/programmes/kt-2026.js'
import { breachesOf } from '../../src/runs/approval-policy.js'
import { recordPolicies } from '../../src/runs/approval-store.js'
import {
  approveAlone,
  approveByForecast,
  approvePlan,
  heldAgainstForecast,
} from '../../src/runs/approve-plan.js'
import { readPlan } from '../../src/runs/plan-store.js'
import type { Plan } from '../../src/runs/run.js'
import { startRun } from '../../src/runs/start-run.js'
import type { Tallies } from '../../src/runs/tally.js'
import { APPROVER, LedgerSetting, MAKER, NOW } from '../support/builders.js'

const LINES = 2_200
/** Gone after February has begun: half of the data of March. */
const LEAVERS = Array.from(
  { length: LINES / 2 },
  (_, index) => `${index + 1},terminated,2026-02-10T00:00:00+09:00`,
)
const STAYERS = Array.from({ length: LINES }, (_, index) => ({
  line_id: index + 1,
  customer_id: index + 1,
}))

let setting: LedgerSetting
beforeAll(async () => {
  setting = await LedgerSetting.open()
  await setting.importLines(STAYERS)
})
afterAll(async () => await setting?.close())

const reread = (plan: Plan): Promise<Plan> => readPlan(setting.pool, plan.planId)

describe('a plan', () => {
  it('is made by whoever acts, and not signed by them', async () => {
    const plan = await setting.plan('2026-02')
    expect(plan).toMatchObject({ madeBy: MAKER, approvedBy: null, holds: [] })
    const own = approvePlan(setting.pool, plan.planId, { by: MAKER, at: NOW })
    await expect(own).rejects.toMatchObject({ code: 'APPROVAL_MISSING', exitCode: 4 })
    // Whoever says they are somebody else is still whom the database knows.
    const lie = approvePlan(setting.pool, plan.planId, { by: 'nobody', at: NOW })
    await expect(lie).rejects.toMatchObject({ code: 'APPROVAL_MISSING', exitCode: 4 })
    expect((await reread(plan)).approvedBy).toBeNull()
  })

  it('is signed once; the same person may say so again, and nobody else', async () => {
    const plan = await setting.plan('2026-02')
    await setting.approve(plan)
    await setting.approve(plan)
    const [stored] = await setting.query('select * from approval where plan_id = $1', [plan.planId])
    expect(stored).toMatchObject({ kind: 'person', approved_by: APPROVER, authenticated: false })
    const other = approvePlan(setting.pool, plan.planId, { by: 'third', at: NOW })
    await expect(other).rejects.toMatchObject({ code: 'PLAN_APPROVED', exitCode: 4 })
    expect((await setting.execute(plan)).state).toBe('closed')
  })

  it('is approved by its maker alone where policy lets one person, and nowhere else', async () => {
    const plan = await setting.plan('2026-04')
    const alone = { at: NOW }
    // No policy was recorded yet: the database wants two people.
    await expect(approveAlone(setting.pool, plan, alone)).rejects.toMatchObject({ exitCode: 4 })
    await recordPolicies(setting.pool, KT_2026.versions)
    const large = { ...plan, result: { ...plan.result!, entries: 5_000_001 } }
    await expect(approveAlone(setting.pool, large, alone)).rejects.toMatchObject({
      code: 'APPROVAL_MISSING',
      message: expect.stringContaining('5000001 entries take two people'),
    })
    expect(await approveAlone(setting.pool, plan, alone)).toMatchObject({
      kind: 'alone',
      approvedBy: MAKER,
    })
    expect((await setting.query('select * from approval_policy')).length).toBe(2)
  })
})

describe('a plan whose figures are off', () => {
  let plan: Plan

  beforeAll(async () => {
    await setting.importStatuses(...LEAVERS)
    plan = await setting.plan('2026-03')
  })

  it('is held, with what was, what is, and by how much', () => {
    const half = LINES / 2
    expect(plan.holds).toEqual([
      {
        benefit: 'data',
        figure: 'grants',
        was: LINES,
        is: half,
        share: -0.5,
        against: 'previous period',
      },
      {
        benefit: 'data',
        figure: 'quantity',
        was: LINES * 102_400,
        is: half * 102_400,
        share: -0.5,
        against: 'previous period',
      },
      {
        benefit: 'data',
        figure: 'refused',
        was: 0,
        is: half,
        share: 1,
        against: 'previous period',
      },
    ])
  })

  it('is approved with a reason alone', async () => {
    const held = { code: 'PLAN_HELD', exitCode: 3 }
    await expect(approveAlone(setting.pool, plan, { at: NOW })).rejects.toMatchObject(held)
    // By the database, too.
    await expect(
      setting.query(`select approve_own_plan($1, decode($2, 'hex'), $3, null, null)`, [
        plan.planId,
        plan.planHash,
        NOW,
      ]),
    ).rejects.toMatchObject({ code: 'RD002' })
    const reason = 'a tenth of the lines was sold'
    const approval = await approveAlone(setting.pool, plan, { at: NOW, reason })
    expect(approval).toMatchObject({ kind: 'alone', reason })
    expect((await reread(plan)).holds).toEqual(plan.holds)
    expect((await setting.execute(plan)).state).toBe('closed')
  })

  it('is compared by all that its subjects hold when it corrects an earlier run', async () => {
    // Everything stands: the correction posts nothing, and holds nothing up.
    expect(await setting.plan('2026-03')).toMatchObject({ result: { entries: 0 } })
    const again = await setting.plan('2026-02')
    expect(again).toMatchObject({ holds: [], result: { entries: 0 } })
  })
})

describe('a forecast', () => {
  const BEFORE = '2026-03-20T00:00:00.000Z'
  let forecast: Plan

  it('is never run, however it is approved', async () => {
    forecast = await setting.plan('2026-05', { now: BEFORE })
    await expect(setting.approve(forecast)).rejects.toMatchObject({ code: 'USAGE' })
    await setting.approve(forecast, 0.02)
    const run = startRun(setting.pool, forecast.planId, NOW)
    await expect(run).rejects.toMatchObject({ code: 'PLAN_IS_FORECAST', exitCode: 4 })
    const forced = setting.query(
      `insert into run (plan_id, programme, period, chunks, started_at)
       select plan_id, programme, period, 1, now_at from plan where plan_id = $1`,
      [forecast.planId],
    )
    await expect(forced).rejects.toMatchObject({ code: 'RD002' })
  })

  it('lets a plan go by itself that lies within its tolerance', async () => {
    await setting.importStatuses(...gone(3))
    const plan = await setting.plan('2026-05')
    expect((await reread(forecast)).state).toBe('superseded')
    const held = await heldAgainstForecast(setting.pool, plan)
    expect(held).toEqual({ forecastPlanId: forecast.planId, tolerance: 0.02, breaches: [] })
    const approval = await approveByForecast(setting.pool, plan, forecast.planId, { at: NOW })
    expect(approval).toMatchObject({ kind: 'forecast', forecastPlanId: forecast.planId })
    expect((await setting.execute(plan)).state).toBe('closed')
  })

  it('stops one that does not, and so does the database', async () => {
    const other = await setting.plan('2026-06', { now: BEFORE })
    await setting.approve(other, 0.02)
    await setting.importStatuses(...gone(300))
    const plan = await setting.plan('2026-06')
    const held = await heldAgainstForecast(setting.pool, plan)
    expect(held?.breaches.map((it) => it.figure)).toEqual(['granted', 'refused', 'quantity'])
    const forced = approveByForecast(setting.pool, plan, other.planId, { at: NOW })
    await expect(forced).rejects.toMatchObject({ code: 'APPROVAL_MISSING' })
    // Nor does the forecast of another period count.
    const foreign = approveByForecast(setting.pool, plan, forecast.planId, { at: NOW })
    await expect(foreign).rejects.toMatchObject({ code: 'APPROVAL_MISSING' })
  })

  it('has a tolerance, and what is no forecast has none', async () => {
    const plan = await setting.plan('2026-07')
    await expect(setting.approve(plan, 0.02)).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('is told by SQL as by the rules, for any numbers', async () => {
    const count = fc.integer({ min: 0, max: 60 })
    const tally = fc.record({
      grants: count,
      reversals: fc.constantFrom(0, 0, 1),
      unchanged: fc.constantFrom(0, 0, 30),
      refused: count,
      quantity: count,
      reasons: fc.constant({}),
    })
    const tallies: fc.Arbitrary<Tallies> = fc.record(
      { data: tally, membership: tally },
      { requiredKeys: ['data'] },
    )
    const cases = fc.sample(fc.tuple(tallies, tallies, fc.integer({ min: 0, max: 100 })), 400)
    // Numbers near each other, else nearly all lie outside.
    const near = cases.map(
      ([was, is, percent], index) =>
        [
          was,
          index % 2 === 0
            ? {
                ...was,
                ...(index % 4 === 0
                  ? { data: { ...was.data!, refused: was.data!.refused + 1 } }
                  : {}),
              }
            : is,
          percent,
        ] as const,
    )
    const told = await withTransaction(setting.pool, async ({ client }) => {
      const answers: boolean[] = []
      for (const [was, is, percent] of near) {
        const { rows } = await client.query<{ within: boolean }>(
          'select lies_within($2, $1, $3) as within',
          [JSON.stringify(was), JSON.stringify(is), percent / 100],
        )
        answers.push(rows[0]?.within === true)
      }
      return answers
    })
    expect(told.filter(Boolean).length).toBeGreaterThan(40)
    expect(told).toEqual(
      near.map(([was, is, percent]) => breachesOf(is, was, percent / 100).length === 0),
    )
  })
})

function gone(count: number): readonly string[] {
  return Array.from(
    { length: count },
    (_, index) => `${LINES - index},terminated,2026-04-10T00:00:00+09:00`,
  )
}

it('a database of before, with all it holds, is brought up to date', async () => {
  const old = await LedgerSetting.open()
  try {
    await beforeApprovals(old)
    await migrate(old.pool)
    expect(
      await old.query(
        `select plan_id, kind, approved_by, authenticated, approved_at,
           plan_hash = sha256($1) as same from approval order by plan_id`,
        ['a'],
      ),
    ).toEqual([
      {
        plan_id: '1',
        kind: 'person',
        approved_by: 'lee',
        authenticated: false,
        approved_at: '2026-02-02T00:00:00.000Z',
        same: true,
      },
      {
        plan_id: '2',
        kind: 'alone',
        approved_by: 'kim',
        authenticated: false,
        approved_at: '2026-02-02T00:00:00.000Z',
        same: true,
      },
    ])
    expect((await readPlan(old.pool, '1')).approvedBy).toBe('lee')
    expect((await readPlan(old.pool, '3')).approvedBy).toBeNull()
    const [rights] = await old.query(
      `select has_table_privilege('redress_worker', 'ledger_posting_1', 'insert') as posts,
         has_table_privilege('redress_operator', 'snapshot_line_1', 'insert') as loads,
         has_table_privilege('redress_agent', 'snapshot_line_1', 'select') as reads`,
    )
    expect(rights).toEqual({ posts: true, loads: true, reads: false })
    await expect(
      old.query('insert into ledger_posting_1 values (1, 1, 1, 1, 1)'),
    ).rejects.toMatchObject({ code: 'RD001' })
  } finally {
    await old.close()
  }
})

/** Three plans, two of them approved; partitions of a snapshot and a ledger: as 0003 left it. */
async function beforeApprovals(old: LedgerSetting): Promise<void> {
  const files = migrations().slice(0, 3)
  await old.query('drop schema public cascade')
  await old.query('create schema public')
  for (const { sql } of files) await old.pool.query(sql)
  await old.query('create table migration (name text primary key, checksum text not null)')
  for (const it of files) {
    await old.query('insert into migration values ($1, $2)', [it.name, it.checksum])
  }
  await old.query(
    `with new as (
       insert into import (kind, as_of, file_name, imported_by, started_at)
       values ('snapshot', '2026-01-13', 'x', 'kim', '2026-02-01') returning import_id
     )
     insert into snapshot (import_id, as_of) select import_id, '2026-01-13' from new`,
  )
  await old.query('select open_snapshot(1)')
  await old.query(`select open_ledger('kt-2026', '2026-02')`)
  const plan = `insert into plan (programme, version, period, snapshot_id, now_at, rules_version,
    inputs, ledger_runs, made_by, made_at`
  const values = `'kt-2026', 1, '2026-02', 1, '2026-02-01', '1', '{}', '{}', 'kim', '2026-02-01'`
  await old.query(
    `${plan}, state, plan_hash, result, approved_by, approved_at, approved_hash)
     select ${values}, 'planned', sha256('a'), '{"chunks": 1}', who, '2026-02-02T00:00Z',
       sha256('a')
     from (values ('lee'), ('kim')) as approver(who)`,
  )
  await old.query(`${plan}) values (${values})`)
}
