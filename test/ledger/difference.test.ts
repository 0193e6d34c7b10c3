/** Decisions minus what is posted: examples to read, and what holds of every history. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { AssertionFailure } from '../../src/assert.js'
import { entriesFor, standingGrants } from '../../src/ledger/difference.js'
import { fromStored, toStored } from '../../src/ledger/entry.js'
import type { LedgerEntry, SubjectKind } from '../../src/ledger/entry.js'
import { BENEFITS } from '../../src/rules/decision.js'
import type { Benefit, Decision, Grant } from '../../src/rules/decision.js'

const DATA: Grant = {
  quantity: 102_400,
  unit: 'MB',
  option: null,
  validFrom: '2026-02-01',
  validTo: '2026-02-28',
}
const MORE_DATA: Grant = { ...DATA, quantity: 204_800 }
const MONTHS: Grant = {
  quantity: 6,
  unit: 'months',
  option: null,
  validFrom: '2026-02-01',
  validTo: '2026-07-31',
}

const given = (benefit: Benefit, grant: Grant): Decision => ({
  outcome: 'granted',
  benefit,
  reason: 'ELIGIBLE',
  grant,
})
const refused = (benefit: Benefit): Decision => ({
  outcome: 'refused',
  benefit,
  reason: 'TERMINATED',
})

/** As a person would note it: `+1 data 102400 ELIGIBLE`, `-2 data 102400 TERMINATED of 1`. */
const noted = (entries: readonly LedgerEntry[]): readonly string[] =>
  entries.map((it) => {
    const sign = it.entryType === 'grant' ? '+' : '-'
    const of = it.reversesEntryNo === null ? '' : ` of ${it.reversesEntryNo}`
    return `${sign}${it.entryNo} ${it.benefit} ${it.quantity} ${it.reason}${of}`
  })

const standsData = entriesFor('line', [given('data', DATA)], []).entries

describe('a difference', () => {
  type Example = readonly [string, readonly LedgerEntry[], readonly Decision[], readonly string[]]
  const examples: readonly Example[] = [
    ['posts a first grant as entry 1', [], [given('data', DATA)], ['+1 data 102400 ELIGIBLE']],
    ['posts nothing for a refusal', [], [refused('data')], []],
    ['posts nothing for a grant that stands', standsData, [given('data', DATA)], []],
    [
      'reverses a grant for the reason that now refuses it',
      standsData,
      [refused('data')],
      ['-2 data 102400 TERMINATED of 1'],
    ],
    [
      'replaces a grant that is now another',
      standsData,
      [given('data', MORE_DATA)],
      ['-2 data 102400 GRANT_CHANGED of 1', '+3 data 204800 ELIGIBLE'],
    ],
    [
      'reverses a grant that nobody decides about any more',
      standsData,
      [],
      ['-2 data 102400 NOT_IN_SNAPSHOT of 1'],
    ],
    [
      'adds a missing benefit beside one that stands',
      standsData,
      [given('data', DATA), given('membership', MONTHS)],
      ['+2 membership 6 ELIGIBLE'],
    ],
    [
      'puts all reversals before all grants',
      standsData,
      [given('membership', MONTHS), refused('data')],
      ['-2 data 102400 TERMINATED of 1', '+3 membership 6 ELIGIBLE'],
    ],
  ]

  it.each(examples)('%s', (_, posted, decisions, expected) => {
    expect(noted(entriesFor('line', decisions, posted).entries)).toEqual(expected)
  })

  it('grants anew, under the next number, what was reversed before', () => {
    const reversal = entriesFor('line', [refused('data')], standsData).entries
    const again = entriesFor('line', [given('data', DATA)], [...standsData, ...reversal])
    expect(noted(again.entries)).toEqual(['+3 data 102400 ELIGIBLE'])
    expect(again.unchanged).toEqual([])
  })

  it('does not mind another reason for the same grant', () => {
    const other: Decision = {
      outcome: 'granted',
      benefit: 'data',
      reason: 'PROMOTION_EXTENDED',
      grant: DATA,
    }
    expect(entriesFor('line', [other], standsData)).toEqual({ entries: [], unchanged: ['data'] })
  })

  it.each([
    ['quantity', { quantity: 1 }],
    ['unit', { unit: 'percent' }],
    ['option', { option: 'tving' }],
    ['first day', { validFrom: '2026-02-02' }],
    ['last day', { validTo: '2026-02-27' }],
  ] as const)('counts a grant of another %s as changed', (_, change) => {
    const { entries, unchanged } = entriesFor(
      'line',
      [given('data', { ...DATA, ...change })],
      standsData,
    )
    expect(noted(entries)[0]).toBe('-2 data 102400 GRANT_CHANGED of 1')
    expect(entries[1]).toMatchObject({ entryType: 'grant', entryNo: 3, ...change })
    expect(unchanged).toEqual([])
  })

  it('says in every entry whether its subject is a line or a customer', () => {
    const posted = entriesFor('customer', [given('insurance', MONTHS)], []).entries
    const undone = entriesFor('customer', [], posted).entries
    expect([...posted, ...undone].map((it) => it.subject)).toEqual(['customer', 'customer'])
  })
})

