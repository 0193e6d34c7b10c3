/** What a plan says of codes that are wanted, and of answers that changed, as tables. */
import type { PlanResult } from '../runs/run.js'
import type { ReasonMigration } from '../runs/reason-migration.js'
import { formatCount } from './chart.js'
import { table } from './text-table.js'

/** Empty where nobody wants a code. */
export function describeCodes(codes: PlanResult['codes']): readonly string[] {
  if (codes.length === 0) return []
  const missing = codes.reduce((sum, it) => sum + it.missing, 0)
  return [
    '',
    table(
      ['codes', 'wanted', 'missing'],
      codes.map((it) => [it.option, formatCount(it.wanted), formatCount(it.missing)]),
    ),
    ...(missing === 0
      ? []
      : ['`redress vouchers import FILE` adds codes; a plan made then gives them out']),
  ]
}

/** Empty where no answer changed. */
export function describeMigrations(
  migrations: readonly ReasonMigration[],
  since: string,
): readonly string[] {
  if (migrations.length === 0) return []
  return [
    '',
    since,
    table(
      ['benefit', 'was', 'is', 'why', 'subjects'],
      migrations.map((it) => [it.benefit, it.was, it.is, WHY[it.why], formatCount(it.subjects)]),
    ),
  ]
}

/** What a cause is called before people. */
export const WHY: Readonly<Record<ReasonMigration['why'], string>> = {
  snapshot: 'another snapshot',
  status: 'a status change',
  consent: "a guardian's consent",
  choice: 'a choice or its withdrawal',
  application: 'an application or its withdrawal',
  code: 'codes',
  other_month: 'a grant of another month',
  rules: 'the terms',
}
