/** Histories that were found by chance, cut down to the one customer that showed a fault. */
import { afterEach, describe, expect, it } from 'vitest'
import { entryText, HistoriesLedger } from './histories-ledger.js'
import { PlainModel } from './histories-model.js'
import type { Moment, PeriodName } from './histories-script.js'
import type { Choice, CodeBatch, Line, Person, World } from './histories-world.js'

const PLAIN: Line = {
  lineId: 1,
  customerId: 1,
  network: 'kt',
  lineKind: 'handset',
  payment: 'postpaid',
  status: 'active',
  restriction: 'none',
  consentOn: null,
  promotionEndsOn: null,
}
const ADULT: Person = { kind: 'individual', birthDate: '1980-05-05' }

let ledger: HistoriesLedger | undefined
afterEach(async () => {
  await ledger?.close()
  ledger = undefined
})

describe('late news', () => {
  it('of a mind changed twice leaves the pass that was issued on the day', async () => {
    const choices = [
      choice('a', 'ott_pass', '2026-02-10T08:00', { withdrawn: ['2026-02-10T08:30', 1] }),
      choice('b', 'ott_pass', '2026-02-10T09:30', { imported: 1 }),
    ]
    const runs = ['2026-02-10T09:00', '2026-02-10T16:00', '2026-02-11T16:00'].map(
      (now) => ['2026-02', now] as const,
    )
    const [issued, sameDay, nextDay] = await entriesOf(choices, runs)
    expect(issued).toContainEqual(expect.stringContaining('CHOSEN'))
    expect([sameDay, nextDay]).toEqual([[], []])
  })

  it('of a mind changed twice exchanges a pass of another day for one with its code', async () => {
    const choices = [
      choice('a', 'ott_pass', '2026-02-10T08:00', { withdrawn: ['2026-02-10T08:30', 1] }),
      choice('b', 'ott_pass', '2026-02-10T09:30', { imported: 1 }),
    ]
    const runs = ['2026-02-10T09:00', '2026-02-11T16:00'].map((now) => ['2026-02', now] as const)
    const [, nextDay] = await entriesOf(choices, runs)
    expect(nextDay).toEqual([
      'ott_pass line 1 grant 6 months tving 2026-02-11 2026-08-10 CHOSEN on 1',
      'ott_pass line 1 reversal 6 months tving 2026-02-10 2026-08-09 GRANT_CHANGED on 1',
    ])
  })

  // The earlier application is withdrawn between the issue and the correction that goes by it.
  it('of an earlier application moves the insurance once, not back again', async () => {
    const choices = [
      choice('a', 'insurance', '2026-03-05T10:00', {}),
      choice('b', 'insurance', '2026-02-20T10:00', {
        imported: 1,
        withdrawn: ['2026-03-12T10:00', 1],
      }),
    ]
    const runs = ['2026-03-10T09:00', '2026-03-20T09:00', '2026-03-21T09:00'].map(
      (now) => ['2026-03', now] as const,
    )
    const [, corrected, again] = await entriesOf(choices, runs)
    expect(corrected).toEqual([
      'insurance customer 1 grant 24 months - 2026-03-01 2028-02-29 APPLIED on 1',
      'insurance customer 1 reversal 24 months - 2026-04-01 2028-03-31 GRANT_CHANGED on 1',
    ])
    expect(again).toEqual([])
  })
})

interface MoreOfChoice {
  readonly imported?: number
  readonly withdrawn?: readonly [at: string, imported: number]
}

/** Times are of Seoul. */
function choice(
  choiceId: string,
  benefit: Choice['benefit'],
  at: string,
  { imported = 0, withdrawn }: MoreOfChoice,
): Choice {
  return {
    choiceId,
    lineId: 1,
    benefit,
    option: benefit === 'ott_pass' ? 'tving' : null,
    at: `${at}:00+09:00`,
    consent: null,
    withdrawnAt: withdrawn === undefined ? null : `${withdrawn[0]}:00+09:00`,
    imported,
    withdrawalImported: withdrawn?.[1] ?? imported,
  }
}

/** One run a moment; what each wrote, after it was held against the model. */
async function entriesOf(
  choices: readonly Choice[],
  runs: readonly (readonly [PeriodName, string])[],
): Promise<readonly (readonly string[])[]> {
  const script = runs.map(([period, at], moment): Moment => {
    const now = `${at}:00+09:00`
    return {
      at: now,
      snapshot: moment === 0 ? 0 : undefined,
      runs: [{ period, snapshot: 0, now }],
    }
  })
  const codes: readonly CodeBatch[] = [
    { option: 'tving', expiresOn: '2026-12-31', codes: 1, imported: 0 },
  ]
  const snapshots = [{ people: new Map([[1, ADULT]]), lines: [PLAIN] }]
  const world: World = { seed: 0, script, snapshots, changes: [], consents: [], choices, codes }
  const model = new PlainModel(world)
  ledger = await HistoriesLedger.open(world)
  const written: (readonly string[])[] = []
  for (const [moment, { runs: steps }] of script.entries()) {
    await ledger.importMoment(moment)
    const expected = model.run(moment, steps[0]!)
    const told = await ledger.run(steps[0]!)
    expect(told.run).toMatchObject({ state: 'closed', heldBecause: null })
    expect(told.entries).toEqual(expected.entries.map(entryText).toSorted())
    expect(told.plan.result?.benefits).toEqual(expected.tallies)
    expect(told.plan.result?.codes).toEqual(expected.demand)
    written.push(told.entries)
  }
  expect(ledger.faults).toEqual([])
  return written
}