describe('standing grants', () => {
  test.each([
    ['with a gap in their numbers', [{ ...standsData[0]!, entryNo: 2 }]],
    [
      'with a second grant beside a standing one',
      [standsData[0]!, { ...standsData[0]!, entryNo: 2 }],
    ],
    [
      'with a reversal of nothing',
      [{ ...standsData[0]!, entryType: 'reversal', reversesEntryNo: 1 } as const],
    ],
    [
      'with a reversal of another entry',
      [
        standsData[0]!,
        { ...standsData[0]!, entryType: 'reversal', entryNo: 2, reversesEntryNo: 7 } as const,
      ],
    ],
  ])('of entries %s are a bug that is told', (_, entries) => {
    expect(() => standingGrants(entries)).toThrow(AssertionFailure)
  })
})

const anyGrant: fc.Arbitrary<Grant> = fc.record({
  quantity: fc.constantFrom(1, 50, 102_400),
  unit: fc.constantFrom('MB', 'percent', 'months'),
  option: fc.constantFrom(null, null, 'tving', 'disney_plus'),
  validFrom: fc.constantFrom('2026-02-01', '2026-03-01'),
  validTo: fc.constantFrom('2026-07-31', '2026-08-31'),
})
const anyDecision = (benefit: Benefit): fc.Arbitrary<Decision> =>
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        outcome: fc.constant('granted' as const),
        benefit: fc.constant(benefit),
        reason: fc.constantFrom('ELIGIBLE', 'PROMOTION_EXTENDED'),
        grant: anyGrant,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        outcome: fc.constant('refused' as const),
        benefit: fc.constant(benefit),
        reason: fc.constantFrom('TERMINATED', 'SUSPENDED', 'MVNO'),
      }),
    },
  )
/** At most one decision a benefit, in any order: what a run decides about a subject. */
const anyDecisions = fc
  .shuffledSubarray([...BENEFITS])
  .chain((benefits) => fc.tuple(...benefits.map(anyDecision)))
const anySubject = fc.constantFrom('line' as const, 'customer' as const)
// Repeats are made likely: a step may say what the one before it said.
const anyHistory = fc
  .array(fc.tuple(anyDecisions, fc.boolean()), { minLength: 1, maxLength: 6 })
  .map((steps) =>
    steps.map(([decisions, repeats], index) =>
      repeats && index > 0 ? steps[index - 1]![0] : decisions,
    ),
  )

function postedBy(
  subject: SubjectKind,
  history: readonly (readonly Decision[])[],
): readonly LedgerEntry[] {
  const posted: LedgerEntry[] = []
  for (const decisions of history) {
    posted.push(...entriesFor(subject, decisions, posted).entries)
  }
  return posted
}

/** What entries give in total, as a plain multiset that knows nothing of numbers and links. */
function netOf(entries: readonly LedgerEntry[]): Record<string, number> {
  const net: Record<string, number> = {}
  for (const it of entries) {
    const key = [it.benefit, it.quantity, it.unit, it.option, it.validFrom, it.validTo].join(' ')
    net[key] = (net[key] ?? 0) + (it.entryType === 'grant' ? 1 : -1)
    if (net[key] === 0) delete net[key]
  }
  return net
}

