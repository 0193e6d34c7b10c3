/** Runs: chunks posted once, refusals, holds that say what is off, joining, cancelling, closing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cancelRun, reopenRun, startRun } from '../../src/runs/start-run.js'
import { closeRun } from '../../src/runs/close-run.js'
import type { Plan, Run } from '../../src/runs/run.js'
import type { SealedSnapshot } from '../../src/snapshot/snapshot.js'
import { LedgerSetting, NOW } from '../support/builders.js'

let setting: LedgerSetting
let snapshot: SealedSnapshot
beforeAll(async () => {
  setting = await LedgerSetting.open()
  snapshot = await setting.importGenerated({ lines: 2_800, seed: 77, statuses: true })
  expect(snapshot.chunks).toBe(3)
})
afterAll(async () => {
  await setting.close()
})

const close = (run: Run): Promise<Run> => closeRun(setting.pool, run.runId, NOW)
const outcomesOf = async (run: Run, chunkNos?: readonly number[]): Promise<readonly string[]> =>
  (await setting.apply(run, chunkNos)).map((it) => it.outcome)
const postings = async (period: string): Promise<number> =>
  (await setting.query(`select from ${await setting.ledgerTable(period)}`)).length
const entriesPlanned = (plan: Plan): number => plan.result?.entries ?? -1

describe('a chunk whose decisions are not those of the plan', () => {
  let plan: Plan
  let run: Run

  it('is refused, posts nothing, and the run is held naming it', async () => {
    plan = await setting.plan('2026-02')
    run = await setting.start(plan)
    await setting.tamper(
      'plan_chunk',
      'update plan_chunk set digest = sha256(digest) where plan_id = $1 and chunk_no = 1',
      [plan.planId],
    )
    expect(await outcomesOf(run)).toEqual(['posted', 'refused', 'posted'])
    expect(await close(run)).toMatchObject({
      state: 'held',
      rootHash: null,
      heldBecause: 'chunk 1 was refused: its decisions differ from the plan',
    })
    const [range] = await setting.query<{ posted: number }>(
      `select count(*)::int as posted from ledger_posting p
       join snapshot_chunk c on p.customer_id between c.first_customer_id and c.last_customer_id
       where c.snapshot_id = $1 and c.chunk_no = 1`,
      [snapshot.snapshotId],
    )
    expect(range?.posted).toBe(0)
  })

  it('is not tried again while the run is held', async () => {
    expect(await outcomesOf(run)).toEqual(['run_not_open', 'run_not_open', 'run_not_open'])
    await expect(setting.plan('2026-02')).rejects.toMatchObject({ code: 'RUN_STATE', exitCode: 4 })
  })

  it('is tried again when the run is opened again, and held again by the same', async () => {
    expect(await reopenRun(setting.pool, run.runId)).toMatchObject({
      state: 'open',
      heldBecause: null,
    })
    expect(await outcomesOf(run)).toEqual(['done', 'refused', 'done'])
    expect((await close(run)).state).toBe('held')
  })

  it('is posted once the cause is gone, and the run closes', async () => {
    const twin = await planTwice()
    await setting.tamper(
      'plan_chunk',
      'update plan_chunk set digest = $2 where plan_id = $1 and chunk_no = 1',
      [plan.planId, twin],
    )
    await reopenRun(setting.pool, run.runId)
    expect(await outcomesOf(run)).toEqual(['done', 'posted', 'done'])
    expect(await close(run)).toMatchObject({ state: 'closed', rootHash: plan.result?.rootHash })
  })

  /** The digest as it was: from a plan of the same inputs in a database of its own. */
  async function planTwice(): Promise<Buffer> {
    const other = await LedgerSetting.open()
    try {
      await other.importGenerated({ lines: 2_800, seed: 77, statuses: true })
      const same = await other.plan('2026-02')
      expect(same.planHash).toBe(plan.planHash)
      const [row] = await other.query<{ digest: Buffer }>(
        'select digest from plan_chunk where chunk_no = 1',
      )
      return row!.digest
    } finally {
      await other.close()
    }
  }
})

