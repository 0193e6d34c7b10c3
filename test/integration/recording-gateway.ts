/**
 * A gateway of the tests' own that remembers each hand-over in order, and can be slow, refuse, be
 * overrun or lose an answer by what `answer` says.
 */
import type { Gateway, HandOver, KeyState, OutboundMessage } from '../../src/gateways/gateway.js'

export type Answer = HandOver | 'taken_but_silent' | 'lost_before'

export class RecordingGateway implements Gateway {
  readonly name = 'spool'
  /** What it took, in order; a key that came twice stands here twice. */
  readonly taken: OutboundMessage[] = []
  readonly troubles: unknown[] = []
  /** Null where it takes the message over. */
  answer: (message: OutboundMessage, times: number) => Answer | null = () => null
  /** Between the question and the answer. */
  delay: () => Promise<void> = () => Promise.resolve()
  canLookUp = true
  readonly #times = new Map<string, number>()

  get keys(): readonly string[] {
    return this.taken.map((it) => it.key)
  }

  get numbers(): readonly string[] {
    return this.taken.map((it) => it.to).toSorted()
  }

  async send(message: OutboundMessage): Promise<HandOver> {
    const times = (this.#times.get(message.key) ?? 0) + 1
    this.#times.set(message.key, times)
    const answer = this.answer(message, times)
    if (answer === 'lost_before') return { outcome: 'unknown', reason: 'LOST' }
    if (answer === null || answer === 'taken_but_silent') this.taken.push(message)
    await this.delay()
    if (answer === 'taken_but_silent') return { outcome: 'unknown', reason: 'LOST' }
    return answer ?? { outcome: 'accepted', reference: `r-${this.taken.length}` }
  }

  lookUp(key: string): Promise<KeyState> {
    if (!this.canLookUp) return Promise.resolve('cannot_tell')
    return Promise.resolve(this.keys.includes(key) ? 'taken' : 'not_taken')
  }

  onReport(): void {
    return undefined
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
