/** What becomes of messages at the moment of sending, by what is known of their lines now. */
import type { Cipher } from '../privacy/cipher.js'
import { isStillDue, suppressionOf } from '../rules/notices/audience.js'
import type { Campaign } from '../rules/notices/campaign.js'
import type { AskedFacts } from './audience-store.js'
import { factsOf } from './fact-mask.js'
import { messageKey, recipientOf } from './recipient.js'
import type { MessageName } from './recipient.js'
import type { DueMessage, MovedLine, Suppressed, ToldLine } from './sending-store.js'

export interface Addressed {
  readonly message: DueMessage
  /** Personal: it goes to the gateway and nowhere else. */
  readonly number: string
}

export interface JudgedMessages {
  readonly deliver: readonly Addressed[]
  readonly suppress: readonly Suppressed[]
  /** Lines whose number is another one by now. */
  readonly moved: readonly MovedLine[]
}

export interface JudgedRound extends Pick<MessageName, 'programme' | 'round'> {
  readonly campaign: Campaign
}

/**
 * A message is for the lines that are still due at the number it was prepared for. One that has
 * none left is suppressed, with the reason of its first line.
 */
export function judgeMessages(
  cipher: Cipher,
  round: JudgedRound,
  messages: readonly DueMessage[],
  lines: readonly ToldLine[],
  facts: readonly AskedFacts[],
): JudgedMessages {
  const known = new Map(facts.map((it) => [`${it.lineId} ${it.event}`, it]))
  const linesOf = new Map<string, ToldLine[]>()
  for (const it of lines) {
    const same = linesOf.get(it.messageId)
    if (same === undefined) linesOf.set(it.messageId, [it])
    else same.push(it)
  }
  const deliver: Addressed[] = []
  const suppress: Suppressed[] = []
  const moved: MovedLine[] = []
  for (const message of messages) {
    let number: string | undefined
    let reason: string | undefined
    for (const line of linesOf.get(message.messageId) ?? []) {
      const it = known.get(`${line.lineId} ${line.event}`)
      const why = whyNot(round.campaign, it)
      if (why !== null || it === undefined || it.number === null) {
        reason ??= why ?? 'NO_NUMBER'
        continue
      }
      const recipient = recipientOf(cipher, line.customerId, it.number)
      if (recipient.equals(message.recipient)) number ??= it.number
      else moved.push({ ...line, recipient, key: keyOf(round, line.event, recipient) })
    }
    if (number !== undefined) deliver.push({ message, number })
    else suppress.push({ messageId: message.messageId, reason: reason ?? 'NUMBER_CHANGED' })
  }
  return { deliver, suppress, moved }
}

/** Null for whoever is told. */
function whyNot(campaign: Campaign, known: AskedFacts | undefined): string | null {
  if (known === undefined) return 'NOT_IN_AUDIENCE'
  const facts = { ...factsOf(known.mask), isInAudience: true }
  return isStillDue(campaign, facts) ? null : suppressionOf(campaign, facts)
}

function keyOf(round: JudgedRound, event: string, recipient: Buffer): string {
  const { programme, campaign } = round
  const name = { programme, campaign: campaign.campaign, round: round.round }
  return messageKey({ ...name, channel: 'text', event, recipient })
}
