/**
 * Delivery receipts in `deliver_sm`: the fields that SMPP 3.4 has for them (5.3.2.12, 5.3.2.35),
 * and where those are missing the text of its appendix B.
 */
import type { Pdu } from './smpp-package.js'

export interface Receipt {
  /** The id that `submit_sm` was answered with. */
  readonly messageId: string
  readonly state: 'delivered' | 'undelivered'
  readonly code: string | null
}

const FINAL: Readonly<Record<string, 'delivered' | 'undelivered'>> = {
  DELIVRD: 'delivered',
  EXPIRED: 'undelivered',
  DELETED: 'undelivered',
  UNDELIV: 'undelivered',
  REJECTD: 'undelivered',
}
/** Of `message_state`, 5.2.28. */
const STATES: Readonly<Record<number, string>> = {
  2: 'DELIVRD',
  3: 'EXPIRED',
  4: 'DELETED',
  5: 'UNDELIV',
  8: 'REJECTD',
}

/** Undefined for anything but the final word on a message. */
export function receiptIn(pdu: Pdu): Receipt | undefined {
  // Bits 5 to 2 of esm_class: 0001 is a receipt of the SMSC.
  if (((pdu.esm_class ?? 0) & 0x3c) !== 0x04) return undefined
  const text = textIn(pdu)
  const named = STATES[pdu.message_state ?? 0] ?? fieldIn(text, 'stat', '[A-Za-z]{1,8}')
  const stat = (named ?? '').toUpperCase()
  const messageId = pdu.receipted_message_id || fieldIn(text, 'id', '[^ ]{1,65}')
  const state = FINAL[stat]
  if (messageId === undefined || state === undefined) return undefined
  const error = fieldIn(text, 'err', '[0-9A-Za-z]{1,6}')
  const cause = error === undefined || /^0+$/.test(error) ? stat : `${stat}_${error}`
  return { messageId, state, code: state === 'delivered' ? null : cause }
}

/** What stands behind `text:` quotes the message and is not looked at. */
function textIn({ short_message, message_payload, data_coding }: Pdu): string {
  const bytes = short_message?.length ? short_message : (message_payload ?? Buffer.alloc(0))
  const isUcs2 = data_coding === 8 && bytes.length % 2 === 0
  const text = isUcs2 ? Buffer.from(bytes).swap16().toString('utf16le') : bytes.toString('latin1')
  return text.split(/\btext:/i)[0] ?? ''
}

function fieldIn(text: string, name: string, value: string): string | undefined {
  return new RegExp(`(?:^| )${name}:(${value})(?= |$)`, 'i').exec(text)?.[1]
}
