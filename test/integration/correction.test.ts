/** Corrections: a period run again after new input ends where that input alone would have ended. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { closeRun } from '../../src/runs/close-run.js'
import { verifyLedger } from '../../src/runs/verify-ledger.js'
import { COMPANY, LedgerSetting, NOW, OLD, V1_AS_OF, V2_AS_OF } from '../support/builders.js'
import type { RowDraft } from '../support/builders.js'

let setting: LedgerSetting
beforeEach(async () => {
  setting = await LedgerSetting.open()
})
afterEach(async () => {
  await setting.close()
})

const lateInput = '2026-01-20T09:00:00+09:00'

async function expectSound(of: LedgerSetting): Promise<void> {
  const verified = await verifyLedger(of.pool, { replay: true, lanes: 2 })
  expect(verified.length).toBeGreaterThan(0)
  expect(verified.flatMap((it) => it.differences)).toEqual([])
  // By subject: a line, whoever its customer is, or a customer, whichever line carries the entry.
  const gaps = await of.query(
    `select min(line_id) from ledger_entry
     group by period, subject, case subject when 'line' then line_id else customer_id end
     having (min(entry_no), max(entry_no), count(distinct entry_no)) <> (1, count(*), count(*))
     limit 5`,
  )
  expect(gaps).toEqual([])
  const overgranted = await of.query(
    `select min(line_id) from ledger_entry
     group by period, benefit, subject, case subject when 'line' then line_id else customer_id end
     having sum(case entry_type when 'grant' then 1 else -1 end) not in (0, 1) limit 5`,
  )
  expect(overgranted).toEqual([])
}

describe('a period that is run again', () => {
  const rows: readonly RowDraft[] = [
    { line_id: 11, customer_id: 1, ...OLD },
    { line_id: 12, customer_id: 1, ...OLD },
    { line_id: 21, customer_id: 2, plan_restriction: 'minor', birth_date: '2015-01-01' },
    { line_id: 31, customer_id: 3, ...COMPANY },
  ]

  it('posts nothing when nothing is new', async () => {
    await setting.importLines(rows)
    await setting.planAndExecute('2026-02')
    const before = await setting.entries('2026-02')
    const again = await setting.planAndExecute('2026-02')
    expect(again.state).toBe('closed')
    expect(await setting.entries('2026-02')).toEqual(before)
    expect(again.balance?.['data']).toEqual({
      subjects: 4,
      granted: 0,
      reversed: 0,
      unchanged: 3,
      refused: 1,
      ok: true,
    })
    await expectSound(setting)
  })

  it('reverses what a late termination undoes and adds what a late consent allows', async () => {
    await setting.importLines(rows)
    await setting.planAndExecute('2026-02')
    await setting.importStatuses(
      `12,terminated,${lateInput}`,
      '31,suspended,2026-02-01T00:00:01+09:00',
    )
    await setting.importConsents('21,2026-01-20')
    const run = await setting.planAndExecute('2026-02')
    expect((await setting.entries('2026-02')).slice(-3)).toEqual([
      '1/12 data 3 reversal TERMINATED',
      '1/12 membership 4 reversal TERMINATED',
      '2/21 data 2 grant ELIGIBLE',
    ])
    expect(run.balance).toMatchObject({
      data: { subjects: 4, granted: 1, reversed: 1, unchanged: 2, refused: 1, ok: true },
      membership: { granted: 0, reversed: 1, unchanged: 3, refused: 1, ok: true },
      insurance: { subjects: 3, granted: 0, reversed: 0, unchanged: 1, refused: 2, ok: true },
    })
    await expectSound(setting)
  })

  it('is held when the ledger lacks a reversal that was counted', async () => {
    await setting.importLines(rows)
    await setting.planAndExecute('2026-04')
    await setting.importStatuses(`12,terminated,${lateInput}`)
    const run = await setting.start(await setting.plan('2026-04'))
    await setting.apply(run)
    const table = await setting.ledgerTable('2026-04')
    expect(await setting.tamper(table, `delete from ${table} where posting_no = 2`)).toBe(1)
    expect(await closeRun(setting.pool, run.runId, NOW)).toMatchObject({
      state: 'held',
      heldBecause: 'data: the ledger holds 0 reversals, 1 were counted',
    })
  })

  it('reverses, grants and reverses again, each under the next number', async () => {
    await setting.importLines(rows.slice(3))
    await setting.planAndExecute('2026-04')
    await setting.importStatuses(`31,terminated,${lateInput}`)
    await setting.planAndExecute('2026-04')
    await setting.importStatuses(`31,active,${lateInput}`)
    await setting.planAndExecute('2026-04')
    await setting.importStatuses('31,suspended,2026-03-31T23:59:59+09:00')
    await setting.planAndExecute('2026-04')
    expect(await setting.entries('2026-04')).toEqual([
      '3/31 data 1 grant ELIGIBLE',
      '3/31 data 2 reversal TERMINATED',
      '3/31 data 3 grant ELIGIBLE',
      '3/31 data 4 reversal SUSPENDED',
    ])
    expect(await setting.netEntitlement('2026-04')).toEqual([])
    await expectSound(setting)
  })

  it('keeps an insurance with its carrier, and ends it with the last line', async () => {
    await setting.importLines(rows.slice(0, 2))
    await setting.planAndExecute('2026-02')
    await setting.importStatuses(`11,terminated,${lateInput}`)
    await setting.planAndExecute('2026-02')
    expect((await setting.entries('2026-02')).filter((it) => it.includes('insurance'))).toEqual([
      '1/11 insurance 1 grant AGE_65',
    ])
    await setting.importStatuses(`12,terminated,${lateInput}`)
    await setting.planAndExecute('2026-02')
    expect((await setting.entries('2026-02')).filter((it) => it.includes('insurance'))).toEqual([
      '1/11 insurance 1 grant AGE_65',
      '1/11 insurance 2 reversal TERMINATED',
    ])
    await expectSound(setting)
  })
})

describe('another version of the programme with its own snapshot', () => {
  async function correct(before: readonly RowDraft[], after: readonly RowDraft[]): Promise<void> {
    const period = '2026-02'
    await setting.importLines(before, V1_AS_OF)
    await setting.importLines(after, V2_AS_OF)
    expect((await setting.planAndExecute(period)).state).toBe('closed')
    expect((await setting.planAndExecute(period, { version: 2 })).state).toBe('closed')
    await expectSound(setting)
  }

  it('reverses those that are gone, adds those that joined, leaves the others', async () => {
    await correct(
      [
        { line_id: 1, customer_id: 1, ...OLD },
        { line_id: 2, customer_id: 2, ...OLD },
        { line_id: 3, customer_id: 2, ...OLD },
        { line_id: 9, customer_id: 999_999_999_999_999_999n.toString() },
      ],
      [
        { line_id: 2, customer_id: 2, ...OLD },
        { line_id: 4, customer_id: 3 },
      ],
    )
    const of2 = (await setting.entries('2026-02')).slice(10)
    expect(of2).toEqual([
      '1/1 data 3 reversal NOT_IN_SNAPSHOT',
      '1/1 membership 4 reversal NOT_IN_SNAPSHOT',
      '1/1 insurance 2 reversal NOT_IN_SNAPSHOT',
      '2/3 data 3 reversal NOT_IN_SNAPSHOT',
      '2/3 membership 4 reversal NOT_IN_SNAPSHOT',
      '3/4 data 1 grant ELIGIBLE',
      '3/4 membership 2 grant ELIGIBLE',
      '999999999999999999/9 data 3 reversal NOT_IN_SNAPSHOT',
      '999999999999999999/9 membership 4 reversal NOT_IN_SNAPSHOT',
    ])
  })

  it('leaves the entitlement of a line that moved to another customer with the line', async () => {
    await correct(
      [
        { line_id: 1, customer_id: 5, ...OLD },
        { line_id: 2, customer_id: 5, ...OLD },
      ],
      [
        { line_id: 1, customer_id: 6 },
        { line_id: 2, customer_id: 5, ...OLD },
      ],
    )
    const entries = await setting.entries('2026-02')
    expect(entries.filter((it) => it.includes('insurance'))).toEqual([
      '5/1 insurance 1 grant AGE_65',
    ])
    expect(entries.filter((it) => it.includes('reversal'))).toEqual([])
    expect(entries.length).toBe(5)
  })

  it('goes on with the numbers of a line that moved, whichever customer it is under', async () => {
    await correct(
      [
        { line_id: 1, customer_id: 6, ...OLD },
        { line_id: 2, customer_id: 6, ...OLD },
      ],
      [
        { line_id: 1, customer_id: 5, payment: 'prepaid' },
        { line_id: 2, customer_id: 6, ...OLD },
      ],
    )
    expect((await setting.entries('2026-02')).slice(5)).toEqual(['5/1 data 3 reversal PREPAID'])
    // Back again: what it was refused for is gone.
    await setting.planAndExecute('2026-02')
    expect((await setting.entries('2026-02')).slice(6)).toEqual(['6/1 data 4 grant ELIGIBLE'])
    await expectSound(setting)
  })

  it('reverses the insurance of a customer whose line moved away and was the last', async () => {
    await correct(
      [{ line_id: 1, customer_id: 5, ...OLD }],
      [{ line_id: 1, customer_id: 6, ...OLD }],
    )
    expect((await setting.entries('2026-02')).slice(3).toSorted()).toEqual([
      '5/1 insurance 2 reversal NOT_IN_SNAPSHOT',
      '6/1 insurance 1 grant AGE_65',
    ])
  })
})

describe('a line that moves and moves again', () => {
  const at = (customer: number, more: Partial<RowDraft> = {}): RowDraft =>
    ({ line_id: 1, customer_id: customer, ...more }) as RowDraft
  const AWAY = { line_id: 2, customer_id: 9 }

  async function runEach(...worlds: readonly (readonly RowDraft[])[]): Promise<readonly string[]> {
    for (const world of worlds) {
      await setting.importLines([AWAY, ...world])
      expect((await setting.planAndExecute('2026-04')).state).toBe('closed')
    }
    await expectSound(setting)
    return (await setting.entries('2026-04')).filter((it) => !it.startsWith('9/'))
  }

  it('and leaves is reversed once, under the customer that it was posted under last', async () => {
    expect(await runEach([at(5)], [at(6, { payment: 'prepaid' })], [at(5)], [at(7)], [])).toEqual([
      '5/1 data 1 grant ELIGIBLE',
      '6/1 data 2 reversal PREPAID',
      '5/1 data 3 grant ELIGIBLE',
      '5/1 data 4 reversal NOT_IN_SNAPSHOT',
    ])
  })

  it('and leaves after it was reversed elsewhere is not reversed again', async () => {
    expect(await runEach([at(5)], [at(6, { payment: 'prepaid' })], [], [], [at(8)])).toEqual([
      '5/1 data 1 grant ELIGIBLE',
      '6/1 data 2 reversal PREPAID',
      '8/1 data 3 grant ELIGIBLE',
    ])
  })

  it('never shares a number with what its old customer loses on it', async () => {
    const worlds = [[at(5)], [at(6, { payment: 'prepaid' })], [at(5, OLD)], [at(6)]]
    for (const world of worlds) {
      await setting.importLines([AWAY, ...world])
      expect((await setting.planAndExecute('2026-02')).state).toBe('closed')
    }
    expect((await setting.entries('2026-02')).filter((it) => it.includes('insurance'))).toEqual([
      '5/1 insurance 1 grant AGE_65',
      '5/1 insurance 2 reversal NOT_IN_SNAPSHOT',
    ])
    await expectSound(setting)
  })
})

describe('a correction ends where its input alone would have ended', () => {
  it.each([101, 102])('for a population of seed %i and its changes', async (seed) => {
    const periods = ['2026-02', '2026-03']
    await setting.importGenerated({ lines: 2_000, seed, asOf: V1_AS_OF })
    await setting.importGenerated({ lines: 2_000, seed, asOf: V2_AS_OF })
    for (const period of periods) await setting.planAndExecute(period)
    await setting.importGenerated({
      lines: 2_000,
      seed,
      asOf: V2_AS_OF,
      statuses: true,
      consents: true,
    })
    const alone = await LedgerSetting.open()
    try {
      await alone.importGenerated({
        lines: 2_000,
        seed,
        asOf: V2_AS_OF,
        statuses: true,
        consents: true,
      })
      for (const period of periods) {
        const correction = await setting.planAndExecute(period, { version: 2 })
        const only = await alone.planAndExecute(period, { version: 2 })
        expect([correction.state, only.state]).toEqual(['closed', 'closed'])
        const reversed = Object.values(correction.balance ?? {}).reduce(
          (sum, it) => sum + it.reversed,
          0,
        )
        expect(reversed).toBeGreaterThan(10)
        const held = await setting.netEntitlement(period)
        expect(held.length).toBeGreaterThan(1_000)
        expect(held).toEqual(await alone.netEntitlement(period))
      }
      await expectSound(setting)
    } finally {
      await alone.close()
    }
  })

  it.each([7, 8])('for lines that come, go and move, seed %i', async (seed) => {
    const random = randomOf(seed)
    const worlds = [0, 1, 2].map(() => randomLines(random))
    const alone = await LedgerSetting.open()
    try {
      await setting.importLines(worlds[0]!)
      await setting.planAndExecute('2026-02')
      await setting.importLines(worlds[1]!)
      const moved = await setting.planAndExecute('2026-02')
      await setting.importLines(worlds[2]!)
      await setting.planAndExecute('2026-02')
      await alone.importLines(worlds[2]!)
      expect((await alone.planAndExecute('2026-02')).chunks).toBeGreaterThan(1)
      expect(moved.balance?.['insurance']?.reversed).toBeGreaterThan(10)
      const both = await setting.query(
        'select from ledger_posting group by line_id having count(distinct customer_id) > 2',
      )
      expect(both.length).toBeGreaterThan(10)
      expect(await setting.netEntitlement('2026-02')).toEqual(await alone.netEntitlement('2026-02'))
      await expectSound(setting)
    } finally {
      await alone.close()
    }
  })
})

/** A line in ten is not there; half of the others are with another customer each time. */
function randomLines(random: (below: number) => number): readonly RowDraft[] {
  return Array.from({ length: 1_600 }, (_, index) => index + 1)
    .filter(() => random(10) > 0)
    .map((lineId) => {
      const customerId = random(2) === 0 ? lineId : 1 + random(1_600)
      const kind = customerId % 7 === 0 ? COMPANY : customerId % 2 === 0 ? OLD : {}
      const payment = random(8) === 0 ? 'prepaid' : 'postpaid'
      return { line_id: lineId, customer_id: customerId, ...kind, payment }
    })
}

/** mulberry32: small, and the same on every machine. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
