/** A database with terminations and applications, as files told of them, for tests of refunds. */
import { openPool } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import {
  importApplicationsFile,
  importTerminationsFile,
} from '../../src/intake/import-refund-files.js'
import type { ImportOptions } from '../../src/intake/import-file.js'
import { assessRefunds } from '../../src/refunds/assess-refunds.js'
import type { Assessment } from '../../src/refunds/assess-refunds.js'
import { approveReview, proposeReview } from '../../src/refunds/review-refund.js'
import type { ProposedReview } from '../../src/refunds/review-store.js'
import { findVersion } from '../../src/rules/programmes/registry.js'
import { rehearse } from '../support/database.js'
import { intakeSetting } from './intake-setting.js'
import type { IntakeSetting } from './intake-setting.js'

export const VERSION = findVersion('kt-2026@1')!
export const TERMS = VERSION.refunds!

const TERMINATION = {
  line_id: '',
  customer_id: '9',
  customer_kind: 'individual',
  network: 'kt',
  line_kind: 'handset',
  activated_on: '2023-05-01',
  contract_event: '',
  contract_event_on: '',
  terminated_at: '2025-11-20T10:00:00+09:00',
  termination_kind: 'port_out',
  subsidy_clawback_krw: '100000',
  discount_clawback_krw: '50000',
  other_charges_krw: '7000',
  paid_krw: '150000',
  already_waived_krw: '0',
  resubscribed_on: '',
  hardship: '',
  hardship_ended_on: '',
  notice_number: '',
}
const APPLICATION = {
  application_id: '',
  line_id: '',
  channel: 'web',
  applied_at: '2026-01-15T10:00:00+09:00',
  bank_code: '088',
  account_number: '110-000-123456',
  account_holder: '김하늘',
  holder_check: 'match',
  withdrawn_at: '',
}
export type TerminationRow = Partial<typeof TERMINATION> & { line_id: string }
export type ApplicationRow = Partial<typeof APPLICATION> & {
  application_id: string
  line_id: string
}

export interface RefundSetting extends IntakeSetting {
  terminations(at: string, ...rows: readonly TerminationRow[]): Promise<void>
  applications(at: string, ...rows: readonly ApplicationRow[]): Promise<void>
  assess(now: string): Promise<Assessment>
  /** Proposed by one person and approved by another at the same moment. */
  review(it: Omit<ProposedReview, 'reason'>): Promise<void>
  poolOf(name: string): Pool
  /** Line by line: decision, reason, amount; then state and date by application. */
  recorded(): Promise<Readonly<Record<string, string>>>
}

export async function refundSetting(): Promise<RefundSetting> {
  const setting = await intakeSetting()
  await rehearse(setting.url)
  const pools = new Map<string, Pool>()
  const poolOf = (name: string): Pool => {
    const pool = pools.get(name) ?? openPool({ url: setting.url, max: 2, name, actor: name })
    pools.set(name, pool)
    return pool
  }
  const optionsAt = (at: string, rows: readonly object[], head: object): ImportOptions => ({
    ...setting.optionsFor(csvOf(rows, head)),
    now: () => at,
  })
  return {
    ...setting,
    poolOf,
    terminations: async (at, ...rows) => {
      await importTerminationsFile(optionsAt(at, rows, TERMINATION))
    },
    applications: async (at, ...rows) => {
      await importApplicationsFile(optionsAt(at, rows, APPLICATION))
    },
    assess: (now) => assessRefunds({ pool: setting.pool, version: VERSION, now }),
    review: async (it) => {
      const { review_id } = await proposeReview(poolOf('maker'), TERMS, { ...it, reason: 'proof' })
      await approveReview(poolOf('checker'), review_id, { by: 'checker', at: it.at })
    },
    recorded: async () => await recordedIn(setting),
    close: async () => {
      for (const pool of pools.values()) await pool.end()
      await setting.close()
    },
  }
}

function csvOf(rows: readonly object[], plain: object): string {
  const lines = rows.map((it) => Object.values({ ...plain, ...it }).join())
  return [Object.keys(plain).join(), ...lines, ''].join('\n')
}

async function recordedIn({ query }: IntakeSetting): Promise<Readonly<Record<string, string>>> {
  const rows = await query(
    `select * from (
       select distinct on (line_id) line_id::text as name,
         concat_ws(' ', decision, reason, amount_krw) as told
       from refund_decision order by line_id, decision_no desc
     ) decision
     union all
     select * from (
       select distinct on (application_id) application_id,
         concat_ws(' ', state, payout_on::text)
       from application_state order by application_id, state_no desc
     ) state
     order by name`,
  )
  return Object.fromEntries(rows.map((it) => [String(it['name']), String(it['told'])]))
}
