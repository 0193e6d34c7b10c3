/** Who is not told and why: each reason alone, their order, and what is asked again at sending. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isStillDue, SUPPRESSIONS, suppressionOf } from '../../../src/rules/notices/audience.js'
import type { FactsAtSending, SuppressionReason } from '../../../src/rules/notices/audience.js'
import { aRecipient, campaignOf, TERMS } from './notice-builders.js'

const REMINDER = campaignOf('refund_reminder')
const EVERY_CAMPAIGN = TERMS.campaigns.map(({ campaign }) => campaign)
const REFUND_NOTICES = ['refund_eligibility', 'refund_reminder']
const ADVERTISING = ['ott_choice_open', 'ott_code_issued']

const anyCampaign = fc.constantFrom(...TERMS.campaigns)
const anyRecipient: fc.Arbitrary<FactsAtSending> = fc.record({
  hasApplied: fc.boolean(),
  hasNumber: fc.boolean(),
  isOptedOut: fc.boolean(),
  isNumberReassigned: fc.boolean(),
  isDeceased: fc.boolean(),
  isSeized: fc.boolean(),
  isPaid: fc.boolean(),
  consentsToAdvertising: fc.boolean(),
  isInAudience: fc.boolean(),
})

describe('a recipient of whom nothing is known', () => {
  it.each(EVERY_CAMPAIGN)('is told by %s', (name) => {
    expect(suppressionOf(campaignOf(name), aRecipient())).toBeNull()
  })
})

describe('a reason suppresses', () => {
  it.each<[SuppressionReason, Partial<FactsAtSending>, readonly string[]]>([
    ['APPLIED', { hasApplied: true }, ['refund_reminder']],
    ['NO_NUMBER', { hasNumber: false }, EVERY_CAMPAIGN],
    ['OPTED_OUT', { isOptedOut: true }, EVERY_CAMPAIGN],
    ['NUMBER_REASSIGNED', { isNumberReassigned: true }, EVERY_CAMPAIGN],
    ['DECEASED_OR_SEIZED', { isDeceased: true }, EVERY_CAMPAIGN],
    ['DECEASED_OR_SEIZED', { isSeized: true }, EVERY_CAMPAIGN],
    ['ALREADY_PAID', { isPaid: true }, REFUND_NOTICES],
    ['NO_ADVERTISING_CONSENT', { consentsToAdvertising: false }, ADVERTISING],
  ])('%s by %j', (reason, facts, campaigns) => {
    const suppressed = TERMS.campaigns.filter((it) => suppressionOf(it, aRecipient(facts)))
    expect(suppressed.map(({ campaign }) => campaign).toSorted()).toEqual(campaigns.toSorted())
    for (const it of suppressed) expect(suppressionOf(it, aRecipient(facts))).toBe(reason)
  })
})

describe('the reasons', () => {
  it('come in the order in which they are counted', () => {
    expect(SUPPRESSIONS.map(({ reason }) => reason)).toEqual([
      'APPLIED',
      'NO_NUMBER',
      'OPTED_OUT',
      'NUMBER_REASSIGNED',
      'DECEASED_OR_SEIZED',
      'ALREADY_PAID',
      'NO_ADVERTISING_CONSENT',
    ])
  })

  it('cite where they come from', () => {
    for (const { source } of SUPPRESSIONS) expect(source).toMatch(/^(facts §|contracts §|A\d)/)
  })

  it.each<[SuppressionReason, Partial<FactsAtSending>]>([
    ['APPLIED', { hasApplied: true, hasNumber: false, isPaid: true }],
    ['NO_NUMBER', { hasNumber: false, isOptedOut: true, isDeceased: true }],
    ['OPTED_OUT', { isOptedOut: true, isNumberReassigned: true, isSeized: true }],
    ['NUMBER_REASSIGNED', { isNumberReassigned: true, isDeceased: true, isPaid: true }],
    ['DECEASED_OR_SEIZED', { isSeized: true, isPaid: true }],
  ])('of several give %s first', (reason, facts) => {
    expect(suppressionOf(REMINDER, aRecipient(facts))).toBe(reason)
  })

  it('never vanish when more becomes known against a recipient', () => {
    const against = fc.constantFrom<Partial<FactsAtSending>>(
      { hasApplied: true },
      { hasNumber: false },
      { isOptedOut: true },
      { isNumberReassigned: true },
      { isDeceased: true },
      { isSeized: true },
      { isPaid: true },
      { consentsToAdvertising: false },
    )
    fc.assert(
      fc.property(anyCampaign, anyRecipient, against, (campaign, facts, more) => {
        const before = suppressionOf(campaign, facts)
        const after = suppressionOf(campaign, { ...facts, ...more })
        const rank = (it: SuppressionReason | null) =>
          SUPPRESSIONS.findIndex((s) => s.reason === it)
        if (before !== null) expect(rank(after)).toBeGreaterThanOrEqual(0)
        if (before !== null) expect(rank(after)).toBeLessThanOrEqual(rank(before))
      }),
    )
  })
})

describe('at the moment of sending', () => {
  it.each<[string, Partial<FactsAtSending>, boolean]>([
    ['whom nothing has happened to', {}, true],
    ['who applied in between', { hasApplied: true }, false],
    ['who opted out in between', { isOptedOut: true }, false],
    ['whose number went to somebody else', { isNumberReassigned: true }, false],
    ['who was paid in between', { isPaid: true }, false],
    ['who is no longer owed anything', { isInAudience: false }, false],
  ])('one %s is due: %j', (_, facts, expected) => {
    expect(isStillDue(REMINDER, aRecipient(facts))).toBe(expected)
  })
})
