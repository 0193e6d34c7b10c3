/**
 * What is final stays as it is: PostgreSQL refuses every change, also to the role that owns the
 * tables.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorCodeOf, withTransaction } from '../../src/db/database.js'
import { LedgerSetting, OLD } from '../support/builders.js'

let setting: LedgerSetting
let leaf: string
let posting: string

beforeAll(async () => {
  setting = await LedgerSetting.open()
  const snapshot = await setting.importLines([
    { line_id: 1, customer_id: 1, ...OLD },
    { line_id: 2, customer_id: 2, plan_restriction: 'minor' },
  ])
  leaf = `snapshot_line_${snapshot.snapshotId}`
  await setting.importStatuses('1,suspended,2026-01-20T00:00:00+09:00')
  await setting.importConsents('2,2026-01-15')
  const chosen = { line: 1, at: '2026-02-01T08:00:00+09:00', option: 'tving' } as const
  const applied = { line: 2, at: '2026-02-01T08:00:00+09:00' } as const
  await setting.importChoices(chosen, applied)
  await setting.importChoices({ ...applied, withdrawnAt: '2026-02-01T08:30:00+09:00' })
  await setting.importVouchers({ option: 'tving', codes: 1 })
  const run = await setting.planAndExecute('2026-02')
  expect(run.state).toBe('closed')
  posting = await setting.ledgerTable('2026-02')
})
afterAll(async () => {
  await setting.close()
})

/** The error's SQLSTATE, or undefined when the statement was let through; what it did is undone. */
async function refusalOf(sql: string): Promise<string | undefined> {
  const undo = new Error('undo')
  try {
    await withTransaction(setting.pool, async ({ client }) => {
      await client.query(sql)
      throw undo
    })
  } catch (error) {
    return error === undo ? undefined : errorCodeOf(error)
  }
  return undefined
}

type Refusals = readonly (readonly [string, unknown])[]

async function refusals(statements: readonly string[]): Promise<Refusals> {
  const found: [string, unknown][] = []
  for (const sql of statements) found.push([sql, await refusalOf(sql)])
  return found
}

const allRefused = (statements: readonly string[]): Refusals =>
  statements.map((sql) => [sql, 'RD001'])

describe('a change is refused with RD001', () => {
  const tables: readonly (readonly [string, string])[] = [
    ['snapshot', 'lines = 0'],
    ['snapshot_chunk', 'lines = 0'],
    ['status_change', `status = 'active'`],
    ['guardian_consent', `guardian_consent_on = '2026-01-01'`],
    ['plan_facts', "pack = ''"],
    ['choice', 'option = null'],
    ['choice_withdrawal', 'withdrawn_at = null'],
    ['voucher_code', 'expires_on = null'],
    ['plan_voucher', 'reissued = true'],
    ['voucher_issue', 'run_id = 0'],
    ['entry_set', `entries = '[]'`],
    ['ledger', `period = '2026-07'`],
    ['ledger_posting', 'posting_no = 2'],
  ]

  it.each(tables)('in %s', async (table, change) => {
    const [{ rows } = { rows: 0 }] = await setting.query<{ rows: number }>(
      `select count(*)::int as rows from ${table}`,
    )
    // Row triggers answer for rows alone: an empty table would prove nothing.
    expect(rows).toBeGreaterThan(0)
    const statements = [
      `update ${table} set ${change}`,
      `delete from ${table}`,
      `truncate ${table} cascade`,
    ]
    expect(await refusals(statements)).toEqual(allRefused(statements))
  })

  it('in the rows of a sealed snapshot, and none can be added', async () => {
    const statements = [
      `update ${leaf} set status = 'active'`,
      `delete from ${leaf}`,
      `truncate ${leaf}`,
      `insert into ${leaf} select * from ${leaf}`,
      `update snapshot_line set status = 'active'`,
      'truncate snapshot_line',
      // Both would pass statement triggers of the leaf by.
      `insert into ${leaf} select * from ${leaf} where false`,
      `delete from ${leaf} where false`,
    ]
    expect(await refusals(statements)).toEqual(allRefused(statements))
  })

  it('in the list of its chunks, and none can be added', async () => {
    const statements = [
      `insert into snapshot_chunk select snapshot_id, 9999, first_customer_id, last_customer_id,
         lines, customers, digest, pack from snapshot_chunk limit 1`,
    ]
    expect(await refusals(statements)).toEqual(allRefused(statements))
  })

  it('in the rows of a sealed snapshot reached through the table of all snapshots', async () => {
    const statements = [
      'delete from snapshot_line',
      `insert into snapshot_line
      select (jsonb_populate_record(line, '{"line_id": 999}')).* from snapshot_line line limit 1`,
    ]
    expect(await refusals(statements)).toEqual(allRefused(statements))
  })

  it('in the postings of a period that are reached directly', async () => {
    const statements = [
      `update ${posting} set posting_no = 2`,
      `delete from ${posting}`,
      `truncate ${posting}`,
    ]
    expect(await refusals(statements)).toEqual(allRefused(statements))
  })

  it('in a closed run and its posted chunks', async () => {
    const statements = [
      `update run set state = 'open', root_hash = null`,
      `update run set balance = '{}'`,
      'delete from run',
      `update run_chunk set state = 'open', digest = null`,
      'update run_chunk set worker = null',
      'delete from run_chunk',
    ]
    expect(await refusals(statements)).toEqual(allRefused(statements))
  })

  it('when runs or their chunks are truncated', async () => {
    const statements = ['truncate run cascade', 'truncate run_chunk']
    expect(await refusals(statements)).toEqual(allRefused(statements))
  })
})

