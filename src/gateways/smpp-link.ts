/**
 * A connection to the SMSC that is bound, watched, and made again when it is lost. What it cannot
 * promise it says: a request that was written and not answered is `lost`.
 */
import { EventEmitter, once, setMaxListeners } from 'node:events'
import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectSmpp } from './smpp-package.js'
import type { Pdu, SmppSession, SubmitFields } from './smpp-package.js'
import { statusName } from './smpp-status.js'
import { SmppWindow } from './smpp-window.js'

export interface LinkOptions {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly systemId: string
  readonly password: string
  readonly systemType: string
  /** Submissions without an answer at one time. */
  readonly window: number
  /** For an answer, and for a place in the window or a connection. */
  readonly answerTimeoutMs: number
  readonly enquireEveryMs: number
  readonly reconnect: { readonly firstMs: number; readonly longestMs: number }
}

export type SubmitAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly messageId: string }
  /** Nothing was written. */
  | { readonly kind: 'not_written'; readonly reason: string }
  | { readonly kind: 'lost'; readonly reason: string }

/** Reports that may wait for their listeners before no more are read. */
const REPORTS_AT_ONCE = 64
/** So many times the wait for an answer keeps its place in the window; then it will not come. */
const PLACE_KEPT = 4

export class SmppLink {
  readonly #options: LinkOptions
  readonly #onDeliver: (pdu: Pdu) => Promise<number>
  readonly #window: SmppWindow
  readonly #events = new EventEmitter()
  readonly #closing = new AbortController()
  #bound: SmppSession | undefined
  #trouble = 'NOT_CONNECTED'
  #running: Promise<void> | undefined
  #reports = 0

