/**
 * The bank's answers, ISO 20022 pain.002 of any version, as a stream: what was read of a file that
 * turns out to be unusable further down must not be kept, so take answers in one transaction.
 */
import { answerInstant, answerReason, wonOf } from './answer-values.js'
import type { AnswerLevel, BankAnswer } from './bank-answer.js'
import { DOCUMENT } from './pain002-paths.js'
import type { FieldName, PathNode, RecordName } from './pain002-paths.js'
import { IDENTIFIER_LENGTH } from './transfer-faults.js'
import { XmlReader } from './xml-reader.js'
import type { XmlElement, XmlHandler } from './xml-reader.js'

const NAMESPACES = 'urn:iso:std:iso:20022:tech:xsd:pain.002.001.'
const ANY_MESSAGE = /^urn:iso:std:iso:20022:tech:xsd:([a-z]{4}\.\d{3}\.\d{3}\.\d{2})$/
/** A file may hold much that is not read, but nothing as long as this between what is. */
const UNREAD_CHARACTERS = 16 * 1024 * 1024
/** Of a status code in every version. */
const STATUS = /^[A-Z0-9]{1,4}$/

/**
 * Answers in the order of the file, the group's when it is known whether transactions follow.
 * A transaction without a status of its own has that of its payment or group.
 * @param file names it in errors
 * @throws RedressError FILE_UNUSABLE at `file:line:column`
 */
export async function* readPain002(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  file: string,
): AsyncGenerator<BankAnswer, void> {
  const report = new StatusReport(file)
  for await (const chunk of chunks) {
    for (const _ of report.xml.write(chunk)) yield* report.take()
  }
  for (const _ of report.xml.end()) yield* report.take()
  report.assertComplete()
}

type Values = Partial<Record<FieldName, string>>

interface OpenRecord {
  readonly values: Values
  /** Of the amount. */
  currency?: string | undefined
}

/** Builds answers of the elements as they come; holds no more than the open records. */
class StatusReport implements XmlHandler {
  readonly xml: XmlReader
  /** One an open element: where it stands in what is read, or null when it is not read. */
  readonly #path: (PathNode | null)[] = []
  #namespace = ''
  #messages = 0
  /** Where the last element stood that is read. */
  #lastRead = 0
  #text: string | undefined
  #createdAt: string | undefined
  #group: OpenRecord | undefined
  #payment: OpenRecord | undefined
  #record: OpenRecord | undefined
  /** Answers whose transactions have not been seen yet, if there are any. */
  #groupWaits = false
  #paymentWaits = false
  #answers: BankAnswer[] = []

  constructor(file: string) {
    this.xml = new XmlReader(file, this)
  }

  /** The answers since it was asked last. */
  take(): readonly BankAnswer[] {
    if (this.xml.position - this.#lastRead > UNREAD_CHARACTERS) {
      throw this.xml.fault('has 16 Mi characters that are no answer', 'answers')
    }
    const answers = this.#answers
    if (answers.length > 0) this.#answers = []
    return answers
  }

