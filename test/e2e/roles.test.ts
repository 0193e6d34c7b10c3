/**
 * One login a role: its commands work with what the migrations grant and nothing else, and what it
 * may not do PostgreSQL refuses, whatever client it comes with.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redress, spawnRedress } from '../support/cli.js'
import type { CliDocument, CliResult } from '../support/cli.js'
import { testDatabase } from '../support/database.js'
import type { TestDatabase } from '../support/database.js'
import { loginsOf, ROLES } from '../support/logins.js'
import type { Logins, Role } from '../support/logins.js'
import {
  AS_OF,
  complaintOf,
  LATE_CONSENT,
  LATE_STATUS,
  NINE_LINES,
  nowFor,
  query,
  row,
} from './setting.js'

let database: TestDatabase
let logins: Logins
let folder: string

beforeAll(async () => {
  database = await testDatabase()
  folder = mkdtempSync(join(tmpdir(), 'redress-roles-'))
  logins = await loginsOf(database)
  // The owner brings the schema up to date, the queue's and the policies with it.
  const owner = { DATABASE_URL: database.url, REDRESS_HOME: folder }
  expect((await redress(['migrate'], owner)).exitCode).toBe(0)
})

afterAll(async () => {
  await logins?.drop()
  await database?.drop()
  rmSync(folder, { recursive: true, force: true })
})

async function as(role: Role, ...args: readonly string[]): Promise<CliResult> {
  const environment = { DATABASE_URL: logins.urlOf(role), REDRESS_HOME: folder }
  return await redress([...args, '--json', '--now', nowFor(args)], environment)
}

async function ok(role: Role, ...args: readonly string[]): Promise<CliDocument> {
  const result = await as(role, ...args)
  expect({
    args,
    exitCode: result.exitCode,
    said: result.exitCode === 0 ? '' : result.stderr,
  }).toEqual({ args, exitCode: 0, said: '' })
  return result.json
}

function file(name: string, lines: readonly string[]): string {
  const path = join(folder, name)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

describe('with the rights of one role', () => {
  let february: string

  it('the operator imports and seals, corrects a file, and imports changes', async () => {
    const twice = row({ line_id: '101', customer_id: '999' })
    const snapshot = file('snapshot.csv', [...NINE_LINES, twice, 'no row'])
    expect(await ok('operator', 'snapshot', 'import', snapshot, '--as-of', AS_OF)).toMatchObject({
      accepted: 9,
      quarantined: 2,
      sealed: true,
    })
    const held = await as(
      'operator',
      'snapshot',
      'import',
      file('bad.csv', [NINE_LINES[0]!, 'x']),
      '--as-of',
      AS_OF,
      '--max-quarantine',
      '0',
    )
    expect(held.exitCode).toBe(3)
    await ok('operator', 'status', 'import', file('status.csv', LATE_STATUS))
    await ok('operator', 'consents', 'import', file('consents.csv', LATE_CONSENT))
    await ok('operator', 'quarantine', 'show', '1')
  })

  it('the operator plans and the approver signs, each under the login', async () => {
    const plan = await ok('operator', 'plan', '2026-02')
    expect(plan).toMatchObject({ made_by: logins.nameOf('operator'), authenticated: true })
    february = plan.plan_id
    expect(complaintOf(await as('operator', 'approve', february))).toContain('another person')
    expect(await ok('approver', 'approve', february)).toMatchObject({
      approved_by: logins.nameOf('approver'),
      authenticated: true,
    })
    const again = await ok('approver', 'approve', february)
    expect(again).toMatchObject({ already: true, approved_by: logins.nameOf('approver') })
  })

  it('the operator runs, and may leave the work to a worker', async () => {
    expect(await ok('operator', 'run', '2026-02', '--plan', february)).toMatchObject({
      state: 'closed',
    })
    const march = await ok('operator', 'run', '2026-03', '--yes', '--detach')
    expect(march).toMatchObject({ state: 'open' })
    expect(await ok('auditor', 'runs', 'show', '2')).toMatchObject({ state: 'open', workers: 0 })
    const environment = { DATABASE_URL: logins.urlOf('worker'), REDRESS_HOME: folder }
    const worker = spawnRedress(['worker'], environment)
    const state = async (): Promise<unknown> =>
      (await query(database.url, 'select state from run where run_id = 2'))[0]
    try {
      await expect.poll(state, { timeout: 60_000, interval: 200 }).toEqual({ state: 'closed' })
    } finally {
      expect((await worker.kill('SIGTERM')).exitCode).toBe(0)
    }
  })

  it('people are those whom the database saw', async () => {
    const rows = await query(
      database.url,
      `select (select array_agg(distinct imported_by) from import) as importers,
         (select array_agg(distinct started_by) from run) as starters,
         (select array_agg(approved_by || ' ' || kind order by plan_id) from approval)
           as approvers`,
    )
    const [operator, approver] = [logins.nameOf('operator'), logins.nameOf('approver')]
    expect(rows).toEqual([
      {
        importers: [operator],
        starters: [operator],
        approvers: [`${approver} person`, `${operator} alone`],
      },
    ])
  })

  it('the agent explains a line, the auditor proves everything', async () => {
    const told = await ok('agent', 'explain', '102', '--period', '2026-02')
    expect(told).toMatchObject({ line_id: '102' })
    expect(await ok('auditor', 'ledger', 'verify', '--replay')).toMatchObject({ ok: true })
    expect(await ok('auditor', 'snapshot', 'verify', '1')).toMatchObject({ ok: true })
    await ok('auditor', 'quarantine', 'show', '1')
    await ok('auditor', 'ledger', 'export', '--out', join(folder, 'entries.csv'))
    await ok('auditor', 'runs', 'show', '1')
    await ok('approver', 'runs', 'list')
  })

  it.each<[Role, string]>([
    ['approver', 'plan 2026-04'],
    ['approver', 'snapshot verify 1'],
    ['auditor', 'plan 2026-04'],
    ['auditor', `snapshot import SNAPSHOT --as-of 2026-01-31`],
    ['agent', 'plan 2026-04'],
    ['agent', 'ledger verify'],
    ['worker', 'plan 2026-04'],
    ['finance_maker', 'runs list'],
    ['finance_checker', 'explain 102'],
  ])('the %s is refused with exit 2: redress %s', async (role, command) => {
    const args = command.replace('SNAPSHOT', join(folder, 'snapshot.csv')).split(' ')
    const refused = await as(role, ...args)
    expect(complaintOf(refused)).toContain('this login may not do that')
    expect(refused.exitCode).toBe(2)
  })

  it('nobody but the owner migrates, and a schema that is behind says so', async () => {
    await query(database.url, `update migration set name = 'x' || name where name like '0004%'`)
    try {
      const refused = await as('operator', 'runs', 'list')
      expect(refused.exitCode).toBe(2)
      expect(complaintOf(refused)).toContain('database schema')
    } finally {
      await query(database.url, `update migration set name = substr(name, 2) where name like 'x%'`)
    }
  })
})

const DENIED = '42501'
const FINAL = 'RD001'
const UNAPPROVED = 'RD002'

describe('PostgreSQL refuses', () => {
  let ownPlan: string
  let heldHash: string

  beforeAll(async () => {
    ownPlan = (await ok('operator', 'plan', '2026-04')).plan_id
    const [plan] = await query(
      database.url,
      `select encode(plan_hash, 'hex') as hash from plan where plan_id = ${ownPlan}`,
    )
    heldHash = String(plan?.['hash'])
  })

  const everybody = (statement: string): readonly (readonly [Role, string, string])[] =>
    ROLES.map((role) => [role, statement, DENIED])

  it.each<readonly [Role, string, string]>([
    ...everybody('update ledger_posting_1 set posting_no = 2'),
    ...everybody('delete from ledger_posting_1'),
    ...everybody('truncate ledger_posting_1'),
    ...everybody('alter table ledger_posting_1 disable trigger all'),
    ...everybody('alter table approval disable trigger all'),
    ...everybody('drop table approval'),
    ...everybody('update approval set approved_by = session_user'),
    ...everybody('update approval_policy set two_people_above_entries = 99999999'),
    ...everybody('update installation set rehearsal_login = session_user'),
    ...everybody(`set session_replication_role = 'replica'`),
    ...everybody('set role pg_read_all_data'),
    ...everybody('create table mine (a integer)'),
    ...everybody(`create or replace function acting_person() returns text language sql
                  as $$ select 'somebody else' $$`),
    ...everybody(`update snapshot_line_1 set status = 'active'`),
    ...everybody('delete from snapshot_line_1'),
    ['operator', 'set role redress_approver', DENIED],
    ['approver', 'set role redress_operator', DENIED],
    ['agent', 'set role redress_auditor', DENIED],
    ['approver', `insert into plan (programme) values ('kt-2026')`, DENIED],
    ['approver', 'insert into run (plan_id) select max(plan_id) from plan', DENIED],
    ['approver', 'insert into ledger_posting_1 values (1, 1, 1, 1, 1)', DENIED],
    ['approver', 'select * from snapshot_line_1', DENIED],
    ['approver', 'select * from ledger_entry', DENIED],
    ['approver', 'select * from voucher_code', DENIED],
    ['agent', 'select * from plan', DENIED],
    ['agent', 'select result from plan', DENIED],
    ['agent', 'select * from voucher_code', DENIED],
    ['agent', 'select code_sealed from voucher_code', DENIED],
    ['agent', 'select notice_number from snapshot_line_1', DENIED],
    ['agent', 'select birth_date from snapshot_line_1', DENIED],
    ['agent', 'select * from quarantined_row', DENIED],
    ['auditor', 'select code_sealed from voucher_code', DENIED],
    ['auditor', 'select raw_sealed from quarantined_row', DENIED],
    ['auditor', 'insert into ledger_posting_1 values (1, 1, 1, 1, 1)', DENIED],
    ['worker', 'insert into run (plan_id) select max(plan_id) from plan', DENIED],
    ['worker', 'select * from snapshot_line_1', DENIED],
    ['worker', 'update run set plan_id = 1', DENIED],
    ['worker', 'insert into ledger_posting_1 values (1, 1, 1, 1, 1)', FINAL],
    ['operator', 'insert into ledger_posting_1 values (1, 1, 1, 1, 1)', FINAL],
    ['operator', `update plan set made_by = 'somebody else'`, DENIED],
    ['operator', `update plan set result = '{}'`, FINAL],
    ['operator', `update plan set state = 'planning', plan_hash = null`, FINAL],
    ['operator', `update run set balance = '{}' where run_id = 1`, FINAL],
    ['operator', 'delete from import where import_id = 1', FINAL],
    ['operator', 'delete from snapshot', FINAL],
    ['operator', 'select drop_lines(1)', FINAL],
    ['operator', 'select open_snapshot(1)', FINAL],
    ['operator', `select wait_for_other_imports('plan')`, FINAL],
    ['operator', 'call grant_on_lines(1, true)', DENIED],
    ['agent', 'select drop_lines(1)', DENIED],
    ['worker', `select open_ledger('kt-2026', '2026-07')`, DENIED],
    ['finance_maker', 'select * from approval', DENIED],
    ['finance_checker', 'select * from run', DENIED],
  ])('the %s: %s', async (role, statement, code) => {
    expect(await logins.refusalOf(role, statement)).toBe(code)
  })

  it('the operator to approve, whatever they say who they are', async () => {
    const insert = `insert into approval
        (plan_id, kind, approved_by, authenticated, approved_at, plan_hash)
      values (${ownPlan}, 'person', 'somebody else', true, '2026-04-01', '\\x${heldHash}')`
    expect(await logins.refusalOf('operator', insert)).toBe(DENIED)
    const claim = `set redress.actor = 'somebody else';
      select approve_own_plan(PLAN, HASH, '2026-04-01', null, null)`
    const alone = (plan: string, hash: string): string =>
      claim.replace('PLAN', plan).replace('HASH', `'\\x${hash}'`)
    // Alone is right for nine lines; what is signed must be what was planned.
    expect(await logins.refusalOf('operator', alone(ownPlan, heldHash))).toBeUndefined()
    expect(await logins.refusalOf('operator', alone(ownPlan, '00'.repeat(32)))).toBe(UNAPPROVED)
    const forecast = alone(ownPlan, heldHash).replace('null, null', 'null, 1')
    expect(await logins.refusalOf('operator', forecast)).toBe(UNAPPROVED)
    await query(database.url, 'update approval_policy set two_people_above_entries = 0')
    expect(await logins.refusalOf('operator', alone(ownPlan, heldHash))).toBe(UNAPPROVED)
    await query(database.url, 'delete from approval_policy')
    expect(await logins.refusalOf('operator', alone(ownPlan, heldHash))).toBe(UNAPPROVED)
  })

  it('the operator to run what nobody approved', async () => {
    const run = `insert into run (plan_id, programme, period, chunks, started_at)
      select plan_id, programme, period, 1, now_at from plan where plan_id = ${ownPlan}`
    expect(await logins.refusalOf('operator', run)).toBe(UNAPPROVED)
  })

  it('the approver to sign as another kind, twice, or for somebody else', async () => {
    const sign = (kind: string, more = ''): string =>
      `insert into approval (plan_id, kind, approved_at, plan_hash${more})
       values (${ownPlan}, '${kind}', '2026-04-01', '\\x${heldHash}'${more === '' ? '' : `, '1'`})`
    expect(await logins.refusalOf('approver', sign('alone'))).toBe(UNAPPROVED)
    expect(await logins.refusalOf('approver', sign('person', ', approved_by'))).toBe(DENIED)
    expect(await logins.refusalOf('approver', sign('person', ', forecast_plan_id'))).toBe(DENIED)
    expect(await logins.refusalOf('approver', `${sign('person')}; ${sign('person')}`)).toBe('23505')
    expect(await logins.refusalOf('approver', sign('person'))).toBeUndefined()
  })

  it('a maker who is an approver too to sign their own plan', async () => {
    await query(database.url, `grant redress_approver to ${logins.nameOf('operator')}`)
    const sign = `insert into approval (plan_id, kind, approved_at, plan_hash)
      values (${ownPlan}, 'person', '2026-04-01', '\\x${heldHash}')`
    expect(await logins.refusalOf('operator', sign)).toBe(UNAPPROVED)
    await query(database.url, `revoke redress_approver from ${logins.nameOf('operator')}`)
  })

  it('a table of the own session to stand in for one of ours', async () => {
    const hide = (name: string): string =>
      `create temp table ${name} as select * from ${name} limit 0;`
    expect(
      await logins.refusalOf('operator', `${hide('snapshot')} delete from public.snapshot`),
    ).toBe(FINAL)
    expect(await logins.refusalOf('operator', `${hide('snapshot')} select drop_lines(1)`)).toBe(
      FINAL,
    )
    expect(
      await logins.refusalOf(
        'operator',
        `${hide('plan')}
        insert into public.entry_set (plan_id, digest, entries) values (1, sha256('x'), '[]')`,
      ),
    ).toBe(FINAL)
    expect(
      await logins.refusalOf(
        'operator',
        `create temp table installation as select 'x' as y;
        insert into public.plan (programme, version, period, snapshot_id, now_at, rules_version,
          inputs, ledger_runs, made_by, made_at)
        values ('kt-2026', 1, '2026-05', 1, '2026-05-01', 'x', '{}', '{}', 'somebody else',
          '2026-05-01');
        do $$ begin
          if (select made_by from public.plan order by plan_id desc limit 1) <> session_user then
            raise exception 'taken at their word' using errcode = 'P0001';
          end if;
        end $$`,
      ),
    ).toBeUndefined()
  })
})

it('every column is readable for the auditor, but what is sealed', async () => {
  const rows = await query(
    database.url,
    `select c.relname || '.' || a.attname as name
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
       and not a.attisdropped
       and not has_column_privilege('redress_auditor', c.oid, a.attnum, 'select')
     order by 1`,
  )
  expect(rows.map((it) => it['name'])).toEqual([
    'quarantined_row.raw_sealed',
    'refund_application.account_sealed',
    'refund_application.holder_sealed',
    'voucher_code.code_sealed',
  ])
})
