/** The clock: what `--now` may say, and what day it is where. */
import { describe, expect, it } from 'vitest'
import { fixedClock, systemClock } from '../../src/config/clock.js'
import { RedressError } from '../../src/errors.js'

describe('fixedClock', () => {
  it('stands still at an instant with an offset', () => {
    expect(fixedClock('2026-02-01T00:30:00+09:00').now()).toBe('2026-01-31T15:30:00.000Z')
    expect(fixedClock('2026-01-31T15:30Z').now()).toBe('2026-01-31T15:30:00.000Z')
    expect(fixedClock('2026-02-01T00:30:00+09:00').todayIn('Asia/Seoul')).toBe('2026-02-01')
    expect(fixedClock('2026-02-01T00:30:00+09:00').todayIn('UTC')).toBe('2026-01-31')
  })

  it('refuses everything else as wrong usage', () => {
    const refused = [
      '',
      'today',
      '2026-02-01',
      '2026-02-01T00:30:00',
      '2026-02-30T00:00:00Z',
      '2026-02-01 00:30:00Z',
      '2026-W05-1T00:00:00Z',
      '2026-02-01T25:00:00Z',
      '1770000000',
      '2026-02-01T00:30:00+0900',
    ]
    for (const text of refused) {
      expect(() => fixedClock(text), text).toThrow(RedressError)
    }
  })
})

describe('systemClock', () => {
  it('goes on', () => {
    const before = new Date().toISOString()
    expect(systemClock().now() >= before).toBe(true)
    expect(systemClock().todayIn('Asia/Seoul')).toMatch(/^\d{4}-\d\d-\d\d$/)
  })
})
