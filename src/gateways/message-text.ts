/** What SMS carries of a message. */
import type { OutboundMessage } from './gateway.js'

/** SMS has no subject: it becomes the first line. */
export function textOf({ subject, text }: OutboundMessage): string {
  return subject === null ? text : `${subject}\n${text}`
}

/** SMPP has room for 20 digits. */
export function isSendable({ to }: OutboundMessage): boolean {
  return /^\d{3,20}$/.test(to)
}
