/** How messages are tried, as data: the same for every campaign, some of it by gateway. */
import type { GatewayName } from '../rules/notices/notice-terms.js'
import type { Cited } from '../rules/cited.js'

export interface SendingTerms {
  /** Tries of a message that is refused for now, before it goes on the list of dead letters. */
  readonly tries: Cited<number>
  /** Before the second try; doubled before each one after it. */
  readonly pauseMs: Cited<number>
  /** How long a gateway may take for one message. */
  readonly handOverMs: Cited<number>
  /**
   * So long after a sender's death its messages are asked for at the gateway: what it had written
   * may still have been on its way there.
   */
  readonly settleMs: Cited<number>
  /** Answers in a row of a gateway that has too much, before the rest waits for a minute. */
  readonly throttles: Cited<number>
  /**
   * Messages handed over at the same time, which is how many a crash can leave in doubt. A spool is
   * never in doubt, and many share its waits for the disk.
   */
  readonly window: Cited<Readonly<Record<GatewayName, number>>>
}

export const SENDING: SendingTerms = {
  tries: { value: 5, source: 'house policy' },
  pauseMs: { value: 60_000, source: 'house policy' },
  handOverMs: { value: 30_000, source: 'house policy' },
  settleMs: { value: 2_000, source: 'house policy' },
  throttles: { value: 20, source: 'house policy' },
  window: { value: { spool: 512, http: 32, smpp: 10 }, source: 'house policy' },
}

/** The pause after so many tries, in milliseconds. */
export function pauseAfter({ pauseMs }: SendingTerms, tries: number): number {
  return pauseMs.value * 2 ** (tries - 1)
}

/**
 * Messages that one piece of the queue's work stands for, and how many of those a second: a fifth
 * of a second's worth, so that a rate is kept and a slow rate is not late.
 */
export function paceOf(messagesASecond: number): { readonly size: number; readonly max: number } {
  const size = Math.max(1, Math.min(500, Math.floor(messagesASecond / 5)))
  return { size, max: Math.max(1, Math.floor(messagesASecond / size)) }
}
