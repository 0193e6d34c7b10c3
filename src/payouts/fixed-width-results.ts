/** The bank's answers in the neutral fixed-width profile, as a stream like those of pain.002. */
import { RedressError } from '../errors.js'
import { answerInstant } from './answer-values.js'
import type { BankAnswer } from './bank-answer.js'
import {
  RESULT_BYTES,
  RESULT_DATA,
  RESULT_HEADER,
  RESULT_PROFILE,
  RESULT_TRAILER,
} from './fixed-width-layout.js'
import type { RecordLayout } from './fixed-width-layout.js'
import { resultOf } from './result-codes.js'
import type { ResultCode } from './result-codes.js'

const LF = 0x0a
const CR = 0x0d
/** Ids that are ours have nothing else in them; an unknown one may be shown. */
const IDENTIFIER = /^[A-Za-z0-9-]{1,35}$/
const CODE = /^\d{4}$/

/**
 * What was read of a file that turns out to be unusable further down must not be kept: whether a
 * file is whole is known at its trailer.
 * @param file names it in errors
 * @throws RedressError FILE_UNUSABLE at `file:line`
 */
export async function* readFixedWidthResults(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  file: string,
): AsyncGenerator<BankAnswer, void> {
  const results = new Results(file)
  for await (const line of recordsOf(chunks, results)) {
    const answer = results.read(line)
    if (answer !== undefined) yield answer
  }
  results.assertComplete()
}

/** Records without their line ends; ASCII, since nothing else is in a field that is read. */
async function* recordsOf(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  results: Results,
): AsyncGenerator<string, void> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    let start = 0
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      yield withoutReturn(bytes, start, end)
      start = end + 1
    }
    rest = bytes.subarray(start)
    if (rest.length > RESULT_BYTES + 1) throw results.wrongLength()
  }
  if (rest.length > 0) yield withoutReturn(rest, 0, rest.length)
}

function withoutReturn(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, bytes[end - 1] === CR ? end - 1 : end)
}

type Values = Readonly<Record<string, string>>

class Results {
  readonly #file: string
  #line = 0
  #header: Pick<BankAnswer, 'originalMessageId' | 'createdAt'> | undefined
  #ended = false
  #count = 0
  #totalKrw = 0

  constructor(file: string) {
    this.#file = file
  }

  read(line: string): BankAnswer | undefined {
    this.#line += 1
    if (line.length !== RESULT_BYTES) throw this.wrongLength()
    if (this.#ended) throw this.#fault('has a record after its trailer', 'the end')
    if (this.#header === undefined) this.#readHeader(line)
    else if (line.startsWith(RESULT_TRAILER.type)) this.#readTrailer(line)
    else return this.#readResult(line, this.#header)
    return undefined
  }

  assertComplete(): void {
    if (!this.#ended) throw this.#fault('ends without a trailer', 'a whole file')
  }

  wrongLength(): RedressError {
    return this.#fault('has a record of another length', `${RESULT_BYTES} bytes`)
  }

  #readHeader(line: string): void {
    const {
      profile,
      message_id: id = '',
      created_at: created = '',
    } = this.#values(RESULT_HEADER, line)
    if (profile !== RESULT_PROFILE) throw this.#fault('is of another profile', RESULT_PROFILE)
    if (!IDENTIFIER.test(id)) throw this.#fault('names no message', 'the message id of the batch')
    const createdAt = answerInstant(created)
    if (createdAt === undefined) throw this.#fault('has no time', 'an ISO 8601 date and time')
    this.#header = { originalMessageId: id, createdAt }
  }

  #readResult(line: string, header: Pick<BankAnswer, 'originalMessageId'>): BankAnswer {
    const values = this.#values(RESULT_DATA, line)
    const { end_to_end_id: endToEndId = '', result_code: code = '' } = values
    const amountKrw = this.#number(values['amount_krw'])
    this.#count += 1
    this.#totalKrw += amountKrw
    if (this.#number(values['sequence']) !== this.#count) {
      throw this.#fault('has a result out of sequence', `number ${this.#count}`)
    }
    if (!IDENTIFIER.test(endToEndId)) throw this.#fault('has a bad end-to-end id', 'the one sent')
    if (!CODE.test(code)) throw this.#fault('has a bad result code', '4 digits')
    const result = resultOf(code)
    return {
      ...header,
      level: 'transaction',
      endToEndId,
      amountKrw,
      // A code that is not in the table is a status that nobody knows: reported, never booked.
      status: result?.status ?? code,
      ...reasonOf(result),
    }
  }

  #readTrailer(line: string): void {
    const values = this.#values(RESULT_TRAILER, line)
    const count = this.#number(values['count'])
    const totalKrw = this.#number(values['total_krw'])
    if (count !== this.#count || totalKrw !== this.#totalKrw) {
      throw this.#fault(
        `holds ${this.#count} results of KRW ${this.#totalKrw}`,
        `${count} of KRW ${totalKrw}, as its trailer says`,
      )
    }
    this.#ended = true
  }

  #values(layout: RecordLayout, line: string): Values {
    if (!line.startsWith(layout.type)) {
      throw this.#fault('has a record of another type', `type ${layout.type}`)
    }
    const values: Record<string, string> = {}
    let at = 1
    for (const { name, bytes } of layout.fields) {
      values[name] = line.slice(at, at + bytes).trimEnd()
      at += bytes
    }
    return values
  }

  #number(digits: string | undefined): number {
    if (digits !== undefined && /^\d{1,15}$/.test(digits)) return Number(digits)
    throw this.#fault('has a number that is none', 'digits with leading zeros')
  }

  #fault(problem: string, expected: string): RedressError {
    const where = `${this.#file}:${Math.max(1, this.#line)}`
    return new RedressError('FILE_UNUSABLE', { where, problem, expected })
  }
}

function reasonOf(result: ResultCode | undefined): Pick<BankAnswer, 'reason'> {
  return typeof result?.reason === 'string' ? { reason: result.reason } : {}
}
