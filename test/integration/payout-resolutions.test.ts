/** The bank says paid and not paid: two people find out, once, and the books follow. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cancelBatch } from '../../src/payouts/approve-batch.js'
import { reconcile, reconcileWithin, tellProblem } from '../../src/payouts/reconcile.js'
import { approveResolution, proposeResolution } from '../../src/payouts/resolve-transfer.js'
import type { ResolvedOutcome } from '../../src/payouts/resolution-store.js'
import { setAside } from '../../src/payouts/set-aside.js'
import { NOW, payoutSetting, termsOf } from './payout-setting.js'
import type { PayoutSetting } from './payout-setting.js'

const ONE = 'kt-2026-1-1'
const at = (hour: number) => ({ at: `2026-01-22T${hour}:00:00+09:00` })
const settled = { id: ONE, status: 'ACSC' }
const rejected = { id: ONE, status: 'RJCT', reason: 'AC04' }

let it: PayoutSetting
beforeEach(async () => {
  it = await payoutSetting()
  await it.apply(1)
  await it.apply(2)
  await it.assess([{ line: 1 }, { line: 2 }])
  await send('2026-01-22')
})
afterEach(async () => {
  expect((await reconcile(it.pool, null)).problems.map(tellProblem)).toEqual([])
  await it.close()
})

async function send(date: string): Promise<void> {
  const { batch } = await it.prepare(date)
  await it.approve(batch.batchId)
  await it.exported(batch.batchId)
}

async function contradict(): Promise<void> {
  await it.answered([rejected], at(10))
  await it.answered([settled], at(11))
}

async function propose(outcome: ResolvedOutcome): Promise<string> {
  const reason = 'the bank was asked'
  const made = await proposeResolution(it.pool, { endToEndId: ONE, outcome, reason, at: NOW })
  return made.resolution_id
}

async function resolve(outcome: ResolvedOutcome): Promise<void> {
  await approveResolution(it.poolOf('checker'), await propose(outcome), NOW)
}

async function stateOf(endToEndId = ONE): Promise<unknown> {
  const rows = await it.query('select state from transfer_state where end_to_end_id = $1', [
    endToEndId,
  ])
  return rows[0]?.['state']
}

describe('a contradiction', () => {
  test('is resolved by two people, and paid is paid', async () => {
    await contradict()
    const id = await propose('settled')
    await expect(approveResolution(it.pool, id, NOW)).rejects.toThrow(/another person/)
    expect(await stateOf()).toBe('contradicted')
    const checker = it.poolOf('checker')
    const { resolution, already } = await approveResolution(checker, id, NOW)
    expect(resolution).toMatchObject({ debit: 'returned', credit: 'settled', proposed_by: 'maker' })
    expect(already).toBe(false)
    expect(await approveResolution(checker, id, NOW)).toMatchObject({ already: true })
    expect(await stateOf()).toBe('settled')
    expect(await it.balances()).toMatchObject({ settled: -150_000, in_transit: -150_000 })
    const booked = await it.query(`select event_key from journal where event = 'resolved'`)
    expect(booked).toEqual([{ event_key: `resolved:${ONE}:${id}` }])
    const { batches } = await reconcile(it.pool, '1')
    expect(batches[0]).toMatchObject({ settledKrw: 150_000, returnedKrw: 0, ok: true })
    // Whoever was paid cannot name another account.
    expect(await it.query(`select application_is_paid('A1') as paid`)).toEqual([{ paid: true }])
    await expect(propose('returned')).rejects.toMatchObject({ code: 'RESOLUTION_REFUSED' })
  })

  test.each(['rejected', 'returned'] as const)('that is %s is paid again', async (outcome) => {
    await contradict()
    await resolve(outcome)
    expect(await stateOf()).toBe(outcome)
    expect(await it.balances()).toMatchObject({ returned: -150_000 })
    await it.apply(1, { account: '22000000001' })
    await send('2026-02-05')
    expect(await stateOf('kt-2026-1-2')).toBe('in_transit')
    expect(await it.balances()).toMatchObject({ in_transit: -300_000 })
  })

  test('comes anew when the bank says otherwise than people found, not by repeats', async () => {
    await contradict()
    await resolve('settled')
    const again = await it.answered([rejected, settled], at(10))
    expect(again.counts).toMatchObject({ repeated: 2, contradicts: 0 })
    expect(await stateOf()).toBe('settled')
    const late = await it.answered([rejected], at(15))
    expect(late).toMatchObject({ counts: { contradicts: 1 }, contradicted: [ONE] })
    await resolve('returned')
    expect(await stateOf()).toBe('returned')
    expect(await it.balances()).toMatchObject({ returned: -150_000, in_transit: -150_000 })
  })

  test('that came after the refund was set aside takes it from there', async () => {
    await it.answered([rejected], at(10))
    await setAside(it.pool, termsOf, '2026-04-01T00:00:00.000Z')
    expect(await it.balances()).toMatchObject({ unclaimed: -150_000 })
    await it.answered([settled], at(11))
    await resolve('settled')
    expect(await it.balances()).toMatchObject({ settled: -150_000 })
  })

  test('of an attempt that was given up keeps the next one back, and others not', async () => {
    await it.answered([rejected], at(10))
    await it.apply(1, { account: '22000000001' })
    const { batch } = await it.prepare('2026-02-05')
    await it.answered([settled], at(11))
    await expect(it.approve(batch.batchId)).rejects.toThrow(/stale, line 1/)
    await cancelBatch(it.pool, batch.batchId)
    await it.apply(3)
    await it.assess([{ line: 3, payoutOn: '2026-02-05' }])
    const next = await it.prepare('2026-02-05')
    expect(next.batch).toMatchObject({ count: 1, holds: { BANK_CONTRADICTS: 1 } })
    await it.approve(next.batch.batchId)
    await resolve('settled')
    expect(await it.balances()).toMatchObject({ settled: -150_000 })
  })

  test('cannot be found paid while another attempt is on its way', async () => {
    await it.answered([rejected], at(10))
    await it.apply(1, { account: '22000000001' })
    await send('2026-02-05')
    await it.answered([settled], at(11))
    await expect(resolve('settled')).rejects.toThrow(/by another attempt/)
    await it.answered([{ ...rejected, id: 'kt-2026-1-2' }], at(12))
    await resolve('settled')
    expect(await stateOf()).toBe('settled')
    expect(await it.balances()).toMatchObject({ settled: -150_000, in_transit: -150_000 })
  })
})

test('what does not contradict itself is not for people', async () => {
  await expect(propose('settled')).rejects.toThrow(/is in_transit/)
  const none = { endToEndId: 'kt-2026-9-1', outcome: 'settled', reason: 'x', at: NOW } as const
  await expect(proposeResolution(it.pool, none)).rejects.toMatchObject({ code: 'TRANSFER_UNKNOWN' })
  await expect(approveResolution(it.pool, '9', NOW)).rejects.toMatchObject({
    code: 'RESOLUTION_UNKNOWN',
  })
  // Nor past the program.
  const insert = `insert into payout_resolution (end_to_end_id, outcome, reason, proposed_at)
    values ('${ONE}', 'settled', 'x', now())`
  await expect(it.query(insert)).rejects.toMatchObject({ code: 'RD002' })
})

test('a proposal that the bank overtook is refused', async () => {
  await contradict()
  const id = await propose('settled')
  await it.answered([rejected], at(12))
  await expect(approveResolution(it.poolOf('checker'), id, NOW)).rejects.toThrow(/is returned/)
})

test('a resolution is not edited, and one that was is named', async () => {
  await contradict()
  await resolve('rejected')
  for (const sql of [
    `update payout_resolution set outcome = 'returned'`,
    'update payout_resolution set approved_at = approved_at',
    'delete from payout_resolution',
    'truncate payout_resolution',
  ]) {
    await expect(it.query(sql)).rejects.toThrow(/refused/)
  }
  for (const sql of [
    `update payout_resolution set outcome = 'returned'`,
    `update payout_resolution set reason = 'another'`,
    'delete from payout_resolution',
    `delete from journal where event = 'resolved'`,
  ]) {
    const client = await it.pool.connect()
    await client.query('begin')
    for (const table of ['payout_resolution', 'journal']) {
      await client.query(`alter table ${table} disable trigger user`)
    }
    expect((await client.query(sql)).rowCount).toBe(1)
    const { problems } = await reconcileWithin(client, null)
    await client.query('rollback')
    client.release()
    expect(problems.map(tellProblem).join('\n')).toMatch(/line 1: .*resol/)
  }
})
