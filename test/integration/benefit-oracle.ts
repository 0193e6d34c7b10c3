/**
 * Contracts §2.2 to §3 once more, in plain TypeScript over the rows of the imported files: who gets
 * which benefit of kt-2026@1 in a period, why, and which code. It shares no code with the engine
 * and looks at every line and customer by itself. What is learnt after a run is not asked of it.
 */
import { readFileSync } from 'node:fs'
import type { GeneratedFiles, VoucherDraft } from '../support/builders.js'

/** The answer for one subject and benefit; `grant` says what is given, null where nothing is. */
export interface Verdict {
  readonly benefit: string
  readonly customer: string
  /** The line, or of an insurance the one that carries it; empty where none can. */
  readonly line: string
  readonly reason: string
  readonly grant: string | null
  /** Given by an earlier run of the period. */
  readonly stands: boolean
}

export interface OracleCodes {
  readonly option: string
  readonly wanted: number
  readonly missing: number
}

type Row = Readonly<Record<string, string>>

interface Line {
  readonly id: string
  readonly customer: string
  readonly row: Row
}

interface Choice {
  readonly line: string
  readonly option: string
  readonly at: number
  readonly consent: boolean
  withdrawnAt: number
}

interface Given {
  readonly period: string
  readonly reason: string
  readonly grant: string
}

export class BenefitOracle {
  /** Codes by the number of their import; the line that each was given to. */
  readonly codeHolders = new Map<number, string>()
  /** Of the last `decide`. */
  codes: readonly OracleCodes[] = []
  newHolders: ReadonlyMap<number, string> = new Map()

  readonly lines: readonly Line[]
  readonly customers: ReadonlyMap<string, readonly Line[]>
  readonly #statuses: ReadonlyMap<string, readonly Row[]>
  readonly #consents = new Map<string, string>()
  readonly #passChoices: ReadonlyMap<string, readonly Choice[]>
  readonly #applications: ReadonlyMap<string, readonly Choice[]>
  readonly #pool: { readonly option: string; readonly expiresOn: string }[] = []
  readonly #passes = new Map<string, Given>()
  readonly #insurances = new Map<string, Given>()
  readonly #posted = new Set<string>()

  constructor(files: GeneratedFiles) {
    this.lines = rowsOf(files.snapshot).map((row) => ({
      id: row['line_id']!,
      customer: row['customer_id']!,
      row,
    }))
    this.customers = grouped(this.lines, (it) => it.customer)
    this.#statuses = grouped(rowsOf(files.statuses), (it) => it['line_id']!)
    for (const row of rowsOf(files.consents)) {
      const [line, day] = [row['line_id']!, row['guardian_consent_on']!]
      const known = this.#consents.get(line)
      if (known === undefined || day < known) this.#consents.set(line, day)
    }
    const customerOf = new Map(this.lines.map((it) => [it.id, it.customer]))
    const choices = choicesOf(rowsOf(files.choices))
    const passChoices = choices.filter((it) => it.option !== '')
    this.#passChoices = grouped(passChoices, (it) => it.line)
    const applications = choices.filter((it) => it.option === '' && customerOf.has(it.line))
    this.#applications = grouped(applications, (it) => customerOf.get(it.line)!)
  }

  addCodes(...drafts: readonly VoucherDraft[]): void {
    for (const { option, codes, expiresOn = '2026-12-31' } of drafts)
      for (let code = 0; code < codes; code += 1) this.#pool.push({ option, expiresOn })
  }

