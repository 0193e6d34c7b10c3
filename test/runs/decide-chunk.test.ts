/** A chunk decided in bulk must say what its cases say one by one, however it is cut into steps. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rulesFor } from '../../src/rules/decide.js'
import type { PeriodRules } from '../../src/rules/decide.js'
import { BENEFITS } from '../../src/rules/decision.js'
import type { ChunkInput } from '../../src/runs/chunk-input.js'
import { ChunkDecider } from '../../src/runs/decide-chunk.js'
import { DecisionMemo } from '../../src/runs/decision-memo.js'
import { EntrySets, UnplannedEntrySet } from '../../src/runs/entry-sets.js'
import { PostingDigest } from '../../src/runs/posting-writer.js'
import type { PostingSink } from '../../src/runs/posting-writer.js'
import { canonicalTallies, entriesOf } from '../../src/runs/tally.js'
import type { Tallies } from '../../src/runs/tally.js'
import { anyCustomer, anyLine, anyPeriod, anyVersion } from '../rules/arbitraries.js'
import { aLine, CORPORATION, SENIOR, V1 } from '../rules/builders.js'
import { byValue, decidePlainly, digestPlainly, inputOf, ledgerAfter } from './chunk-model.js'
import type { ModelAnswer, ModelCustomer, Posted, SettledLine, World } from './chunk-model.js'

/** Crowded around the edges of 32 bits, since ids are compared in two halves; up to 18 digits. */
const anyId = fc.oneof(
  fc.bigInt({ min: 1n, max: 40n }),
  fc.bigInt({ min: 2n ** 32n - 3n, max: 2n ** 32n + 3n }),
  fc.bigInt({ min: 3n * 2n ** 32n - 2n, max: 3n * 2n ** 32n + 2n }),
  fc.bigInt({ min: 1n, max: 999_999_999_999_999_999n }),
)

interface Household {
  readonly customerId: bigint
  readonly lineIds: readonly bigint[]
}

const anyHouseholds: fc.Arbitrary<readonly Household[]> = fc
  .uniqueArray(
    fc.record({
      customerId: anyId,
      size: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 6 })),
    }),
    { selector: (it) => it.customerId, maxLength: 8 },
  )
  .chain((drafts) => {
    const lines = drafts.reduce((sum, it) => sum + it.size, 0)
    return fc.uniqueArray(anyId, { minLength: lines, maxLength: lines }).map((ids) => {
      let at = 0
      return drafts
        .toSorted((a, b) => byValue(a.customerId, b.customerId))
        .map(({ customerId, size }) => {
          at += size
          return { customerId, lineIds: ids.slice(at - size, at).toSorted(byValue) }
        })
    })
  })

const anyFactDraft = fc.record({
  statusAtStart: fc.constantFrom(null, 'active', 'suspended', 'terminated'),
  guardianConsentOn: fc.constantFrom(null, '2026-01-19', '2026-01-21', '2026-03-20'),
  pass: anyLine.map((it) => it.pass),
})

/** Customers and lines come and go, change kind and facts, and are told of later. */
const anyWorld = (households: readonly Household[]): fc.Arbitrary<World> =>
  fc
    .tuple(
      ...households.map((household) =>
        fc.record({
          customer: anyCustomer,
          lines: fc.tuple(
            ...household.lineIds.map((lineId) =>
              fc.record({
                lineId: fc.constant(lineId),
                isPresent: fc.integer({ min: 0, max: 5 }).map((it) => it > 0),
                facts: anyLine.map((it) => it.facts),
                later: fc.option(anyFactDraft, { freq: 2 }),
              }),
            ),
          ),
        }),
      ),
    )
    .map((drawn) => {
      const facts: SettledLine[] = []
      const customers: ModelCustomer[] = []
      for (const [index, { customer, lines }] of drawn.entries()) {
        const { customerId } = households[index]!
        const present = lines.filter((line) => line.isPresent)
        if (present.length === 0) continue
        customers.push({ customerId, customer, lines: present })
        facts.push(
          ...present.flatMap(({ lineId, later }) =>
            later ? [{ customerId, lineId, ...later }] : [],
          ),
        )
      }
      return { customers, facts }
    })

const anyHistory = fc.record({
  version: anyVersion,
  period: fc.oneof(fc.constantFrom('2026-02', '2026-03'), anyPeriod),
  worlds: anyHouseholds.chain((households) =>
    fc.array(anyWorld(households), { minLength: 1, maxLength: 3 }),
  ),
  steps: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
})

class Collected implements PostingSink {
  readonly postings: Posted[] = []

