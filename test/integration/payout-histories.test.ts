/**
 * Any interleaving of what customers, finance and the bank do: a refund is never paid more than is
 * owed, the books balance after every step, and no refund is in two open batches. A world is one
 * database with many lines. Preparing, approving and exporting is every line's step at once;
 * between those each line goes a way of its own, so that a world holds as many histories as lines.
 *
 * `SEED=n` plays other worlds. A failure is told with the smallest world found that shows it.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HistoryWorld } from './payout-histories-world.js'
import type { Played } from './payout-histories-world.js'
import type { LineStep, SharedStep, Slot } from './payout-histories-steps.js'
import { smallestFailure } from './smallest-failure.js'
import type { WorldScript } from './smallest-failure.js'

const SEED = Number(process.env['SEED'] ?? 4)
const WORLDS = 8
const LINES = 240
/** Of a line's history, shared steps among them. */
const MOST_EVENTS = 12

const DATES = ['2026-01-22', '2026-02-05', '2026-02-19', '2026-02-26'] as const
const prepare = fc.constantFrom(...DATES).map((date): SharedStep => ({ kind: 'prepare', date }))
const shared = fc.oneof(
  { weight: 3, arbitrary: prepare },
  {
    weight: 5,
    arbitrary: fc
      .constantFrom('approve', 'approve', 'export', 'export', 'cancel')
      .map((kind): SharedStep => ({ kind }) as SharedStep),
  },
)
const own: fc.Arbitrary<'own'> = fc.constant('own')

/** The steps of a world; `own` is where each line has one of its own. */
const anything = fc.array(
  fc.oneof({ weight: 1, arbitrary: shared }, { weight: 1, arbitrary: own }),
  { maxLength: MOST_EVENTS },
)
// Most worlds would see no money without these: a batch that goes out, then whatever may happen.
const sent: readonly Slot[] = ['own', { kind: 'prepare', date: DATES[0] }, ...approvedAndSent()]
const sentOnce = rest(sent)
// The bank answers, accounts are corrected, and the next date pays again.
const sentTwice = rest([
  ...sent,
  'own',
  'own',
  { kind: 'prepare', date: DATES[1] },
  ...approvedAndSent(),
])
const slots: fc.Arbitrary<readonly Slot[]> = fc.oneof(
  { weight: 1, arbitrary: anything },
  { weight: 3, arbitrary: sentOnce },
  { weight: 3, arbitrary: sentTwice },
)

function approvedAndSent(): readonly SharedStep[] {
  return [{ kind: 'approve' }, { kind: 'export' }]
}

function rest(start: readonly Slot[]): fc.Arbitrary<readonly Slot[]> {
  const slot = fc.oneof({ weight: 1, arbitrary: shared }, { weight: 4, arbitrary: own })
  const left = MOST_EVENTS - start.length
  return fc.array(slot, { minLength: left - 2, maxLength: left }).map((more) => [...start, ...more])
}

const simple = (kind: LineStep['kind']) => fc.constant<LineStep>({ kind } as LineStep)
const told = fc
  .record({ kind: fc.constantFrom('settle', 'reject', 'return'), late: fc.boolean() })
  .map((it) => it as LineStep)
const step: fc.Arbitrary<LineStep> = fc.oneof(
  { weight: 1, arbitrary: simple('nothing') },
  { weight: 2, arbitrary: simple('apply') },
  { weight: 1, arbitrary: simple('withdraw') },
  { weight: 2, arbitrary: simple('correct') },
  { weight: 5, arbitrary: told },
  { weight: 1, arbitrary: simple('repeat') },
  { weight: 2, arbitrary: simple('contradict') },
  { weight: 2, arbitrary: simple('resolve') },
)
// Left to chance, few lines would come far: these are beginnings, and what follows is left to it.
const late = false
const BEGINNINGS: readonly (readonly LineStep[])[] = [
  [{ kind: 'apply' }],
  [{ kind: 'apply' }, { kind: 'settle', late }],
  [{ kind: 'apply' }, { kind: 'reject', late }, { kind: 'correct' }],
  [{ kind: 'apply' }, { kind: 'reject', late }, { kind: 'contradict' }],
  [{ kind: 'apply' }, { kind: 'settle', late }, { kind: 'contradict' }, { kind: 'resolve' }],
]
const chance = fc.array(step, { maxLength: MOST_EVENTS })
const ownSteps = fc.oneof(
  { weight: 1, arbitrary: chance },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(...BEGINNINGS), chance)
      .map(([beginning, more]): readonly LineStep[] => [...beginning, ...more]),
  },
)

const world = fc.record({
  slots,
  lines: fc.array(ownSteps, { minLength: LINES, maxLength: LINES }),
})

test('no history pays too much, and all books balance', { timeout: 600_000 }, async () => {
  const distinct = new Set<string>()
  const seen = { attempts: 0, contradictions: 0, resolutions: 0, returned: 0, paid: 0 }
  await fc.assert(
    fc.asyncProperty(world, async (it) => {
      const histories = it.lines.map((steps) => historyOf(it.slots, steps))
      for (const history of histories) distinct.add(JSON.stringify(history))
      const played = await HistoryWorld.play(it.slots, it.lines).catch(async (error: unknown) => {
        const least = await smallestFailure(it, isFailing)
        throw new Error(`it takes no more than ${JSON.stringify(least)}`, { cause: error })
      })
      for (const name of Object.keys(seen) as (keyof Played)[]) seen[name] += played[name]
    }),
    // It is made small by what knows that lines are independent of each other.
    { numRuns: WORLDS, seed: SEED, endOnFailure: true },
  )
  if (SEED !== 4) console.log(distinct.size, seen)
  expect(distinct.size).toBeGreaterThanOrEqual(1_000)
  // The histories do reach all that this is about.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20)
})

async function isFailing({ slots: all, lines }: WorldScript): Promise<boolean> {
  return await HistoryWorld.play(all, lines).then(
    () => false,
    () => true,
  )
}

/** What happens to one line, in its order. */
function historyOf(
  all: readonly Slot[],
  steps: readonly LineStep[],
): readonly (SharedStep | LineStep)[] {
  const left = [...steps]
  return all.map((slot) => (slot === 'own' ? (left.shift() ?? { kind: 'nothing' }) : slot))
}
