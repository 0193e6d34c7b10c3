/**
 * A chunk decided and posted by one statement of SQL, for February 2026: data and membership for a
 * line, insurance for a customer by its lowest eligible line.
 */
import { assert } from '../../src/assert.js'
import type { Pool } from '../../src/db/database.js'
import type { Benefit } from '../../src/rules/decision.js'
import { latestBirthDate } from '../../src/rules/calendar.js'
import { findVersion } from '../../src/rules/programmes/registry.js'
import { readEntrySets, readPlan } from '../../src/runs/plan-store.js'
import { lineTableOf } from '../../src/snapshot/snapshot-store.js'
import { FACT_TABLE } from './fact-rows.js'
import { PROGRAMME } from './task.js'

export interface ChunkStatement {
  readonly text: string
  /** The first values; the chunk's first and last customer follow. */
  readonly fixed: readonly unknown[]
}

const BIT_OF: Readonly<Partial<Record<Benefit, number>>> = { data: 1, membership: 2, insurance: 4 }

export async function chunkStatement(
  pool: Pool,
  planId: string,
  table: string,
): Promise<ChunkStatement> {
  const plan = await readPlan(pool, planId)
  const insurance = findVersion(PROGRAMME)?.benefits.insurance
  assert(insurance !== undefined, 'a programme with insurance')
  const bornBy = latestBirthDate(insurance.automatic.age.value, '2026-01-13')
  const sets: (number | null)[] = Array.from({ length: 7 }, () => null)
  for (const { id, entries } of await readEntrySets(pool, [planId])) {
    const mask = entries.reduce((sum, it) => sum | (BIT_OF[it.benefit] ?? 0), 0)
    sets[mask - 1] = id
  }
  return { text: statement(table, lineTableOf(plan.snapshotId)), fixed: [bornBy, sets] }
}

// The index by customer gives the lines in order, so that neither the window nor the ledger's key
// needs a sort.
function statement(table: string, lines: string): string {
  return `
    insert into ${table} (customer_id, line_id, entry_set_id, posting_no)
    select customer_id, line_id, ($2::integer[])[mask], 1
    from (
      select customer_id, line_id,
        (is_handset and payment = 'postpaid' and status = 'active' and status_at_start = 'active'
          and (plan_restriction = 'none' or consent_on <= '2026-01-20') is true)::integer
        + 2 * (is_handset and status_at_start <> 'terminated')::integer
        + 4 * (may_carry and line_id = min(line_id) filter (where may_carry)
                 over (partition by customer_id))::integer as mask
      from (
        select l.customer_id, l.line_id, l.payment, l.status, l.plan_restriction,
          l.network = 'kt' and l.line_kind = 'handset' as is_handset,
          coalesce(f.status_at_start, l.status) as status_at_start,
          least(l.guardian_consent_on, f.guardian_consent_on) as consent_on,
          l.birth_date <= $1::date and l.customer_kind = 'individual' and l.network = 'kt'
            and l.line_kind <> 'iot'
            and coalesce(f.status_at_start, l.status) <> 'terminated' as may_carry
        from ${lines} l
        left join ${FACT_TABLE} f
          on f.customer_id = l.customer_id and f.line_id = l.line_id
            and f.customer_id between $3 and $4
        where l.customer_id between $3 and $4
      ) line
    ) decided
    where mask > 0`
}
