/** SQL that reads cases of refunds, in order of their lines, as one stream of any length. */
import { assert } from '../assert.js'
import { cancellable } from '../db/cancellable.js'
import { copyOut } from '../db/copy.js'
import { withClient } from '../db/database.js'
import type { Client, Pool } from '../db/database.js'
import type { Termination } from '../rules/refunds/termination.js'
import { copiedRows, type CopiedRow } from './copied-rows.js'
import type { ApprovedReview, CaseApplication, RefundCase } from './refund-case.js'
import type { RecordedDecision, RecordedState } from './refund-case.js'

export interface RefundCaseQuery {
  /** Imports that are looked at. */
  readonly inputs: readonly string[]
  /** The programme's, in which days begin. */
  readonly zone: string
  /** One line instead of all. */
  readonly lineId?: string | undefined
}

/** On a connection of its own, as all was at one moment: one connection cannot COPY both ways. */
export async function readingAtOneMoment<T>(
  pool: Pool,
  signal: AbortSignal | undefined,
  work: (reader: Client) => Promise<T>,
): Promise<T> {
  return await withClient(pool, async (reader) => {
    await reader.query('begin isolation level repeatable read read only')
    const result = await cancellable(pool, reader, signal, () => work(reader))
    await reader.query('commit')
    return result
  })
}

/**
 * Accepted imports of terminations, applications and victims' discounts, ascending.
 * @param knownAt an instant: what came in later is left out
 */
export async function readRefundInputs(
  client: Client,
  knownAt?: string,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ import_id: string }>(
    `select import_id from import
     where kind in ('terminations', 'applications', 'victims') and state = 'accepted'
       and ($1::timestamptz is null or finished_at <= $1)
     order by import_id`,
    [knownAt ?? null],
  )
  return rows.map((it) => it.import_id)
}

/** Those with a termination. */
export async function countLines(client: Client): Promise<number> {
  const { rows } = await client.query<{ lines: number }>(
    'select count(distinct line_id)::integer as lines from termination',
  )
  return rows[0]?.lines ?? 0
}

/** All lines with a termination or an application, ascending; a batch is never empty. */
export async function* readRefundCases(
  client: Client,
  query: RefundCaseQuery,
): AsyncGenerator<readonly RefundCase[], void> {
  // Sorts of some hundred bytes a line stay in memory up to a million lines or so, then go to disk.
  await client.query(`select set_config('work_mem', '128MB', true)`)
  let open: OpenCase | undefined
  for await (const rows of copiedRows(copyOut(client, copyCasesStatement(query)))) {
    const cases: RefundCase[] = []
    for (const row of rows) {
      const lineId = textAt(row, 0)
      if (open?.lineId !== lineId) {
        if (open !== undefined) cases.push(open)
        open = openCase(lineId, row)
      }
      if (row[APPLICATION] !== null) open.applications.push(applicationOf(row))
    }
    if (cases.length > 0) yield cases
  }
  if (open !== undefined) yield [open]
}

interface OpenCase extends RefundCase {
  readonly applications: CaseApplication[]
}

/** Where groups of columns begin in a row of the statement below. */
const TERMINATION = 1
const DECISION = 18
const REVIEWS = 22
const APPLICATION = 23

function copyCasesStatement({ inputs, zone, lineId }: RefundCaseQuery): string {
  assert(
    [...inputs, lineId ?? '0'].every((it) => /^\d+$/.test(it)),
    'ids of digits',
  )
  assert(/^[A-Za-z_/]+$/.test(zone), 'the name of a time zone')
  const ofLine = lineId === undefined ? 'true' : `line_id = ${lineId}`
  const counting = `import_id = any ('{${inputs.join()}}'::bigint[]) and ${ofLine}`
  return `copy (
    with newest_termination as (
      select distinct on (line_id) * from (
        select line_id, termination_no, network, line_kind, customer_kind, activated_on,
          contract_event, contract_event_on, terminated_at,
          (terminated_at at time zone '${zone}')::date as terminated_on, termination_kind,
          subsidy_clawback_krw, discount_clawback_krw, paid_krw, already_waived_krw,
          resubscribed_on, hardship, hardship_ended_on
        from termination where ${counting}
      ) known
      order by line_id, termination_no desc
    ),
    ${VICTIM.replace('COUNTING', counting)},
    version as (
      select application_no, application_id, line_id, applied_at, holder_check, withdrawn_at,
        import_id,
        lag(holder_check) over of_application <> holder_check
          and lag(import_id) over of_application <> import_id as is_checked_anew
      from refund_application where ${counting}
      window of_application as (partition by application_id order by application_no)
    ),
    newest_version as (
      select distinct on (application_id) application_id, line_id, applied_at, holder_check,
        withdrawn_at,
        coalesce(max(application_no) filter (where withdrawn_at is null) over of_application,
          application_no) as account_no,
        max(application_no) filter (where is_checked_anew) over of_application as checked_no
      from version
      window of_application as (partition by application_id)
      order by application_id, application_no desc
    ),
    checked as (
      select application_no as checked_no, finished_at as checked_at
      from version join import using (import_id)
      where is_checked_anew
    ),
    ${RECORDED.replaceAll('OF_LINE', ofLine)},
    application as (
      select it.*, checked_at, batch_approved_at, corrected_at, state_no, state, payout_on
      from newest_version it
      left join checked using (checked_no)
      left join approved using (application_id)
      left join corrected using (application_id)
      left join last_state using (application_id)
    )
    select line_id, network, line_kind, customer_kind, activated_on, contract_event,
      contract_event_on, terminated_at, terminated_on, termination_kind, subsidy_clawback_krw,
      discount_clawback_krw, paid_krw, already_waived_krw, resubscribed_on, hardship,
      hardship_ended_on, discount_taken_on,
      last_decision.decision_no, last_decision.decision, last_decision.reason,
      last_decision.amount_krw, review.reviews,
      application_id, applied_at, holder_check, withdrawn_at, account_no, checked_at,
      batch_approved_at, corrected_at, state_no, state, payout_on
    from newest_termination
    full join application using (line_id)
    left join victim using (line_id)
    left join last_decision using (line_id)
    left join review using (line_id)
    order by line_id, application_id collate "C"
  ) to stdout (format text)`
}

