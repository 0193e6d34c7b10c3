/**
 * A small SMSC on TCP that reads and writes SMPP 3.4 byte by byte, by the specification and without
 * the package that the program uses, so that neither can hide a mistake of the other.
 */
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface SubmittedPart {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly esmClass: number
  readonly dataCoding: number
  readonly registeredDelivery: number
  readonly bytes: Buffer
}

export interface Faults {
  /** Before a submission is answered. */
  answerDelayMs: number
  /** The connection is cut behind so many further submissions, the last taken and not answered. */
  dropAfter: number
  /** The next submissions are refused with these, one each; 0 lets one pass. */
  statuses: number[]
  /** Submissions get no answer at all. */
  isSilent: boolean
  /** Nothing gets an answer, as behind a dead line. */
  isDead: boolean
  /** Each receipt comes so often. */
  receipts: number
  receiptForm: 'text' | 'fields' | 'payload'
  /** What receipts say, by the number's last digit; otherwise `DELIVRD`. */
  failing: ReadonlyMap<string, string>
  /** More unanswered submissions than that are a breach, and counted. */
  window: number
  /** The bind is refused with this status. */
  bindStatus: number
  /** Receipts go out in one piece with the answer. */
  isReceiptAtOnce: boolean
}

export interface TestSmsc {
  readonly port: number
  readonly faults: Faults
  readonly parts: readonly SubmittedPart[]
  readonly binds: readonly {
    systemId: string
    password: string
    systemType: string
    version: number
  }[]
  readonly seen: {
    mostOpen: number
    breaches: number
    enquiries: number
    unbinds: number
    /** Statuses that `deliver_sm` was answered with, and requests we made that were answered. */
    readonly deliverAnswers: number[]
    readonly answers: { command: number; status: number }[]
  }
  /** What handsets show: parts put together. */
  messages(): readonly { readonly to: string; readonly text: string }[]
  /** Cuts all connections. */
  cut(): void
  /** Writes to every bound connection. */
  write(bytes: Buffer): void
  receiptAgain(id: string): void
  close(): Promise<void>
}

const COMMAND = {
  nack: 0x80000000,
  submit: 0x00000004,
  deliver: 0x00000005,
  unbind: 0x00000006,
  bind: 0x00000009,
  enquire: 0x00000015,
}
const RESPONSE = 0x80000000
const MOST_FAULTS: Faults = {
  answerDelayMs: 0,
  dropAfter: Infinity,
  statuses: [],
  isSilent: false,
  isDead: false,
  receipts: 1,
  receiptForm: 'text',
  failing: new Map(),
  window: Infinity,
  bindStatus: 0,
  isReceiptAtOnce: false,
}

export async function startSmsc(password = 'secret'): Promise<TestSmsc> {
  const smsc = new Smsc(password)
  const server = createServer((socket) => smsc.serve(socket))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as AddressInfo).port,
    faults: smsc.faults,
    parts: smsc.parts,
    binds: smsc.binds,
    seen: smsc.seen,
    messages: () => smsc.messages(),
    cut: () => smsc.cut(),
    write: (bytes) => smsc.write(bytes),
    receiptAgain: (id) => smsc.receiptAgain(id),
    close: async () => {
      smsc.cut()
      await new Promise((done) => server.close(done))
    },
  }
}

class Smsc {
  readonly faults: Faults = { ...MOST_FAULTS, statuses: [] }
  readonly parts: SubmittedPart[] = []
  readonly binds: { systemId: string; password: string; systemType: string; version: number }[] = []
  readonly seen = {
    mostOpen: 0,
    breaches: 0,
    enquiries: 0,
    unbinds: 0,
    deliverAnswers: [] as number[],
    answers: [] as { command: number; status: number }[],
  }
  readonly #password: string
  readonly #sockets = new Set<Socket>()
  readonly #bound = new Set<Socket>()
  #open = 0
  #sequence = 0

  constructor(password: string) {
    this.#password = password
  }

