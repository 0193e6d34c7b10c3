/** `ledger verify`: silent on a sound ledger, and each kind of tampering is told by name. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cancelRun } from '../../src/runs/start-run.js'
import { verifyLedger } from '../../src/runs/verify-ledger.js'
import type { RunVerification } from '../../src/runs/verify-ledger.js'
import type { SealedSnapshot } from '../../src/snapshot/snapshot.js'
import { LedgerSetting, NOW, V2_AS_OF } from '../support/builders.js'

let setting: LedgerSetting
let first: SealedSnapshot
let table: string

beforeAll(async () => {
  setting = await LedgerSetting.open()
  const population = { lines: 2_400, seed: 5 }
  first = await setting.importGenerated({ ...population, statuses: true, choices: true })
  await setting.importVouchers({ option: 'tving', codes: 30 }, { option: 'disney_plus', codes: 30 })
  await setting.planAndExecute('2026-02')
  const granted = await setting.query<{ id: string }>(
    'select line_id as id from ledger_posting order by 1 limit 40',
  )
  await setting.importStatuses(
    ...granted.map((it) => `${it.id},terminated,2026-01-25T00:00:00+09:00`),
  )
  await setting.planAndExecute('2026-02')
  await setting.importGenerated({ ...population, seed: 6, asOf: V2_AS_OF })
  await setting.planAndExecute('2026-02', { version: 2 })
  const cut = await setting.start(await setting.plan('2026-03'))
  await setting.apply(cut, [1])
  await cancelRun(setting.pool, cut.runId, NOW)
  await setting.planAndExecute('2026-03')
  table = await setting.ledgerTable('2026-02')
})
afterAll(async () => {
  await setting.close()
})

const verify = (replay: boolean): Promise<readonly RunVerification[]> =>
  verifyLedger(setting.pool, { replay, lanes: 2 })
const told = async (replay = false): Promise<readonly string[]> => [
  ...new Set((await verify(replay)).flatMap((it) => it.differences)),
]

describe('a ledger of runs, corrections and a cancelled run', () => {
  it('is sound, with replay and without', async () => {
    for (const replay of [false, true]) {
      const verified = await verify(replay)
      expect(verified.map((it) => it.run.state)).toEqual([
        'closed',
        'closed',
        'closed',
        'cancelled',
        'closed',
      ])
      expect(verified.flatMap((it) => it.differences)).toEqual([])
      for (const it of verified) {
        expect(it.rootHash).toBe(it.run.rootHash)
        expect(it.postings).toBeGreaterThan(0)
      }
    }
  })

  it('is told of chunk by chunk', async () => {
    const done: (readonly number[])[] = []
    const verified = await verifyLedger(setting.pool, {
      replay: false,
      lanes: 3,
      onProgress: (...it) => done.push(it),
    })
    const chunks = verified.reduce((sum, it) => sum + it.run.chunks, 0)
    expect(done).toEqual(Array.from({ length: chunks }, (_, index) => [index + 1, chunks]))
  })

  it('is left alone when its proof is interrupted', async () => {
    const signal = AbortSignal.abort(new Error('stop'))
    await expect(verifyLedger(setting.pool, { replay: false, lanes: 1, signal })).rejects.toThrow(
      'stop',
    )
    expect(await told()).toEqual([])
  })
})

describe('told from a sound ledger is', () => {
  const someRow = async (): Promise<Record<string, string>> => {
    const [row] = await setting.query<Record<string, string>>(
      `select customer_id, line_id, entry_set_id, posting_no, ledger_no from ${table}
       where posting_no = 1 order by customer_id, line_id limit 1`,
    )
    return row!
  }
  const AT = 'customer_id = $1 and line_id = $2 and posting_no = 1'
  const differs = [
    'run 1 chunk 0: the entries differ from those posted',
    'run 1: the root hash differs from the one recorded',
  ]

  it('a posting that says something else', async () => {
    const row = await someRow()
    const key = [row['customer_id'], row['line_id']]
    await setting.tamper(
      table,
      `update ${table} set entry_set_id = (
        select max(entry_set_id) from entry_set where plan_id = 1 and entry_set_id <> $3)
      where ${AT}`,
      [...key, row['entry_set_id']],
    )
    expect(await told()).toEqual(differs)
    await setting.tamper(table, `update ${table} set entry_set_id = $3 where ${AT}`, [
      ...key,
      row['entry_set_id'],
    ])
    expect(await told()).toEqual([])
  })

  it('a posting under another number', async () => {
    const row = await someRow()
    await setting.tamper(table, `update ${table} set posting_no = 9 where ${AT}`, [
      row['customer_id'],
      row['line_id'],
    ])
    expect(await told()).toEqual(differs)
    await setting.tamper(
      table,
      `update ${table} set posting_no = 1
      where customer_id = $1 and line_id = $2 and posting_no = 9`,
      [row['customer_id'], row['line_id']],
    )
    expect(await told()).toEqual([])
  })

  it('a posting that is gone', async () => {
    const row = await someRow()
    await setting.tamper(table, `delete from ${table} where ${AT}`, [
      row['customer_id'],
      row['line_id'],
    ])
    expect(await told()).toEqual(differs)
    await setting.tamper(
      table,
      `insert into ${table} select * from jsonb_populate_record(null::${table}, $1)`,
      [row],
    )
    expect(await told()).toEqual([])
  })

  it('a posting that was added to a run', async () => {
    const row = await someRow()
    await setting.tamper(
      table,
      `insert into ${table} select * from jsonb_populate_record(null::${table}, $1)`,
      [{ ...row, line_id: 3 }],
    )
    expect(await told()).toEqual(differs)
    await setting.tamper(table, `delete from ${table} where line_id = 3`)
  })

  it('a posting that belongs to no run', async () => {
    const plan = await setting.plan('2026-07')
    await setting.tamper(
      table,
      `insert into ${table} (customer_id, line_id, entry_set_id, posting_no)
      select 3, 3, max(entry_set_id), 1 from entry_set where plan_id = $1`,
      [plan.planId],
    )
    expect(await told()).toEqual(['period 2026-02: 1 postings belong to no run'])
    await setting.tamper(table, `delete from ${table} where line_id = 3`)
    expect(await told()).toEqual([])
  })

  it('a posting of a chunk that its cancelled run never posted', async () => {
    const march = await setting.ledgerTable('2026-03')
    await setting.tamper(
      march,
      `insert into ${march} (customer_id, line_id, entry_set_id, posting_no)
      select 0, 3, max(entry_set_id), 1 from entry_set join run using (plan_id) where run_id = 4`,
    )
    expect(await told()).toEqual(['run 4 chunk 0: the entries differ from those posted'])
    await setting.tamper(march, `delete from ${march} where line_id = 3`)
  })

  it('a dictionary that says something else', async () => {
    const [set] = await setting.query<{ id: number; entries: object }>(
      `select entry_set_id as id, entries from entry_set e where plan_id = 1
         and exists (select from ${table} where entry_set_id = e.entry_set_id) order by 1 limit 1`,
    )
    const say = (entries: string): Promise<number> =>
      setting.tamper(
        'entry_set',
        `update entry_set set entries = ${entries} where entry_set_id = ${set!.id}`,
      )
    await say(`jsonb_set(entries, '{0,quantity}', '1')`)
    expect(await told()).toContain('run 1: the root hash differs from the one recorded')
    // Even when it now says what another set says.
    await say(`(select entries from entry_set
      where plan_id = 1 and entry_set_id <> ${set!.id} limit 1)`)
    expect(await told()).toContain('run 1: the root hash differs from the one recorded')
    await setting.tamper('entry_set', 'update entry_set set entries = $2 where entry_set_id = $1', [
      set!.id,
      JSON.stringify(set!.entries),
    ])
    expect(await told()).toEqual([])
  })

  it('a count of the plan that was altered', async () => {
    const count = (by: string): Promise<number> =>
      setting.tamper(
        'plan_chunk',
        `update plan_chunk
      set tallies = jsonb_set(tallies, '{data,refused}',
        to_jsonb((tallies#>>'{data,refused}')::int ${by}))
      where plan_id = 1 and chunk_no = 0`,
      )
    await count('+ 1')
    expect(await told()).toEqual(differs)
    await count('- 1')
  })

  it('a settled fact that was altered, when decisions are made again', async () => {
    const swap = (from: string, to: string): Promise<number> =>
      setting.tamper(
        'plan_facts',
        `update plan_facts set pack = decode(
           replace(encode(pack, 'hex'), encode($1, 'hex'), encode($2, 'hex')), 'hex')
         where plan_id = 1 and chunk_no = 0`,
        [Buffer.from(from), Buffer.from(to)],
      )
    await swap('"terminated"', '"xerminated"')
    expect(await told()).toEqual([])
    expect(await told(true)).toEqual([
      'plan 1: the settled facts of chunk 0 differ from the imported changes',
      'run 1 chunk 0: the rules decide otherwise',
    ])
    await swap('"xerminated"', '"terminated"')
    expect(await told(true)).toEqual([])
  })

  it('an imported change that was altered, when decisions are made again', async () => {
    const [change] = await setting.query<Record<string, string>>(
      `select s.line_id, s.sequence_no from status_change s
       join plan p on p.plan_id = 1 and s.import_id = any(p.inputs)
       join snapshot_line l on l.snapshot_id = p.snapshot_id and l.line_id = s.line_id
       where s.status = 'terminated' and s.effective_at <= '2026-02-01T00:00:00+09:00'
         and not exists (select from status_change later
                         where later.line_id = s.line_id and later.effective_at > s.effective_at)
       order by s.line_id limit 1`,
    )
    const set = (status: string): Promise<number> =>
      setting.tamper(
        'status_change',
        'update status_change set status = $2 where sequence_no = $1',
        [change!['sequence_no'], status],
      )
    await set('active')
    expect(await told(true)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^plan 1: the settled facts of chunk \d differ from the imported changes$/,
        ),
      ]),
    )
    await set('terminated')
    expect(await told(true)).toEqual([])
  })

  it('a choice that was altered, when decisions are made again', async () => {
    const [chosen] = await setting.query<{ choice_id: string; option: string }>(
      `select distinct on (c.line_id) c.choice_id, c.option
       from plan_voucher v join choice c using (line_id)
       where v.plan_id = 1 and c.chosen_at < $1
         and not exists (select from choice other
                         where other.line_id = c.line_id and other.choice_id <> c.choice_id)
       limit 1`,
      [NOW],
    )
    const say = (option: string): Promise<number> =>
      setting.tamper('choice', 'update choice set option = $2 where choice_id = $1', [
        chosen!.choice_id,
        option,
      ])
    expect(await say(chosen!.option === 'tving' ? 'disney_plus' : 'tving')).toBe(1)
    expect(await told()).toEqual([])
    expect(await told(true)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^plan 1: the settled facts of chunk \d differ from the imported/),
        expect.stringMatching(
          /^plan 1: \d+ codes kept for lines differ from the imported changes$/,
        ),
      ]),
    )
    await say(chosen!.option)
    expect(await told(true)).toEqual([])
  })

  it('a code that was kept for another line, when codes are kept again', async () => {
    const exchange = (): Promise<number> =>
      setting.tamper(
        'plan_voucher',
        `with pair as (select min(code_id) as one, max(code_id) as two
                       from plan_voucher where plan_id = 1)
         update plan_voucher set code_id = one + two - code_id from pair
         where plan_id = 1 and code_id in (one, two)`,
      )
    expect(await exchange()).toBe(2)
    expect(await told()).toEqual(['run 1: 4 codes given out differ from those kept for its lines'])
    expect(await told(true)).toContain(
      'plan 1: 4 codes kept for lines differ from the imported changes',
    )
    await exchange()
    expect(await told(true)).toEqual([])
  })

  it('a code that was given out to another line or not at all', async () => {
    const [given] = await setting.query<{ row: Record<string, number> }>(
      'select to_jsonb(it) as row from voucher_issue it order by code_id limit 1',
    )
    const change = (sql: string, values: readonly unknown[] = [given!.row['code_id']]) =>
      setting.tamper('voucher_issue', sql, values)
    await change('update voucher_issue set line_id = 3 where code_id = $1')
    expect(await told()).toEqual(['run 1: 2 codes given out differ from those kept for its lines'])
    await change('delete from voucher_issue where code_id = $1')
    expect(await told()).toEqual(['run 1: 1 codes given out differ from those kept for its lines'])
    const back = 'select * from jsonb_populate_record(null::voucher_issue, $1)'
    await change(`insert into voucher_issue ${back}`, [given!.row])
    expect(await told(true)).toEqual([])
  })

  const swapInPack = (from: string, to: string): Promise<number> =>
    setting.tamper(
      'snapshot_chunk',
      `update snapshot_chunk set pack = decode(
       replace(encode(pack, 'hex'), encode($3, 'hex'), encode($4, 'hex')), 'hex')
     where snapshot_id = $1 and chunk_no = $2`,
      [first.snapshotId, 1, Buffer.from(from), Buffer.from(to)],
    )

  it('a pack that says something else, when decisions are made again', async () => {
    await swapInPack('"minor"', '"MINOR"')
    expect(await told()).toEqual([])
    expect(await told(true)).toEqual(
      expect.arrayContaining([
        `snapshot ${first.snapshotId}: 1 chunks differ from what was sealed`,
        'run 1 chunk 1: the rules decide otherwise',
        'run 2 chunk 1: the rules decide otherwise',
      ]),
    )
    await swapInPack('"MINOR"', '"minor"')
    expect(await told(true)).toEqual([])
  })

  it('a pack that cannot be read any more', async () => {
    await swapInPack('[{"network"', '[["network"')
    expect(await told(true)).toEqual(
      expect.arrayContaining([
        `snapshot ${first.snapshotId}: 1 chunks differ from what was sealed`,
        'run 1 chunk 1: what it was decided from cannot be read',
      ]),
    )
    await swapInPack('[["network"', '[{"network"')
    expect(await told(true)).toEqual([])
  })

  it('a posting that is gone although a later one undoes it', async () => {
    const [row] = await setting.query<Record<string, string>>(
      `select p.* from ${table} p
       join ${table} later using (customer_id, line_id)
       join entry_set s on s.entry_set_id = later.entry_set_id
       where p.posting_no = 1 and s.plan_id = 2 order by p.customer_id, p.line_id limit 1`,
    )
    await setting.tamper(table, `delete from ${table} where ${AT}`, [
      row!['customer_id'],
      row!['line_id'],
    ])
    expect(await told(true)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^run 1 chunk \d: the entries differ from those posted$/),
        expect.stringMatching(/^run [23] chunk \d: what it was decided from cannot be read$/),
      ]),
    )
    await setting.tamper(
      table,
      `insert into ${table} select * from jsonb_populate_record(null::${table}, $1)`,
      [row],
    )
    expect(await told(true)).toEqual([])
  })

  it('a chunk of a plan that is gone', async () => {
    const [row] = await setting.query<Record<string, unknown>>(
      `select to_jsonb(it) as row from plan_chunk it where plan_id = 1 and chunk_no = 0`,
    )
    await setting.tamper('plan_chunk', 'delete from plan_chunk where plan_id = 1 and chunk_no = 0')
    expect(await told()).toEqual(differs)
    await setting.tamper(
      'plan_chunk',
      'insert into plan_chunk select * from jsonb_populate_record(null::plan_chunk, $1)',
      [row!['row']],
    )
    expect(await told()).toEqual([])
  })
})
