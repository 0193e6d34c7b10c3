/** What the SMSC's refusals mean for a message. */
import type { HandOver } from './gateway.js'
import { SMPP_STATUS } from './smpp-package.js'

const NAMES = new Map(Object.entries(SMPP_STATUS).map(([name, status]) => [status, name]))

const THROTTLED = ['ESME_RTHROTTLED', 'ESME_RMSGQFUL']
/** They lie in the message, so that a repetition is refused as well. */
const PERMANENT = [
  'ESME_RINVMSGLEN',
  'ESME_RINVDSTADR',
  'ESME_RINVDSTTON',
  'ESME_RINVDSTNPI',
  'ESME_RX_P_APPN',
]

/** @param status of the answer to `submit_sm`, not 0 */
export function refusalOf(status: number, retryAfterMs: number): HandOver {
  const reason = statusName(status)
  if (THROTTLED.includes(reason)) return { outcome: 'throttled', retryAfterMs }
  return { outcome: 'refused', reason, permanent: PERMANENT.includes(reason) }
}

export function statusName(status: number): string {
  return NAMES.get(status) ?? `ESME_0X${status.toString(16).toUpperCase()}`
}
