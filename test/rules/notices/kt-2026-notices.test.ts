/** What kt-2026 tells whom: its rounds, classes and rates, and each of its texts as it is sent. */
import { describe, expect, it } from 'vitest'
import { isRealDate } from '../../../src/rules/calendar.js'
import { cutOf } from '../../../src/rules/notices/campaign.js'
import type { Campaign } from '../../../src/rules/notices/campaign.js'
import { campaignNamed, noticeText } from '../../../src/rules/notices/notice-terms.js'
import { heldUntil } from '../../../src/rules/notices/quiet-hours.js'
import { templateFaults } from '../../../src/rules/notices/template-faults.js'
import { microsOf } from '../../../src/rules/refunds/instant.js'
import { PROGRAMMES } from '../../../src/rules/programmes/registry.js'
import { V1, V2 } from '../builders.js'
import { aVersion, campaignOf, TERMS, unseenText } from './notice-builders.js'

const BEFORE_ANNOUNCEMENT = '2025-12-29'

/** On the day of its first round, or when events of the programme first happen. */
function textOf(campaign: Campaign) {
  const [first] = campaign.rounds
  return noticeText(TERMS, campaign, first?.dueAt.slice(0, 10) ?? '2026-02-01')
}

describe('the campaigns', () => {
  it('are those of both versions, and another programme may have none', () => {
    expect([V1.notices, V2.notices]).toEqual([TERMS, TERMS])
    const without = PROGRAMMES.filter(({ versions }) => versions.some((it) => !it.notices))
    expect(without.map(({ name }) => name)).toEqual(['skt-2025'])
  })

  it.each([
    ['refund_eligibility', 'informational', 'refundable', ['2025-12-30T17:00']],
    [
      'refund_reminder',
      'informational',
      'refundable_not_applied',
      ['2026-01-20T10:00', '2026-01-26T10:00', '2026-01-30T10:00'],
    ],
    ['payout_made', 'informational', 'payout_settled', []],
    ['payout_bounced', 'informational', 'payout_bounced', []],
    ['ott_choice_open', 'advertising', 'pass_choosers_open', ['2026-02-01T10:00']],
    ['ott_code_issued', 'advertising', 'pass_issued', []],
    ['insurance_enrolled', 'informational', 'insurance_granted', []],
  ])('%s is %s, for %s, in rounds at %j', (name, messageClass, audience, dueAt) => {
    const campaign = campaignOf(name)
    expect(campaign).toMatchObject({ messageClass, audience, channels: ['text'] })
    expect(campaign.rounds.map((it) => it.dueAt)).toEqual(dueAt)
    expect(campaign.rounds.map(({ round }) => round)).toEqual(dueAt.map((_, index) => index + 1))
  })

  it('have names of their own, and no other is found', () => {
    const names = TERMS.campaigns.map(({ campaign }) => campaign)
    expect(new Set(names).size).toBe(7)
    for (const campaign of TERMS.campaigns) {
      expect(campaignNamed(TERMS, campaign.campaign)).toBe(campaign)
    }
    expect(campaignNamed(TERMS, 'refund')).toBeUndefined()
  })

  it('cite where they, their rounds, their texts and their figures come from', () => {
    const cited = [
      ...TERMS.campaigns,
      ...TERMS.campaigns.flatMap(({ rounds }) => rounds),
      ...TERMS.templates.flatMap(({ versions }) => versions),
      TERMS.zoneOffset,
      TERMS.quietHours,
      TERMS.slotValues,
    ]
    for (const { source } of cited) expect(source).toMatch(/^(facts §|contracts §|A\d)/)
    for (const { source } of [TERMS.messagesASecond, TERMS.costKrw]) {
      expect(source).toBe('house policy')
    }
  })

  it('have rounds by day: none waits for the end of quiet hours', () => {
    for (const { dueAt } of TERMS.campaigns.flatMap(({ rounds }) => rounds)) {
      expect(heldUntil(TERMS.quietHours.value, dueAt)).toBeNull()
    }
  })

  it('have rates and costs above nothing', () => {
    const figures = [TERMS.messagesASecond.value, TERMS.costKrw.value].flatMap(Object.values)
    expect(figures.length).toBe(5)
    for (const figure of figures) expect(figure).toBeGreaterThan(0)
  })
})