  assertComplete(): void {
    if (this.#group?.values.messageId !== undefined) return
    throw this.xml.fault('says nothing of an original message', 'OrgnlGrpInfAndSts and OrgnlMsgId')
  }

  open(element: XmlElement): void {
    const above = this.#path.at(-1)
    const node = above === undefined ? this.#root(element) : this.#below(above, element)
    this.#path.push(node)
    if (node === null) return
    this.#lastRead = this.xml.position
    if (node.message === true) this.#openMessage()
    if (node.record !== undefined) this.#openRecord(node.record)
    if (node.field === undefined) return
    this.#text = ''
    if (node.field === 'amount' && this.#record !== undefined) {
      this.#record.currency = element.attribute('Ccy')
    }
  }

  text(text: string): void {
    if (this.#text === undefined || this.#path.at(-1)?.field === undefined) return
    this.#text += text
    // Comments may part a text into ever more runs: its length is watched as it grows.
    if (this.#text.length > 64 * 1024) throw this.#tooLong()
  }

  close(): void {
    const node = this.#path.pop() ?? null
    if (node?.field !== undefined) this.#closeField(node.field)
    if (node?.record !== undefined) this.#closeRecord(node.record)
    if (node?.message === true) this.#sayGroup(false)
  }

  #root({ name, namespace }: XmlElement): PathNode {
    if (name === 'Document' && namespace.startsWith(NAMESPACES)) {
      this.#namespace = namespace
      return DOCUMENT
    }
    const [, message] = ANY_MESSAGE.exec(namespace) ?? []
    const problem = message === undefined ? 'is another kind of XML' : `is a ${message}`
    throw this.xml.fault(problem, 'a pain.002 (Document of pain.002.001)')
  }

  #below(above: PathNode | null, { name, namespace }: XmlElement): PathNode | null {
    if (above === null || namespace !== this.#namespace) return null
    return above.children.get(name) ?? null
  }

  #openMessage(): void {
    this.#messages += 1
    if (this.#messages > 1) throw this.xml.fault('has a second message', 'one')
  }

  #openRecord(name: RecordName): void {
    if (name === 'group') {
      if (this.#group !== undefined) throw this.xml.fault('has a second group', 'one')
      this.#group = { values: {} }
      this.#record = this.#group
      return
    }
    if (name === 'transaction') {
      this.#sayGroup(true)
      this.#sayPayment(true)
    }
    this.#record = { values: {} }
    if (name === 'payment') {
      this.#payment = this.#record
      this.#paymentWaits = true
    }
  }

  #closeField(field: FieldName): void {
    const value = (this.#text ?? '').trim()
    this.#text = undefined
    const values = this.#record?.values
    if (values === undefined || value === '') return
    if (value.length > IDENTIFIER_LENGTH) throw this.#tooLong()
    if (values[field] === undefined) values[field] = value
    else if (field !== 'reason') throw this.xml.fault('has a value twice', 'one')
  }

  #closeRecord(name: RecordName): void {
    if (name === 'header') this.#createdAt = this.#instantOf(this.#record?.values.createdAt)
    if (name === 'group') this.#groupWaits = true
    if (name === 'transaction') this.#sayTransaction()
    if (name === 'payment') {
      this.#sayPayment(false)
      this.#payment = undefined
    }
    // After a transaction its payment is open again.
    this.#record = name === 'transaction' ? this.#payment : undefined
  }

  #sayGroup(hasTransactions: boolean): void {
    if (!this.#groupWaits) return
    this.#groupWaits = false
    if (this.#group?.values.status === undefined) return
    this.#answers.push({ ...this.#answer('group', this.#group.values), hasTransactions })
  }

  #sayPayment(hasTransactions: boolean): void {
    if (!this.#paymentWaits) return
    this.#paymentWaits = false
    if (this.#payment?.values.status === undefined) return
    this.#answers.push({ ...this.#answer('payment', this.#payment.values), hasTransactions })
  }

  #sayTransaction(): void {
    const { values, currency } = this.#record ?? {}
    if (values === undefined) return
    const answer = this.#answer('transaction', values)
    const { endToEndId, amount } = values
    this.#answers.push({
      ...answer,
      ...(endToEndId === undefined ? {} : { endToEndId }),
      ...(amount === undefined ? {} : { amountKrw: wonOf(amount, currency) }),
    })
  }

  #answer(level: AnswerLevel, values: Values): BankAnswer {
    const group = this.#group?.values
    const payment = level === 'group' ? undefined : this.#payment?.values
    const originalMessageId = group?.messageId
    if (originalMessageId === undefined) {
      throw this.xml.fault('has an answer to no message', 'an OrgnlMsgId before it')
    }
    const status = values.status ?? payment?.status ?? group?.status
    if (status === undefined) {
      throw this.xml.fault('has a transaction without a status', 'TxSts, PmtInfSts or GrpSts')
    }
    if (!STATUS.test(status)) {
      throw this.xml.fault('has a status that is no code', 'up to 4 capitals and digits')
    }
    const paymentInformationId = values.paymentId ?? payment?.paymentId
    const createdAt = this.#createdAt
    return {
      level,
      originalMessageId,
      ...(paymentInformationId === undefined ? {} : { paymentInformationId }),
      status,
      ...(values.reason === undefined ? {} : { reason: answerReason(values.reason) }),
      ...(createdAt === undefined ? {} : { createdAt }),
    }
  }

  #instantOf(createdAt: string | undefined): string | undefined {
    if (createdAt === undefined) return undefined
    const instant = answerInstant(createdAt)
    if (instant !== undefined) return instant
    throw this.xml.fault('has a CreDtTm that is no time', 'an ISO 8601 date and time')
  }

  #tooLong(): Error {
    return this.xml.fault(
      `has a value of more than ${IDENTIFIER_LENGTH} characters`,
      'those of the schema',
    )
  }
}
