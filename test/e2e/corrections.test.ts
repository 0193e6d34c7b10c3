/**
 * What is learnt after a period was closed: the next plan holds the difference alone, and after its
 * run everybody holds what they would have held, had all been known at once.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  AS_OF,
  LATE_CONSENT,
  LATE_STATUS,
  NINE_LINES,
  holdingsOf,
  row,
  setting,
} from './setting.js'
import type { Entry, Setting } from './setting.js'

let here: Setting
const settings: Setting[] = []

async function fresh(): Promise<Setting> {
  const made = await setting()
  settings.push(made)
  return made
}

beforeAll(async () => {
  here = await fresh()
  await importSnapshot(here)
  await here.ok('run', '2026-02', '--yes')
})

afterAll(async () => {
  for (const it of settings) await it.drop()
})

async function importSnapshot(where: Setting): Promise<void> {
  await where.ok('snapshot', 'import', where.file('snapshot.csv', NINE_LINES), '--as-of', AS_OF)
}

async function importChanges(where: Setting): Promise<void> {
  await where.ok('status', 'import', where.file('status.csv', LATE_STATUS))
  await where.ok('consents', 'import', where.file('consents.csv', LATE_CONSENT))
}

const told = (it: Entry): string =>
  `${it.benefit} ${it.line_id} ${it.entry_no} ${it.entry_type} ${it.quantity} ${it.reason}`

describe('a correction of a closed period', () => {
  it('is planned as the difference: missing grants, reversals of what was not due', async () => {
    await importChanges(here)
    const plan = await here.ok('plan', '2026-02')
    expect(plan.benefits.data).toMatchObject({
      grants: 1,
      reversals: 1,
      unchanged: 3,
      refused: 5,
      quantity: 0,
    })
    expect(plan.benefits.membership).toMatchObject({
      grants: 0,
      reversals: 1,
      unchanged: 6,
      refused: 3,
      quantity: -6,
    })
    expect(plan.benefits.insurance).toMatchObject({
      grants: 0,
      reversals: 1,
      unchanged: 0,
      refused: 8,
      quantity: -24,
    })
  })

  it('posts linked entries with numbers that go on', async () => {
    const run = await here.ok('run', '2026-02', '--yes')
    expect(run).toMatchObject({
      run_id: '2',
      state: 'closed',
      entries_written: 4,
      entries_already_present: 0,
    })
    expect(run.balance.data).toEqual({
      subjects: 9,
      granted: 1,
      reversed: 1,
      unchanged: 3,
      refused: 5,
      ok: true,
    })
    const posted = await here.entries('--run', '2')
    expect(posted.map(told)).toEqual([
      'data 102 3 reversal 102400 TERMINATED',
      'membership 102 4 reversal 6 TERMINATED',
      'insurance 102 2 reversal 24 TERMINATED',
      'data 107 2 grant 102400 ELIGIBLE',
    ])
  })

  it('leaves everybody with what they hold where all was known at once', async () => {
    const other = await fresh()
    await importSnapshot(other)
    await importChanges(other)
    const once = await other.ok('run', '2026-02', '--yes')
    expect(once).toMatchObject({ state: 'closed', entries_written: 10 })
    expect(holdingsOf(await here.entries())).toEqual(holdingsOf(await other.entries()))
  })

  it('can be corrected again, and nothing is left to do after that', async () => {
    const back = here.file('back.csv', [LATE_STATUS[0]!, '102,active,2026-01-25T10:00:00+09:00'])
    await here.ok('status', 'import', back)
    expect(await here.ok('run', '2026-02', '--yes')).toMatchObject({
      state: 'closed',
      entries_written: 3,
    })
    const of102 = (await here.entries('--period', '2026-02')).filter((it) => it.line_id === '102')
    expect(of102.map(told)).toEqual([
      'data 102 1 grant 102400 ELIGIBLE',
      'membership 102 2 grant 6 ELIGIBLE',
      'insurance 102 1 grant 24 AGE_65',
      'data 102 3 reversal 102400 TERMINATED',
      'membership 102 4 reversal 6 TERMINATED',
      'insurance 102 2 reversal 24 TERMINATED',
      'data 102 5 grant 102400 ELIGIBLE',
      'membership 102 6 grant 6 ELIGIBLE',
      'insurance 102 3 grant 24 AGE_65',
    ])
    expect(await here.ok('run', '2026-02', '--yes')).toMatchObject({
      entries_written: 0,
      entries_already_present: 19,
    })
    expect(await here.ok('ledger', 'verify', '--replay')).toMatchObject({ ok: true })
  })
})

describe('version 2 of the programme', () => {
  const JANUARY_31 = [
    ...NINE_LINES.filter((it) => !it.startsWith('101,')),
    row({ line_id: '110', customer_id: '908', activated_on: '2026-01-20' }),
    row({
      line_id: '111',
      customer_id: '901',
      birth_date: '1950-03-04',
      activated_on: '2026-01-21',
    }),
  ]

  it('is planned as the difference to all that version 1 gave', async () => {
    const later = here.file('january-31.csv', JANUARY_31)
    await here.ok('snapshot', 'import', later, '--as-of', '2026-01-31')
    const plan = await here.ok('plan', '2026-02', '--programme', 'kt-2026@2')
    expect(plan).toMatchObject({ programme: 'kt-2026', version: 2, lines: 10, customers: 9 })
    // 101 is not in the snapshot of that day any more, 110 and 111 are new in it.
    expect(plan.benefits.data).toMatchObject({
      grants: 2,
      reversals: 1,
      unchanged: 4,
      quantity: 102_400,
    })
    expect(plan.benefits.membership).toMatchObject({ grants: 2, reversals: 1, unchanged: 6 })
    expect(plan.benefits.insurance).toMatchObject({ grants: 0, reversals: 0, unchanged: 1 })
  })

  it('leaves everybody with what version 2 alone would have given', async () => {
    const run = await here.ok('run', '2026-02', '--yes', '--programme', 'kt-2026@2')
    expect(run).toMatchObject({ state: 'closed', entries_written: 6 })
    const reversed = (await here.entries('--run', run.run_id)).filter(
      (it) => it.entry_type === 'reversal',
    )
    expect(reversed.map((it) => `${it.version} ${it.line_id} ${it.benefit}`)).toEqual([
      '2 101 data',
      '2 101 membership',
    ])
    const other = await fresh()
    await other.ok(
      'snapshot',
      'import',
      other.file('later.csv', JANUARY_31),
      '--as-of',
      '2026-01-31',
    )
    await other.ok('consents', 'import', other.file('consents.csv', LATE_CONSENT))
    await other.ok('run', '2026-02', '--yes', '--programme', 'kt-2026@2')
    expect(holdingsOf(await here.entries())).toEqual(holdingsOf(await other.entries()))
    expect(await here.ok('ledger', 'verify', '--replay')).toMatchObject({ ok: true })
  })

  it('gives way to version 1 again when that is run once more', async () => {
    const before = holdingsOf(await here.entries('--period', '2026-02'))
    const back = await here.ok('run', '2026-02', '--yes', '--programme', 'kt-2026@1')
    expect(back).toMatchObject({ state: 'closed', entries_written: 6 })
    const forth = await here.ok('run', '2026-02', '--yes', '--programme', 'kt-2026@2')
    expect(forth).toMatchObject({ state: 'closed', entries_written: 6 })
    expect(holdingsOf(await here.entries('--period', '2026-02'))).toEqual(before)
  })
})
