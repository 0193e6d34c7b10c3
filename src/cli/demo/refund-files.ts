/**
 * The files of the demo's refunds: applications dealt to the hours at which they come in, the
 * corrections that customers send once the bank has refused their account, and whom nobody writes
 * to.
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

/** When the files for a payout date are taken in: two days before, in the evening. */
export function takenAt(payoutOn: RefundDate): string {
  return `${addDays(payoutOn, -2)}T18:00:00+09:00`
}

/** A reminder round, with what comes in before it is prepared, and between that and its sending. */
export const ROUNDS = [
  { round: 1, date: '2026-01-20' },
  { round: 2, date: '2026-01-26' },
  { round: 3, date: '2026-01-30' },
] as const
export type DemoRoundDate = (typeof ROUNDS)[number]['date']

export function takenBeforeRound(date: DemoRoundDate): string {
  return `${date}T08:00:00+09:00`
}

export function takenBeforeSending(date: DemoRoundDate): string {
  return `${date}T09:55:00+09:00`
}

/** When applications are taken in; written alike, so that they compare as text. */
export const APPLICATIONS_TAKEN: readonly string[] = [
  ...REFUND_DATES.map(takenAt),
  ...ROUNDS.flatMap(({ date }) => [takenBeforeRound(date), takenBeforeSending(date)]),
].toSorted()
const LAST_TAKEN = APPLICATIONS_TAKEN.at(-1) ?? ''

/** `applications-2026-01-20-1800.csv` is what has come in since the file before it. */
export function applicationsAt(folder: string, instant: string): string {
  const [day = '', time = ''] = instant.split('T')
  return join(folder, `applications-${day}-${time.slice(0, 5).replace(':', '')}.csv`)
}

/** The files that have come in by an instant. */
export function applicationsUntil(folder: string, instant: string): readonly string[] {
  return APPLICATIONS_TAKEN.filter((it) => it <= instant).map((it) => applicationsAt(folder, it))
}

export async function dealApplications(folder: string, whole: string): Promise<void> {
  const to = new Map(APPLICATIONS_TAKEN.map((it) => [it, applicationsAt(folder, it)]))
  const notVerified = new Set<string>()
  await dealRows(whole, to, (fields, row) => dealOne(fields, row, notVerified))
}

/** A withdrawal comes after its application, as does the check of an unknown holder. */
function dealOne(
  fields: readonly string[],
  row: string,
  notVerified: Set<string>,
): readonly DealtRow<string>[] {
  const [id = '', , , appliedAt = '', , , , check = '', withdrawnAt = ''] = fields
  const applied = takenAfter(appliedAt)
  if (withdrawnAt !== '') {
    const withdrawn = takenAfter(withdrawnAt)
    const before = `${fields.slice(0, -1).join(',')},`
    if (withdrawn === applied) return [{ to: applied, row }]
    return [
      { to: applied, row: before },
      { to: withdrawn, row },
    ]
  }
  if (check !== 'match') notVerified.add(id)
  else if (notVerified.has(id)) return [{ to: takenForPayoutAfter(applied), row }]
  return [{ to: applied, row }]
}

function takenAfter(instant: string): string {
  return APPLICATIONS_TAKEN.find((it) => instant < it) ?? LAST_TAKEN
}

/** A holder is asked for some days: the answer is in for the payout after the next one. */
function takenForPayoutAfter(instant: string): string {
  const payouts = REFUND_DATES.map(takenAt)
  return payouts[payouts.findIndex((it) => it >= instant) + 1] ?? LAST_TAKEN
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
 * @param sources the files that may hold the application
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

const RESTRICTED: readonly (readonly [lineEnds: RegExp, kind: string])[] = [
  [/[02468]7$/, 'opted_out'],
  [/13$/, 'number_reassigned'],
  [/[19]9$/, 'deceased'],
]

/** Writes whom of those who left nobody writes to. */
export async function writeRestrictions(out: string, terminations: string): Promise<number> {
  const file = await OutFile.open(out)
  file.addText('line_id,customer_id,kind,since,until\n')
  const written = new Set<string>()
  for await (const row of createInterface({ input: createReadStream(terminations, 'utf8') })) {
    const [lineId = ''] = row.split(',', 1)
    const [, kind] = RESTRICTED.find(([ends]) => ends.test(lineId)) ?? []
    if (kind === undefined || written.has(lineId)) continue
    written.add(lineId)
    file.addText(`${lineId},,${kind},2025-12-01T09:00:00+09:00,\n`)
    if (file.isFull) await file.flush()
  }
  await file.finish()
  return written.size
}
