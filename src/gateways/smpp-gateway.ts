/**
 * Hands messages over to an SMSC by SMPP 3.4, in UCS-2, a long one in parts that the handset joins.
 * The protocol knows no idempotency key: after a submission without an answer nobody can tell.
 */
import { createHash } from 'node:crypto'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../config/clock.js'
import type { Gateway, HandOver, KeyState, OutboundMessage, ReportListener } from './gateway.js'
import { isSendable, textOf } from './message-text.js'
import { ReportListeners } from './report-listeners.js'
import { SmppLink } from './smpp-link.js'
import type { LinkOptions } from './smpp-link.js'
import type { Pdu, SubmitFields } from './smpp-package.js'
import { partsOf } from './smpp-parts.js'
import { receiptIn } from './smpp-receipt.js'
import { SentParts } from './smpp-sent-parts.js'
import { refusalOf } from './smpp-status.js'
import { UnderWay } from './under-way.js'

export interface SmppAddress {
  /** Type of number and numbering plan as in SMPP 3.4, 5.2.5 and 5.2.6. */
  readonly ton: number
  readonly npi: number
}

export interface SmppOptions extends LinkOptions {
  /** The number that messages come from. */
  readonly sender: string
  readonly senderAddress: SmppAddress
  readonly recipientAddress: SmppAddress
  /** SMPP does not say how long a throttled sender should wait. */
  readonly throttleMs: number
  readonly rememberedParts: number
  readonly clock: Clock
}

const UCS2 = 8
const WITH_HEADER = 0x40
/** A receipt for success and for failure. */
const RECEIPT = 1
/** ESME_RX_T_APPN: try again later. */
const LATER = 0x64
/** A later part that is throttled is tried so often: the first ones are on their way already. */
const PART_TRIES = 10

export class SmppGateway implements Gateway {
  readonly name = 'smpp'
  readonly #options: SmppOptions
  readonly #link: SmppLink
  readonly #listeners = new ReportListeners()
  readonly #sent: SentParts
  readonly #underWay = new UnderWay()

  constructor(options: SmppOptions) {
    this.#options = options
    this.#sent = new SentParts(options.rememberedParts)
    this.#link = new SmppLink(options, async (pdu) => await this.#takeReport(pdu))
  }

  async send(message: OutboundMessage, signal: AbortSignal): Promise<HandOver> {
    if (!isSendable(message)) {
      return { outcome: 'refused', reason: 'INVALID_NUMBER', permanent: true }
    }
    return await this.#underWay.track(this.#send(message, signal))
  }

  async #send(message: OutboundMessage, signal: AbortSignal): Promise<HandOver> {
    const parts = partsOf(textOf(message), partReference(message.key))
    const sent = this.#sent.begin(message.key, parts.length)
    for (const part of parts) {
      const isLater = sent.reference !== undefined
      const handOver = await this.#sendPart(message, part, parts.length > 1, isLater, signal)
      if (handOver.outcome !== 'accepted') {
        // Some of it is on its way: it is neither taken nor refused.
        return isLater ? { outcome: 'unknown', reason: 'PARTLY_TAKEN' } : handOver
      }
      this.#sent.addPart(sent, handOver.reference)
    }
    return { outcome: 'accepted', reference: sent.reference ?? message.key }
  }

  lookUp(): Promise<KeyState> {
    return Promise.resolve('cannot_tell')
  }

  /** Receipts come over the connection, which is made for them even if nothing is sent. */
  onReport(listener: ReportListener): void {
    this.#listeners.add(listener)
    this.#link.start()
  }

  async close(): Promise<void> {
    await this.#underWay.ended()
    await this.#link.close()
  }

  async #sendPart(
    message: OutboundMessage,
    part: Buffer,
    isJoined: boolean,
    isLater: boolean,
    signal: AbortSignal,
  ): Promise<HandOver> {
    for (let tries = 1; ; tries += 1) {
      const handOver = await this.#submit(this.#fieldsOf(message, part, isJoined), signal)
      if (handOver.outcome !== 'throttled' || !isLater || tries === PART_TRIES) return handOver
      await sleep(handOver.retryAfterMs, undefined, { signal }).catch(() => undefined)
    }
  }

  async #submit(fields: SubmitFields, signal: AbortSignal): Promise<HandOver> {
    const answer = await this.#link.submit(fields, signal)
    switch (answer.kind) {
      case 'not_written':
        return { outcome: 'refused', reason: answer.reason, permanent: false }
      case 'lost':
        return { outcome: 'unknown', reason: answer.reason }
      case 'answered':
        if (answer.status === 0) return { outcome: 'accepted', reference: answer.messageId }
        return refusalOf(answer.status, this.#options.throttleMs)
    }
  }

  #fieldsOf(message: OutboundMessage, part: Buffer, isJoined: boolean): SubmitFields {
    const { sender, senderAddress, recipientAddress } = this.#options
    return {
      source_addr_ton: senderAddress.ton,
      source_addr_npi: senderAddress.npi,
      source_addr: sender,
      dest_addr_ton: recipientAddress.ton,
      dest_addr_npi: recipientAddress.npi,
      destination_addr: message.to,
      esm_class: isJoined ? WITH_HEADER : 0,
      registered_delivery: RECEIPT,
      data_coding: UCS2,
      short_message: part,
    }
  }

  /** @returns the status for the SMSC; what is no receipt is accepted and left. */
  async #takeReport(pdu: Pdu): Promise<number> {
    const receipt = receiptIn(pdu)
    // The answer that tells its id may have come in the same breath: let that be seen to first.
    await setImmediate()
    const known = receipt && this.#sent.reportOf(receipt)
    if (receipt === undefined || known === undefined) return 0
    const { state, code } = receipt
    try {
      await this.#listeners.tell({ ...known, state, code, at: this.#options.clock.now() })
      return 0
    } catch {
      return LATER
    }
  }
}

/** The same for every try of a message, so that a handset joins repeated parts to the first. */
function partReference(key: string): number {
  return createHash('sha256').update(key).digest()[0] ?? 0
}