it('a chunk that would post what the plan does not know is refused', async () => {
  const plan = await setting.plan('2026-06')
  const run = await setting.start(plan)
  await setting.tamper('entry_set', 'delete from entry_set where plan_id = $1', [plan.planId])
  expect(await outcomesOf(run, [0])).toEqual(['refused'])
  expect(await postings('2026-06')).toBe(0)
  await outcomesOf(run)
  expect((await close(run)).heldBecause).toBe(
    'chunk 0 was refused: an entry set that the plan does not hold',
  )
  await cancelRun(setting.pool, run.runId, NOW)
})

describe('a run that is worked on by many', () => {
  let plan: Plan
  let run: Run

  it('is started once, whoever starts it at the same time, and joined afterwards', async () => {
    plan = await setting.plan('2026-03')
    await expect(setting.startApproved(plan)).rejects.toMatchObject({ code: 'APPROVAL_MISSING' })
    await setting.approve(plan)
    const together = await Promise.all([1, 2, 3, 4].map(() => setting.startApproved(plan)))
    expect(new Set(together.map((it) => it.runId)).size).toBe(1)
    run = together[0]!
    expect((await setting.startApproved(plan)).runId).toBe(run.runId)
  })

  it('lets no other month start beside it', async () => {
    const other = await setting.plan('2026-07')
    await setting.approve(other)
    await expect(setting.startApproved(other)).rejects.toMatchObject({
      code: 'RUN_STATE',
      message: expect.stringContaining('2026-03'),
    })
  })

  it('posts a chunk once, however many are told of it', async () => {
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => outcomesOf(run, [0, 1])))
    const counted = outcomes.flat()
    expect(counted.filter((it) => it === 'posted').length).toBe(2)
    expect(counted.every((it) => ['posted', 'busy', 'done'].includes(it))).toBe(true)
    expect(await outcomesOf(run, [0, 1])).toEqual(['done', 'done'])
    const [twice] = await setting.query(`select from ${await setting.ledgerTable('2026-03')}
      group by customer_id, line_id having count(*) > 1`)
    expect(twice).toBeUndefined()
  })

  it('is not closed while a chunk is open', async () => {
    expect(await close(run)).toMatchObject({ state: 'open', rootHash: null, balance: null })
  })

  it('is closed once, whoever closes it at the same time', async () => {
    await setting.apply(run)
    const closed = await Promise.all([1, 2, 3, 4, 5].map(() => close(run)))
    expect(closed[0]).toMatchObject({ state: 'closed', rootHash: plan.result?.rootHash })
    for (const it of closed) expect(it).toEqual(closed[0])
    expect(await close(run)).toEqual(closed[0])
  })

  it('takes nothing more once closed, and its plan is not run again', async () => {
    expect(await outcomesOf(run)).toEqual(['run_not_open', 'run_not_open', 'run_not_open'])
    await expect(startRun(setting.pool, plan.planId, NOW)).rejects.toMatchObject({
      code: 'RUN_STATE',
      exitCode: 4,
    })
    await expect(cancelRun(setting.pool, run.runId, NOW)).rejects.toMatchObject({
      code: 'RUN_STATE',
    })
    expect((await reopenRun(setting.pool, run.runId)).state).toBe('closed')
    await expect(startRun(setting.pool, '999999', NOW)).rejects.toMatchObject({
      code: 'PLAN_UNKNOWN',
    })
    await expect(closeRun(setting.pool, '999999', NOW)).rejects.toMatchObject({
      code: 'RUN_UNKNOWN',
    })
  })
})

