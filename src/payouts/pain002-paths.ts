/**
 * Where the values stand that are read of a pain.002, in all its versions: version 2 names its
 * message after itself and its reason `StsRsn`, and puts transactions beside the group. What is on
 * no path is ignored, with all that is in it.
 */

export type RecordName = 'header' | 'group' | 'payment' | 'transaction'
export type FieldName =
  'createdAt' | 'messageId' | 'paymentId' | 'endToEndId' | 'status' | 'reason' | 'amount'

export interface PathNode {
  readonly children: ReadonlyMap<string, PathNode>
  readonly record?: RecordName
  readonly field?: FieldName
  /** The message itself: there is one in a file. */
  readonly message?: true
}

const field = (name: FieldName): PathNode => ({ children: new Map(), field: name })
const within = (children: Record<string, PathNode>, what: Partial<PathNode> = {}): PathNode => ({
  ...what,
  children: new Map(Object.entries(children)),
})

const code = within({ Cd: field('reason'), Prtry: field('reason') })
const reasons = within({ Rsn: code, StsRsn: code })
const reference = within({ Amt: within({ InstdAmt: field('amount') }) })

const transaction = within(
  {
    OrgnlPmtInfId: field('paymentId'),
    OrgnlEndToEndId: field('endToEndId'),
    TxSts: field('status'),
    StsRsnInf: reasons,
    OrgnlTxRef: reference,
  },
  { record: 'transaction' },
)

const payment = within(
  {
    OrgnlPmtInfId: field('paymentId'),
    PmtInfSts: field('status'),
    StsRsnInf: reasons,
    TxInfAndSts: transaction,
  },
  { record: 'payment' },
)

const group = within(
  { OrgnlMsgId: field('messageId'), GrpSts: field('status'), StsRsnInf: reasons },
  { record: 'group' },
)

const message = within(
  {
    GrpHdr: within({ CreDtTm: field('createdAt') }, { record: 'header' }),
    OrgnlGrpInfAndSts: group,
    OrgnlPmtInfAndSts: payment,
    TxInfAndSts: transaction,
  },
  { message: true },
)

export const DOCUMENT = within({ CstmrPmtStsRpt: message, 'pain.002.001.02': message })