  post(...[source, customerAt, lineAt, set, postingNo]: Parameters<PostingSink['post']>): void {
    this.postings.push({
      customerId: source.readBigInt64BE(customerAt),
      lineId: source.readBigInt64BE(lineAt),
      postingNo,
      entries: set.entries,
    })
  }
}

interface Decided {
  readonly postings: readonly Posted[]
  readonly tallies: Tallies
  readonly digest: string
  readonly lines: number
  readonly customers: number
}

/** The chunks of a plan share what is known of equal facts; so do the runs of a history here. */
function memoOf(rules: PeriodRules): DecisionMemo {
  return new DecisionMemo(rules, new EntrySets([], 'growing'))
}

function decideInBulk(memo: DecisionMemo, input: ChunkInput, steps: readonly number[]): Decided {
  const decider = new ChunkDecider(memo, input)
  const collected = new Collected()
  const digest = new PostingDigest()
  const both: PostingSink = {
    post: (...posting) => {
      collected.post(...posting)
      digest.post(...posting)
    },
  }
  for (let at = 0; !decider.step(steps[at % steps.length]!, both); at += 1);
  const tallies = canonicalTallies(decider.tallies())
  return {
    postings: collected.postings,
    tallies,
    digest: digest.finish(JSON.stringify(tallies)).toString('hex'),
    lines: decider.lines,
    customers: decider.customers,
  }
}

/** Runs the whole history in bulk, each run upon the ledger that the plain way left. */
function eachRun(
  history: typeof anyHistory extends fc.Arbitrary<infer T> ? T : never,
  check: (bulk: Decided, plain: ModelAnswer, world: World, posted: readonly Posted[]) => void,
): void {
  const { version, period, worlds, steps } = history
  const memo = memoOf(rulesFor(version, period))
  let posted: readonly Posted[] = []
  for (const world of worlds) {
    const plain = decidePlainly(version, period, world, posted)
    check(decideInBulk(memo, inputOf(world, posted), steps), plain, world, posted)
    posted = ledgerAfter(posted, plain.postings)
  }
}

