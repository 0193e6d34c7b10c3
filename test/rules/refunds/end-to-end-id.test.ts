/** The bank's names of attempts: plain, short enough, and no two alike. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AssertionFailure } from '../../../src/assert.js'
import { endToEndId } from '../../../src/rules/refunds/end-to-end-id.js'

const anyAttempt = fc.tuple(
  fc.constantFrom('kt-2026', 'kt', 'kt-2026-1', 'kt-2026-11', 'skt-2025'),
  fc.oneof(
    fc.integer({ min: 1, max: 1_111 }).map(String),
    fc.bigInt({ min: 1n, max: 999_999_999_999_999_999n }).map(String),
  ),
  fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 99_999 })),
)

describe('endToEndId', () => {
  it('is what it always was', () => {
    expect(endToEndId('kt-2026', '123456789', 1)).toBe('kt-2026-123456789-1')
    expect(endToEndId('kt-2026', '123456789', 2)).toBe('kt-2026-123456789-2')
  })

  it('is of at most 35 plain characters', () => {
    fc.assert(
      fc.property(anyAttempt, (attempt) => {
        expect(endToEndId(...attempt)).toMatch(/^[A-Za-z0-9-]{1,35}$/)
      }),
    )
    const longest = endToEndId('programme1', '9'.repeat(18), 99_999)
    expect(longest.length).toBe(35)
  })

  it('can be read back, so no two attempts share one', () => {
    fc.assert(
      fc.property(anyAttempt, ([programme, lineId, attemptNo]) => {
        const parts = endToEndId(programme, lineId, attemptNo).split('-')
        const readBack = [parts.slice(0, -2).join('-'), parts.at(-2), Number(parts.at(-1))]
        expect(readBack).toEqual([programme, lineId, attemptNo])
      }),
    )
    fc.assert(
      fc.property(fc.uniqueArray(anyAttempt, { selector: String, minLength: 2 }), (attempts) => {
        const ids = attempts.map((attempt) => endToEndId(...attempt))
        expect(new Set(ids).size).toBe(attempts.length)
      }),
    )
  })

  it.each([
    ['', '1', 1],
    ['programme12', '1', 1],
    ['kt_2026', '1', 1],
    ['kt-2026', '0', 1],
    ['kt-2026', '01', 1],
    ['kt-2026', '1'.repeat(19), 1],
    ['kt-2026', '1-1', 1],
    ['kt-2026', '1', 0],
    ['kt-2026', '1', 1.5],
    ['kt-2026', '1', 100_000],
  ])('refuses %j, %j, %j as a bug', (programme, lineId, attemptNo) => {
    expect(() => endToEndId(programme, lineId, attemptNo)).toThrow(AssertionFailure)
  })
})
