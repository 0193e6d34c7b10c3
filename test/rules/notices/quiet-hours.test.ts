/** Quiet hours to the second, and luxon as an oracle for when a message may leave. */
import fc from 'fast-check'
import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import { heldUntil } from '../../../src/rules/notices/quiet-hours.js'
import { TERMS } from './notice-builders.js'

const NIGHT = TERMS.quietHours.value

describe('quiet hours from 21:00 to 08:00', () => {
  it.each([
    ['2026-01-20T20:59:59', null],
    ['2026-01-20T20:59:59.999999', null],
    ['2026-01-20T21:00:00', '2026-01-21T08:00'],
    ['2026-01-20T21:00', '2026-01-21T08:00'],
    ['2026-01-20T23:59:59', '2026-01-21T08:00'],
    ['2026-01-21T00:00:00', '2026-01-21T08:00'],
    ['2026-01-21T07:59:59', '2026-01-21T08:00'],
    ['2026-01-21T07:59:59.999', '2026-01-21T08:00'],
    ['2026-01-21T08:00:00', null],
    ['2026-01-21T08:00', null],
    ['2026-01-20T10:00', null],
    ['2026-01-31T22:00', '2026-02-01T08:00'],
    ['2026-12-31T21:00', '2027-01-01T08:00'],
    ['2028-02-28T23:00', '2028-02-29T08:00'],
  ])('at %s hold until %s', (now, expected) => {
    expect(heldUntil(NIGHT, now)).toBe(expected)
  })

  it.each(['', '2026-01-20', '2026-01-20T24:00', '2026-01-20T10:00+09:00', '2026-01-20 10:00'])(
    'do not guess what %j means',
    (now) => expect(() => heldUntil(NIGHT, now)).toThrow('a local time'),
  )
})

describe('quiet hours within a day', () => {
  it.each([
    ['2026-01-20T11:59:59', null],
    ['2026-01-20T12:00', '2026-01-20T13:00'],
    ['2026-01-20T12:59:59', '2026-01-20T13:00'],
    ['2026-01-20T13:00', null],
  ])('at %s hold until %s', (now, expected) => {
    expect(heldUntil({ from: '12:00', to: '13:00' }, now)).toBe(expected)
  })

  it('that end when they begin hold nothing', () => {
    expect(heldUntil({ from: '08:00', to: '08:00' }, '2026-01-20T08:00')).toBeNull()
  })

  it('must be times of day', () => {
    expect(() => heldUntil({ from: '9:00', to: '24:00' }, '2026-01-20T08:00')).toThrow('HH:mm')
  })
})

const anyMoment = fc
  .integer({ min: -1_000_000, max: 100_000_000 })
  .map((seconds) => DateTime.fromISO('2026-01-01T00:00:00', { zone: 'utc' }).plus({ seconds }))

const anyQuietHours = fc
  .tuple(fc.integer({ min: 0, max: 1_439 }), fc.integer({ min: 0, max: 1_439 }))
  .map(([from, to]) => ({ from: timeOfDay(from), to: timeOfDay(to) }))

function timeOfDay(minutes: number): string {
  return DateTime.fromSeconds(minutes * 60, { zone: 'utc' }).toFormat('HH:mm')
}

const textOf = (moment: DateTime) => moment.toFormat("yyyy-MM-dd'T'HH:mm:ss")

describe('whatever the hours', () => {
  it('a message leaves at once, or at the first moment after now that is not quiet', () => {
    fc.assert(
      fc.property(anyQuietHours, anyMoment, (quiet, moment) => {
        const held = heldUntil(quiet, textOf(moment))
        const start = moment.startOf('minute')
        // Minute by minute, without the arithmetic under test: from `from` on until `to` is met.
        const isQuiet = (at: DateTime) => isWithin(quiet, at.hour * 60 + at.minute)
        let free = start
        while (isQuiet(free)) free = free.plus({ minutes: 1 })
        expect(held).toBe(free.equals(start) ? null : free.toFormat("yyyy-MM-dd'T'HH:mm"))
      }),
      { numRuns: 60 },
    )
  })

  it('a message is held once only: it leaves when its time has come', () => {
    fc.assert(
      fc.property(anyQuietHours, anyMoment, (quiet, moment) => {
        const held = heldUntil(quiet, textOf(moment))
        if (held === null) return
        expect(held > textOf(moment)).toBe(true)
        expect(heldUntil(quiet, held)).toBeNull()
      }),
    )
  })
})

/** In minutes of the day, walking on from the beginning. */
function isWithin({ from, to }: { from: string; to: string }, minute: number): boolean {
  const minutesOf = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
  const length = (minutesOf(to) - minutesOf(from) + 1_440) % 1_440
  return (minute - minutesOf(from) + 1_440) % 1_440 < length
}
