/** The report for finance: per batch and overall, as CSV; the page for people is report-page.ts. */
import { withTransaction } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { dayOfInstant } from '../rules/refunds/instant.js'
import { overallFigures, reportedBatches } from './report-store.js'
import type { Figure, OverallFigures, ReportedBatch } from './report-store.js'
import { unclaimedAges } from './unclaimed-store.js'
import type { UnclaimedAge } from './unclaimed-store.js'

export interface PayoutReport {
  /** ISO date, of which ages are told. */
  readonly on: string
  readonly overall: OverallFigures
  readonly batches: readonly ReportedBatch[]
  readonly ages: readonly UnclaimedAge[]
}

/** @param now an instant */
export async function payoutReport(pool: Pool, now: string): Promise<PayoutReport> {
  const on = dayOfInstant(now)
  return await withTransaction(pool, async ({ client }) => ({
    on,
    overall: await overallFigures(client),
    batches: await reportedBatches(client),
    ages: await unclaimedAges(client, on),
  }))
}

export const REPORT_HEADER = 'scope,batch_id,payout_on,state,measure,detail,count,total_krw'

/** Figures alone: `scope` is overall, batch or unclaimed; a hold has no sum. */
export function reportCsv({ overall, batches, ages }: PayoutReport): string {
  const rows: (readonly (string | number)[])[] = OVERALL.map(([name, key]) => {
    return ['overall', '', '', '', name, '', ...numbers(overall[key])]
  })
  for (const it of batches) {
    const batch = ['batch', it.batchId, it.payoutOn, it.state]
    for (const name of BATCH) rows.push([...batch, name, '', ...numbers(it[name])])
    for (const [reason, n] of Object.entries(it.holds)) rows.push([...batch, 'held', reason, n, ''])
  }
  for (const it of ages) {
    rows.push(['unclaimed', '', '', '', 'age', ageName(it), ...numbers(it)])
  }
  return `${[REPORT_HEADER, ...rows.map((row) => row.join(','))].join('\n')}\n`
}

const BATCH = ['due', 'paid', 'bounced', 'pending'] as const
const OVERALL: readonly (readonly [string, keyof OverallFigures])[] = [
  ['owed', 'owed'],
  ['paid', 'paid'],
  ['in_transit', 'inTransit'],
  ['returned', 'returned'],
  ['unclaimed', 'unclaimed'],
  ['payable', 'payable'],
]

export function ageName({ uptoMonths }: UnclaimedAge): string {
  return uptoMonths === null ? 'above 60 months' : `under ${uptoMonths} months`
}

function numbers({ count, totalKrw }: Figure): readonly number[] {
  return [count, totalKrw]
}
