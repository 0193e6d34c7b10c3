/**
 * Hands messages over to Kannel's smsbox: its `sendsms` service, asked by POST, since an address
 * with a number and a text in it would be written to logs on the way. Kannel knows no idempotency
 * key, so a hand-over whose end is unknown stays unknown. It reports by calling an address that was
 * given with the message; a token in it proves that the address is ours.
 */
import { createHmac } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Clock } from '../config/clock.js'
import type { Gateway, HandOver, KeyState, OutboundMessage, ReportListener } from './gateway.js'
import { call } from './http-call.js'
import { isSame } from './http-signature.js'
import { isSendable, textOf } from './message-text.js'
import { ReportListeners } from './report-listeners.js'
import { answer } from './request-body.js'
import { UnderWay } from './under-way.js'

export interface KannelOptions {
  /** Of the service: `http://smsbox:13013/cgi-bin/sendsms`. */
  readonly url: string
  readonly user: string
  readonly password: string
  /** The number that messages come from. */
  readonly sender: string
  /** Where Kannel reaches this gateway's `handleReport`; it must have no query. */
  readonly reportsUrl: string
  /** Signs the addresses of reports. */
  readonly secret: string
  readonly clock: Clock
  readonly timeoutMs: number
}

// Delivered (1), not delivered (2), refused by the SMSC (16); what is only under way is not asked.
const REPORTS_WANTED = '19'

// Kannel repeats a report that is answered with anything but 200 or 202, even with 204.
const TAKEN = 200

const query = z.object({
  key: z.string().min(1).max(64),
  token: z.string().min(1).max(128),
  state: z.string().regex(/^\d{1,2}$/),
})

export class KannelGateway implements Gateway {
  readonly name = 'http'
  readonly #options: KannelOptions
  readonly #listeners = new ReportListeners()
  readonly #underWay = new UnderWay()

  constructor(options: KannelOptions) {
    this.#options = options
  }

  async send(message: OutboundMessage, signal: AbortSignal): Promise<HandOver> {
    if (!isSendable(message)) {
      return { outcome: 'refused', reason: 'INVALID_NUMBER', permanent: true }
    }
    return await this.#underWay.track(this.#send(message, signal))
  }

  async #send(message: OutboundMessage, signal: AbortSignal): Promise<HandOver> {
    const { url, user, password, sender, timeoutMs } = this.#options
    const headers = {
      'content-type': 'text/plain; charset=UTF-8',
      'x-kannel-username': user,
      'x-kannel-password': password,
      'x-kannel-from': sender,
      'x-kannel-to': message.to,
      // UCS-2 on the air.
      'x-kannel-coding': '2',
      'x-kannel-dlr-mask': REPORTS_WANTED,
      'x-kannel-dlr-url': this.#reportUrl(message.key),
    }
    const body = textOf(message)
    const answered = await call({ method: 'POST', url, headers, body }, timeoutMs, signal)
    if (answered.kind === 'not_sent') {
      return { outcome: 'refused', reason: answered.reason, permanent: false }
    }
    if (answered.kind === 'lost') return { outcome: 'unknown', reason: answered.reason }
    const { status } = answered
    // Kannel tells no id of its own; its reports come with our key.
    if (status === 200 || status === 202) return { outcome: 'accepted', reference: message.key }
    // Its own word for "nobody behind me takes it now"; other 5xx may come from a proxy.
    if (status === 503 && /temporal failure/i.test(answered.body)) {
      return { outcome: 'refused', reason: 'TEMPORAL_FAILURE', permanent: false }
    }
    if (status >= 500 || status === 408) return { outcome: 'unknown', reason: `HTTP_${status}` }
    return { outcome: 'refused', reason: `HTTP_${status}`, permanent: status === 400 }
  }

  lookUp(): Promise<KeyState> {
    return Promise.resolve('cannot_tell')
  }

  onReport(listener: ReportListener): void {
    this.#listeners.add(listener)
  }

  /** 200 when it is told or needs no telling, 401 without a good token, 503 to have it repeated. */
  async handleReport(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume()
    if (request.method !== 'GET') return answer(response, 405)
    const { searchParams } = new URL(request.url ?? '', 'http://localhost')
    const parsed = query.safeParse(Object.fromEntries(searchParams))
    if (!parsed.success) return answer(response, 401)
    const { key, token, state } = parsed.data
    if (!isSame(token, this.#tokenOf(key))) return answer(response, 401)
    const isFinal = ['1', '2', '16'].includes(state)
    if (isFinal) {
      const isDelivered = state === '1'
      try {
        await this.#listeners.tell({
          key,
          reference: key,
          state: isDelivered ? 'delivered' : 'undelivered',
          code: isDelivered ? null : `DLR_${state}`,
          at: this.#options.clock.now(),
        })
      } catch {
        return answer(response, 503)
      }
    }
    answer(response, TAKEN)
  }

  async close(): Promise<void> {
    await this.#underWay.ended()
  }

  #reportUrl(key: string): string {
    // Kannel fills in %d; every other percent sign would be read as another of its codes.
    const given = new URLSearchParams({ key: key, token: this.#tokenOf(key) }).toString()
    return `${this.#options.reportsUrl}?${given.replaceAll('%', '%%')}&state=%d`
  }

  #tokenOf(key: string): string {
    return createHmac('sha256', this.#options.secret).update(`kannel report\n${key}`).digest('hex')
  }
}
