/**
 * Reads test/cases/refunds.csv, which the business can read and add to: one line and its
 * applications a row. The columns up to `applications` are its facts, named as in the termination
 * file; `decision`, `reason`, `amount_krw` and `states` are what is expected.
 *
 * A row without `terminated_at` is of a line that nobody knows. `reviews` are what people decided,
 * `hardship granted; waived RESUBSCRIBED denied`, or `waived any granted`; `reviewed_at` is when.
 * `applications` are `A at=INSTANT holder=match withdrawn=INSTANT`, then where it is so `batch`
 * (approved), `late_accepted`, (hold) `lifted` and (account) `corrected`. `states` tells of each
 * its state and its payout date, `A accepted 2026-01-22; B duplicate`.
 */
import { readFileSync } from 'node:fs'
import type { RefundApplication } from '../../../src/rules/refunds/application-state.js'
import type { RefundExclusion } from '../../../src/rules/refunds/refund-terms.js'
import type { Review } from '../../../src/rules/refunds/review.js'
import type { Termination } from '../../../src/rules/refunds/termination.js'
import { aTermination } from './refund-builders.js'

const FACTS = [
  'terminated_at',
  'network',
  'line_kind',
  'customer_kind',
  'activated_on',
  'contract_event',
  'contract_event_on',
  'termination_kind',
  'subsidy_clawback_krw',
  'discount_clawback_krw',
  'paid_krw',
  'already_waived_krw',
  'resubscribed_on',
  'hardship',
  'hardship_ended_on',
  'took_victim_discount',
  'reviews',
  'reviewed_at',
  'now',
  'applications',
] as const
const EXPECTED = ['decision', 'reason', 'amount_krw', 'states'] as const
const COLUMNS = ['case', ...FACTS, ...EXPECTED, 'note'] as const

export type RefundRow = Readonly<Record<(typeof COLUMNS)[number], string>>

/** No cell is quoted, so a line splits at its commas. */
export function readRefundCases(): readonly RefundRow[] {
  const file = new URL('../../cases/refunds.csv', import.meta.url)
  const [header, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  if (header !== COLUMNS.join(',')) throw new Error('refunds.csv has other columns')
  return lines.map((line) => {
    const cells = line.split(',')
    if (cells.length !== COLUMNS.length) throw new Error(`wrong number of cells: ${line}`)
    return Object.fromEntries(COLUMNS.map((column, index) => [column, cells[index]])) as RefundRow
  })
}

/** Null for a line that nobody knows. */
export function terminationOf(row: RefundRow): Termination | null {
  if (row.terminated_at === '') return null
  return aTermination({
    terminatedAt: row.terminated_at,
    network: row.network,
    lineKind: row.line_kind,
    customerKind: row.customer_kind,
    activatedOn: row.activated_on,
    contractEvent: orNull(row.contract_event),
    contractEventOn: orNull(row.contract_event_on),
    terminationKind: row.termination_kind,
    subsidyClawbackKrw: Number(row.subsidy_clawback_krw),
    discountClawbackKrw: Number(row.discount_clawback_krw),
    paidKrw: Number(row.paid_krw),
    alreadyWaivedKrw: Number(row.already_waived_krw),
    resubscribedOn: orNull(row.resubscribed_on),
    hardship: orNull(row.hardship),
    hardshipEndedOn: orNull(row.hardship_ended_on),
    ...(row.took_victim_discount === 'true' ? { victimDiscountOn: '2025-09-10' } : {}),
  } as Partial<Termination>)
}

export function reviewsOf(row: RefundRow): readonly Review[] {
  return partsOf(row.reviews).map((text) => {
    const words = text.split(' ')
    const outcome = words.at(-1)
    if (outcome !== 'granted' && outcome !== 'denied') throw new Error(`not a review: ${text}`)
    if (words[0] === 'hardship') return { kind: 'hardship', outcome }
    const exclusion = words[1] === 'any' ? null : (words[1] as RefundExclusion)
    return { kind: 'exclusion_waived', outcome, exclusion }
  })
}

export function applicationsOf(row: RefundRow): readonly RefundApplication[] {
  return partsOf(row.applications).map((text) => {
    const [applicationId = '', ...words] = text.split(' ')
    const said = new Map(words.map((word) => word.split('=') as [string, string]))
    const unknown = [...said.keys()].filter((it) => !APPLICATION_WORDS.includes(it))
    if (unknown.length > 0) throw new Error(`not said of an application: ${unknown.join(' ')}`)
    const of = (word: string) => said.get(word) ?? null
    return {
      applicationId,
      appliedAt: of('at') ?? '',
      holderCheck: of('holder') as RefundApplication['holderCheck'],
      withdrawnAt: of('withdrawn'),
      batchApprovedAt: of('batch'),
      lateAcceptedAt: of('late_accepted'),
      holdLiftedAt: of('lifted'),
      correctedAt: of('corrected'),
    }
  })
}

const APPLICATION_WORDS = [
  'at',
  'holder',
  'withdrawn',
  'batch',
  'late_accepted',
  'lifted',
  'corrected',
]

/**
 * In how many facts two cases differ. What hangs together is one fact: an event and its date, a
 * hardship and its end, a review and its time, all that is known of a line. Of applications each
 * word that differs is one.
 */
export function factsApart(a: RefundRow, b: RefundRow): number {
  const words = wordsApart(a.applications, b.applications)
  if ((a.terminated_at === '') !== (b.terminated_at === '')) return 1 + words
  const changed = FACTS.filter((it) => it !== 'applications' && a[it] !== b[it])
  const follows = ['contract_event_on', 'hardship_ended_on', 'reviewed_at'] as const
  const twice = follows.filter((it) => {
    const leader = FACTS[FACTS.indexOf(it) - 1]
    return changed.includes(it) && leader !== undefined && changed.includes(leader)
  })
  return changed.length - twice.length + words
}

function wordsApart(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => new Set(text.split(/;? /)))
  if (left === undefined || right === undefined) return 0
  const onlyLeft = [...left].filter((it) => !right.has(it)).length
  const onlyRight = [...right].filter((it) => !left.has(it)).length
  return Math.max(onlyLeft, onlyRight)
}

export function partsOf(text: string): readonly string[] {
  return text.split('; ').filter((part) => part !== '')
}

function orNull(text: string): string | null {
  return text === '' ? null : text
}
