/** What the last run of a period said to lines about a pass or an insurance, as short texts. */
import { expect } from 'vitest'
import { findVersion } from '../../src/rules/programmes/registry.js'
import { explainPeriods } from '../../src/runs/explain-line.js'
import { verifyLedger } from '../../src/runs/verify-ledger.js'
import type { SealedSnapshot } from '../../src/snapshot/snapshot.js'
import type { LedgerSetting } from '../support/builders.js'

type Once = 'ott_pass' | 'insurance'

/**
 * By line: the reason of a refusal, else what is granted, as `tving 2026-02-10 … 2026-08-09`. What
 * is granted is looked up in the ledger as well: the two must agree.
 */
export async function answersOf(
  setting: LedgerSetting,
  snapshot: SealedSnapshot,
  period: string,
  benefit: Once,
  lines: readonly number[],
): Promise<Readonly<Record<string, string>>> {
  const answers: Record<string, string> = {}
  for (const line of lines) {
    const [told] = await explainPeriods(setting.pool, {
      version: findVersion('kt-2026@1')!,
      snapshot,
      lineId: `${line}`,
      periods: [period],
      asKnownAt: '2027-01-01T00:00:00.000Z',
    })
    const it = told?.explanations.find((explained) => explained.benefit === benefit)
    const { grant } = it ?? { grant: null }
    const held = await heldBy(setting, period, benefit, line)
    const answer = grant
      ? [grant.option, grant.validFrom, '…', grant.validTo]
          .filter((part) => part !== null)
          .join(' ')
      : undefined
    expect({ line, held }).toEqual({ line, held: answer === undefined ? [] : [answer] })
    answers[line] = answer ?? it?.reason ?? 'nothing was told'
  }
  return answers
}

/** What stands in the ledger for the line, or, of an insurance, for its customer. */
async function heldBy(
  setting: LedgerSetting,
  period: string,
  benefit: Once,
  line: number,
): Promise<readonly string[]> {
  const rows = await setting.query<{ held: string }>(
    `select concat_ws(' ', option, valid_from, '…', valid_to) as held
     from ledger_entry
     where period = $1 and benefit = $2 and case subject when 'line' then line_id = $3
       else customer_id = (select min(customer_id) from snapshot_line where line_id = $3) end
     group by 1 having sum(case entry_type when 'grant' then 1 else -1 end) <> 0`,
    [period, benefit, line],
  )
  return rows.map((it) => it.held)
}

/** Entries of a benefit in a period, oldest first: `1 grant CHOSEN tving 2026-02-10`. */
export async function historyOf(
  setting: LedgerSetting,
  period: string,
  benefit: Once,
): Promise<readonly string[]> {
  const rows = await setting.query<{ text: string }>(
    `select concat_ws(' ', line_id, entry_type, reason, option, valid_from) as text
     from ledger_entry where period = $1 and benefit = $2
     order by run_id, customer_id, line_id, posting_no, entry_no`,
    [period, benefit],
  )
  return rows.map((it) => it.text)
}

/** Which code each line was given, by the number of its import: `12 tving #3`. */
export async function codesGivenOut(setting: LedgerSetting): Promise<readonly string[]> {
  const rows = await setting.query<{ text: string }>(
    `select concat_ws(' ', line_id, option, '#' || code_id) as text
     from voucher_issue join voucher_code using (code_id) order by line_id, code_id`,
  )
  return rows.map((it) => it.text)
}

/**
 * The ledger verifies with replay, no code is given out twice, and every pass that stands has a
 * code of its option that was given to its line.
 */
export async function expectSound(setting: LedgerSetting): Promise<void> {
  const verified = await verifyLedger(setting.pool, { replay: true, lanes: 2 })
  expect(verified.flatMap((it) => it.differences)).toEqual([])
  const standing = `select line_id, option from ledger_entry where benefit = 'ott_pass'
    group by line_id, option having sum(case entry_type when 'grant' then 1 else -1 end) <> 0`
  const twice = await setting.query(
    `select line_id from (${standing}) it group by line_id having count(*) > 1`,
  )
  expect(twice).toEqual([])
  const without = await setting.query(
    `select line_id from (${standing}) it
     where not exists (select from voucher_issue i join voucher_code v using (code_id)
                       where i.line_id = it.line_id and v.option = it.option)`,
  )
  expect(without).toEqual([])
}
