/**
 * The only reader of the time. Everything else is handed an instant, so that `--now` reaches it
 * all.
 */
import { DateTime } from 'luxon'
import { assert } from '../assert.js'
import { RedressError } from '../errors.js'

export interface Clock {
  /** ISO 8601 in UTC with milliseconds. */
  now(): string
  /** The date there now, YYYY-MM-DD. */
  todayIn(zone: string): string
}

export function systemClock(): Clock {
  return clockOn(() => new Date().toISOString())
}

/**
 * Stands still at `instant`. @throws RedressError USAGE when that is not ISO 8601 with an offset.
 */
export function fixedClock(instant: string): Clock {
  const now = parseInstant(instant)
  return clockOn(() => now)
}

// Without an offset an instant would depend on the machine; luxon alone would accept that and more.
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/

/**
 * @param option where it was given
 * @throws RedressError USAGE when `text` is not an ISO 8601 instant with an offset.
 */
export function parseInstant(text: string, option = '--now'): string {
  const parsed = DateTime.fromISO(text, { zone: 'utc' })
  if (!INSTANT.test(text) || !parsed.isValid) {
    const problem = `${option} ${JSON.stringify(text)}: not an instant`
    throw new RedressError('USAGE', {
      problem: `${problem}; expected ISO 8601 with offset, such as 2026-02-01T09:00:00+09:00`,
    })
  }
  return parsed.toISO()
}

function clockOn(now: () => string): Clock {
  return {
    now,
    todayIn: (zone) => {
      const there = DateTime.fromISO(now(), { zone })
      assert(there.isValid, 'a time zone that exists')
      return there.toISODate()
    },
  }
}