describe('the cut of a reminder', () => {
  it.each([
    [1, '2026-01-20T00:00:00+09:00', '2026-01-19T15:00:00Z'],
    [2, '2026-01-26T00:00:00+09:00', '2026-01-25T15:00:00Z'],
    [3, '2026-01-30T00:00:00+09:00', '2026-01-29T15:00:00Z'],
  ])('round %i is 00:00 of its day in Seoul', (number, expected, sameInstant) => {
    const round = campaignOf('refund_reminder').rounds.find((it) => it.round === number)
    const cut = cutOf(round ?? { dueAt: '' }, TERMS.zoneOffset.value)
    expect(cut).toBe(expected)
    expect(microsOf(cut)).toBe(microsOf(sameInstant))
  })

  it('goes by the offset that it is given, and by no other text', () => {
    expect(cutOf({ dueAt: '2026-01-20T23:59' }, '-05:30')).toBe('2026-01-20T00:00:00-05:30')
    expect(() => cutOf({ dueAt: '2026-01-20' }, '+09:00')).toThrow('a due time')
    expect(() => cutOf({ dueAt: '2026-01-20T10:00' }, '+9:0')).toThrow('an offset')
  })

  it('lies inside the window for applications', () => {
    const { opensAt, closesAt } = V1.refunds?.applications ?? {}
    for (const round of campaignOf('refund_reminder').rounds) {
      const cut = microsOf(cutOf(round, TERMS.zoneOffset.value))
      expect(cut).toBeGreaterThan(microsOf(opensAt?.value ?? ''))
      expect(cut).toBeLessThan(microsOf(closesAt?.value ?? ''))
    }
  })
})

describe('the texts', () => {
  it.each([
    ['refund_eligibility', 'LMS', 359],
    ['refund_reminder', 'LMS', 315],
    ['payout_made', 'SMS', 61],
    ['payout_bounced', 'LMS', 338],
    ['ott_choice_open', 'LMS', 314],
    ['ott_code_issued', 'LMS', 275],
    ['insurance_enrolled', 'LMS', 235],
  ])('%s goes as %s of %i bytes', (name, kind, bytes) => {
    expect(textOf(campaignOf(name))).toMatchObject({ template: name, version: 1, kind, bytes })
  })

  it('have no fault with the values of their campaigns', () => {
    for (const { campaign, template, messageClass, slotValues } of TERMS.campaigns) {
      const versions = TERMS.templates.find((it) => it.template === template)?.versions ?? []
      const values = { ...TERMS.slotValues.value, ...slotValues }
      const faults = versions.map((version) => templateFaults(version, messageClass, values))
      expect([campaign, faults]).toEqual([campaign, [[]]])
    }
  })

  it('have no figures but dates, hours, terms and the free number', () => {
    for (const campaign of TERMS.campaigns) {
      const { subject, text } = textOf(campaign)
      const rest = `${subject ?? ''}\n${text}`
        .replaceAll(/\d{1,2}월 \d{1,2}일( \d{1,2}시)?/g, '')
        .replaceAll(/(?<!\d)(\d{1,2}개월|\d{1,2}일|\d년|\d시)/g, '')
        .replaceAll('080-722-0100', '')
      expect([campaign.campaign, /[\d{}]/.exec(rest)]).toEqual([campaign.campaign, null])
    }
  })

  it('are advertising with its marks, or information without', () => {
    for (const campaign of TERMS.campaigns) {
      const { subject, text } = textOf(campaign)
      const isAdvertising = campaign.messageClass === 'advertising'
      expect(text.startsWith('(광고)[KT]')).toBe(isAdvertising)
      expect(text.endsWith('\nKT 080-722-0100\n무료수신거부 080-722-0100')).toBe(isAdvertising)
      expect(subject?.startsWith('(광고)') ?? false).toBe(isAdvertising)
      expect(text).toContain('[KT]')
    }
  })

  it('end their sentences politely', () => {
    const sentences = TERMS.campaigns.flatMap((campaign) => {
      return textOf(campaign).text.match(/[^\n.]+\.(?=\s|$)/g) ?? []
    })
    expect(sentences.length).toBeGreaterThan(7)
    for (const it of sentences) expect(it).toMatch(/(니다|세요)\.$/)
  })

  it('of a bounced payout has no link, as false notices about accounts have one', () => {
    expect(textOf(campaignOf('payout_bounced')).text).not.toMatch(/[a-z]\.[a-z]/i)
  })

  it('have versions that ascend and count before their first use', () => {
    for (const { versions } of TERMS.templates) {
      expect(versions.map(({ version }) => version)).toEqual(versions.map((_, index) => index + 1))
      const days = versions.map(({ effectiveFrom }) => effectiveFrom)
      expect(days.every(isRealDate)).toBe(true)
      expect(days.toSorted()).toEqual(days)
    }
    for (const campaign of TERMS.campaigns) {
      expect(() => noticeText(TERMS, campaign, BEFORE_ANNOUNCEMENT)).toThrow('a version of')
      for (const { dueAt } of campaign.rounds) {
        expect(() => noticeText(TERMS, campaign, dueAt.slice(0, 10))).not.toThrow()
      }
    }
  })

  it('are all used, and each campaign has one', () => {
    const used = TERMS.campaigns.map(({ template }) => template)
    expect(TERMS.templates.map(({ template }) => template).toSorted()).toEqual(used.toSorted())
  })
})

