/** A campaign's round as it is asked for, and what goes with it from the programme. */
import { RedressError } from '../errors.js'
import { campaignNamed } from '../rules/notices/notice-terms.js'
import type { NoticeTerms } from '../rules/notices/notice-terms.js'
import type { Campaign, Round } from '../rules/notices/campaign.js'
import type { SuppressionReason } from '../rules/notices/audience.js'
import type { ProgrammeVersion } from '../rules/programme.js'

/** The campaign that `reminders prepare ROUND` is about. */
export const REMINDERS = 'refund_reminder'

export interface NoticeScope {
  readonly version: ProgrammeVersion
  readonly terms: NoticeTerms
  readonly campaign: Campaign
  /** Undefined where the campaign follows events. */
  readonly round: Round | undefined
}

/** What the last preparing of a round came to, in lines. */
export interface RoundResult {
  readonly audience: number
  readonly suppressed: Readonly<Partial<Record<SuppressionReason, number>>>
  readonly queued: number
}

/** The number under which it is kept: 0 where the campaign follows events. */
export function roundNumberOf(scope: Pick<NoticeScope, 'round'>): number {
  return scope.round?.round ?? 0
}

/** Of a campaign's round, as people name it. */
export function nameOfRound(campaign: string, round: number): string {
  return round === 0 ? campaign : `${campaign} ${round}`
}

/**
 * @param round absent where the campaign has one round, or none
 * @throws RedressError NOTICE_ROUND_UNKNOWN, PROGRAMME_WITHOUT_NOTICES
 */
export function noticeScope(
  version: ProgrammeVersion,
  campaignName: string,
  round: number | undefined,
): NoticeScope {
  const { programme, notices: terms } = version
  if (terms === undefined) throw new RedressError('PROGRAMME_WITHOUT_NOTICES', { programme })
  const campaign = campaignNamed(terms, campaignName)
  if (campaign === undefined) {
    throw unknownRound(campaignName, `a campaign of ${programme}: ${namesOf(terms)}`)
  }
  const { rounds } = campaign
  if (rounds.length === 0) {
    if (round === undefined) return { version, terms, campaign, round: undefined }
    throw unknownRound(`${campaignName} ${round}`, 'no round, since it follows events')
  }
  const found = rounds.find((it) => it.round === (round ?? (rounds.length === 1 ? 1 : 0)))
  if (found !== undefined) return { version, terms, campaign, round: found }
  const expected = `one of its rounds: ${rounds.map((it) => it.round).join(', ')}`
  throw unknownRound(nameOfRound(campaignName, round ?? 0), expected)
}

function namesOf(terms: NoticeTerms): string {
  return terms.campaigns.map((it) => it.campaign).join(', ')
}

function unknownRound(round: string, expected: string): RedressError {
  return new RedressError('NOTICE_ROUND_UNKNOWN', { round, expected })
}
