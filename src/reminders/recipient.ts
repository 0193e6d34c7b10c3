/** How a recipient and a message are named without saying who they are. */
import { createHash } from 'node:crypto'
import type { Cipher } from '../privacy/cipher.js'
import type { Channel } from '../rules/notices/campaign.js'

/** A person at a number: 32 bytes, equal for all lines of the customer with that number. */
export function recipientOf(cipher: Cipher, customerId: string, number: string): Buffer {
  return cipher.digest(Buffer.from(`${customerId} ${number}`), 'notice recipient')
}

export interface MessageName {
  readonly programme: string
  readonly campaign: string
  /** 0 where the campaign follows events. */
  readonly round: number
  readonly channel: Channel
  readonly event: string
  readonly recipient: Uint8Array
}

/** The idempotency key: the same for the same message for ever, at most 64 characters. */
export function messageKey(it: MessageName): string {
  const digest = createHash('sha256')
    .update([it.programme, it.campaign, it.round, it.channel, it.event, ''].join('\0'))
    .update(it.recipient)
    .digest('hex')
  return `${it.campaign.slice(0, 20)}.${it.round}.${digest.slice(0, 32)}`
}