describe('the deadlines in the texts', () => {
  it('are those of the refund terms and of the choice', () => {
    const { opensAt, closesAt } = V1.refunds?.applications ?? {}
    for (const name of ['refund_eligibility', 'refund_reminder']) {
      expect(campaignOf(name).slotValues?.deadline).toBe(inWords(closesAt?.value ?? ''))
    }
    expect(textOf(campaignOf('refund_eligibility')).text).toContain(inWords(opensAt?.value ?? ''))
    const lastDay = V1.benefits.ott_pass?.window.value.to ?? ''
    expect(campaignOf('ott_choice_open').slotValues?.deadline).toBe(dayInWords(lastDay))
  })
})

describe('the text of a round', () => {
  const campaign = campaignOf('payout_made')
  const template = { template: 'payout_made', versions: [aVersion(1, '2026-01-20')] }
  const newer = { ...template, versions: [...template.versions, aVersion(2, '2026-01-26')] }

  it('is of the version that counts on the day it is prepared', () => {
    const terms = { ...TERMS, templates: [newer] }
    const versions = ['2026-01-25', '2026-01-26'].map((day) => {
      return noticeText(terms, campaign, day).version
    })
    expect(versions).toEqual([1, 2])
  })

  it('has its subject as an LMS alone', () => {
    const texts = ['가'.repeat(30), '가'.repeat(45)].map((rest) => {
      const version = unseenText([`[{senderName}] ${rest}`], '안내')
      const terms = { ...TERMS, templates: [{ ...template, versions: [version] }] }
      return noticeText(terms, campaign, '2026-01-20')
    })
    expect(texts.map(({ kind, subject }) => [kind, subject])).toEqual([
      ['SMS', null],
      ['LMS', '안내'],
    ])
  })

  it('is none where it must not be sent as it is', () => {
    const terms = { ...TERMS, templates: [template] }
    const advertising: Campaign = { ...campaign, messageClass: 'advertising' }
    const attempt = () => noticeText(terms, advertising, '2026-01-20')
    expect(attempt).toThrow('without NO_ADVERTISING_MARK, NO_SENDER, NO_FREE_OPT_OUT')
    const unknown = { ...campaign, template: 'none' }
    expect(() => noticeText(terms, unknown, '2026-01-20')).toThrow('the template none')
  })
})

/** `2026-01-31T22:00:00+09:00` as `1월 31일 22시`. */
function inWords(instant: string): string {
  return `${dayInWords(instant)} ${Number(instant.slice(11, 13))}시`
}

function dayInWords(day: string): string {
  return `${Number(day.slice(5, 7))}월 ${Number(day.slice(8, 10))}일`
}