function promisedBy(decisions: readonly Decision[]): Record<string, number> {
  return Object.fromEntries(
    decisions.flatMap((it) =>
      it.outcome === 'granted'
        ? [[[it.benefit, ...Object.values(ordered(it.grant))].join(' '), 1]]
        : [],
    ),
  )
}

function ordered({ quantity, unit, option, validFrom, validTo }: Grant): Grant {
  return { quantity, unit, option, validFrom, validTo }
}

function causeExpected(decision: Decision | undefined): string {
  if (decision === undefined) return 'NOT_IN_SNAPSHOT'
  return decision.outcome === 'refused' ? decision.reason : 'GRANT_CHANGED'
}

describe('over any history of decisions', () => {
  const holds = { numRuns: 1_500 }

  it('entries come to what the last decisions alone grant, after every step', () => {
    fc.assert(
      fc.property(anySubject, anyHistory, (subject, history) => {
        const posted: LedgerEntry[] = []
        for (const decisions of history) {
          const { entries, unchanged } = entriesFor(subject, decisions, posted)
          posted.push(...entries)
          expect(netOf(posted)).toEqual(promisedBy(decisions))
          expect(netOf([...standingGrants(posted).values()])).toEqual(promisedBy(decisions))
          expect(Object.keys(promisedBy(decisions)).length - unchanged.length).toBe(
            entries.filter((it) => it.entryType === 'grant').length,
          )
        }
      }),
      holds,
    )
  })

  it('a repeat of the same decisions posts nothing and leaves every grant unchanged', () => {
    fc.assert(
      fc.property(anySubject, anyHistory, (subject, history) => {
        const posted = postedBy(subject, history)
        const last = history.at(-1)!
        const again = entriesFor(subject, last.toReversed(), posted)
        expect(again.entries).toEqual([])
        expect(again.unchanged.toSorted()).toEqual(
          last
            .filter((it) => it.outcome === 'granted')
            .map((it) => it.benefit)
            .toSorted(),
        )
      }),
      holds,
    )
  })

  it('numbers have no gaps, and no grant is reversed twice', () => {
    fc.assert(
      fc.property(anySubject, anyHistory, (subject, history) => {
        const posted = postedBy(subject, history)
        expect(posted.map((it) => it.entryNo)).toEqual(posted.map((_, index) => index + 1))
        const reversed = posted.flatMap((it) => it.reversesEntryNo ?? [])
        expect(new Set(reversed).size).toBe(reversed.length)
      }),
      holds,
    )
  })

  it('a reversal repeats the grant it undoes, links to it and carries the cause', () => {
    fc.assert(
      fc.property(anySubject, anyHistory, (subject, history) => {
        const posted: LedgerEntry[] = []
        for (const decisions of history) {
          const { entries } = entriesFor(subject, decisions, posted)
          for (const it of entries) {
            const decision = decisions.find(({ benefit }) => benefit === it.benefit)
            if (it.entryType === 'grant') {
              expect(it.reversesEntryNo).toBeNull()
              expect(decision).toMatchObject({ outcome: 'granted', reason: it.reason })
              continue
            }
            const grant = posted[it.reversesEntryNo! - 1]
            expect(it).toEqual({
              ...grant,
              entryType: 'reversal',
              entryNo: it.entryNo,
              reversesEntryNo: grant?.entryNo,
              reason: causeExpected(decision),
            })
            expect(grant?.entryType).toBe('grant')
          }
          posted.push(...entries)
        }
      }),
      holds,
    )
  })

  it('entries come back from what is stored as they were', () => {
    fc.assert(
      fc.property(anySubject, anyHistory, (subject, history) => {
        const posted = postedBy(subject, history)
        const stored = JSON.parse(JSON.stringify(posted.map(toStored))) as Record<string, string>[]
        expect(stored.map(fromStored)).toEqual(posted)
      }),
    )
  })
})
