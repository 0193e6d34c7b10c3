/** Corrections and differences of snapshots, and the access log, as whole commands. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redress, spawnRedress } from '../support/cli.js'
import type { CliResult } from '../support/cli.js'
import { scanForPersonalData } from '../support/personal-data.js'
import { AS_OF, HEADER, NOW, NINE_LINES, complaintOf, query, row, setting } from './setting.js'
import type { Setting } from './setting.js'

let here: Setting
const said: { name: string; text: string }[] = []

const BIRTH = '1950-03-04'
const NEW_BIRTH = '1949-02-03'
const NUMBER = '01099887766'
const NEW_NUMBER = '01012123434'

/** Lines 101 and 102 differ, 103 is gone, 110 is added. */
const CORRECTED = [
  HEADER,
  row({ line_id: '101', customer_id: '907', status: 'suspended', notice_number: NEW_NUMBER }),
  row({ line_id: '102', customer_id: '901', birth_date: NEW_BIRTH }),
  ...NINE_LINES.slice(4),
  row({ line_id: '110', customer_id: '908' }),
]

beforeAll(async () => {
  here = await setting()
})
afterAll(async () => await here?.drop())

/** As a person starts it: no JSON. */
async function tell(...args: readonly string[]): Promise<CliResult> {
  const result = await redress([...args, '--now', NOW], here.environment)
  said.push({ name: args.join(' '), text: result.stdout + result.stderr })
  return result
}

describe('a corrected snapshot', () => {
  it('of nothing keeps no reason and says so', async () => {
    const path = here.file('first.csv', NINE_LINES)
    const first = await tell('snapshot', 'import', path, '--as-of', AS_OF, '--reason', 'for once')
    expect(first.exitCode).toBe(0)
    expect(first.stderr).toContain(`--reason is not kept: there is no snapshot as of ${AS_OF}`)
    expect(first.stdout).not.toContain('supersede')
  })

  it('supersedes the one of its day, and import, list and show tell of it', async () => {
    const path = here.file('corrected.csv', CORRECTED)
    const reason = ' 101 moved; its "holder" too '
    const told = await here.ok('snapshot', 'import', path, '--as-of', AS_OF, '--reason', reason)
    const correction = { supersedes: 1, reason: '101 moved; its "holder" too' }
    expect(told).toMatchObject({ snapshot_id: 2, ...correction, superseded_by: null })
    expect(await here.list('snapshot', 'list')).toMatchObject([
      { snapshot_id: 1, supersedes: null, reason: null },
      { snapshot_id: 2, ...correction },
    ])
    expect(await here.ok('snapshot', 'show', '1')).toMatchObject({ superseded_by: 2 })
    expect(await here.ok('snapshot', 'show', '2')).toMatchObject(correction)
    expect((await tell('snapshot', 'list')).stdout).toContain(correction.reason)
    expect((await tell('snapshot', 'show', '2')).stdout).toMatch(/supersedes +snapshot 1/)
    expect((await tell('snapshot', 'show', '1')).stdout).toMatch(/superseded by +snapshot 2/)
    const again = await tell('snapshot', 'import', `${here.folder}/first.csv`, '--as-of', AS_OF)
    expect(again.stdout).toContain('it is superseded by snapshot 2')
    expect(await here.ok('plan', '2026-02')).toMatchObject({ snapshot_id: 2 })
  })

  it.each([{ reason: ' ' }, { reason: 'x'.repeat(501) }, { reason: 'two\nlines' }])(
    'is refused with a reason that is none: $reason',
    async ({ reason }) => {
      const args = ['snapshot', 'import', 'never.csv', '--as-of', AS_OF, '--reason', reason]
      const refused = await here.run(...args)
      expect(refused.exitCode).toBe(2)
      expect(complaintOf(refused)).toContain('--reason')
    },
  )
})

