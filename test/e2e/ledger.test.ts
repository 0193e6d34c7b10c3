/** The ledger's export, and the proofs that find what was altered behind the program's back. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AS_OF, complaintOf, setting, subjectOf } from './setting.js'
import type { Entry, Setting } from './setting.js'
import { generateFiles } from '../simulation/population.js'

/** Sealed into some three chunks. */
const LINES = 3_000
const PERIODS = ['2026-02', '2026-03']

let here: Setting

beforeAll(async () => {
  here = await setting()
  const files = await generateFiles(here.folder, LINES, 7)
  await here.ok('snapshot', 'import', files.snapshot, '--as-of', AS_OF)
  await here.ok('status', 'import', files.status)
  await here.ok('run', '2026-02', '--yes')
  await here.ok('run', '2026-03', '--yes')
})

afterAll(async () => await here?.drop())

describe('ledger export', () => {
  let entries: readonly Entry[]

  it('holds what the runs wrote, each value in its column', async () => {
    entries = await here.entries()
    const runs = await here.list('runs', 'list')
    const granted = runs
      .flatMap((it) => Object.values(it.balance))
      .reduce((sum, it) => sum + it.granted, 0)
    expect(entries).toHaveLength(granted)
    for (const it of entries) {
      expect(it).toMatchObject({
        programme: 'kt-2026',
        version: '1',
        entry_type: 'grant',
        option: '',
      })
      expect(`${it.customer_id} ${it.line_id}`).toMatch(/^[1-9]\d* [1-9]\d*$/)
      expect(it.recorded_at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    }
    const forms = new Set(
      entries.map((it) =>
        [it.period, it.benefit, it.quantity, it.unit, it.valid_from, it.valid_to, it.run_id].join(),
      ),
    )
    expect([...forms].toSorted()).toEqual([
      '2026-02,data,102400,MB,2026-02-01,2026-02-28,1',
      '2026-02,insurance,24,months,2026-03-01,2028-02-29,1',
      '2026-02,membership,6,months,2026-02-01,2026-07-31,1',
      '2026-03,data,102400,MB,2026-03-01,2026-03-31,2',
      '2026-03,roaming_bonus,50,percent,2026-03-01,2026-08-31,2',
    ])
  })

  it('numbers the entries of a subject in a period from 1 on, lines apart from customers', () => {
    const numbers = new Map<string, number[]>()
    for (const it of entries) {
      const key = `${it.period} ${subjectOf(it)}`
      numbers.set(key, [...(numbers.get(key) ?? []), Number(it.entry_no)])
    }
    for (const [key, found] of numbers) {
      expect(
        found.toSorted((a, b) => a - b),
        key,
      ).toEqual(found.map((_, index) => index + 1))
    }
    expect([...numbers.keys()].some((it) => it.includes('customer'))).toBe(true)
  })

  it('can be cut down by period, benefit and run', async () => {
    expect(await here.entries('--period', '2026-03')).toEqual(
      entries.filter((it) => it.period === '2026-03'),
    )
    expect(await here.entries('--benefit', 'insurance')).toEqual(
      entries.filter((it) => it.benefit === 'insurance'),
    )
    expect(await here.entries('--run', '1', '--benefit', 'data')).toEqual(
      entries.filter((it) => it.run_id === '1' && it.benefit === 'data'),
    )
    expect(await here.entries('--run', '4711')).toEqual([])
  })

  it('into a folder that is not there ends with 1 and one line, and leaves nothing', async () => {
    const out = join(here.folder, 'missing', 'entries.csv')
    const result = await here.run('ledger', 'export', '--out', out)
    expect(result.exitCode).toBe(1)
    expect(complaintOf(result)).toContain(out)
    expect(existsSync(out)).toBe(false)
  })

  it('is the same bytes each time', async () => {
    const [first, second] = ['first.csv', 'second.csv'].map((name) => join(here.folder, name))
    await here.ok('ledger', 'export', '--out', first!)
    await here.ok('ledger', 'export', '--out', second!)
    expect(readFileSync(first!).equals(readFileSync(second!))).toBe(true)
  })
})

/** Alters rows as nobody can who only has the program: the triggers are off meanwhile. */
async function tamper(table: string, statement: string): Promise<void> {
  await here.query(`alter table ${table} disable trigger user;
    ${statement};
    alter table ${table} enable trigger user`)
}

describe('ledger verify', () => {
  const ends = (column: string): string =>
    `(select ${column}_customer_id from snapshot_chunk where chunk_no = 1)`
  const CHUNK_1 = `customer_id between ${ends('first')} and ${ends('last')}`
  const ONE = `ctid = (select ctid from ledger_posting_1 where ${CHUNK_1} order by line_id limit 1)`

  it('finds everything as it was posted, with replay too', async () => {
    for (const more of [[], ['--replay']]) {
      const verified = await here.ok('ledger', 'verify', ...more)
      expect(verified).toMatchObject({ ok: true, replayed: more.length > 0, differences: [] })
      expect(verified.runs.map((it) => it.period)).toEqual(PERIODS)
    }
  })

  it('is what the triggers keep from happening by accident', async () => {
    await expect(here.query('delete from ledger_posting_1')).rejects.toThrow(/append-only/)
    await expect(here.query('delete from ledger_posting')).rejects.toThrow(/append-only/)
    await expect(here.query('truncate ledger_posting_1')).rejects.toThrow(/append-only/)
    await expect(here.query('update run_chunk set postings = 0')).rejects.toThrow(/final/)
    await expect(here.query(`update run set state = 'open'`)).rejects.toThrow(/final/)
  })

  it.each([
    {
      what: 'an altered row',
      statement: `update ledger_posting_1 set entry_set_id =
        (select min(entry_set_id) from entry_set it
         where plan_id = 1 and it.entry_set_id <> ledger_posting_1.entry_set_id)
      where ${ONE}`,
    },
    {
      what: 'a row that moved to another line',
      statement: `update ledger_posting_1 set line_id = line_id + 1 where ${ONE}`,
    },
    { what: 'a missing row', statement: `delete from ledger_posting_1 where ${ONE}` },
    {
      what: 'an added row',
      statement: `insert into ledger_posting_1
      select customer_id, 5, entry_set_id, 1, 1 from ledger_posting_1 where ${ONE}`,
    },
  ])('names run and chunk of $what, with exit 3', async ({ statement }) => {
    await here.query('create table kept as select * from ledger_posting_1')
    await tamper('ledger_posting_1', statement)
    const result = await here.run('ledger', 'verify')
    await tamper(
      'ledger_posting_1',
      `delete from ledger_posting_1;
      insert into ledger_posting_1 select * from kept; drop table kept`,
    )
    expect(result.exitCode).toBe(3)
    expect(complaintOf(result)).toContain('run 1 chunk 1')
    expect(result.json.ok).toBe(false)
    expect(result.json.differences).toContain('run 1 chunk 1: the entries differ from those posted')
    expect(result.json.runs.map((it) => it.ok)).toEqual([false, true])
    expect(await here.ok('ledger', 'verify')).toMatchObject({ ok: true })
  })

  it('with replay names a later change of a status that the run had looked at', async () => {
    const status = `update status_change set status = 'terminated' where sequence_no =
      (select min(sequence_no) from status_change where status = 'suspended'
         and effective_at between '2026-01-14T00:00:00+09:00' and '2026-01-30T00:00:00+09:00')`
    await here.query('create table kept as select * from status_change')
    await tamper('status_change', status)
    const hashes = await here.run('ledger', 'verify')
    const replayed = await here.run('ledger', 'verify', '--replay')
    await tamper(
      'status_change',
      `delete from status_change;
      insert into status_change overriding system value select * from kept; drop table kept`,
    )
    expect(hashes.exitCode).toBe(0)
    expect(replayed.exitCode).toBe(3)
    expect(complaintOf(replayed)).toMatch(/facts of chunk 0 differ from the imported changes/)
    expect(await here.ok('ledger', 'verify', '--replay')).toMatchObject({ ok: true })
  })
})

describe('snapshot verify', () => {
  const FIRST = 'line_id = (select min(line_id) from snapshot_line_1)'

  it('is what the triggers keep from happening by accident', async () => {
    await expect(here.query('delete from snapshot_line_1')).rejects.toThrow(/refused/)
    // By way of the partitioned table, whose statements fire no trigger of its partitions.
    const aside = (statement: string): Promise<unknown> =>
      here.query(`begin; ${statement}; rollback`)
    await expect(aside('delete from snapshot_line')).rejects.toThrow(/refused/)
    await expect(
      aside(
        `insert into snapshot_line select (jsonb_populate_record(it, '{"line_id": 5}')).*
      from snapshot_line it limit 1`,
      ),
    ).rejects.toThrow(/refused/)
    await expect(here.query('update snapshot_chunk set lines = 0')).rejects.toThrow(/refused/)
    await expect(here.query('update snapshot set lines = 0')).rejects.toThrow(/refused/)
  })

  it.each([
    {
      what: 'an altered row',
      table: 'snapshot_line_1',
      statement: `update snapshot_line_1 set activated_on = activated_on - 1 where ${FIRST}`,
    },
    {
      what: 'an altered personal value',
      table: 'snapshot_line_1',
      statement: `update snapshot_line_1 set notice_number = '01000000000' where ${FIRST}`,
    },
    {
      what: 'a missing row',
      table: 'snapshot_line_1',
      statement: `delete from snapshot_line_1 where ${FIRST}`,
    },
    {
      what: 'an altered pack',
      table: 'snapshot_chunk',
      statement: `update snapshot_chunk set pack = set_byte(pack, 40, get_byte(pack, 40) # 1)
        where chunk_no = 1`,
    },
  ])('names the chunks with $what, with exit 3', async ({ table, statement }) => {
    await here.query(`create table kept as select * from ${table}`)
    await tamper(table, statement)
    const result = await here.run('snapshot', 'verify', '1')
    const replayed = await here.run('ledger', 'verify', '--replay')
    await tamper(
      table,
      `delete from ${table}; insert into ${table} select * from kept; drop table kept`,
    )
    expect(result.exitCode).toBe(3)
    expect(complaintOf(result)).toMatch(/snapshot 1: 1 chunks differ/)
    expect(result.json).toMatchObject({ ok: false, altered_chunks: [expect.any(Number)] })
    expect(replayed.exitCode).toBe(3)
    expect(await here.ok('snapshot', 'verify', '1')).toMatchObject({ ok: true })
  })
})
