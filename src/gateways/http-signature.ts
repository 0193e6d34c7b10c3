/**
 * Signatures of HTTP requests in both directions: HMAC-SHA256 with a shared secret over the time,
 * what the request is about, and its body. `about` keeps a signed hand-over from being passed off
 * as a report, and a look-up of one key as one of another.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

export const TIME_HEADER = 'redress-timestamp'
export const SIGNATURE_HEADER = 'redress-signature'
/** How far the sender's clock may be off, and how long a request may be on its way. */
export const REPLAY_WINDOW_MS = 5 * 60 * 1000

/** @param at ISO 8601 in UTC */
export function signedHeaders(
  secret: string,
  at: string,
  about: string,
  body: string,
): Record<string, string> {
  return {
    [TIME_HEADER]: at,
    [SIGNATURE_HEADER]: `v1=${signature(secret, at, about, Buffer.from(body))}`,
  }
}

/** Whether a request was signed with `secret` and is no older than the window. */
export function isSigned(
  secret: string,
  now: string,
  about: string,
  request: {
    readonly at: string | undefined
    readonly signature: string | undefined
    readonly body: Buffer
  },
): boolean {
  const { at, body } = request
  if (at === undefined || request.signature === undefined) return false
  const ageMs = Date.parse(now) - Date.parse(at)
  // An unreadable time gives NaN, which is in no window.
  if (!(Math.abs(ageMs) <= REPLAY_WINDOW_MS)) return false
  return isSame(request.signature, `v1=${signature(secret, at, about, body)}`)
}

/** In a time that does not depend on where they differ. */
export function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}

function signature(secret: string, at: string, about: string, body: Buffer): string {
  return createHmac('sha256', secret).update(`${at}\n${about}\n`).update(body).digest('hex')
}
