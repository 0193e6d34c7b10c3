/**
 * The port to whoever delivers messages. A gateway takes a message over, or says that it did not,
 * or that it cannot tell; nothing it returns or throws quotes a number or a text.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** SMS and LMS to a number; e-mail and post, which A39 names as fallbacks, are not had here. */
export type Channel = 'text'

export interface OutboundMessage {
  /** The idempotency key, at most 64 characters, without personal data. */
  readonly key: string
  /** Digits, personal: never logged. */
  readonly to: string
  /** Rendered: never logged. */
  readonly text: string
  readonly kind: 'SMS' | 'LMS'
  /** LMS only. */
  readonly subject: string | null
}

export type HandOver =
  /** `reference` is the gateway's own id. */
  | { readonly outcome: 'accepted'; readonly reference: string }
  /** Certainly not taken; `reason` is a SHORT_CODE, never a quotation. */
  | { readonly outcome: 'refused'; readonly reason: string; readonly permanent: boolean }
  | { readonly outcome: 'throttled'; readonly retryAfterMs: number }
  /** Cannot tell whether it was taken, such as after a connection lost after writing. */
  | { readonly outcome: 'unknown'; readonly reason: string }

export type KeyState = 'taken' | 'not_taken' | 'cannot_tell'

export interface DeliveryReport {
  /** Null when the gateway reports by its own reference alone. */
  readonly key: string | null
  readonly reference: string | null
  readonly state: 'delivered' | 'undelivered'
  /** The carrier's short code for it, where there is one. */
  readonly code: string | null
  /** ISO 8601: the carrier's time where it comes with an offset, else when the report came. */
  readonly at: string
}

/** A report counts as told when this resolves; when it rejects, the carrier is asked to repeat. */
export type ReportListener = (report: DeliveryReport) => Promise<void>

export interface Gateway {
  readonly name: 'spool' | 'http' | 'smpp'
  /** Trouble is an outcome, not an exception. An aborted `signal` ends the wait, not the message. */
  send(message: OutboundMessage, signal: AbortSignal): Promise<HandOver>
  /** After a crash between hand-over and mark: whether the gateway took this key. */
  lookUp(key: string): Promise<KeyState>
  /** The same report may come twice; it may also come before `send` has returned. */
  onReport(listener: ReportListener): void
  /** Where reports come in over HTTP: answers one request of the gateway's own. */
  handleReport?(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Waits for what is under way. */
  close(): Promise<void>
}
