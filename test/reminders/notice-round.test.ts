/** How rounds are named and asked for, and the pieces of a rate. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countOf, messageIdOf, reasonOf, roundOf } from '../../src/cli/notice-flags.js'
import { instantOf, localTimeAt } from '../../src/reminders/local-time.js'
import { noticeScope, roundNumberOf } from '../../src/reminders/notice-round.js'
import { messageKey } from '../../src/reminders/recipient.js'
import { pauseAfter, paceOf, SENDING } from '../../src/reminders/sending-terms.js'
import { findVersion } from '../../src/rules/programmes/registry.js'

const KT = findVersion('kt-2026@1')!

describe('a round', () => {
  test.each([
    ['refund_reminder', 2, 2],
    ['refund_eligibility', undefined, 1],
    ['refund_eligibility', 1, 1],
    ['payout_made', undefined, 0],
  ])('of %s asked for as %s is %i', (campaign, round, expected) => {
    expect(roundNumberOf(noticeScope(KT, campaign, round))).toBe(expected)
  })

  test.each([
    ['refund_reminder', undefined, 'refund_reminder: unknown; expected one of its rounds: 1, 2, 3'],
    ['refund_reminder', 4, 'refund_reminder 4: unknown'],
    ['payout_made', 1, 'payout_made 1: unknown; expected no round'],
    ['nobody', 1, 'nobody: unknown; expected a campaign of kt-2026'],
  ])('of %s asked for as %s is refused', (campaign, round, told) => {
    expect(() => noticeScope(KT, campaign, round)).toThrow(told)
  })

  test('of a programme that tells nobody is refused', () => {
    expect(() => noticeScope(findVersion('skt-2025')!, 'refund_reminder', 1)).toThrow(
      'skt-2025: tells nobody',
    )
  })
})

describe('arguments', () => {
  test.each(['x', '0', '-1', '1.5', ''])('the round or count %j is refused', (text) => {
    expect(() => roundOf(text)).toThrow('expected')
    expect(() => countOf('--limit', text)).toThrow('--limit')
    expect(() => messageIdOf(text)).toThrow('expected')
  })

  test.each(['', '  ', 'a\nb', 'x'.repeat(501)])('the reason %j is refused', (text) => {
    expect(() => reasonOf(text)).toThrow('--reason')
  })
})

describe('a key', () => {
  const name = {
    programme: 'kt-2026',
    campaign: 'refund_reminder',
    round: 1,
    channel: 'text',
    event: '',
    recipient: Buffer.alloc(32, 1),
  } as const

  test('differs with each part of the name, and is at most 64 characters', () => {
    const others = [
      { ...name, programme: 'kt-2027' },
      { ...name, round: 2 },
      { ...name, event: 'pass 1' },
      { ...name, recipient: Buffer.alloc(32, 2) },
      { ...name, campaign: 'a'.repeat(200) },
    ]
    const keys = [name, ...others].map(messageKey)
    expect(new Set(keys).size).toBe(keys.length)
    expect(Math.max(...keys.map((it) => it.length))).toBeLessThanOrEqual(64)
    expect(messageKey(name)).toBe(messageKey({ ...name }))
  })
})

describe('pace', () => {
  test('never exceeds the rate, and keeps nine tenths of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), (rate) => {
        const { size, max } = paceOf(rate)
        expect(size * max).toBeLessThanOrEqual(rate)
        expect(size * max).toBeGreaterThan(rate * 0.83)
      }),
    )
  })

  test('pauses double from one minute', () => {
    expect([1, 2, 3, 4].map((it) => pauseAfter(SENDING, it) / 60_000)).toEqual([1, 2, 4, 8])
  })
})

test('local times and instants are each the other backwards', () => {
  expect(localTimeAt('2026-01-20T11:59:59.999Z', '+09:00')).toBe('2026-01-20T20:59:59.999')
  expect(instantOf('2026-01-21T08:00', '+09:00')).toBe('2026-01-20T23:00:00.000Z')
  expect(localTimeAt('2026-01-01T02:00:00Z', '-03:30')).toBe('2025-12-31T22:30:00.000')
})
