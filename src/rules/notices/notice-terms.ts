/** What a programme may set about its notices, and the text that comes of it. */
import { assert } from '../../assert.js'
import type { IsoDate } from '../case.js'
import type { Cited } from '../cited.js'
import type { Campaign, ZoneOffset } from './campaign.js'
import { messageSize, type MessageKind } from './message-size.js'
import type { QuietHours } from './quiet-hours.js'
import { render, versionOn, type SlotValues, type Template } from './template.js'
import { templateFaults } from './template-faults.js'

/** Ways out of the house; each has its own rate. */
export type GatewayName = 'spool' | 'http' | 'smpp'

export interface NoticeTerms {
  /** Of the programme's zone, which keeps it all year. */
  readonly zoneOffset: Cited<ZoneOffset>
  readonly quietHours: Cited<QuietHours>
  readonly campaigns: readonly Campaign[]
  readonly templates: readonly Template[]
  /** Of all campaigns; a campaign's own go before them. */
  readonly slotValues: Cited<SlotValues>
  readonly messagesASecond: Cited<Readonly<Record<GatewayName, number>>>
  /** Of one message, for previews. */
  readonly costKrw: Cited<Readonly<Record<MessageKind, number>>>
}

export interface NoticeText {
  readonly template: string
  readonly version: number
  readonly kind: MessageKind
  /** Of the text, in EUC-KR. */
  readonly bytes: number
  /** Null for SMS. */
  readonly subject: string | null
  readonly text: string
}

export function campaignNamed({ campaigns }: NoticeTerms, name: string): Campaign | undefined {
  return campaigns.find(({ campaign }) => campaign === name)
}

/**
 * What a campaign says in a round prepared on `day` of the programme's zone: one text for all of
 * its recipients, as there is nothing of theirs in it.
 * @throws AssertionFailure where the programme has no such text, or one that must not be sent.
 */
export function noticeText(terms: NoticeTerms, campaign: Campaign, day: IsoDate): NoticeText {
  const template = terms.templates.find((it) => it.template === campaign.template)
  const version = template === undefined ? undefined : versionOn(template, day)
  assert(version !== undefined, `a version of the template ${campaign.template} by ${day}`)
  const values = { ...terms.slotValues.value, ...campaign.slotValues }
  const faults = templateFaults(version, campaign.messageClass, values)
  assert(faults.length === 0, `a text of ${campaign.template} without ${faults.join(', ')}`)
  const { subject, text } = render(version, values)
  const size = messageSize(text)
  assert(size.outcome === 'fits', 'a text that has no faults to fit')
  const { kind, bytes } = size
  return {
    template: campaign.template,
    version: version.version,
    kind,
    bytes,
    subject: kind === 'LMS' ? subject : null,
    text,
  }
}
