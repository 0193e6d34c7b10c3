/** Approving, running, going on and cancelling as whole commands. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redress } from '../support/cli.js'
import { AS_OF, LATE_STATUS, NINE_LINES, NOW, complaintOf, query, setting } from './setting.js'
import type { Setting } from './setting.js'

let here: Setting
/** The same database, entered by another login. */
let asOther: Setting['run']
const OTHER = `redress_other_${process.pid}`

beforeAll(async () => {
  here = await setting()
  await query(here.url, `create role ${OTHER} login password 'other'`)
  await query(here.url, `grant redress_approver to ${OTHER}`)
  const url = new URL(here.url)
  url.username = OTHER
  url.password = 'other'
  // Who may only approve has no right to change the schema.
  const environment = { ...here.environment, DATABASE_URL: url.href, REDRESS_AUTO_MIGRATE: 'false' }
  asOther = (...args) => redress([...args, '--json', '--now', NOW], environment)
  const path = here.file('snapshot.csv', NINE_LINES)
  await here.ok('snapshot', 'import', path, '--as-of', AS_OF)
})

afterAll(async () => {
  await query(here.url, `drop role ${OTHER}`)
  await here.drop()
})

describe('approve', () => {
  let planId: string

  it('is refused with exit 4 to whoever made the plan, whoever they say they are', async () => {
    planId = (await here.ok('plan', '2026-02')).plan_id
    for (const more of [[], ['--as', 'somebody-else']]) {
      const refused = await here.run('approve', planId, ...more)
      expect(refused.exitCode).toBe(4)
      expect(complaintOf(refused)).toMatch(/not approved; expected another person/)
    }
  })

  it('is missing: run --plan is refused with exit 4 and starts nothing', async () => {
    const refused = await here.run('run', '2026-02', '--plan', planId)
    expect(refused.exitCode).toBe(4)
    expect(complaintOf(refused)).toContain(`redress approve ${planId}`)
    expect(await here.list('runs', 'list')).toEqual([])
  })

  it('is missing: run without --yes asks, and nobody answers without a terminal', async () => {
    const refused = await here.run('run', '2026-02')
    expect(refused.exitCode).toBe(4)
    expect(complaintOf(refused)).toContain('--yes')
  })

  it('of a plan that a newer one replaced is refused with exit 4', async () => {
    const refused = await asOther('approve', planId)
    expect(refused.exitCode).toBe(4)
    expect(complaintOf(refused)).toContain('a newer plan of the period was made')
  })

  it('of a plan that a new import made stale is refused with exit 4, as is its run', async () => {
    const stale = (await here.ok('plan', '2026-02')).plan_id
    expect((await asOther('approve', stale)).exitCode).toBe(0)
    const status = here.file('status.csv', [
      LATE_STATUS[0]!,
      '999,terminated,2026-01-20T10:00:00+09:00',
    ])
    await here.ok('status', 'import', status)
    for (const args of [
      ['approve', stale],
      ['run', '2026-02', '--plan', stale],
    ]) {
      const refused = await asOther(...args)
      expect(refused.exitCode).toBe(4)
      expect(complaintOf(refused)).toContain('changes were imported since')
    }
  })

  it('by another person lets the plan run', async () => {
    const plan = await here.ok('plan', '2026-02')
    const approved = await asOther('approve', plan.plan_id)
    expect(approved.exitCode).toBe(0)
    expect(approved.json).toMatchObject({
      plan_id: plan.plan_id,
      plan_hash: plan.plan_hash,
      approved_by: OTHER,
      authenticated: true,
      kind: 'person',
    })
    const run = await here.ok('run', '2026-02', '--plan', plan.plan_id)
    // 101, 102, 108, 109 get data; all but 103 and 104 membership; customer 901 insurance.
    expect(run).toMatchObject({
      run_id: '1',
      plan_id: plan.plan_id,
      state: 'closed',
      entries_written: 12,
      entries_already_present: 0,
      chunks: 1,
      root_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(run.balance).toEqual({
      data: { subjects: 9, granted: 4, reversed: 0, unchanged: 0, refused: 5, ok: true },
      membership: { subjects: 9, granted: 7, reversed: 0, unchanged: 0, refused: 2, ok: true },
      ott_pass: { subjects: 9, granted: 0, reversed: 0, unchanged: 0, refused: 9, ok: true },
      insurance: { subjects: 8, granted: 1, reversed: 0, unchanged: 0, refused: 7, ok: true },
    })
  })
})

describe('run', () => {
  it('once more writes nothing and tells what is there', async () => {
    const again = await here.ok('run', '2026-02', '--yes')
    expect(again).toMatchObject({
      run_id: '1',
      state: 'closed',
      entries_written: 0,
      entries_already_present: 12,
    })
    expect(await here.list('runs', 'list')).toHaveLength(1)
    expect(await here.entries()).toHaveLength(12)
  })

  it('once more needs no --yes, since it would post nothing', async () => {
    expect(await here.ok('run', '2026-02')).toMatchObject({
      entries_written: 0,
      entries_already_present: 12,
    })
  })

  it('with --plan of a closed run is refused with exit 4', async () => {
    const [closed] = await here.list('runs', 'list')
    const refused = await here.run('run', '2026-02', '--plan', closed!.plan_id)
    expect(refused.exitCode).toBe(4)
    expect(complaintOf(refused)).toMatch(/was executed and it is closed/)
  })

  it('with --plan of another period is refused with exit 2', async () => {
    const [closed] = await here.list('runs', 'list')
    const refused = await here.run('run', '2026-03', '--plan', closed!.plan_id)
    expect(refused.exitCode).toBe(2)
    expect(complaintOf(refused)).toMatch(/of period 2026-02; expected one of 2026-03/)
  })

  it('with --yes plans, approves and posts at one go', async () => {
    const march = await here.ok('run', '2026-03', '--yes')
    expect(march).toMatchObject({
      run_id: '2',
      state: 'closed',
      entries_written: 12,
      entries_already_present: 0,
    })
    expect(march.balance.roaming_bonus).toEqual({
      subjects: 9,
      granted: 8,
      reversed: 0,
      unchanged: 0,
      refused: 1,
      ok: true,
    })
  })
})

describe('runs', () => {
  it('list tells all runs and show one of them with its progress', async () => {
    const runs = await here.list('runs', 'list')
    expect(runs.map((it) => it.period)).toEqual(['2026-02', '2026-03'])
    expect(await here.ok('runs', 'show', '2')).toMatchObject({
      run_id: '2',
      state: 'closed',
      lines: 9,
      lines_posted: 9,
      entries_posted: 12,
      chunks_open: 0,
      chunks_posted: 1,
      chunks_refused: 0,
      root_hash: runs[1]!.root_hash,
    })
  })

  it('show tells of an open run, resume goes on with it', async () => {
    const open = await here.ok('run', '2026-04', '--yes', '--detach')
    expect(open).toMatchObject({ state: 'open', entries_written: 0 })
    expect(await here.ok('runs', 'show', open.run_id)).toMatchObject({
      state: 'open',
      chunks_open: 1,
      workers: 0,
    })
    const resumed = await here.ok('runs', 'resume', open.run_id)
    expect(resumed).toMatchObject({ run_id: open.run_id, state: 'closed', entries_written: 4 })
    const refused = await here.run('runs', 'resume', open.run_id)
    expect(refused.exitCode).toBe(4)
    expect(complaintOf(refused)).toContain('is closed')
  })

  it('cancel ends an unfinished run, and the next one posts the rest', async () => {
    const open = await here.ok('run', '2026-05', '--yes', '--detach')
    const blocked = await here.run('plan', '2026-05')
    expect(blocked.exitCode).toBe(4)
    expect(complaintOf(blocked)).toContain(`redress runs cancel ${open.run_id}`)
    expect(await here.ok('runs', 'cancel', open.run_id)).toMatchObject({ state: 'cancelled' })
    for (const args of [
      ['runs', 'cancel', open.run_id],
      ['runs', 'resume', open.run_id],
      ['run', '2026-05', '--plan', open.plan_id],
    ]) {
      const refused = await here.run(...args)
      expect(refused.exitCode).toBe(4)
      expect(complaintOf(refused)).toContain('is cancelled')
    }
    expect(await here.ok('run', '2026-05', '--yes')).toMatchObject({
      state: 'closed',
      entries_written: 4,
    })
  })

  it('cancel of a closed run is refused with exit 4', async () => {
    const refused = await here.run('runs', 'cancel', '1')
    expect(refused.exitCode).toBe(4)
    expect(complaintOf(refused)).toContain('is closed')
  })

  it('leaves a ledger that stands verification with replay', async () => {
    const verified = await here.ok('ledger', 'verify', '--replay')
    expect(verified).toMatchObject({ ok: true, replayed: true, differences: [] })
    expect(verified.runs).toHaveLength(4)
  })
})

describe('a schema that is behind', () => {
  it('is brought up to date by the next command, unless the setting forbids it', async () => {
    await query(here.url, 'create database redress_empty_' + process.pid)
    const url = new URL(here.url)
    url.pathname = `/redress_empty_${process.pid}`
    const environment = { DATABASE_URL: url.href, REDRESS_HOME: here.folder }
    try {
      const refused = await redress(['runs', 'list', '--json'], {
        ...environment,
        REDRESS_AUTO_MIGRATE: 'false',
      })
      expect(refused.exitCode).toBe(2)
      expect(complaintOf(refused)).toContain('database schema')
      expect((await redress(['runs', 'list', '--json'], environment)).json).toEqual([])
    } finally {
      await query(here.url, `drop database redress_empty_${process.pid} with (force)`)
    }
  })
})
