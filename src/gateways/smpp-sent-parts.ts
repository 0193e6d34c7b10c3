/**
 * Which message a part belongs to, so that the receipts of several parts become one report. Kept in
 * memory and bounded: what is forgotten, or was sent by an earlier process, is reported by the id
 * in its receipt.
 */
import type { Receipt } from './smpp-receipt.js'

export interface SentMessage {
  readonly key: string
  readonly parts: number
  /** The id of its first part, once that is known. */
  reference: string | undefined
  readonly delivered: Set<string>
}

export interface PartReport {
  readonly key: string | null
  readonly reference: string
}

export class SentParts {
  readonly #limit: number
  readonly #messages = new Map<string, SentMessage>()

  /** @param limit of parts that are remembered */
  constructor(limit: number) {
    this.#limit = limit
  }

  begin(key: string, parts: number): SentMessage {
    return { key, parts, reference: undefined, delivered: new Set() }
  }

  /** @param id as the SMSC gave it, empty when it gave none */
  addPart(sent: SentMessage, id: string): void {
    sent.reference ??= id === '' ? sent.key : id
    if (id === '') return
    this.#messages.set(id, sent)
    for (const oldest of this.#messages.keys()) {
      if (this.#messages.size <= this.#limit) break
      this.#messages.delete(oldest)
    }
  }

  /** Undefined while parts of a delivered message are still on their way. */
  reportOf({ messageId, state }: Receipt): PartReport | undefined {
    const sent = this.#messages.get(messageId)
    if (sent === undefined) return { key: null, reference: messageId }
    if (state === 'delivered') {
      sent.delivered.add(messageId)
      if (sent.delivered.size < sent.parts) return undefined
    }
    return { key: sent.key, reference: sent.reference ?? messageId }
  }
}
