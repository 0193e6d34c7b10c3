/** The access log: written once, read by line, time and person, and never altered. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPool } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import { listAccesses, logAccess } from '../../src/runs/access-log-store.js'
import type { AccessFilter } from '../../src/runs/access-log-store.js'
import { rehearse, testDatabase } from '../support/database.js'
import type { TestDatabase } from '../support/database.js'

let database: TestDatabase
let pool: Pool

const HIGHEST_ID = '999999999999999999'
const at = (minute: number): string => `2026-02-03T10:0${minute}:00.000Z`
const LOOKS = [
  { at: at(1), person: 'kim', lineId: '7', purpose: 'ticket 12', command: 'explain' },
  { at: at(2), person: 'lee', lineId: '7', purpose: 'ticket 12, once more', command: 'explain' },
  { at: at(2), person: 'kim', lineId: HIGHEST_ID, purpose: '문의', command: 'refunds estimate' },
  // Told later than it happened.
  { at: at(0), person: 'kim', lineId: '8', purpose: 'audit', command: 'explain' },
] as const

beforeAll(async () => {
  database = await testDatabase()
  await rehearse(database.url)
  pool = openPool({ url: database.url, max: 3, name: 'access log tests' })
  for (const { person, ...look } of LOOKS) {
    const own = openPool({ url: database.url, max: 1, name: 'access log tests', actor: person })
    await logAccess(own, look)
    await own.end()
  }
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

const purposes = async (filter: AccessFilter, limit = 100): Promise<readonly string[]> =>
  (await listAccesses(pool, filter, limit)).map((it) => it.purpose)

describe('what was logged', () => {
  it('is read as it was written, the latest first, with where it came from', async () => {
    const order = [2, 1, 0, 3] as const
    const [{ host } = { host: null }] = (
      await pool.query<{ host: string }>('select host(inet_client_addr()) as host')
    ).rows
    expect(await listAccesses(pool, {}, 100)).toEqual(
      order.map((it) => ({ accessId: `${it + 1}`, fromAddress: host, ...LOOKS[it] })),
    )
  })

  it.each([
    { filter: { lineId: '7' }, expected: [1, 0] },
    { filter: { lineId: HIGHEST_ID }, expected: [2] },
    { filter: { lineId: '9' }, expected: [] },
    { filter: { person: 'kim' }, expected: [2, 0, 3] },
    { filter: { person: 'ki' }, expected: [] },
    { filter: { since: at(2) }, expected: [2, 1] },
    { filter: { since: at(1), person: 'kim', lineId: '7' }, expected: [0] },
  ])('is found by $filter', async ({ filter, expected }) => {
    expect(await purposes(filter)).toEqual(expected.map((it) => LOOKS[it]?.purpose))
  })

  it('is found by its line through an index', async () => {
    const client = await pool.connect()
    await client.query('begin')
    await client.query('set local enable_seqscan = off')
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      'explain select * from access_log where line_id = 7 order by at desc limit 10',
    )
    await client.query('rollback')
    client.release()
    expect(rows.map((it) => it['QUERY PLAN']).join('\n')).toContain('access_log_by_line')
  })

  it('is read up to a limit', async () => {
    expect(await purposes({}, 1)).toEqual([LOOKS[2].purpose])
  })

  it.each([
    `update access_log set purpose = 'another'`,
    'delete from access_log',
    'truncate access_log',
    `update access_log set person = 'another' where false`,
  ])('cannot be altered: %s', async (sql) => {
    await expect(pool.query(sql)).rejects.toMatchObject({ code: 'RD001' })
  })
})

it('who looked and from where is not for the statement to say', async () => {
  const { rows } = await pool.query<{ is_own: boolean; person: string }>(
    `insert into access_log (at, person, line_id, purpose, command, from_address)
     values ('2020-01-01T00:00Z', 'park', 99, 'forged', 'explain', '203.0.113.9')
     returning from_address is not distinct from inet_client_addr() as is_own, person`,
  )
  expect(rows[0]).toMatchObject({ is_own: true, person: expect.not.stringContaining('park') })
})

it.each([
  { purpose: '', problem: '23514' },
  { purpose: 'x'.repeat(501), problem: '23514' },
])('a look without a purpose is refused: %o', async ({ problem, ...part }) => {
  await expect(logAccess(pool, { ...LOOKS[0], ...part })).rejects.toMatchObject({ code: problem })
})