describe('a chunk decided in bulk', () => {
  it('posts and counts what its cases come to one by one, run after run', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const due = rulesFor(history.version, history.period).due
        eachRun(history, (bulk, plain, world) => {
          expect(bulk.postings).toEqual(plain.postings)
          const counted = Object.fromEntries(
            Object.entries(bulk.tallies).filter(([benefit]) => benefit in plain.tallies),
          )
          expect(counted).toEqual(plain.tallies)
          expect(Object.keys(bulk.tallies)).toEqual(
            BENEFITS.filter((it) => [...due.line, ...due.customer].includes(it)),
          )
          expect(bulk.digest).toBe(digestPlainly(plain.postings, JSON.stringify(bulk.tallies)))
          expect(bulk.customers).toBe(world.customers.length)
          expect(bulk.lines).toBe(world.customers.reduce((sum, it) => sum + it.lines.length, 0))
        })
      }),
      { numRuns: 1_000 },
    )
  })

  it('comes to the same postings, digest and tallies whatever the size of its steps', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const rules = rulesFor(history.version, history.period)
        eachRun(history, (bulk, _, world, posted) => {
          expect(decideInBulk(memoOf(rules), inputOf(world, posted), [Infinity])).toEqual(bulk)
        })
      }),
      { numRuns: 300 },
    )
  })

  it('posts in ascending order of customer and line, each line once', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        eachRun(history, ({ postings }) => {
          for (const [index, it] of postings.entries()) {
            const before = postings[index - 1]
            if (before === undefined) continue
            const order =
              byValue(before.customerId, it.customerId) || byValue(before.lineId, it.lineId)
            expect(order).toBe(-1)
          }
        })
      }),
      { numRuns: 300 },
    )
  })

  it('answers every subject: subjects are grants, unchanged and refused', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const { due } = rulesFor(history.version, history.period)
        eachRun(history, ({ tallies, postings, lines, customers }) => {
          for (const [benefit, it] of Object.entries(tallies)) {
            const subjects = due.customer.some((name) => name === benefit) ? customers : lines
            expect(it.grants + it.unchanged + it.refused).toBe(subjects)
            expect(Object.values(it.reasons).reduce((sum, count) => sum + count, 0)).toBe(subjects)
          }
          expect(entriesOf(tallies)).toBe(postings.reduce((sum, it) => sum + it.entries.length, 0))
        })
      }),
      { numRuns: 300 },
    )
  })

  it('posts nothing when the same world is decided upon its own postings', () => {
    fc.assert(
      fc.property(anyHistory, ({ version, period, worlds, steps }) => {
        const world = worlds[0]!
        const memo = memoOf(rulesFor(version, period))
        const first = decideInBulk(memo, inputOf(world, []), steps)
        const again = decideInBulk(memo, inputOf(world, first.postings), steps)
        expect(again.postings).toEqual([])
        for (const benefit of BENEFITS) {
          expect(again.tallies[benefit]?.unchanged).toBe(first.tallies[benefit]?.grants)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('insurance in a chunk', () => {
  const lines = [11n, 12n].map((lineId) => ({ lineId, facts: aLine().facts }))
  const worldOf = (customer = SENIOR, facts: readonly SettledLine[] = []): World => ({
    customers: [{ customerId: 7n, customer, lines }],
    facts,
  })
  const memo = memoOf(rulesFor(V1, '2026-02'))
  const told = (postings: readonly Posted[]): readonly string[] =>
    postings.flatMap((it) =>
      it.entries
        .filter((entry) => entry.benefit === 'insurance')
        .map((entry) => `line ${it.lineId} ${entry.entryType} ${entry.entryNo} ${entry.reason}`),
    )
  const ended = (lineId: bigint): SettledLine => ({
    customerId: 7n,
    lineId,
    statusAtStart: 'terminated',
    guardianConsentOn: null,
    pass: null,
  })
  const first = decideInBulk(memo, inputOf(worldOf(), []), [Infinity])

  it('is carried by the line in service with the lowest id', () => {
    expect(told(first.postings)).toEqual(['line 11 grant 1 AGE_65'])
    const later = decideInBulk(memo, inputOf(worldOf(SENIOR, [ended(11n)]), []), [Infinity])
    expect(told(later.postings)).toEqual(['line 12 grant 1 AGE_65'])
  })

  it('stays where it was granted when its line ends and another could carry it', () => {
    const later = decideInBulk(memo, inputOf(worldOf(SENIOR, [ended(11n)]), first.postings), [
      Infinity,
    ])
    expect(told(later.postings)).toEqual([])
    expect(later.tallies.insurance?.unchanged).toBe(1)
  })

  it('is reversed on the line that carried it when the customer is no longer entitled', () => {
    const corporate = decideInBulk(memo, inputOf(worldOf(CORPORATION), first.postings), [Infinity])
    expect(told(corporate.postings)).toEqual(['line 11 reversal 2 CORPORATE'])
    const gone = decideInBulk(memo, inputOf({ customers: [], facts: [] }, first.postings), [
      Infinity,
    ])
    expect(told(gone.postings)).toEqual(['line 11 reversal 2 NOT_IN_SNAPSHOT'])
  })

  it('goes to another line with the next number when it is granted again', () => {
    const gone = decideInBulk(memo, inputOf({ customers: [], facts: [] }, first.postings), [
      Infinity,
    ])
    const ledger = ledgerAfter(first.postings, gone.postings)
    const back = decideInBulk(memo, inputOf(worldOf(SENIOR, [ended(11n)]), ledger), [Infinity])
    expect(told(back.postings)).toEqual(['line 12 grant 3 AGE_65'])
  })
})

it.each([
  ['the only one that is here', [4]],
  ['one of several, not all of them here', [1, 4]],
])('a posting gets the number after the highest: %s', (_, numbers) => {
  const world: World = {
    facts: [],
    customers: [
      { customerId: 7n, customer: CORPORATION, lines: [{ lineId: 11n, facts: aLine().facts }] },
    ],
  }
  const posted: readonly Posted[] = numbers.map((postingNo) => ({
    customerId: 7n,
    lineId: 11n,
    postingNo,
    entries: [],
  }))
  const { postings } = decideInBulk(memoOf(rulesFor(V1, '2026-04')), inputOf(world, posted), [
    Infinity,
  ])
  expect(postings.map((it) => it.postingNo)).toEqual([5])
})

describe('a run', () => {
  it('refuses to post what its plan never saw', () => {
    const world: World = {
      facts: [],
      customers: [
        { customerId: 1n, customer: CORPORATION, lines: [{ lineId: 2n, facts: aLine().facts }] },
      ],
    }
    const memo = new DecisionMemo(rulesFor(V1, '2026-04'), new EntrySets([], 'fixed'))
    const decider = new ChunkDecider(memo, inputOf(world, []))
    expect(() => decider.step(Infinity, new Collected())).toThrow(UnplannedEntrySet)
  })
})