it('a statement that changes nothing final is let through', async () => {
  expect(await refusalOf('update snapshot set lines = lines where false')).toBeUndefined()
  expect(await refusalOf(`update plan set holds = '[]'`)).toBeUndefined()
})

it('a posting can be added once under its number, not twice', async () => {
  const copy = `insert into ${posting} (customer_id, line_id, entry_set_id, posting_no)
                select customer_id, line_id, entry_set_id, posting_no`
  const anyway = `alter table ${posting} disable trigger run_is_open;`
  expect(await refusalOf(`${anyway} ${copy} + 1 from ${posting}`)).toBeUndefined()
  expect(await refusalOf(`${anyway} ${copy} from ${posting}`)).toBe('23505')
  // The run is closed.
  expect(await refusalOf(`${copy} + 1 from ${posting}`)).toBe('RD001')
})

it('an approval has to sign the hash of its plan', async () => {
  const plan = await setting.plan('2026-03')
  const approve = (hash: string): string =>
    `set local redress.actor = 'somebody else';
     insert into approval (plan_id, kind, approved_at, plan_hash)
     values (${plan.planId}, 'person', '2026-03-01T00:00Z', ${hash})`
  expect(await refusalOf(approve(`decode('${plan.planHash}', 'hex')`))).toBeUndefined()
  expect(await refusalOf(approve(`sha256('another')`))).toBe('RD002')
  expect(await refusalOf(approve('null'))).toBe('23502')
})

it('a plan that was made can no longer change, nor be added to', async () => {
  const statements = [
    `update plan set result = '{}'`,
    `update plan set holds = '["x"]'`,
    `update plan set state = 'planning', plan_hash = null`,
    'update plan set made_by = made_by',
    'delete from plan',
    `insert into entry_set (plan_id, digest, entries)
       select plan_id, sha256('x'), '[]' from plan limit 1`,
    `insert into plan_chunk select plan_id, 99, digest, postings, entries, tallies from plan_chunk`,
  ]
  expect(await refusals(statements)).toEqual(allRefused(statements))
})

it('no second run of a programme is open, nor a second run of a plan', async () => {
  const first = await setting.plan('2026-04')
  await setting.start(first)
  // The key stands behind the triggers, which would not let these plans run either.
  const another = (programme: string, period: string): string =>
    `alter table run disable trigger user;
     insert into run (plan_id, programme, period, chunks, started_by, started_at)
     select min(plan_id), '${programme}', '${period}', 1, 'x', '2026-02-01T00:00Z' from plan
     where period = '2026-03'`
  expect(await refusalOf(another('kt-2026', '2026-04'))).toBe('23505')
  expect(await refusalOf(another('kt-2026', '2026-07'))).toBe('23505')
  expect(await refusalOf(another('skt-2025', '2026-07'))).toBeUndefined()
  const again = `alter table run disable trigger user;
    insert into run (plan_id, programme, period, chunks, started_by, started_at)
    values (${first.planId}, 'skt-2025', '2026-07', 1, 'x', '2026-02-01T00:00Z')`
  expect(await refusalOf(again)).toBe('23505')
})
