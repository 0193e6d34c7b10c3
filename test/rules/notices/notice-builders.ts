/** Notices for tests: the terms of kt-2026, recipients whom nothing suppresses, texts to try. */
import type { FactsAtSending } from '../../../src/rules/notices/audience.js'
import type { Campaign } from '../../../src/rules/notices/campaign.js'
import { campaignNamed } from '../../../src/rules/notices/notice-terms.js'
import { templateVersion } from '../../../src/rules/notices/template.js'
import type { TemplateVersion } from '../../../src/rules/notices/template.js'
import { KT_2026_NOTICES } from '../../../src/rules/programmes/kt-2026-notices.js'

export const TERMS = KT_2026_NOTICES

export const VALUES = {
  programmeName: '고객 보답 프로그램',
  senderName: '가나통신',
  deadline: '1월 31일 22시',
  helpDesk: '1588-0000',
  optOutNumber: '080-000-0000',
  serviceName: '티빙 또는 디즈니+',
  shortLink: 'example.org/refund',
} as const

export function campaignOf(name: string): Campaign {
  const campaign = campaignNamed(TERMS, name)
  if (campaign === undefined) throw new RangeError(`no campaign ${name}`)
  return campaign
}

/** Somebody who is told whatever the campaign. */
export function aRecipient(differing: Partial<FactsAtSending> = {}): FactsAtSending {
  return {
    hasApplied: false,
    hasNumber: true,
    isOptedOut: false,
    isNumberReassigned: false,
    isDeceased: false,
    isSeized: false,
    isPaid: false,
    consentsToAdvertising: true,
    isInAudience: true,
    ...differing,
  }
}

const BASE = { version: 1, effectiveFrom: '2026-01-01', source: 'test', subject: null } as const

/** Text that the compiler cannot see: only what is checked when running holds for it. */
export function unseenText(lines: readonly string[], subject: string | null = null) {
  return templateVersion({ ...BASE, subject: subject as never, lines: lines as never })
}

export function aVersion(version: number, effectiveFrom: string): TemplateVersion {
  return templateVersion({
    version,
    effectiveFrom,
    source: 'test',
    subject: null,
    lines: ['[{senderName}] 안내'],
  })
}
