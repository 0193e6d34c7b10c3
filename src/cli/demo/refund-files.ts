/**
 * The files of the demo's refunds: applications dealt to the days on which they come in, and the
 * corrections that customers send once the bank has refused their account.
 */
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { dealRows } from '../../generate/deal-rows.js'
import type { DealtRow } from '../../generate/deal-rows.js'
import { OutFile } from '../../generate/out-file.js'
import type { Bounced } from '../../generate/bank-answers.js'
import { addDays } from '../../rules/calendar.js'
import { REFUND_DATES } from './refund-figures.js'
import type { RefundDate } from './refund-figures.js'

export function terminationsIn(folder: string): string {
  return join(folder, 'terminations.csv')
}

/** `applications-2026-01-22.csv` is what has come in before the payout of that date. */
export function applicationsFor(folder: string, payoutOn: RefundDate): string {
  return join(folder, `applications-${payoutOn}.csv`)
}

/** When the files for a payout date are taken in: two days before, in the evening. */
export function takenAt(payoutOn: RefundDate): string {
  return `${addDays(payoutOn, -2)}T18:00:00+09:00`
}

export async function dealApplications(folder: string, whole: string): Promise<void> {
  const to = new Map(REFUND_DATES.map((it) => [it, applicationsFor(folder, it)]))
  const notVerified = new Set<string>()
  await dealRows(whole, to, (fields, row) => dealOne(fields, row, notVerified))
}

/** A withdrawal comes after its application, as does the check of an unknown holder. */
function dealOne(
  fields: readonly string[],
  row: string,
  notVerified: Set<string>,
): readonly DealtRow<RefundDate>[] {
  const [id = '', , , appliedAt = '', , , , check = '', withdrawnAt = ''] = fields
  const applied = dateAfter(appliedAt)
  if (withdrawnAt !== '') {
    const withdrawn = dateAfter(withdrawnAt)
    const before = `${fields.slice(0, -1).join(',')},`
    if (withdrawn === applied) return [{ to: applied, row }]
    return [
      { to: applied, row: before },
      { to: withdrawn, row },
    ]
  }
  if (check !== 'match') notVerified.add(id)
  else if (notVerified.has(id)) return [{ to: dateFollowing(applied), row }]
  return [{ to: applied, row }]
}

function dateAfter(instant: string): RefundDate {
  return REFUND_DATES.find((it) => instant < takenAt(it)) ?? REFUND_DATES[2]
}

function dateFollowing(date: RefundDate): RefundDate {
  return REFUND_DATES[REFUND_DATES.indexOf(date) + 1] ?? REFUND_DATES[2]
}

/** The line of a transfer, as its end-to-end id names it. */
export function lineOf(endToEndId: string): string {
  return endToEndId.split('-').at(-2) ?? ''
}

/** Applications whose transfer came back, by line: of the export of refunds. */
export async function bouncedApplications(exported: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for await (const row of createInterface({ input: createReadStream(exported, 'utf8') })) {
    const [lineId = '', , , , applicationId = '', , , state = ''] = row.split(',')
    if (state === 'rejected' || state === 'returned') found.set(lineId, applicationId)
  }
  return found
}

/** Seven customers in ten answer when they are asked for another account. */
const ANSWERING = /[0-6]$/

/**
 * Writes the applications of those who answer, with another account, and returns how many they are.
 * @param since the payout dates whose files may hold the application
 */
export async function writeCorrections(
  out: string,
  sources: readonly string[],
  bounced: readonly Bounced[],
  applications: ReadonlyMap<string, string>,
): Promise<number> {
  const wanted = new Set<string>()
  for (const { endToEndId, reason } of bounced) {
    const lineId = lineOf(endToEndId)
    const application = applications.get(lineId)
    const isAsked = reason !== 'AC06' && ANSWERING.test(lineId)
    if (isAsked && application !== undefined) wanted.add(application)
  }
  let header = ''
  const rows = new Map<string, readonly string[]>()
  for (const source of sources) {
    for await (const row of createInterface({ input: createReadStream(source, 'utf8') })) {
      const fields = row.split(',')
      const [id = ''] = fields
      if (id === 'application_id') header = row
      else if (wanted.has(id)) rows.set(id, fields)
    }
  }
  const file = await OutFile.open(out)
  file.addText(`${header}\n`)
  let written = 0
  for (const fields of rows.values()) {
    const [id, lineId = '', channel, appliedAt, , account = '', holder, check, withdrawn] = fields
    if (withdrawn !== '') continue
    written += 1
    const other = otherAccount(account, lineId)
    file.addText(`${[id, lineId, channel, appliedAt, '088', other, holder, check, ''].join()}\n`)
    if (file.isFull) await file.flush()
  }
  await file.finish()
  return written
}

/** Like all made-up accounts it begins with four zeros, which no bank gives out. */
function otherAccount(account: string, lineId: string): string {
  const other = `0000${lineId.slice(-8).padStart(8, '1')}`
  return account.replaceAll('-', '') === other ? `${other}1` : other
}
