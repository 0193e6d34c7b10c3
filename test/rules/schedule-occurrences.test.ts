/** What is due when: KT's schedule by examples, and what holds for any schedule. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KT_2026_SCHEDULE } from '../../src/rules/programmes/kt-2026-schedule.js'
import { findSchedule } from '../../src/rules/programmes/schedules.js'
import { allOccurrences, occurrencesBetween } from '../../src/rules/schedule/occurrences.js'
import type { Schedule, ScheduleEntry } from '../../src/rules/schedule/schedule.js'
import { TASK_GROUPS } from '../../src/rules/schedule/schedule.js'
import { tickPatterns } from '../../src/rules/schedule/tick-patterns.js'

const ALL = allOccurrences(KT_2026_SCHEDULE)
const SEOUL_MS = 9 * 3_600_000

/** As the clocks in Seoul show it. */
function civil(instant: string): string {
  return new Date(Date.parse(instant) + SEOUL_MS).toISOString().slice(0, 16)
}

function timesOf(task: string): readonly string[] {
  return ALL.filter((it) => it.task === task).map((it) => civil(it.dueAt))
}

describe("KT's schedule", () => {
  it('is found by its programme, and not every programme has one', () => {
    expect(findSchedule('kt-2026')).toBe(KT_2026_SCHEDULE)
    expect(findSchedule('skt-2025')).toBeUndefined()
  })

  it('forecasts on the 25th before, and runs on the 1st at six', () => {
    expect(timesOf('forecast')).toEqual([
      '2026-01-25T10:00',
      '2026-02-25T10:00',
      '2026-03-25T10:00',
      '2026-04-25T10:00',
      '2026-05-25T10:00',
      '2026-06-25T10:00',
    ])
    expect(timesOf('run').map((it) => it.slice(5))).toEqual(
      ['02', '03', '04', '05', '06', '07'].map((month) => `${month}-01T06:00`),
    )
  })

  it.each([
    ['2026-02-01', undefined],
    ['2026-02-02', '2026-02'],
    ['2026-02-28', '2026-02'],
    ['2026-03-01', undefined],
    ['2026-03-02', '2026-03'],
    ['2026-03-31', '2026-03'],
    ['2026-07-31', '2026-07'],
    ['2026-08-01', '2026-07'],
    ['2026-08-02', undefined],
  ])('has on %s a daily run of %s', (date, period) => {
    const found = ALL.find((it) => it.task === 'daily_run' && it.date === date)
    expect(found?.period ?? undefined).toBe(period)
  })

  it('prepares a payout on the evening before, and sends it in the morning', () => {
    expect(timesOf('payout_prepare').slice(0, 4)).toEqual([
      '2026-01-21T18:00',
      '2026-02-04T18:00',
      '2026-02-18T18:00',
      '2026-02-25T18:00',
    ])
    expect(timesOf('payout_export').slice(0, 3)).toEqual([
      '2026-01-22T06:00',
      '2026-02-05T06:00',
      '2026-02-19T06:00',
    ])
    expect(timesOf('payout_export').at(-1)).toBe('2026-03-26T06:00')
  })

  it('has three rounds, prepared before they are sent at ten', () => {
    expect(timesOf('reminder_prepare')).toEqual(
      ['2026-01-20', '2026-01-26', '2026-01-30'].map((day) => `${day}T08:30`),
    )
    expect(timesOf('reminder_send')).toEqual(
      ['2026-01-20', '2026-01-26', '2026-01-30'].map((day) => `${day}T10:00`),
    )
    expect(timesOf('notice')).toEqual(['2025-12-30T17:00', '2026-02-01T10:00'])
  })

  it('names what is due by programme, task and what it is for', () => {
    const keys = ALL.map((it) => it.key)
    for (const key of [
      'kt-2026/run/2026-03',
      'kt-2026/daily_run/2026-03-02',
      'kt-2026/payout_export/2026-01-22',
      'kt-2026/reminder_send/2',
      'kt-2026/notice/refund_eligibility',
    ]) {
      expect(keys).toContain(key)
    }
  })

  it('rings at every time of day at which something is due', () => {
    const patterns = tickPatterns(KT_2026_SCHEDULE)
    expect(patterns).toContain('0 6 * * *')
    expect(patterns).toContain('30 8 * * *')
    const times = new Set(
      ALL.map(({ dueAt }) => {
        const [hour, minute] = civil(dueAt).slice(11).split(':').map(Number)
        return `${minute} ${hour} * * *`
      }),
    )
    expect([...times].toSorted()).toEqual([...patterns].toSorted())
  })

  it('has every task in one group', () => {
    const grouped = Object.values(TASK_GROUPS).flat()
    expect(new Set(grouped).size).toBe(grouped.length)
    for (const { task } of ALL) expect(grouped).toContain(task)
  })
})

