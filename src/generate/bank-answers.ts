/**
 * A made-up bank: reads a payment file of ours and reports on it as banks do, in pain.002 of three
 * times. It takes the file over, settles most and refuses some; the next day it settles what was
 * open, takes a few back and says some a second time. The same file and seed give the same answers.
 */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { RedressError } from '../errors.js'
import { dayOf, textOfDay } from './civil-day.js'
import { OutFile } from './out-file.js'
import { Random, STREAM, mix } from './random.js'

export interface BankTask {
  /** A pain.001 file with one transfer a line. */
  readonly sent: string
  readonly seed: number
  /** The reports to write, by when the bank makes them: one left out is not made. */
  readonly reports: Readonly<Partial<Record<BankHour, string>>>
}

/** 09:30 of the payout date, 18:00, and 10:00 of the day after. */
export type BankHour = 'taken' | 'results' | 'nextDay'

export interface Bounced {
  readonly endToEndId: string
  readonly reason: string
}

export interface BankTold {
  readonly transfers: number
  /** Of them, those whose name ends in the number of a second or later attempt. */
  readonly retries: number
  /** In the order of the file; what was settled first and came back the next day is among them. */
  readonly bounced: readonly Bounced[]
}

const HOURS: readonly BankHour[] = ['taken', 'results', 'nextDay']
const NAMESPACE = 'urn:iso:std:iso:20022:tech:xsd:pain.002.001.14'
const TRANSFER = /<EndToEndId>([A-Za-z0-9-]+)<.*<InstdAmt Ccy="KRW">(\d+)</

/** Of a hundred transfers; the others are settled at once. */
const REFUSED: readonly (readonly [reason: string, share: number])[] = [
  ['AC04', 0.012],
  ['BE01', 0.009],
  ['AC06', 0.004],
  ['AC01', 0.003],
]
const OPEN_SHARE = 0.01
const TAKEN_BACK_SHARE = 0.002
const SAID_AGAIN_SHARE = 0.05

/** @throws RedressError FILE_UNUSABLE for a file without transfers, OUTPUT_UNWRITABLE */
export async function answerPayments({ sent, seed, reports }: BankTask): Promise<BankTold> {
  const random = new Random(seed, STREAM.bank)
  const bounced: Bounced[] = []
  const open = new Map<BankHour, OutFile>()
  let head = ''
  let transfers = 0
  let retries = 0
  for await (const line of createInterface({ input: createReadStream(sent, 'utf8') })) {
    const [, endToEndId, amount] = TRANSFER.exec(line) ?? []
    if (endToEndId === undefined || amount === undefined) {
      if (transfers === 0) head += line
      continue
    }
    if (transfers === 0) await openReports(open, reports, head)
    transfers += 1
    if (!endToEndId.endsWith('-1')) retries += 1
    const fate = fateOf(random, endToEndId)
    if (fate.reason !== undefined) bounced.push({ endToEndId, reason: fate.reason })
    for (const [hour, file] of open) {
      const status = fate.says[hour]
      if (status === undefined) continue
      file.addText(answer({ endToEndId, amount, status, reason: fate.reason }))
      if (file.isFull) await file.flush()
    }
  }
  if (transfers === 0) {
    const [problem, expected] = ['has no transfer', 'a pain.001 of `redress payouts export`']
    throw new RedressError('FILE_UNUSABLE', { where: sent, problem, expected })
  }
  for (const file of open.values()) {
    file.addText('</OrgnlPmtInfAndSts>\n</CstmrPmtStsRpt>\n</Document>\n')
    await file.finish()
  }
  return { transfers, retries, bounced }
}

interface Fate {
  readonly says: Readonly<Partial<Record<BankHour, string>>>
  readonly reason: string | undefined
}

/** By the transfer's own name, so that a bounced refund may arrive at the next attempt. */
function fateOf(random: Random, endToEndId: string): Fate {
  let index = 0
  for (const it of Buffer.from(endToEndId)) index = mix(index ^ it) + 0x51ed270b
  random.restart(index >>> 0)
  let drawn = random.unit()
  const saidAgain = random.chance(SAID_AGAIN_SHARE)
  const says = (results: string, nextDay: string | undefined): Fate['says'] => ({
    taken: 'ACSP',
    results,
    ...(nextDay !== undefined ? { nextDay } : saidAgain ? { nextDay: results } : {}),
  })
  for (const [reason, share] of REFUSED) {
    if (drawn < share) return { says: says('RJCT', undefined), reason }
    drawn -= share
  }
  if (drawn < OPEN_SHARE) return { says: says('PDNG', 'ACSC'), reason: undefined }
  drawn -= OPEN_SHARE
  if (drawn < TAKEN_BACK_SHARE) return { says: says('ACSC', 'RJCT'), reason: 'AC04' }
  return { says: says('ACSC', undefined), reason: undefined }
}

async function openReports(
  open: Map<BankHour, OutFile>,
  reports: BankTask['reports'],
  head: string,
): Promise<void> {
  const of = (name: string): string =>
    new RegExp(`<${name}>(?:<Dt>)?([^<]+)<`).exec(head)?.[1] ?? ''
  const [messageId, paymentId, payoutOn] = [of('MsgId'), of('PmtInfId'), of('ReqdExctnDt')]
  const times: Readonly<Record<BankHour, string>> = {
    taken: `${payoutOn}T09:30:00+09:00`,
    results: `${payoutOn}T18:00:00+09:00`,
    nextDay: `${textOfDay(dayOf(payoutOn) + 1)}T10:00:00+09:00`,
  }
  for (const [number, hour] of HOURS.entries()) {
    const path = reports[hour]
    if (path === undefined) continue
    const file = await OutFile.open(path)
    file.addText(
      `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="${NAMESPACE}">\n` +
        `<CstmrPmtStsRpt>\n<GrpHdr><MsgId>BANK-${payoutOn}-${number + 1}</MsgId>` +
        `<CreDtTm>${times[hour]}</CreDtTm></GrpHdr>\n` +
        `<OrgnlGrpInfAndSts><OrgnlMsgId>${messageId}</OrgnlMsgId>` +
        '<OrgnlMsgNmId>pain.001.001.12</OrgnlMsgNmId></OrgnlGrpInfAndSts>\n' +
        `<OrgnlPmtInfAndSts><OrgnlPmtInfId>${paymentId}</OrgnlPmtInfId>\n`,
    )
    open.set(hour, file)
  }
}

function answer(of: {
  readonly endToEndId: string
  readonly amount: string
  readonly status: string
  readonly reason: string | undefined
}): string {
  const why =
    of.status === 'RJCT' && of.reason !== undefined
      ? `<StsRsnInf><Rsn><Cd>${of.reason}</Cd></Rsn></StsRsnInf>`
      : ''
  return (
    `<TxInfAndSts><OrgnlEndToEndId>${of.endToEndId}</OrgnlEndToEndId>` +
    `<TxSts>${of.status}</TxSts>${why}` +
    `<OrgnlTxRef><Amt><InstdAmt Ccy="KRW">${of.amount}</InstdAmt></Amt></OrgnlTxRef>` +
    '</TxInfAndSts>\n'
  )
}
