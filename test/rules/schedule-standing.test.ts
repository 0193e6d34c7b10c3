/** How an occurrence stands, into what it may be merged, and what it would cost. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KT_2026_SCHEDULE as KT } from '../../src/rules/programmes/kt-2026-schedule.js'
import { minutesAfter } from '../../src/rules/schedule/civil-time.js'
import { estimateOf } from '../../src/rules/schedule/estimate.js'
import type { EstimateFacts } from '../../src/rules/schedule/estimate.js'
import { allOccurrences } from '../../src/rules/schedule/occurrences.js'
import { CUMULATIVE } from '../../src/rules/schedule/schedule.js'
import { mergeTargets, standing } from '../../src/rules/schedule/standing.js'
import type { TaskState } from '../../src/rules/schedule/standing.js'

const ALL = allOccurrences(KT)
const anOccurrence = fc.constantFrom(...ALL)
const STATES: readonly TaskState[] = ['due', 'running', 'done', 'failed', 'missed', 'skipped']

describe('an occurrence', () => {
  it.each([
    [-1, 'upcoming'],
    [0, 'due'],
    [119, 'due'],
    [120, 'due'],
    [121, 'missed'],
    [40 * 24 * 60, 'missed'],
  ])('that nobody saw is %i minutes after its time %s', (minutes, expected) => {
    fc.assert(
      fc.property(anOccurrence, (it) => {
        expect(standing(KT, it, new Map(), minutesAfter(it.dueAt, minutes))).toBe(expected)
      }),
    )
  })

  it('stands as it is recorded, whatever the clock says', () => {
    fc.assert(
      fc.property(
        anOccurrence,
        fc.constantFrom(...STATES),
        fc.integer({ min: -100_000, max: 100_000 }),
        (it, state, minutes) => {
          const known = new Map([[it.key, state]])
          expect(standing(KT, it, known, minutesAfter(it.dueAt, minutes))).toBe(state)
        },
      ),
    )
  })
})

describe('merging', () => {
  it('leaves of each cumulative task the newest, and all of the others', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...ALL], { maxLength: 80 }), (some) => {
        const targets = mergeTargets(some)
        const left = some.filter((it) => !targets.has(it.key))
        for (const task of new Set(some.map((it) => it.task))) {
          const ofTask = some.filter((it) => it.task === task)
          const kept = left.filter((it) => it.task === task)
          if (!CUMULATIVE.includes(task)) expect(kept).toHaveLength(ofTask.length)
          else expect(kept.map((it) => it.dueAt)).toEqual([latest(ofTask.map((it) => it.dueAt))])
        }
        for (const target of targets.values()) expect(targets.has(target)).toBe(false)
      }),
    )
  })

  it('merges a monthly run into nothing', () => {
    const runs = ALL.filter((it) => it.task === 'run')
    expect(mergeTargets(runs)).toEqual(new Map())
  })
})

describe('an estimate', () => {
  const facts: EstimateFacts = { lines: 600_000, linesPerSecond: null, unapplied: 1_500 }

  it('is of lines at a measured rate, else at an assumed one', () => {
    expect(estimateOf(KT, 'run', facts)).toEqual({
      seconds: 2,
      messages: null,
      krw: null,
      how: '600000 lines at 300000 lines/s, assumed',
    })
    expect(estimateOf(KT, 'daily_run', { ...facts, linesPerSecond: 50_000 })).toMatchObject({
      seconds: 12,
      how: '600000 lines at 50000 lines/s, as the last runs had it',
    })
  })

  it('is of messages at their price where something is sent', () => {
    expect(estimateOf(KT, 'reminder_send', facts)).toMatchObject({ messages: 1_500, krw: 15_000 })
    expect(estimateOf(KT, 'reminder_prepare', facts)).toMatchObject({ messages: null, krw: null })
  })

  it('says so where nothing is known', () => {
    const nothing = { lines: null, linesPerSecond: null, unapplied: null }
    expect(estimateOf(KT, 'run', nothing).how).toBe('no snapshot to count the lines of')
    expect(estimateOf(KT, 'reminder_send', nothing).krw).toBeNull()
  })
})

function latest(instants: readonly string[]): string | undefined {
  return instants.toSorted().at(-1)
}
