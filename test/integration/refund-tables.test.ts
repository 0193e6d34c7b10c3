/**
 * What the database itself holds of refunds: rows that stay as they are, reviews that two people
 * sign, and roles that cannot overstep.
 */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorCodeOf, openPool } from '../../src/db/database.js'
import { importTerminationsFile } from '../../src/intake/import-refund-files.js'
import { currentInputs } from '../../src/runs/plan-store.js'
import { intakeSetting } from './intake-setting.js'
import type { IntakeSetting } from './intake-setting.js'

const ROLES = ['operator', 'finance_maker', 'finance_checker', 'agent', 'auditor', 'key_keeper']
type Role = 'operator' | 'finance_maker' | 'finance_checker' | 'agent' | 'auditor' | 'key_keeper'
const nonce = randomBytes(4).toString('hex')
const nameOf = (role: string): string => `refunds_${nonce}_${role}`

let setting: IntakeSetting
beforeAll(async () => {
  setting = await intakeSetting()
  for (const role of ROLES) {
    await setting.query(`create role ${nameOf(role)} login password '${nonce}'`)
    await setting.query(`grant redress_${role} to ${nameOf(role)}`)
  }
  await setting.query(FACTS)
})
afterAll(async () => {
  for (const role of ROLES) await setting.query(`drop role ${nameOf(role)}`)
  await setting.close()
})

const FACTS = `
  insert into termination (line_id, customer_id, customer_kind, network, line_kind, activated_on,
    terminated_at, termination_kind, subsidy_clawback_krw, discount_clawback_krw,
    other_charges_krw, paid_krw, already_waived_krw, import_id)
  values (1, 1, 'individual', 'kt', 'handset', '2024-01-01', '2026-01-05T00:00Z', 'port_out', 5, 0,
    0, 5, 0, 1);
  insert into refund_application (application_id, line_id, channel, applied_at, bank_code,
    account_sealed, account_last4, account_digest, holder_sealed, holder_digest, holder_check,
    key_version, import_id)
  values ('a-1', 1, 'web', '2026-01-15T00:00Z', '088', '\\x0102', '1234', sha256('a'), '\\x0103',
    sha256('b'), 'match', 1, 1);
  insert into refund_assessment (programme, version, now_at, inputs, rules_version, result,
    assessment_hash, made_at)
  values ('kt-2026', 1, '2026-01-20T00:00Z', '{1}', '2', '{}', sha256('c'), '2026-01-20T00:00Z');
  insert into refund_decision values (1, 1, 'refundable', 'REFUNDABLE', 5, 1);
  insert into application_state values ('a-1', 1, 1, 'accepted', '2026-02-19', 1);
  insert into refund_review (line_id, kind, outcome, reason, proposed_at)
  values (1, 'hardship', 'granted', 'discharged in March', '2026-03-20T00:00Z')`