describe('month ends', () => {
  it.each([
    ['2028-02', 'period', 31, '2028-02-29'],
    ['2026-02', 'period', 30, '2026-02-28'],
    ['2026-04', 'period', 31, '2026-04-30'],
    ['2026-03', 'before', 31, '2026-02-28'],
    ['2026-01', 'before', 25, '2025-12-25'],
  ] as const)('%s on day %s %i is %s', (period, month, day, date) => {
    const at = occurrencesOf({
      task: 'forecast',
      periods: [period],
      on: { value: { month, day, time: '00:30' }, source: 'test' },
    })
    expect(at.map((it) => civil(it.dueAt))).toEqual([`${date}T00:30`])
  })
})

describe('any schedule', () => {
  it('holds in windows that meet what it holds in one over both', () => {
    fc.assert(
      fc.property(aSchedule, anInstant, anInstant, anInstant, (schedule, ...instants) => {
        const [from, middle, to] = instants.toSorted() as [string, string, string]
        const parts = [
          ...occurrencesBetween(schedule, from, middle),
          ...occurrencesBetween(schedule, middle, to),
        ]
        expect(parts).toEqual(occurrencesBetween(schedule, from, to))
      }),
    )
  })

  it('holds each key once, and the same ones at whatever time of day', () => {
    fc.assert(
      fc.property(aSchedule, aTime, (schedule, time) => {
        const keys = allOccurrences(schedule).map((it) => it.key)
        expect(new Set(keys).size).toBe(keys.length)
        const moved = { ...schedule, entries: schedule.entries.map((it) => movedTo(it, time)) }
        expect(
          allOccurrences(moved)
            .map((it) => it.key)
            .toSorted(),
        ).toEqual(keys.toSorted())
      }),
    )
  })

  it('is due at the civil time that it says, on the day that its key says', () => {
    fc.assert(
      fc.property(aSchedule, (schedule) => {
        for (const it of allOccurrences(schedule)) {
          if (it.task !== 'daily_run' && it.task !== 'verify') continue
          expect(civil(it.dueAt).slice(0, 10)).toBe(it.date)
          expect(it.key.endsWith(it.date ?? '')).toBe(true)
        }
      }),
    )
  })
})

const aTime = fc
  .tuple(fc.nat({ max: 23 }), fc.nat({ max: 59 }))
  .map(([hour, minute]) => `${pad(hour)}:${pad(minute)}`)
const aDay = fc.nat({ max: 700 }).map((days) => {
  return new Date(Date.UTC(2025, 6, 1) + days * 86_400_000).toISOString().slice(0, 10)
})
const anInstant = fc
  .tuple(aDay, fc.nat({ max: 86_399_999 }))
  .map(([day, ms]) => new Date(Date.parse(`${day}T00:00:00Z`) + ms).toISOString())
const somePeriods = fc.uniqueArray(
  fc
    .tuple(fc.constantFrom('2025', '2026', '2028'), fc.integer({ min: 1, max: 12 }))
    .map(([year, month]) => `${year}-${pad(month)}`),
  { minLength: 1, maxLength: 6 },
)

const aSchedule = fc
  .record({
    periods: somePeriods,
    day: fc.integer({ min: 1, max: 31 }),
    month: fc.constantFrom('period' as const, 'before' as const),
    days: fc.tuple(aDay, aDay).map((it) => it.toSorted() as [string, string]),
    dates: fc.uniqueArray(aDay, { maxLength: 8 }),
    time: aTime,
  })
  .map(({ periods, day, month, days: [from, to], dates, time }) =>
    scheduleOf([
      { task: 'run', periods, on: { value: { month, day, time }, source: 'test' } },
      {
        task: 'daily_run',
        periods,
        window: { value: { from, to }, source: 'test' },
        time: { value: time, source: 'test' },
      },
      {
        task: 'verify',
        window: { value: { from, to }, source: 'test' },
        time: { value: time, source: 'test' },
      },
      { task: 'payout_prepare', dates, on: { value: { daysBefore: 1, time }, source: 'test' } },
    ]),
  )

function movedTo(entry: ScheduleEntry, time: string): ScheduleEntry {
  if (entry.task === 'run' || entry.task === 'forecast') {
    return { ...entry, on: { ...entry.on, value: { ...entry.on.value, time } } }
  }
  if (entry.task === 'payout_prepare' || entry.task === 'payout_export') {
    return { ...entry, on: { ...entry.on, value: { ...entry.on.value, time } } }
  }
  if ('time' in entry) return { ...entry, time: { value: time, source: 'test' } }
  return entry
}

function scheduleOf(entries: readonly ScheduleEntry[]): Schedule {
  return { ...KT_2026_SCHEDULE, programme: 'made-up', entries }
}

function occurrencesOf(entry: ScheduleEntry): ReturnType<typeof allOccurrences> {
  return allOccurrences(scheduleOf([entry]))
}

function pad(number: number): string {
  return String(number).padStart(2, '0')
}
