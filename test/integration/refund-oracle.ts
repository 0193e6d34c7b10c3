/**
 * Refunds worked out again from the files themselves, row by row and as contracts §3 words it; no
 * rule of src has a part in it. Of a file's columns nothing is quoted.
 */
import { readFileSync } from 'node:fs'
import { DateTime } from 'luxon'

type Row = Readonly<Record<string, string>>

/** The export's rows without its header, as contracts §4 orders its columns. */
export function expectedExport(
  files: { readonly terminations: string; readonly applications: string },
  now: string,
): readonly string[] {
  const terminations = newestBy(rowsOf(files.terminations), 'line_id')
  const applications = [...newestBy(rowsOf(files.applications), 'application_id').values()]
  const ofLine = new Map<string, Row[]>()
  for (const it of applications) {
    const lineId = it['line_id'] ?? ''
    ofLine.set(lineId, [...(ofLine.get(lineId) ?? []), it])
  }
  const lineIds = new Set([...terminations.keys(), ...ofLine.keys()])
  return [...lineIds]
    .toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
    .flatMap((lineId) => rowsOfLine(lineId, terminations.get(lineId), ofLine.get(lineId), now))
}

function rowsOfLine(
  lineId: string,
  termination: Row | undefined,
  applications: readonly Row[] = [],
  now: string,
): readonly string[] {
  const reason = termination === undefined ? '' : reasonOf(termination)
  const owed = reason === 'REFUNDABLE' && termination ? amountOf(termination) : 0
  const decision =
    reason === 'REFUNDABLE' ? 'refundable' : reason === 'HARDSHIP_REVIEW' ? 'review' : 'refused'
  const line = termination ? [lineId, decision, reason, owed].join() : `${lineId},,,`
  if (applications.length === 0) return [`${line},,,,`]
  const sorted = applications.toSorted(
    (a, b) =>
      micros(a, 'applied_at') - micros(b, 'applied_at') ||
      (a['application_id']! < b['application_id']! ? -1 : 1),
  )
  let taken = false
  const told = sorted.map((it) => {
    let state = refusalOf(it, termination, reason, now)
    if (state === '' && taken) state = 'duplicate'
    if (state === '') {
      taken = true
      state = it['holder_check'] === 'match' ? 'accepted' : 'held'
    }
    const date = state === 'accepted' ? payoutOf(termination!, it) : ''
    const payout = state === 'accepted' ? 'due' : state === 'held' ? 'held' : ''
    return { id: it['application_id']!, row: [line, it['application_id'], state, date, payout] }
  })
  return told.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map((it) => it.row.join())
}

function reasonOf(it: Row): string {
  const [from, to] = ['2025-09-01', '2026-01-13']
  const left = seoulDay(it, 'terminated_at')
  const ended = it['hardship_ended_on'] ?? ''
  const grace = ended === '' ? '' : DateTime.fromISO(ended).plus({ days: 14 }).toISODate()!
  const back = it['resubscribed_on'] ?? ''
  if (it['network'] === 'mvno') return 'MVNO'
  if (it['line_kind'] === 'iot') return 'IOT'
  if (it['termination_kind'] === 'ex_officio') return 'EX_OFFICIO'
  if (it['activated_on']! > '2025-08-31') return 'NOT_IN_USE_AT_REFUND_BASE'
  if (it['contract_event_on']! >= from) return 'CONTRACT_EVENT_SINCE_BASE'
  if (back >= from && back <= to) return 'RESUBSCRIBED'
  if (left > to && ended !== '' && left >= ended && left <= grace) return 'HARDSHIP_REVIEW'
  if (left < from || left > to) return 'OUTSIDE_WINDOW'
  if (penaltyOf(it) === 0) return 'NO_PENALTY'
  if (Number(it['paid_krw']) === 0) return 'PENALTY_UNPAID'
  return amountOf(it) === 0 ? 'ALREADY_WAIVED' : 'REFUNDABLE'
}

function penaltyOf(it: Row): number {
  return Number(it['subsidy_clawback_krw']) + Number(it['discount_clawback_krw'])
}

function amountOf(it: Row): number {
  const paid = Math.min(penaltyOf(it), Number(it['paid_krw']))
  return Math.max(0, paid - Number(it['already_waived_krw']))
}

function refusalOf(it: Row, termination: Row | undefined, reason: string, now: string): string {
  const applied = micros(it, 'applied_at')
  if (it['withdrawn_at'] !== '' && micros(it, 'withdrawn_at') < Date.parse(now)) return 'withdrawn'
  if (applied < Date.parse('2026-01-14T09:00:00+09:00')) return 'early'
  if (applied > Date.parse('2026-01-31T22:00:00+09:00')) return 'late'
  if (termination === undefined) return 'unknown_line'
  return reason === 'REFUNDABLE' ? '' : 'not_refundable'
}

function payoutOf(termination: Row, application: Row): string {
  if (seoulDay(termination, 'terminated_at') > '2025-12-31') return '2026-02-19'
  return seoulDay(application, 'applied_at') <= '2026-01-18' ? '2026-01-22' : '2026-02-05'
}

/** The generator writes whole seconds. */
function micros(it: Row, column: string): number {
  return Date.parse(it[column] ?? '')
}

function seoulDay(it: Row, column: string): string {
  return DateTime.fromISO(it[column] ?? '', { zone: 'Asia/Seoul' }).toISODate()!
}

function newestBy(rows: readonly Row[], key: string): ReadonlyMap<string, Row> {
  return new Map(rows.map((it) => [it[key] ?? '', it]))
}

function rowsOf(path: string): readonly Row[] {
  const [header = '', ...rows] = readFileSync(path, 'utf8').trimEnd().split('\n')
  const names = header.split(',')
  return rows.map((row) => {
    const fields = row.split(',')
    return Object.fromEntries(names.map((it, index) => [it, fields[index] ?? '']))
  })
}