describe('a run that was cancelled', () => {
  it('keeps what it posted, and the next plan holds just the rest', async () => {
    const whole = await setting.plan('2026-04')
    const run = await setting.start(whole)
    expect(await outcomesOf(run, [1])).toEqual(['posted'])
    const kept = await postings('2026-04')
    const cancelled = await cancelRun(setting.pool, run.runId, NOW)
    expect(cancelled).toMatchObject({
      state: 'cancelled',
      rootHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(await outcomesOf(run)).toEqual(['run_not_open', 'run_not_open', 'run_not_open'])
    const rest = await setting.plan('2026-04')
    expect(entriesPlanned(rest)).toBe(entriesPlanned(whole) - kept)
    expect(rest.result?.benefits.data).toMatchObject({ unchanged: kept, reversals: 0 })
    expect((await setting.execute(rest)).state).toBe('closed')
    expect(await postings('2026-04')).toBe(entriesPlanned(whole))
  })

  it('and had posted nothing is as if it had never been', async () => {
    const plan = await setting.plan('2026-07')
    const run = await setting.start(plan)
    expect(await cancelRun(setting.pool, run.runId, NOW)).toMatchObject({
      state: 'cancelled',
      rootHash: null,
    })
    const again = await setting.plan('2026-07')
    expect(again.planHash).toBe(plan.planHash)
  })
})

describe('closing holds a run', () => {
  let plan: Plan
  let run: Run
  let table: string
  let grants: number
  beforeAll(async () => {
    plan = await setting.plan('2026-05')
    run = await setting.start(plan)
    await setting.apply(run)
    table = await setting.ledgerTable('2026-05')
    grants = plan.result?.benefits.data?.grants ?? -1
  })
  const closeAgain = async (): Promise<Run> => {
    await reopenRun(setting.pool, run.runId)
    return await close(run)
  }

  it('whose ledger lacks a row, and names the benefit and the numbers', async () => {
    const [kept] = await setting.query<Record<string, unknown>>(
      `select * from ${table} order by customer_id, line_id limit 1`,
    )
    await setting.tamper(table, `delete from ${table} where customer_id = $1 and line_id = $2`, [
      kept!['customer_id'],
      kept!['line_id'],
    ])
    const held = await closeAgain()
    expect(held).toMatchObject({
      state: 'held',
      heldBecause: `data: the ledger holds ${grants - 1} grants, ${grants} were counted`,
    })
    expect(held.balance?.['data']).toMatchObject({ ok: false, granted: grants - 1 })
    await setting.tamper(
      table,
      `insert into ${table} select * from jsonb_populate_record(null::${table}, $1)`,
      [kept],
    )
  })

  it('whose ledger has a row too many', async () => {
    await setting.tamper(
      table,
      `insert into ${table} (customer_id, line_id, entry_set_id, posting_no)
       select 7, 7, entry_set_id, 1 from ${table} limit 1`,
    )
    expect((await closeAgain()).heldBecause).toBe(
      `data: the ledger holds ${grants + 1} grants, ${grants} were counted`,
    )
    await setting.tamper(table, `delete from ${table} where customer_id = 7`)
  })

  it('whose plan counted other subjects than the snapshot has', async () => {
    const count = (by: string): Promise<number> =>
      setting.tamper(
        'plan_chunk',
        `update plan_chunk
      set tallies = jsonb_set(tallies, '{data,refused}',
        to_jsonb((tallies#>>'{data,refused}')::int ${by}))
      where plan_id = $1 and chunk_no = 2`,
        [plan.planId],
      )
    await count('+ 1')
    expect((await closeAgain()).heldBecause).toBe(
      'data: granted + unchanged + refused is 2801, subjects are 2800',
    )
    await count('- 1')
  })

  it('whose digests do not come to the root hash of the plan', async () => {
    const set = (hash: string | undefined): Promise<number> =>
      setting.tamper(
        'plan',
        `update plan set result = jsonb_set(result, '{rootHash}', to_jsonb($2::text))
       where plan_id = $1`,
        [plan.planId, hash],
      )
    await set('00'.repeat(32))
    expect((await closeAgain()).heldBecause).toBe(
      'the digests of the chunks do not come to the root hash of the plan',
    )
    await set(plan.result?.rootHash)
  })

  it('and closes it when all of that is right again', async () => {
    expect(await closeAgain()).toMatchObject({
      state: 'closed',
      rootHash: plan.result?.rootHash,
      heldBecause: null,
    })
  })
})