  /** @param onDeliver gives the status that a `deliver_sm` is answered with. */
  constructor(options: LinkOptions, onDeliver: (pdu: Pdu) => Promise<number>) {
    this.#options = options
    this.#onDeliver = onDeliver
    this.#window = new SmppWindow(options.window)
    this.#events.setMaxListeners(0)
    setMaxListeners(0, this.#closing.signal)
  }

  start(): void {
    this.#running ??= this.#keepBound()
  }

  async submit(fields: SubmitFields, signal: AbortSignal): Promise<SubmitAnswer> {
    this.start()
    const timeout = AbortSignal.timeout(this.#options.answerTimeoutMs)
    const soon = AbortSignal.any([signal, this.#closing.signal, timeout])
    if (!(await this.#window.enter(soon))) {
      const full = this.#bound === undefined ? this.#trouble : 'WINDOW_FULL'
      return { kind: 'not_written', reason: signal.aborted ? 'ABORTED' : full }
    }
    for (;;) {
      const session = await this.#whenBound(soon)
      if (session === undefined) {
        this.#window.leave()
        return { kind: 'not_written', reason: signal.aborted ? 'ABORTED' : this.#trouble }
      }
      const answer = await this.#write(session, fields, signal)
      if (answer !== 'not_written') return answer
      // It has ended, but the news of it are still on their way.
      if (this.#bound === session) this.#bound = undefined
    }
  }

  /** Whatever has no answer yet is lost. */
  async close(): Promise<void> {
    const session = this.#bound
    if (session !== undefined) {
      const answer = answerTo((it) => session.unbind(it), this.#options.answerTimeoutMs)
      await Promise.race([answer, once(this.#events, LOST)])
    }
    this.#closing.abort()
    await this.#running
  }

  /** The place in the window is left when the answer comes, or certainly will not. */
  #write(
    session: SmppSession,
    fields: SubmitFields,
    signal: AbortSignal,
  ): Promise<SubmitAnswer | 'not_written'> {
    const { answerTimeoutMs } = this.#options
    return new Promise((tell) => {
      const lost = (reason: string) => () => tell({ kind: 'lost', reason })
      const isAborted = lost('ABORTED')
      const late = setTimeout(lost('NO_ANSWER'), answerTimeoutMs)
      const forget = (): void => {
        clearTimeout(late)
        clearTimeout(given)
        signal.removeEventListener('abort', isAborted)
        this.#events.off(LOST, isLost)
      }
      const settle = (answer: SubmitAnswer): void => {
        forget()
        this.#window.leave()
        tell(answer)
      }
      const isLost = (): void => settle({ kind: 'lost', reason: 'CONNECTION_LOST' })
      const given = setTimeout(isLost, PLACE_KEPT * answerTimeoutMs)
      given.unref()
      signal.addEventListener('abort', isAborted, { once: true })
      this.#events.once(LOST, isLost)
      const isWritten = session.submit_sm(fields, (answer) => {
        const messageId = answer.message_id ?? ''
        settle({ kind: 'answered', status: answer.command_status, messageId })
      })
      if (isWritten) return
      forget()
      tell('not_written')
    })
  }

  async #whenBound(soon: AbortSignal): Promise<SmppSession | undefined> {
    while (this.#bound === undefined) {
      try {
        await once(this.#events, BOUND, { signal: soon })
      } catch {
        return undefined
      }
    }
    return this.#bound
  }

  async #keepBound(): Promise<void> {
    const { firstMs, longestMs } = this.#options.reconnect
    const signal = this.#closing.signal
    let waitMs = firstMs
    while (!signal.aborted) {
      const isBound = await this.#oneSession()
      waitMs = isBound ? firstMs : Math.min(waitMs * 2, longestMs)
      // Not all at once after an outage: each waits between half and the whole time.
      await sleep(waitMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined)
    }
  }

  /** From connecting to the end of the connection. @returns whether it was bound. */
  async #oneSession(): Promise<boolean> {
    const { host, port, tls, answerTimeoutMs } = this.#options
    const named = tls && isIP(host) === 0
    const session = connectSmpp({ host, port, tls, ...(named && { servername: host }) })
    const ended = new Promise<void>((done) => session.on('close', done))
    const isClosing = (): void => session.destroy()
    this.#closing.signal.addEventListener('abort', isClosing)
    // An error is followed by its close, but for one in what was read.
    session.on('error', () => session.destroy())
    session.on('pdu', (pdu) => this.#take(session, pdu))
    const connected = new Promise<boolean>((tell) => {
      session.on(tls ? 'secureConnect' : 'connect', () => tell(true))
      void ended.then(() => tell(false))
    })
    const giveUp = setTimeout(() => session.destroy(), answerTimeoutMs)
    const isBound = (await connected) && (await this.#bind(session))
    clearTimeout(giveUp)
    if (isBound && !this.#closing.signal.aborted) {
      this.#bound = session
      this.#events.emit(BOUND)
      const watch = setInterval(() => void this.#enquire(session), this.#options.enquireEveryMs)
      await ended
      clearInterval(watch)
      this.#bound = undefined
      this.#trouble = 'NOT_CONNECTED'
      this.#events.emit(LOST)
    }
    session.destroy()
    await ended
    this.#closing.signal.removeEventListener('abort', isClosing)
    return isBound
  }

  async #bind(session: SmppSession): Promise<boolean> {
    const { systemId, password, systemType, answerTimeoutMs } = this.#options
    const fields = {
      system_id: systemId,
      password,
      system_type: systemType,
      interface_version: 0x34,
    }
    const answer = await answerTo((it) => session.bind_transceiver(fields, it), answerTimeoutMs)
    if (answer === undefined) this.#trouble = 'NOT_CONNECTED'
    else if (answer.command_status !== 0) this.#trouble = statusName(answer.command_status)
    return answer?.command_status === 0
  }

  async #enquire(session: SmppSession): Promise<void> {
    const answer = await answerTo((it) => session.enquire_link(it), this.#options.answerTimeoutMs)
    if (answer === undefined) session.destroy()
  }

  #take(session: SmppSession, pdu: Pdu): void {
    if (pdu.isResponse()) return
    if (pdu.command === 'deliver_sm') return void this.#deliver(session, pdu)
    if (UNANSWERED.includes(pdu.command)) return
    session.send(pdu.response(ANSWERED.includes(pdu.command) ? {} : { command_status: INVALID }))
    if (pdu.command === 'unbind') session.close()
  }

  /** The SMSC repeats what it gets no answer to, or one that says so. */
  async #deliver(session: SmppSession, pdu: Pdu): Promise<void> {
    this.#reports += 1
    if (this.#reports >= REPORTS_AT_ONCE) session.pause()
    const status = await this.#onDeliver(pdu)
    this.#reports -= 1
    session.send(pdu.response({ command_status: status }))
    if (this.#reports < REPORTS_AT_ONCE) session.resume()
  }
}

const BOUND = 'bound'
const LOST = 'lost'
/** Requests that an SMSC makes of us. */
const ANSWERED = ['enquire_link', 'unbind']
/** These have no answer. */
const UNANSWERED = ['alert_notification', 'outbind']
/** ESME_RINVCMDID, for everything else. */
const INVALID = 3

/** Undefined when none came in time, or the request could not be written. */
async function answerTo(
  ask: (onAnswer: (answer: Pdu) => void) => boolean,
  timeoutMs: number,
): Promise<Pdu | undefined> {
  return await new Promise((tell) => {
    const late = setTimeout(() => tell(undefined), timeoutMs)
    const isWritten = ask((answer) => {
      clearTimeout(late)
      tell(answer)
    })
    if (isWritten) return
    clearTimeout(late)
    tell(undefined)
  })
}