  decide(period: string, now: string): readonly Verdict[] {
    const withCode = this.#shareOutCodes(period, Date.parse(now))
    const verdicts = this.lines.flatMap((line) => this.#lineVerdicts(line, period, now, withCode))
    for (const customer of this.customers.keys())
      verdicts.push(this.#insuranceVerdict(customer, period, Date.parse(now)))
    return verdicts
  }

  /** What was decided last is posted. */
  post(period: string, verdicts: readonly Verdict[]): void {
    for (const { benefit, reason, grant, line, customer } of verdicts) {
      if (grant === null) continue
      if (benefit === 'ott_pass') this.#passes.set(line, { period, reason, grant })
      if (benefit === 'insurance') this.#insurances.set(customer, { period, reason, grant })
    }
    for (const [code, line] of this.newHolders) this.codeHolders.set(code, line)
    this.#posted.add(period)
  }

  #lineVerdicts(
    line: Line,
    period: string,
    now: string,
    withCode: ReadonlySet<string>,
  ): readonly Verdict[] {
    const due = ['data', 'ott_pass']
    if (period === '2026-02') due.push('membership')
    if (period === '2026-03') due.push('roaming_bonus')
    return due.map((benefit) => {
      const held = benefit === 'ott_pass' ? this.#passes.get(line.id) : undefined
      const stands = benefit === 'ott_pass' ? held?.period === period : this.#posted.has(period)
      const reason =
        this.#commonRefusal(line, period, benefit) ??
        (benefit === 'data' ? this.#dataReason(line, period) : undefined) ??
        (benefit === 'ott_pass' ? this.#passReason(line, period, now, withCode) : undefined) ??
        (benefit === 'roaming_bonus' && line.row['roaming_promotion_ends_on']! >= '2026-02-01'
          ? 'PROMOTION_EXTENDED'
          : 'ELIGIBLE')
      const granted = ['ELIGIBLE', 'PROMOTION_EXTENDED', 'CHOSEN'].includes(reason)
      const grant = granted ? (held?.grant ?? this.#grantOf(benefit, line, period, now)) : null
      return { benefit, customer: line.customer, line: line.id, reason, grant, stands }
    })
  }

  /** MVNO, IOT, second devices and, except for data, lines that are gone. */
  #commonRefusal({ id, row }: Line, period: string, benefit: string): string | undefined {
    if (row['network'] === 'mvno') return 'MVNO'
    if (row['line_kind'] === 'iot') return 'IOT'
    if (row['line_kind'] !== 'handset' && benefit !== 'roaming_bonus') return 'SECOND_DEVICE'
    if (benefit !== 'data' && this.#statusAt(id, row, period) === 'terminated') return 'TERMINATED'
    return undefined
  }

  #dataReason({ id, row }: Line, period: string): string | undefined {
    if (row['payment'] === 'prepaid') return 'PREPAID'
    if (row['status'] === 'suspended') return 'SUSPENDED_AT_BASE'
    if (row['plan_restriction'] === 'minor') {
      const days = [row['guardian_consent_on'], this.#consents.get(id)]
      const isInTime = (day: string | undefined): boolean =>
        day !== undefined && day !== '' && day <= `${monthBefore(period)}-20`
      if (!days.some(isInTime)) return 'GUARDIAN_CONSENT_MISSING'
    }
    const status = this.#statusAt(id, row, period)
    return status === 'active' ? undefined : status.toUpperCase()
  }

  #passReason({ id }: Line, period: string, now: string, withCode: ReadonlySet<string>): string {
    const held = this.#passes.get(id)
    if (held?.period === period) return 'CHOSEN'
    if (held !== undefined) return 'ALREADY_GRANTED'
    if (this.#choiceOf(id, period, Date.parse(now)) === undefined) return 'NO_CHOICE'
    return withCode.has(id) ? 'CHOSEN' : 'NO_CODE_LEFT'
  }

  /** The lines that get one of the codes left: the earliest choices first, then the lowest id. */
  #shareOutCodes(period: string, now: number): ReadonlySet<string> {
    const wanting = this.lines
      .filter((it) => this.#commonRefusal(it, period, 'ott_pass') === undefined)
      .filter((it) => !this.#passes.has(it.id))
      .map((it) => ({ line: it.id, choice: this.#choiceOf(it.id, period, now) }))
      .filter((it) => it.choice !== undefined)
      .toSorted((a, b) => a.choice!.at - b.choice!.at || Number(a.line) - Number(b.line))
    const today = dayInSeoul(now)
    const free = this.#pool
      .map((it, index) => ({ ...it, code: index + 1 }))
      .filter((it) => it.expiresOn >= today && !this.codeHolders.has(it.code))
      .toSorted((a, b) => (a.expiresOn < b.expiresOn ? -1 : a.expiresOn > b.expiresOn ? 1 : 0))
    const holders = new Map<number, string>()
    this.codes = ['disney_plus', 'tving'].flatMap((option) => {
      const queue = wanting.filter((it) => it.choice!.option === option)
      const codes = free.filter((it) => it.option === option)
      for (const [place, { line }] of queue.slice(0, codes.length).entries())
        holders.set(codes[place]!.code, line)
      const missing = Math.max(0, queue.length - codes.length)
      return queue.length === 0 ? [] : [{ option, wanted: queue.length, missing }]
    })
    this.newHolders = holders
    return new Set(holders.values())
  }

  #choiceOf(line: string, period: string, now: number): Choice | undefined {
    const counting = counted(this.#passChoices.get(line), period, now)
    return counting.toSorted((a, b) => a.at - b.at).at(-1)
  }

  #insuranceVerdict(customer: string, period: string, now: number): Verdict {
    const lines = this.customers.get(customer)!
    const kt = lines.filter((it) => it.row['network'] === 'kt')
    const people = kt.filter((it) => it.row['line_kind'] !== 'iot')
    const inService = people
      .filter((it) => this.#statusAt(it.id, it.row, period) !== 'terminated')
      .toSorted((a, b) => Number(a.id) - Number(b.id))
    const held = this.#insurances.get(customer)
    const answer = (reason: string, grant: string | null = null): Verdict => ({
      benefit: 'insurance',
      customer,
      line: inService[0]?.id ?? '',
      reason,
      grant,
      stands: held?.period === period,
    })
    if (kt.length === 0) return answer('MVNO')
    if (people.length === 0) return answer('IOT')
    if (lines[0]!.row['customer_kind'] === 'corporate') return answer('CORPORATE')
    if (inService.length === 0) return answer('TERMINATED')
    if (held?.period === period) return answer(held.reason, held.grant)
    if (held !== undefined) return answer('ALREADY_GRANTED')
    const birthDate = lines[0]!.row['birth_date']!
    if (period === '2026-02' && yearsOld(birthDate, '2026-01-13') >= 65)
      return answer('AGE_65', `24 months ${term('2026-03-01', 24)}`)
    const applications = counted(this.#applications.get(customer), period, now)
    if (applications.length === 0) return answer('NO_APPLICATION')
    const good = applications
      .filter((it) => it.consent || yearsOld(birthDate, dayInSeoul(it.at)) >= 14)
      .toSorted((a, b) => a.at - b.at)[0]
    if (good === undefined) return answer('GUARDIAN_CONSENT_MISSING')
    const start = `${monthAfter(dayInSeoul(good.at))}-01`
    return answer('APPLIED', `24 months ${term(start, 24)}`)
  }

  #grantOf(benefit: string, line: Line, period: string, now: string): string {
    if (benefit === 'data') return `102400 MB ${term(`${period}-01`, 1)}`
    if (benefit === 'membership') return '6 months 2026-02-01 2026-07-31'
    if (benefit === 'roaming_bonus') return '50 percent 2026-03-01 2026-08-31'
    const { option } = this.#choiceOf(line.id, period, Date.parse(now))!
    return `6 months ${option} ${term(dayInSeoul(Date.parse(now)), 6)}`
  }

  #statusAt(line: string, row: Row, period: string): string {
    let [status, at] = [row['status']!, Date.parse('2026-01-14T00:00:00+09:00')]
    for (const change of this.#statuses.get(line) ?? []) {
      const effectiveAt = Date.parse(change['effective_at']!)
      if (effectiveAt < at || effectiveAt > Date.parse(`${period}-01T00:00:00+09:00`)) continue
      ;[status, at] = [change['status']!, effectiveAt]
    }
    return status
  }
}

/** Made in the window and the period and before now, and not withdrawn before now. */
function counted(
  choices: readonly Choice[] | undefined,
  period: string,
  now: number,
): readonly Choice[] {
  const opens = Date.parse('2026-02-01T00:00:00+09:00')
  const closes = Date.parse(`${monthAfter(period)}-01T00:00:00+09:00`)
  return (choices ?? []).filter(
    (it) => it.at >= opens && it.at < closes && it.at < now && it.withdrawnAt >= now,
  )
}

/** A choice_id counts as it first came; a later row can add that it was withdrawn. */
function choicesOf(rows: readonly Row[]): readonly Choice[] {
  const byId = new Map<string, Choice>()
  for (const row of rows) {
    const withdrawnAt = row['withdrawn_at'] === '' ? Infinity : Date.parse(row['withdrawn_at']!)
    const known = byId.get(row['choice_id']!)
    if (known === undefined) {
      byId.set(row['choice_id']!, {
        line: row['line_id']!,
        option: row['option']!,
        at: Date.parse(row['chosen_at']!),
        consent: row['guardian_consent'] === 'true',
        withdrawnAt,
      })
    } else if (known.withdrawnAt === Infinity) known.withdrawnAt = withdrawnAt
  }
  return [...byId.values()]
}

/** Generated files have no quotes. */
function rowsOf(path: string): readonly Row[] {
  const [header = '', ...rows] = readFileSync(path, 'latin1').trimEnd().split('\n')
  const columns = header.split(',')
  return rows.map((row) => {
    const fields = row.split(',')
    return Object.fromEntries(columns.map((column, index) => [column, fields[index]!]))
  })
}

function grouped<T>(all: readonly T[], keyOf: (it: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const it of all) {
    const known = groups.get(keyOf(it))
    if (known) known.push(it)
    else groups.set(keyOf(it), [it])
  }
  return groups
}

const DAY_MS = 86_400_000
const dayInSeoul = (at: number): string => isoDay(at + 9 * 3_600_000)
const isoDay = (utc: number): string => new Date(utc).toISOString().slice(0, 10)
const partsOf = (day: string): [number, number, number] => {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return [year, month, date]
}
const monthAfter = (day: string): string => shifted(day, 1)
const monthBefore = (day: string): string => shifted(day, -1)

function shifted(day: string, months: number): string {
  const [year, month] = partsOf(day)
  return isoDay(Date.UTC(year, month - 1 + months, 1)).slice(0, 7)
}

/** First and last day of so many months. Where the last month lacks the day, it ends the term. */
function term(from: string, months: number): string {
  const [year, month, date] = partsOf(from)
  const lastOfMonth = Date.UTC(year, month + months, 0)
  const sameDay = Date.UTC(year, month - 1 + months, date)
  return `${from} ${isoDay(Math.min(lastOfMonth, sameDay - DAY_MS))}`
}

/** By counting birthdays; one of 29 February is on 1 March where there is no such day. */
function yearsOld(birthDate: string, day: string): number {
  const [year, month, date] = partsOf(birthDate)
  let years = 0
  while (isoDay(Date.UTC(year + years + 1, month - 1, date)) <= day) years += 1
  return years
}
