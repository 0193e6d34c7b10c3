/** Whom KT's programme of 2026 tells what, when, and at which rate. */
import type { Campaign } from '../notices/campaign.js'
import type { NoticeTerms } from '../notices/notice-terms.js'
import { KT_2026_TEMPLATES } from './kt-2026-templates.js'

/** The carrier's home page: no deeper address was published. */
const HOME_PAGE = 'kt.com'
const APPLY = { deadline: '1월 31일 22시', shortLink: HOME_PAGE } as const

const REFUND_CAMPAIGNS: readonly Campaign[] = [
  {
    campaign: 'refund_eligibility',
    messageClass: 'informational',
    audience: 'refundable',
    channels: ['text'],
    template: 'refund_eligibility',
    rounds: [{ round: 1, dueAt: '2025-12-30T17:00', source: 'facts §0' }],
    slotValues: APPLY,
    source: 'facts §9, facts §13.2',
  },
  {
    campaign: 'refund_reminder',
    messageClass: 'informational',
    audience: 'refundable_not_applied',
    channels: ['text'],
    template: 'refund_reminder',
    rounds: [
      { round: 1, dueAt: '2026-01-20T10:00', source: 'A38' },
      { round: 2, dueAt: '2026-01-26T10:00', source: 'A38' },
      { round: 3, dueAt: '2026-01-30T10:00', source: 'A38' },
    ],
    slotValues: APPLY,
    source: 'facts §9, facts §13.2',
  },
  {
    campaign: 'payout_made',
    messageClass: 'informational',
    audience: 'payout_settled',
    channels: ['text'],
    template: 'payout_made',
    rounds: [],
    source: 'facts §1, facts §13.2',
  },
  {
    campaign: 'payout_bounced',
    messageClass: 'informational',
    audience: 'payout_bounced',
    channels: ['text'],
    template: 'payout_bounced',
    rounds: [],
    source: 'A3, facts §13.2',
  },
]

const BENEFIT_CAMPAIGNS: readonly Campaign[] = [
  {
    campaign: 'ott_choice_open',
    messageClass: 'advertising',
    audience: 'pass_choosers_open',
    channels: ['text'],
    template: 'ott_choice_open',
    // The hour is that of the reminders.
    rounds: [{ round: 1, dueAt: '2026-02-01T10:00', source: 'A25, house policy' }],
    slotValues: {
      serviceName: '티빙 또는 디즈니+',
      deadline: '7월 31일',
      shortLink: HOME_PAGE,
    },
    source: 'facts §6, facts §13.2, A47',
  },
  {
    campaign: 'ott_code_issued',
    // It answers a choice, but A47 counts all that is about a partner's pass as advertising. Who
    // does not consent finds the code where the choice was made (A25).
    messageClass: 'advertising',
    audience: 'pass_issued',
    channels: ['text'],
    template: 'ott_code_issued',
    rounds: [],
    slotValues: { shortLink: HOME_PAGE },
    source: 'A27, A47',
  },
  {
    campaign: 'insurance_enrolled',
    messageClass: 'informational',
    audience: 'insurance_granted',
    channels: ['text'],
    template: 'insurance_enrolled',
    rounds: [],
    slotValues: { shortLink: HOME_PAGE },
    source: 'facts §8, facts §13.2',
  },
]

export const KT_2026_NOTICES: NoticeTerms = {
  zoneOffset: { value: '+09:00', source: 'facts §0' },
  quietHours: { value: { from: '21:00', to: '08:00' }, source: 'facts §13.2, A47' },
  campaigns: [...REFUND_CAMPAIGNS, ...BENEFIT_CAMPAIGNS],
  templates: KT_2026_TEMPLATES,
  slotValues: {
    value: {
      programmeName: '고객 보답 프로그램',
      senderName: 'KT',
      // The one free number of KT's that the facts know; which one takes opt-outs was not
      // published, so the carrier has to set its own before it advertises.
      helpDesk: '080-722-0100',
      optOutNumber: '080-722-0100',
    },
    source: 'facts §9, house policy',
  },
  messagesASecond: { value: { spool: 2_000, http: 300, smpp: 300 }, source: 'house policy' },
  costKrw: { value: { SMS: 9, LMS: 27 }, source: 'house policy' },
}