describe('snapshot diff', () => {
  it('tells as JSON what was added, gone and changed, with a sample', async () => {
    const found = await here.ok('snapshot', 'diff', '1', '2')
    said.push({ name: 'diff as JSON', text: JSON.stringify(found) })
    expect(found).toMatchObject({
      was: { snapshot_id: 1, as_of: AS_OF, lines: 9, customers: 8 },
      is: { snapshot_id: 2, as_of: AS_OF, lines: 9, customers: 8 },
      lines: {
        added: 1,
        gone: 1,
        changed: 2,
        unchanged: 6,
        columns: { customer_id: 1, status: 1, birth_date: 1, notice_number: 1, network: 0 },
      },
      customers: {
        added: 1,
        gone: 1,
        changed: 1,
        unchanged: 6,
        columns: { customer_kind: 0, birth_date: 1 },
      },
      sample: [
        {
          line_id: '101',
          changes: [
            { column: 'customer_id', was: '900', is: '907' },
            { column: 'status', was: 'active', is: 'suspended' },
            { column: 'notice_number', personal: true },
          ],
        },
        { line_id: '102', changes: [{ column: 'birth_date', personal: true }] },
      ],
    })
    const one = await here.ok('snapshot', 'diff', '1', '2', '--sample', '1')
    expect(one).toMatchObject({ lines: { changed: 2 }, sample: [{ line_id: '101' }] })
  })

  it('tells a person the same in tables', async () => {
    const { stdout, stderr, exitCode } = await tell('snapshot', 'diff', '1', '2')
    expect(exitCode).toBe(0)
    expect(stderr).toContain('compare lines: 9 lines')
    expect(stdout.split('\n').map((it) => it.replace(/ +/g, ' ').trim())).toEqual([
      `from snapshot 1 as of ${AS_OF} to snapshot 2 as of ${AS_OF}`,
      '',
      'added gone changed unchanged',
      'lines 1 1 2 6',
      'customers 1 1 1 6',
      '',
      'of changed column changed',
      'lines customer_id 1',
      'lines birth_date 1',
      'lines status 1',
      'lines notice_number 1',
      'customers birth_date 1',
      '',
      'the first 2 of 2 changed lines:',
      'line column was is',
      '101 customer_id 900 907',
      'status active suspended',
      'notice_number (personal) (differs)',
      '102 birth_date (personal) (differs)',
      '',
    ])
    const same = await tell('snapshot', 'diff', '2', '2')
    expect(same.stdout).not.toContain('changed column')
  })

  it.each([
    { args: ['1', '3'], says: /snapshot 3: unknown/ },
    { args: ['x', '1'], says: /snapshot x: unknown/ },
    { args: ['1', '2', '--sample', '1001'], says: /--sample/ },
    { args: ['1', '2', '--sample', '-1'], says: /--sample/ },
    { args: ['1'], says: /missing required argument/ },
  ])('is refused: $args', async ({ args, says }) => {
    const refused = await here.run('snapshot', 'diff', ...args)
    expect(refused.exitCode).toBe(2)
    expect(refused.stdout).toBe('')
    expect(complaintOf(refused)).toMatch(says)
  })

  it('ends with a Ctrl-C while it waits for the database, and says how to go on', async () => {
    // A snapshot's lines are locked: the diff has begun and cannot end by itself.
    const locker = new pg.Client({ connectionString: here.url })
    await locker.connect()
    await locker.query('begin; lock table snapshot_line_2 in access exclusive mode')
    const running = spawnRedress(['snapshot', 'diff', '1', '2'], here.environment)
    const waiting = `select count(*)::integer as count from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`
    await expect
      .poll(async () => (await query(here.url, waiting))[0]?.['count'], { timeout: 30_000 })
      .toBe(1)
    const ended = await running.kill('SIGINT')
    expect(ended.exitCode).toBe(1)
    expect(ended.stderr).toContain('go on with `redress snapshot diff 1 2`')
    expect(ended.stdout).toBe('')
    expect(await query(here.url, waiting)).toEqual([{ count: 0 }])
    await locker.end()
  })
})

describe('access-log list', () => {
  it('is empty before anybody looked', async () => {
    expect(await here.ok('access-log', 'list')).toEqual({ accesses: [], more: false })
    expect((await tell('access-log', 'list')).stdout).toBe('nobody looked\n')
  })

  it('tells who looked at which line, when and why, as far as asked for', async () => {
    await query(
      here.url,
      // The database would say that it was this login.
      `alter table access_log disable trigger stamp;
       insert into access_log (at, person, line_id, purpose, command) values
         ('2026-02-01T01:00:00Z', 'kim', 101, 'ticket 12', 'explain'),
         ('2026-02-01T02:00:00Z', 'lee', 102, 'ticket 13', 'explain'),
         ('2026-02-01T03:00:00Z', 'kim', 101, 'ticket 14', 'explain');
       alter table access_log enable trigger stamp`,
    )
    const ids = async (...flags: readonly string[]): Promise<unknown> => {
      const told = await here.ok('access-log', 'list', ...flags)
      return (told as unknown as { accesses: { access_id: string }[] }).accesses.map(
        (it) => it.access_id,
      )
    }
    expect(await here.ok('access-log', 'list', '--line', '102')).toMatchObject({
      accesses: [
        {
          access_id: '2',
          at: '2026-02-01T02:00:00.000Z',
          person: 'lee',
          line_id: '102',
          purpose: 'ticket 13',
          command: 'explain',
        },
      ],
      more: false,
    })
    expect(await ids()).toEqual(['3', '2', '1'])
    expect(await ids('--person', 'kim')).toEqual(['3', '1'])
    expect(await ids('--since', '2026-02-01T11:00:00+09:00')).toEqual(['3', '2'])
    expect(await here.ok('access-log', 'list', '--limit', '2')).toMatchObject({ more: true })
    const shown = await tell('access-log', 'list', '--limit', '2')
    expect(shown.stdout).toMatch(/3 +2026-02-01T03:00:00\.000Z +kim .*101 +explain +ticket 14/)
    expect(shown.stdout).toContain('and earlier ones')
  })

  it.each([
    { flags: ['--line', '0'], says: /--line/ },
    { flags: ['--since', '2026-02-01'], says: /--since "2026-02-01": not an instant/ },
    { flags: ['--limit', '0'], says: /--limit/ },
    { flags: ['--limit', '100001'], says: /--limit/ },
  ])('is refused: $flags', async ({ flags, says }) => {
    const refused = await here.run('access-log', 'list', ...flags)
    expect(refused.exitCode).toBe(2)
    expect(complaintOf(refused)).toMatch(says)
  })
})

it('none of it says anything personal', () => {
  expect(said.length).toBeGreaterThan(8)
  const values = [BIRTH, NEW_BIRTH, NUMBER, NEW_NUMBER, '1987-06-05']
  expect(scanForPersonalData({ values, texts: said })).toEqual([])
})
