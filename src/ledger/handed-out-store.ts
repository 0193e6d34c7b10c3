/** SQL of the voucher codes that a run gave out, with the passes they belong to. */
import type { Client } from '../db/database.js'
import { RedressError } from '../errors.js'

export interface HandedOutCode {
  readonly lineId: string
  readonly option: string
  readonly digest: Buffer
  readonly sealed: Buffer
  /** Days, YYYY-MM-DD; the validity is that of the pass, null where the line holds it no more. */
  readonly expiresOn: string
  readonly validFrom: string | null
  readonly validTo: string | null
}

/**
 * The programme of a run that has ended: what an unfinished one gives out is not complete.
 * @throws RedressError RUN_UNKNOWN, RUN_STATE
 */
export async function programmeOfEndedRun(client: Client, runId: string): Promise<string> {
  const known = /^[1-9]\d{0,17}$/.test(runId)
  const { rows } = known
    ? await client.query<{ programme: string; state: string }>(
        'select programme, state from run where run_id = $1',
        [runId],
      )
    : { rows: [] }
  const run = rows[0]
  if (run === undefined) throw new RedressError('RUN_UNKNOWN', { run: runId })
  if (run.state === 'closed' || run.state === 'cancelled') return run.programme
  throw new RedressError('RUN_STATE', {
    run: runId,
    problem: `is ${run.state}`,
    expected: 'one that is closed or cancelled',
  })
}

/**
 * Inside a transaction: the codes of a run, in the order of line_id, some thousand at a time. A
 * pass is held while the line's grants of its option outnumber the reversals, in all periods.
 */
export async function* readHandedOut(
  client: Client,
  programme: string,
  runId: string,
): AsyncGenerator<readonly HandedOutCode[]> {
  await client.query(
    `declare handed_out no scroll cursor for
     with pass as (
       select line_id, option,
         max(valid_from) filter (where entry_type = 'grant') as valid_from,
         max(valid_to) filter (where entry_type = 'grant') as valid_to
       from ledger_entry
       where programme = $1 and benefit = 'ott_pass'
       group by line_id, option
       having sum(case entry_type when 'grant' then 1 else -1 end) > 0
     )
     select line_id, option, code_digest as digest, code_sealed as sealed, expires_on,
       valid_from, valid_to
     from voucher_issue
     join voucher_code using (code_id)
     left join pass using (line_id, option)
     where run_id = $2
     order by line_id`,
    [programme, runId],
  )
  for (;;) {
    const { rows } = await client.query<{
      line_id: string
      option: string
      digest: Buffer
      sealed: Buffer
      expires_on: string
      valid_from: string | null
      valid_to: string | null
    }>('fetch forward 5000 from handed_out')
    if (rows.length === 0) return
    yield rows.map(({ line_id: lineId, expires_on: expiresOn, ...it }) => ({
      lineId,
      option: it.option,
      digest: it.digest,
      sealed: it.sealed,
      expiresOn,
      validFrom: it.valid_from,
      validTo: it.valid_to,
    }))
  }
}