  serve(socket: Socket): void {
    let rest = Buffer.alloc(0)
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.#bound.delete(socket)
      this.#open = 0
    })
    socket.on('data', (piece) => {
      rest = Buffer.concat([rest, piece as Buffer])
      while (rest.length >= 4 && rest.length >= rest.readUInt32BE(0)) {
        const length = rest.readUInt32BE(0)
        this.#take(socket, rest.subarray(0, length))
        rest = rest.subarray(length)
      }
    })
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  write(bytes: Buffer): void {
    for (const socket of this.#bound) socket.write(bytes)
  }

  receiptAgain(id: string): void {
    const part = this.parts.find((it) => it.id === id)
    if (part !== undefined) this.write(this.#receipt(part))
  }

  #take(socket: Socket, pdu: Buffer): void {
    if (this.faults.isDead) return
    const [command, status, sequence] = [8, 12, 16].map((end) => pdu.readUInt32BE(end - 4))
    const answer = (it: { status?: number; body?: Buffer }): void => {
      socket.write(pduOf(((command ?? 0) | RESPONSE) >>> 0, it.status ?? 0, sequence ?? 0, it.body))
    }
    const body = pdu.subarray(16)
    if (command === COMMAND.bind) this.#bind(socket, body, answer)
    else if (command === COMMAND.enquire) {
      this.seen.enquiries += 1
      answer({})
    } else if (command === COMMAND.unbind) {
      this.seen.unbinds += 1
      answer({})
    } else if (command === COMMAND.submit) void this.#submit(socket, body, answer)
    else if (command === (COMMAND.deliver | RESPONSE) >>> 0) {
      this.seen.deliverAnswers.push(status ?? -1)
    } else this.seen.answers.push({ command: command ?? -1, status: status ?? -1 })
  }

  #bind(socket: Socket, body: Buffer, answer: Answer): void {
    const reader = new Reader(body)
    const bind = {
      systemId: reader.text(),
      password: reader.text(),
      systemType: reader.text(),
      version: reader.byte(),
    }
    this.binds.push(bind)
    const status = bind.password === this.#password ? this.faults.bindStatus : 0x0e
    if (status === 0) this.#bound.add(socket)
    answer({ status, body: Buffer.from('smsc\0') })
  }

  async #submit(socket: Socket, body: Buffer, answer: Answer): Promise<void> {
    const { faults, seen } = this
    if (!this.#bound.has(socket)) return answer({ status: 4 })
    this.#open += 1
    seen.mostOpen = Math.max(seen.mostOpen, this.#open)
    if (this.#open > faults.window) seen.breaches += 1
    const status = faults.statuses.shift() ?? 0
    const part = partIn(body, `smsc_${this.parts.length + 1}`)
    if (status === 0) this.parts.push(part)
    faults.dropAfter -= 1
    if (faults.dropAfter <= 0) {
      faults.dropAfter = Infinity
      return void socket.destroy()
    }
    if (faults.isSilent) return
    if (faults.answerDelayMs > 0) await sleep(faults.answerDelayMs)
    this.#open -= 1
    if (socket.destroyed) return
    if (status !== 0) return answer({ status })
    if (faults.isReceiptAtOnce) socket.cork()
    answer({ body: Buffer.from(`${part.id}\0`) })
    for (let times = 0; times < faults.receipts && part.registeredDelivery === 1; times += 1) {
      socket.write(this.#receipt(part))
    }
    socket.uncork()
  }

  #receipt(part: SubmittedPart): Buffer {
    const stat = this.faults.failing.get(part.to.slice(-1)) ?? 'DELIVRD'
    const { receiptForm } = this.faults
    const error = stat === 'DELIVRD' ? '000' : '041'
    const text =
      `id:${part.id} sub:001 dlvrd:001 submit date:2601201000 done date:2601201001 ` +
      `stat:${stat} err:${error} text:stat:REJECTD id:0`
    const state = { DELIVRD: 2, EXPIRED: 3, UNDELIV: 5, ENROUTE: 1 }[stat] ?? 7
    const fields = Buffer.concat([
      field(0x001e, Buffer.from(`${part.id}\0`)),
      field(0x0427, Buffer.from([state])),
    ])
    const short = receiptForm === 'text' ? text : ''
    const tail = { text: Buffer.alloc(0), fields, payload: field(0x0424, Buffer.from(text)) }
    this.#sequence += 1
    const body = deliverBody(part.to, part.from, 0x04, Buffer.from(short), tail[receiptForm])
    return pduOf(COMMAND.deliver, 0, this.#sequence, body)
  }

  messages(): readonly { readonly to: string; readonly text: string }[] {
    const joined = new Map<string, { to: string; count: number; texts: Map<number, string> }>()
    this.parts.forEach((part, index) => {
      const hasHeader = (part.esmClass & 0x40) !== 0
      const [reference, count, number] = hasHeader ? [...part.bytes.subarray(3, 6)] : [index, 1, 1]
      const text = ucs2(part.bytes.subarray(hasHeader ? 6 : 0))
      const name = `${part.to} ${hasHeader ? 'joined' : 'single'} ${reference}`
      const known = joined.get(name) ?? { to: part.to, count: count ?? 0, texts: new Map() }
      known.texts.set(number ?? 0, text)
      joined.set(name, known)
    })
    return [...joined.values()]
      .filter((it) => it.texts.size === it.count)
      .map(({ to, texts }) => {
        const inOrder = [...texts].toSorted(([one], [other]) => one - other)
        return { to, text: inOrder.map(([, text]) => text).join('') }
      })
  }
}

type Answer = (it: { status?: number; body?: Buffer }) => void

/** A `deliver_sm` with any bytes as its text. */
export function deliverPdu(esmClass: number, text: Buffer, tail = Buffer.alloc(0)): Buffer {
  return pduOf(COMMAND.deliver, 0, 9999, deliverBody('0100', '0200', esmClass, text, tail))
}

export function pduOf(
  command: number,
  status: number,
  sequence: number,
  body: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(16)
  head.writeUInt32BE(16 + (status === 0 ? body.length : 0), 0)
  head.writeUInt32BE(command, 4)
  head.writeUInt32BE(status, 8)
  head.writeUInt32BE(sequence, 12)
  return status === 0 ? Buffer.concat([head, body]) : head
}

function deliverBody(from: string, to: string, esmClass: number, text: Buffer, tail: Buffer) {
  return Buffer.concat([
    Buffer.from(`\0\0\u0001${from}\0\0\u0001${to}\0`),
    // esm_class, protocol, priority, two empty times, registered, replace, coding, default
    Buffer.from([esmClass, 0, 0, 0, 0, 0, 0, 0, 0, text.length]),
    text,
    tail,
  ])
}

function field(tag: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(tag, 0)
  head.writeUInt16BE(value.length, 2)
  return Buffer.concat([head, value])
}

function partIn(body: Buffer, id: string): SubmittedPart {
  const reader = new Reader(body)
  reader.text()
  const addresses = [0, 1].map(() => [reader.byte(), reader.byte(), reader.text()] as const)
  const esmClass = reader.byte()
  reader.byte()
  reader.byte()
  reader.text()
  reader.text()
  const registeredDelivery = reader.byte()
  reader.byte()
  const dataCoding = reader.byte()
  reader.byte()
  const bytes = reader.bytes(reader.byte())
  const [from, to] = [addresses[0]?.[2] ?? '', addresses[1]?.[2] ?? '']
  return { id, from, to, esmClass, dataCoding, registeredDelivery, bytes }
}

function ucs2(bytes: Buffer): string {
  return Buffer.from(bytes).swap16().toString('utf16le')
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#at++)
  }

  text(): string {
    const end = this.#bytes.indexOf(0, this.#at)
    const text = this.#bytes.toString('latin1', this.#at, end)
    this.#at = end + 1
    return text
  }

  bytes(count: number): Buffer {
    return Buffer.from(this.#bytes.subarray(this.#at, (this.#at += count)))
  }
}