const VICTIM = `victim as (
      select distinct on (line_id) line_id, discount_taken_on
      from victim_discount where COUNTING order by line_id, victim_no desc
    )`

const RECORDED = `last_decision as (
      select distinct on (line_id) line_id, decision_no, decision, reason, amount_krw
      from refund_decision where OF_LINE order by line_id, decision_no desc
    ),
    last_state as (
      select distinct on (application_id) application_id, state_no, state, payout_on
      from application_state where OF_LINE order by application_id, state_no desc
    ),
    approved as (
      select application_id, max(batch_approved_at) as batch_approved_at
      from approved_transfer where OF_LINE group by application_id
    ),
    corrected as (
      select application_id, max(corrected_at) as corrected_at
      from corrected_transfer where OF_LINE group by application_id
    ),
    review as (
      select line_id, jsonb_agg(jsonb_build_object('kind', kind, 'outcome', outcome,
        'exclusion', exclusion, 'applicationId', application_id,
        'applicationNo', application_no::text, 'approvedAt', approved_at)
        order by review_id) as reviews
      from refund_review where OF_LINE and approved_at is not null group by line_id
    )`

function openCase(lineId: string, row: CopiedRow): OpenCase {
  const reviews = row[REVIEWS] ?? null
  return {
    lineId,
    termination: row[TERMINATION] === null ? null : terminationOf(row),
    recorded: row[DECISION] === null ? null : decisionOf(row),
    reviews: reviews === null ? [] : (JSON.parse(reviews) as readonly ApprovedReview[]),
    applications: [],
  }
}

// The table's own types and checks have settled which texts there are.
function terminationOf(row: CopiedRow): Termination {
  return {
    network: textAt(row, 1) as Termination['network'],
    lineKind: textAt(row, 2) as Termination['lineKind'],
    customerKind: textAt(row, 3) as Termination['customerKind'],
    activatedOn: textAt(row, 4),
    contractEvent: (row[5] ?? null) as Termination['contractEvent'],
    contractEventOn: row[6] ?? null,
    terminatedAt: instantOf(textAt(row, 7)),
    terminatedOn: textAt(row, 8),
    terminationKind: textAt(row, 9) as Termination['terminationKind'],
    subsidyClawbackKrw: Number(row[10]),
    discountClawbackKrw: Number(row[11]),
    paidKrw: Number(row[12]),
    alreadyWaivedKrw: Number(row[13]),
    resubscribedOn: row[14] ?? null,
    hardship: (row[15] ?? null) as Termination['hardship'],
    hardshipEndedOn: row[16] ?? null,
    victimDiscountOn: row[17] ?? null,
  }
}

function decisionOf(row: CopiedRow): RecordedDecision {
  return {
    decisionNo: Number(row[DECISION]),
    decision: textAt(row, DECISION + 1) as RecordedDecision['decision'],
    reason: textAt(row, DECISION + 2) as RecordedDecision['reason'],
    amountKrw: Number(row[DECISION + 3]),
  }
}

function applicationOf(row: CopiedRow): CaseApplication {
  const at = APPLICATION
  return {
    applicationId: textAt(row, at),
    appliedAt: instantOf(textAt(row, at + 1)),
    holderCheck: textAt(row, at + 2) as CaseApplication['holderCheck'],
    withdrawnAt: instantOrNull(row, at + 3),
    accountNo: textAt(row, at + 4),
    checkedAt: instantOrNull(row, at + 5),
    batchApprovedAt: instantOrNull(row, at + 6),
    correctedAt: instantOrNull(row, at + 7),
    recorded: row[at + 8] === null ? null : stateOf(row, at + 8),
  }
}

function stateOf(row: CopiedRow, at: number): RecordedState {
  return {
    stateNo: Number(row[at]),
    state: textAt(row, at + 1) as RecordedState['state'],
    payoutOn: row[at + 2] ?? null,
  }
}

function textAt(row: CopiedRow, column: number): string {
  const text = row[column]
  assert(typeof text === 'string', 'a column that is never null')
  return text
}

function instantOrNull(row: CopiedRow, column: number): string | null {
  const text = row[column] ?? null
  return text === null ? null : instantOf(text)
}

/** `2026-01-14 00:00:00.123456+00`, as a session in UTC prints it, as ISO 8601. */
function instantOf(text: string): string {
  return `${text.slice(0, 10)}T${text.slice(11)}:00`
}
