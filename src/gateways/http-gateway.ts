/**
 * Hands messages over as signed JSON with an idempotency key (docs/gateways.md). A hand-over whose
 * end is unknown may simply be repeated: the other side knows the key.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Clock } from '../config/clock.js'
import type { Gateway, HandOver, KeyState, OutboundMessage, ReportListener } from './gateway.js'
import { call } from './http-call.js'
import type { CallAnswer } from './http-call.js'
import { parsedJson, receiveReports } from './http-reports.js'
import { signedHeaders } from './http-signature.js'
import { ReportListeners } from './report-listeners.js'
import { UnderWay } from './under-way.js'

export interface HttpOptions {
  /** `/messages` and `/messages/KEY` lie below it. */
  readonly url: string
  readonly secret: string
  readonly clock: Clock
  readonly timeoutMs: number
  /** When a 429 does not say how long to wait. */
  readonly throttleMs: number
}

/** What a repetition cannot change lies in the message; anything else may be put right. */
const PERMANENT = [400, 413, 422]
const LONGEST_WAIT_MS = 60 * 60 * 1000

const acceptance = z.looseObject({ reference: z.string().min(1).max(128) })
const refusal = z.looseObject({ code: z.string().regex(/^[A-Z][A-Z0-9_]{0,39}$/) })

export class HttpGateway implements Gateway {
  readonly name = 'http'
  readonly #options: HttpOptions
  readonly #listeners = new ReportListeners()
  readonly #underWay = new UnderWay()

  constructor(options: HttpOptions) {
    this.#options = { ...options, url: options.url.replace(/\/+$/, '') }
  }

  async send(message: OutboundMessage, signal: AbortSignal): Promise<HandOver> {
    const { key, to, text, kind, subject } = message
    const body = JSON.stringify({ key, to, text, kind, subject })
    const handOver = this.#call('POST', '/messages', body, { 'idempotency-key': key }, signal)
    return this.#outcomeOf(await handOver)
  }

  async lookUp(key: string): Promise<KeyState> {
    const path = `/messages/${encodeURIComponent(key)}`
    const answered = await this.#call('GET', path, '', {}, new AbortController().signal)
    if (answered.kind !== 'answered') return 'cannot_tell'
    if (answered.status === 200) return 'taken'
    return answered.status === 404 ? 'not_taken' : 'cannot_tell'
  }

  onReport(listener: ReportListener): void {
    this.#listeners.add(listener)
  }

  async handleReport(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { secret, clock, timeoutMs } = this.#options
    const tell = this.#listeners.tell.bind(this.#listeners)
    await receiveReports({ secret, clock, tell, bodyTimeoutMs: timeoutMs }, request, response)
  }

  async close(): Promise<void> {
    await this.#underWay.ended()
  }

  async #call(
    method: 'GET' | 'POST',
    path: string,
    body: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<CallAnswer> {
    const { url, secret, clock, timeoutMs } = this.#options
    const signed = signedHeaders(secret, clock.now(), `${method} ${path}`, body)
    const content = method === 'POST' ? { 'content-type': 'application/json' } : {}
    const request = { method, url: `${url}${path}`, headers: { ...headers, ...signed, ...content } }
    const whole = body === '' ? request : { ...request, body }
    return await this.#underWay.track(call(whole, timeoutMs, signal))
  }

  #outcomeOf(answered: CallAnswer): HandOver {
    if (answered.kind === 'not_sent') {
      return { outcome: 'refused', reason: answered.reason, permanent: false }
    }
    if (answered.kind === 'lost') return { outcome: 'unknown', reason: answered.reason }
    const { status } = answered
    // 409: the key is known, and the answer repeats the reference it was given then.
    if ((status >= 200 && status < 300) || status === 409) {
      const known = acceptance.safeParse(parsedJson(answered.body))
      if (known.success) return { outcome: 'accepted', reference: known.data.reference }
      return { outcome: 'unknown', reason: 'ANSWER_UNREADABLE' }
    }
    if (status === 429) return { outcome: 'throttled', retryAfterMs: this.#waitOf(answered) }
    // A proxy's word says nothing of what happened behind it.
    if (status >= 500 || status === 408) return { outcome: 'unknown', reason: `HTTP_${status}` }
    const told = refusal.safeParse(parsedJson(answered.body))
    const reason = told.success ? told.data.code : `HTTP_${status}`
    return { outcome: 'refused', reason, permanent: PERMANENT.includes(status) }
  }

  /** Retry-After gives seconds or a date. */
  #waitOf({ retryAfter }: { readonly retryAfter: string | null }): number {
    const { clock, throttleMs } = this.#options
    if (retryAfter === null) return throttleMs
    const waitMs = /^\d+$/.test(retryAfter)
      ? Number(retryAfter) * 1000
      : Date.parse(retryAfter) - Date.parse(clock.now())
    if (Number.isNaN(waitMs)) return throttleMs
    return Math.min(Math.max(waitMs, 0), LONGEST_WAIT_MS)
  }
}