async function as<T>(role: Role | 'owner', work: (client: pg.Client) => Promise<T>): Promise<T> {
  const url = new URL(setting.url)
  if (role !== 'owner') {
    url.username = nameOf(role)
    url.password = nonce
  }
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** The SQLSTATE with which a statement is refused; what is let through is undone. */
async function refusalOf(role: Role | 'owner', sql: string): Promise<string | undefined> {
  return await as(role, async (client) => {
    await client.query('begin')
    try {
      await client.query(sql)
      return undefined
    } catch (error) {
      return errorCodeOf(error)
    } finally {
      await client.query('rollback')
    }
  })
}

describe('a change is refused to the owner as well', () => {
  test.each([
    'update termination set paid_krw = 0',
    'delete from termination',
    'truncate termination',
    'update refund_decision set amount_krw = 6',
    'delete from refund_decision',
    'truncate refund_decision',
    `update application_state set state = 'held', payout_on = null`,
    'delete from application_state',
    'truncate application_state',
    `update refund_assessment set result = '{"a": 1}'`,
    'update refund_assessment set made_by = made_by',
    'delete from refund_assessment',
    'truncate refund_assessment',
    `update refund_review set reason = 'another'`,
    `update refund_review set approved_at = now(), outcome = 'denied'`,
    'update refund_review set approved_at = null',
    'delete from refund_review',
    'truncate refund_review',
  ])('%s', async (sql) => {
    expect(await refusalOf('owner', sql)).toBe('RD001')
  })
})

test.each([
  [`insert into refund_decision values (2, 1, 'refundable', 'REFUNDABLE', 0, 1)`, '23514'],
  [`insert into refund_decision values (2, 1, 'refused', 'IOT', 5, 1)`, '23514'],
  [`insert into refund_decision values (2, 1, 'refused', 'IOT', -5, 1)`, '23514'],
  [`insert into refund_decision values (1, 1, 'refused', 'IOT', 0, 1)`, '23505'],
  [`insert into refund_decision values (1, 2, 'refused', 'IOT', 0, 1)`, undefined],
  [`insert into application_state values ('b', 1, 1, 'held', '2026-02-05', 1)`, '23514'],
  [`insert into application_state values ('b', 1, 1, 'gone', null, 1)`, '23514'],
])('%s: %s', async (sql, code) => {
  expect(await refusalOf('owner', sql)).toBe(code)
})

test('an assessment can be finished once, by who made it', async () => {
  const make = `insert into refund_assessment (programme, version, now_at, inputs, rules_version,
      made_by, made_at)
    values ('kt-2026', 1, '2026-01-20T00:00Z', '{1}', '2', 'somebody else', '2026-01-20T00:00Z')`
  const finish = `update refund_assessment set result = '{}', assessment_hash = sha256('d')
    where assessment_hash is null`
  expect(await refusalOf('finance_maker', `${make}; ${finish}`)).toBeUndefined()
  expect(await refusalOf('finance_maker', `${make}; ${finish}; ${finish}`)).toBeUndefined()
  const made = await as('finance_maker', async (client) => {
    await client.query('begin')
    const { rows } = await client.query<{ made_by: string }>(`${make} returning made_by`)
    await client.query('rollback')
    return rows[0]?.made_by
  })
  expect(made).toBe(nameOf('finance_maker'))
})

test('a review is proposed by one person and approved by another', async () => {
  const propose = `insert into refund_review (line_id, kind, outcome, reason, proposed_at)
    values (7, 'hardship', 'granted', 'stay abroad proved', '2026-01-25T00:00Z')`
  const approve = `update refund_review set approved_at = '2026-01-26T00:00Z'
    where line_id = 7 and approved_at is null`
  await as('finance_maker', (client) => client.query(propose))
  expect(await refusalOf('finance_maker', approve)).toBe('42501')
  expect(await refusalOf('finance_checker', propose)).toBe('42501')
  const claim = `set redress.actor = 'somebody'; update refund_review set approved_at = now()`
  await setting.query(`grant redress_finance_checker to ${nameOf('finance_maker')}`)
  expect(await refusalOf('finance_maker', `${claim} where line_id = 7`)).toBe('RD002')
  await setting.query(`revoke redress_finance_checker from ${nameOf('finance_maker')}`)
  await as('finance_checker', (client) => client.query(approve))
  expect(await refusalOf('finance_checker', claim)).toBe('RD001')
  const [review] = await setting.query(
    'select proposed_by, approved_by, authenticated from refund_review where line_id = 7',
  )
  expect(review).toEqual({
    proposed_by: nameOf('finance_maker'),
    approved_by: nameOf('finance_checker'),
    authenticated: true,
  })
  const forged = `insert into refund_review (line_id, kind, outcome, reason, proposed_at,
      proposed_by, approved_by, approved_at, authenticated)
    values (8, 'hardship', 'granted', 'x', now(), 'a', 'b', now(), true)
    returning approved_at`
  expect(await refusalOf('finance_maker', forged)).toBe('42501')
})

test('a review is about one application or one exclusion where its kind is', async () => {
  const proposed = async (values: string): Promise<string | undefined> =>
    await refusalOf(
      'finance_maker',
      `insert into refund_review (kind, line_id, application_id, exclusion, outcome, reason,
         proposed_at)
       values (${values}, 'granted', 'x', '2026-01-25T00:00Z')`,
    )
  expect(await proposed(`'hold_lifted', 1, 'a-1', null`)).toBeUndefined()
  expect(await proposed(`'hold_lifted', 1, null, null`)).toBe('23514')
  expect(await proposed(`'hold_lifted', 2, 'a-1', null`)).toBe('23514')
  expect(await proposed(`'hardship', 1, 'a-1', null`)).toBe('23514')
  expect(await proposed(`'exclusion_waived', 1, null, 'RESUBSCRIBED'`)).toBeUndefined()
  expect(await proposed(`'exclusion_waived', 1, null, null`)).toBe('23514')
  expect(await proposed(`'hardship', 1, null, 'RESUBSCRIBED'`)).toBe('23514')
})

describe('a role does what is its own', () => {
  const allowed: readonly (readonly [Role, string])[] = [
    ['operator', 'select * from termination'],
    ['finance_maker', 'select * from refund_application'],
    ['finance_maker', `select application_is_paid('a-1')`],
    ['finance_maker', `insert into refund_decision values (9, 1, 'refused', 'IOT', 0, 1)`],
    ['finance_checker', 'select account_last4, holder_check from refund_application'],
    ['agent', 'select paid_krw, hardship from termination'],
    ['agent', 'select * from refund_decision join application_state using (line_id)'],
    ['auditor', 'select * from termination'],
    ['auditor', 'select account_digest, holder_digest from refund_application'],
    ['key_keeper', 'select account_sealed from refund_application'],
    [
      'key_keeper',
      `update refund_application set account_sealed = set_byte(account_sealed, 0, 2),
         holder_sealed = set_byte(holder_sealed, 0, 2), key_version = 2`,
    ],
  ]
  test.each(allowed)('%s: %s', async (role, sql) => {
    expect(await refusalOf(role, sql)).toBeUndefined()
  })

  const refused: readonly (readonly [Role, string])[] = [
    ['operator', `insert into refund_decision values (9, 1, 'refused', 'IOT', 0, 1)`],
    ['operator', 'update refund_application set account_sealed = account_sealed'],
    ['finance_maker', 'update refund_review set approved_at = now()'],
    ['finance_maker', 'update refund_application set bank_code = bank_code'],
    ['finance_maker', 'update refund_assessment set inputs = inputs'],
    ['finance_maker', 'delete from termination'],
    ['finance_checker', 'select account_sealed from refund_application'],
    ['finance_checker', 'select notice_number from termination'],
    ['finance_checker', `insert into refund_decision values (9, 1, 'refused', 'IOT', 0, 1)`],
    ['agent', 'select holder_sealed from refund_application'],
    ['agent', 'select account_digest from refund_application'],
    ['agent', 'select notice_number from termination'],
    ['auditor', 'select account_sealed from refund_application'],
    ['auditor', 'select holder_sealed from refund_application'],
    ['auditor', `insert into refund_decision values (9, 1, 'refused', 'IOT', 0, 1)`],
    ['key_keeper', 'select account_last4 from refund_application'],
    ['key_keeper', 'select * from termination'],
    ['key_keeper', `update voucher_code set expires_on = '2027-01-01'`],
    ['key_keeper', 'delete from quarantined_row'],
    ['finance_maker', 'alter table termination disable trigger all'],
  ]
  test.each(refused)('and nothing else. %s: %s', async (role, sql) => {
    expect(await refusalOf(role, sql)).toBe('42501')
  })
})

test.each(['operator', 'finance_maker'] as const)('%s imports, in its own name', async (role) => {
  const url = new URL(setting.url)
  url.username = nameOf(role)
  url.password = nonce
  // What an operator left behind in loading a snapshot is not finance's to clear.
  await setting.query(
    `insert into import (kind, as_of, file_name, imported_by, started_at)
     values ('snapshot', '2026-01-13', 'left.csv', '', '2026-01-13T00:00Z')`,
  )
  const pool = openPool({ url: url.href, max: 4, name: 'a role' })
  const own = { ...LINE, customer_id: role === 'operator' ? 1 : 2 }
  const rows = [Object.keys(own), Object.values(own)].map((it) => it.join(','))
  const options = setting.optionsFor(`${rows.join('\n')}\n`)
  const report = await importTerminationsFile({ ...options, pool })
  await pool.end()
  expect(report).toMatchObject({ accepted: 1 })
  expect(
    await setting.query('select imported_by from import where import_id = $1', [report.importId]),
  ).toEqual([{ imported_by: nameOf(role) }])
  await setting.query(`delete from import where state = 'loading'`)
})

const LINE = {
  line_id: 55,
  customer_id: 1,
  customer_kind: 'individual',
  network: 'kt',
  line_kind: 'handset',
  activated_on: '2024-02-29',
  contract_event: '',
  contract_event_on: '',
  terminated_at: '2025-12-31T23:59:59+09:00',
  termination_kind: 'port_out',
  subsidy_clawback_krw: 0,
  discount_clawback_krw: 0,
  other_charges_krw: 0,
  paid_krw: 0,
  already_waived_krw: 0,
  resubscribed_on: '',
  hardship: '',
  hardship_ended_on: '',
  notice_number: '',
}

test('files of refunds are no input of plans: none gets stale by them', async () => {
  const kinds = await setting.query(`select distinct kind from import where state = 'accepted'`)
  expect(kinds).toEqual([{ kind: 'terminations' }])
  expect((await currentInputs(setting.pool, 'kt-2026')).inputs).toEqual([])
})
