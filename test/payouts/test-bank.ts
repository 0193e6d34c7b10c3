/** A bank for tests: reads our own pain.001 and answers it in a pain.002 of any version. */
import { XmlDocument, XmlElement } from 'libxml2-wasm'

export interface SentMessage {
  readonly messageId: string
  readonly paymentId: string
  readonly transfers: readonly { readonly endToEndId: string; readonly amountKrw: string }[]
}

/** What the bank says of one transfer, `['RJCT', 'AC01']`. */
export type Verdict = readonly [status: string, reason?: string]

export function readSent(xml: Uint8Array): SentMessage {
  const document = XmlDocument.fromBuffer(xml)
  const prefixes = { d: 'urn:iso:std:iso:20022:tech:xsd:pain.001.001.12' }
  const texts = (xpath: string): readonly string[] => {
    return document
      .find(xpath, prefixes)
      .flatMap((it) => (it instanceof XmlElement ? [it.content] : []))
  }
  try {
    const amounts = texts('//d:InstdAmt')
    return {
      messageId: texts('//d:MsgId')[0] ?? '',
      paymentId: texts('//d:PmtInfId')[0] ?? '',
      transfers: texts('//d:EndToEndId').map((endToEndId, index) => {
        return { endToEndId, amountKrw: amounts[index] ?? '' }
      }),
    }
  } finally {
    document.dispose()
  }
}

export interface AnswerForm {
  /** `03` to `14`; `02` is built differently. */
  readonly version: string
  readonly groupStatus?: string
  readonly paymentStatus?: string
  /** An element's prefix, `p:`. */
  readonly prefix?: string
  /** Between elements. */
  readonly space?: string
}

/** The report as the bank would send it, with whatever else a schema allows around what matters. */
export function bankReport(
  sent: SentMessage,
  verdictOf: (endToEndId: string, index: number) => Verdict | undefined,
  form: AnswerForm,
): Buffer {
  const { version, space = '\n' } = form
  const transactions = sent.transfers.flatMap((it, index) => {
    const verdict = verdictOf(it.endToEndId, index)
    return verdict === undefined ? [] : [transaction(it, verdict, sent, version)]
  })
  const group = element('OrgnlGrpInfAndSts', [
    element('OrgnlMsgId', sent.messageId),
    element('OrgnlMsgNmId', 'pain.001.001.12'),
    element('OrgnlNbOfTxs', String(sent.transfers.length)),
    form.groupStatus === undefined ? '' : element('GrpSts', form.groupStatus),
  ])
  const payment = element('OrgnlPmtInfAndSts', [
    element('OrgnlPmtInfId', sent.paymentId),
    form.paymentStatus === undefined ? '' : element('PmtInfSts', form.paymentStatus),
    ...transactions,
  ])
  const header = element('GrpHdr', [
    element('MsgId', 'BANK-1'),
    element('CreDtTm', '2026-01-22T18:00:00+09:00'),
  ])
  const body = version === '02' ? [header, group, ...transactions] : [header, group, payment]
  const name = version === '02' ? 'pain.002.001.02' : 'CstmrPmtStsRpt'
  const namespace = `urn:iso:std:iso:20022:tech:xsd:pain.002.001.${version}`
  const inner = prefixed(body.map((it) => it + space).join(''), form.prefix)
  const [open, close] = [`${form.prefix ?? ''}Document`, `${form.prefix ?? ''}${name}`]
  const declared = form.prefix === undefined ? 'xmlns' : `xmlns:${form.prefix.slice(0, -1)}`
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>${space}<${open} ${declared}="${namespace}">` +
      `${space}<${close}>${space}${inner}</${close}>${space}</${open}>${space}`,
  )
}

function transaction(
  of: SentMessage['transfers'][number],
  [status, reason]: Verdict,
  sent: SentMessage,
  version: string,
): string {
  const code = reason === undefined ? '' : element('Cd', reason)
  const told = [
    element('Orgtr', element('Nm', '홍길동')),
    element(version === '02' ? 'StsRsn' : 'Rsn', code),
    element('AddtlInf', '110-234-567890 홍길동 &amp; &#xD64D;'),
  ]
  return element('TxInfAndSts', [
    version === '02' ? element('OrgnlPmtInfId', sent.paymentId) : '',
    element('OrgnlEndToEndId', of.endToEndId),
    element('TxSts', status),
    reason === undefined ? '' : element('StsRsnInf', told),
    element('OrgnlTxRef', [
      element('Amt', `<InstdAmt Ccy="KRW">${of.amountKrw}</InstdAmt>`),
      element('Cdtr', element('Pty', element('Nm', '홍길동'))),
    ]),
  ])
}

function element(name: string, content: string | readonly string[]): string {
  return `<${name}>${typeof content === 'string' ? content : content.join('')}</${name}>`
}

function prefixed(xml: string, prefix: string | undefined): string {
  return prefix === undefined ? xml : xml.replaceAll(/<(\/?)(\w)/g, `<$1${prefix}$2`)
}
