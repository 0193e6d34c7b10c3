/**
 * Every operational error in one table: its code, its sentence, its exit code (contracts §1) and
 * whether trying again can help. A sentence never contains personal data: the details given here
 * are ids, names of columns and counts, and a bad personal value is described, not quoted.
 */

export const EXIT = { done: 0, failed: 1, refused: 2, held: 3, conflict: 4 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export type ErrorDetails = Readonly<Record<string, string | number>>

interface ErrorKind {
  readonly exit: ExitCode
  readonly retryable: boolean
  readonly sentence: (details: ErrorDetails) => string
}

const kind = (
  exit: ExitCode,
  sentence: (details: ErrorDetails) => string,
  retryable = false,
): ErrorKind => ({ exit, retryable, sentence })

const KINDS = {
  USAGE: kind(EXIT.refused, (it) => `${it['problem']}`),
  FILE_UNUSABLE: kind(
    EXIT.refused,
    (it) => `${it['where']}: ${it['problem']}; expected ${it['expected']}`,
  ),
  SETTING_INVALID: kind(
    EXIT.refused,
    (it) => `setting ${it['name']}: ${it['problem']}; expected ${it['expected']}`,
  ),
  PERIOD_UNKNOWN: kind(
    EXIT.refused,
    (it) =>
      `period ${it['period']}: not in programme ${it['programme']}; expected one of ` +
      `${it['expected']}`,
  ),
  PROGRAMME_UNKNOWN: kind(
    EXIT.refused,
    (it) => `programme ${it['programme']}: unknown; expected one of ${it['expected']}`,
  ),
  SNAPSHOT_UNKNOWN: kind(
    EXIT.refused,
    (it) => `snapshot ${it['snapshot']}: unknown; expected ${it['expected']}`,
  ),
  SNAPSHOT_NOT_SEALED: kind(
    EXIT.refused,
    (it) => `snapshot ${it['snapshot']}: not sealed; expected its import to be repeated first`,
  ),
  SNAPSHOT_WRONG_DATE: kind(
    EXIT.refused,
    (it) =>
      `snapshot ${it['snapshot']}: as of ${it['asOf']}; expected the base date ` +
      `${it['expected']} of ${it['programme']}`,
  ),
  SNAPSHOT_ALTERED: kind(
    EXIT.held,
    (it) => `snapshot ${it['snapshot']}: ${it['problem']}; expected the content that was sealed`,
  ),
  LINE_UNKNOWN: kind(
    EXIT.refused,
    (it) => `line ${it['line']}: in no snapshot of ${it['programme']}; expected a line_id of it`,
  ),
  PROGRAMME_WITHOUT_REFUNDS: kind(
    EXIT.refused,
    (it) => `programme ${it['programme']}: pays nothing back; expected one with refunds`,
  ),
  OTHER_REFUND_PROGRAMME: kind(
    EXIT.conflict,
    (it) =>
      `programme ${it['programme']}: refunds of ${it['kept']} are kept here; expected a database ` +
      `for each programme with refunds`,
  ),
  NOT_TERMINATED: kind(
    EXIT.refused,
    (it) =>
      `line ${it['line']}: NOT_TERMINATED, it is in service as far as snapshots and status ` +
      `changes tell; expected a terminated line`,
  ),
  REFUND_LINE_UNKNOWN: kind(
    EXIT.refused,
    (it) => `line ${it['line']}: ${it['problem']}; expected ${it['expected']}`,
  ),
  REFUNDS_NOT_ASSESSED: kind(
    EXIT.refused,
    () => 'refunds: not assessed yet; expected `redress refunds assess` first',
  ),
  REVIEW_UNKNOWN: kind(
    EXIT.refused,
    (it) => `review ${it['review']}: unknown; expected a review_id that was proposed`,
  ),
  REVIEW_REFUSED: kind(
    EXIT.conflict,
    (it) => `review ${it['review']}: ${it['problem']}; expected ${it['expected']}`,
  ),
  PLAN_UNKNOWN: kind(
    EXIT.refused,
    (it) => `plan ${it['plan']}: unknown; expected a plan_id that \`redress plan\` printed`,
  ),
  PLAN_STALE: kind(
    EXIT.conflict,
    (it) => `plan ${it['plan']}: stale, ${it['problem']}; expected a new plan`,
  ),
  PLAN_HELD: kind(
    EXIT.held,
    (it) =>
      `plan ${it['plan']}: held, ${it['problem']}; expected a person who says why: --reason TEXT`,
  ),
  APPROVAL_MISSING: kind(
    EXIT.conflict,
    (it) => `plan ${it['plan']}: not approved; expected ${it['expected']}`,
  ),
  PLAN_APPROVED: kind(
    EXIT.conflict,
    (it) => `plan ${it['plan']}: approved by ${it['by']} already; expected a plan nobody signed`,
  ),
  PLAN_IS_FORECAST: kind(
    EXIT.conflict,
    (it) =>
      `plan ${it['plan']}: a forecast, since it is made for ${it['now']}; expected a plan ` +
      `from ${it['expected']} on, when the statuses up to the period's start are in`,
  ),
  RUN_UNKNOWN: kind(
    EXIT.refused,
    (it) => `run ${it['run']}: unknown; expected a run_id from \`redress runs list\``,
  ),
  RUN_HELD: kind(EXIT.held, (it) => `run ${it['run']}: held, ${it['problem']}`),
  RUN_STATE: kind(
    EXIT.conflict,
    (it) => `run ${it['run']}: ${it['problem']}; expected ${it['expected']}`,
  ),
  RUN_INTERRUPTED: kind(
    EXIT.failed,
    (it) => `run ${it['run']}: interrupted; go on with \`${it['command']}\``,
  ),
  CHUNK_REFUSED: kind(
    EXIT.held,
    (it) =>
      `run ${it['run']} chunk ${it['chunk']}: ${it['problem']}; expected the digest of its plan`,
  ),
  QUARANTINE_BUDGET: kind(
    EXIT.held,
    (it) =>
      `${it['file']}: ${it['quarantined']} of ${it['read']} rows quarantined; expected at ` +
      `most ${it['budget']}`,
  ),
  LEDGER_MISMATCH: kind(EXIT.held, (it) => `ledger: ${it['problem']}; expected ${it['expected']}`),
  BATCH_UNKNOWN: kind(
    EXIT.refused,
    (it) => `batch ${it['batch']}: unknown; expected a batch_id from \`redress payouts list\``,
  ),
  BATCH_STATE: kind(
    EXIT.conflict,
    (it) => `batch ${it['batch']}: ${it['problem']}; expected ${it['expected']}`,
  ),
  TRANSFER_UNKNOWN: kind(
    EXIT.refused,
    () => 'transfer: unknown; expected an end-to-end id that `redress payouts import-status` names',
  ),
  RESOLUTION_UNKNOWN: kind(
    EXIT.refused,
    (it) => `resolution ${it['resolution']}: unknown; expected one that was proposed`,
  ),
  RESOLUTION_REFUSED: kind(
    EXIT.conflict,
    (it) => `${it['what']}: ${it['problem']}; expected ${it['expected']}`,
  ),
  PAYOUT_DATE_UNKNOWN: kind(
    EXIT.refused,
    (it) => `payout date ${it['date']}: not one of the programme; expected ${it['expected']}`,
  ),
  NOTHING_DUE: kind(
    EXIT.conflict,
    (it) => `payout ${it['date']}: nothing to pay; expected ${it['expected']}`,
  ),
  BOOKS_MISMATCH: kind(EXIT.held, (it) => `books: ${it['problem']}; expected ${it['expected']}`),
  BANK_FILE_HELD: kind(
    EXIT.held,
    (it) => `${it['what']}: ${it['problem']}; expected ${it['expected']}`,
  ),
  SCHEDULE_UNKNOWN: kind(
    EXIT.refused,
    (it) => `scheduled task ${it['key']}: unknown; expected ${it['expected']}`,
  ),
  SCHEDULE_STATE: kind(
    EXIT.conflict,
    (it) => `scheduled task ${it['key']}: ${it['problem']}; expected ${it['expected']}`,
  ),
  NOT_AVAILABLE: kind(
    EXIT.refused,
    (it) => `${it['what']}: nothing here does it; expected ${it['expected']}`,
  ),
  PROGRAMME_WITHOUT_NOTICES: kind(
    EXIT.refused,
    (it) => `programme ${it['programme']}: tells nobody anything; expected one with notices`,
  ),
  NOTICE_ROUND_UNKNOWN: kind(
    EXIT.refused,
    (it) => `notices ${it['round']}: unknown; expected ${it['expected']}`,
  ),
  NOTICE_ROUND_UNPREPARED: kind(
    EXIT.refused,
    (it) => `notices ${it['round']}: not prepared; expected \`redress reminders prepare\` first`,
  ),
  NOTICES_STOPPED: kind(
    EXIT.held,
    (it) => `notices: stopped since ${it['since']}; expected \`redress reminders resume\` first`,
  ),
  MESSAGE_STATE: kind(
    EXIT.conflict,
    (it) => `message ${it['message']}: ${it['problem']}; expected ${it['expected']}`,
  ),
  OUTPUT_UNWRITABLE: kind(
    EXIT.failed,
    (it) => `${it['file']}: ${it['problem']}; expected a file that can be written`,
  ),
  DATABASE_UNAVAILABLE: kind(
    EXIT.failed,
    (it) => `database: ${it['problem']}; expected ${it['expected']}`,
    true,
  ),
  QUEUE_UNAVAILABLE: kind(
    EXIT.failed,
    (it) => `queue: ${it['problem']}; expected ${it['expected']}`,
    true,
  ),
  GATEWAY_UNAVAILABLE: kind(
    EXIT.failed,
    (it) => `gateway ${it['gateway']}: ${it['problem']}; expected ${it['expected']}`,
    true,
  ),
  SCHEMA_MISMATCH: kind(
    EXIT.refused,
    (it) => `database schema: ${it['problem']}; expected ${it['expected']}`,
  ),
  RIGHT_MISSING: kind(
    EXIT.refused,
    (it) => `database: this login may not do that; expected ${it['expected']}`,
  ),
  INTERRUPTED: kind(EXIT.failed, (it) => `interrupted; go on with \`${it['command']}\``),
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof KINDS

/** Trouble outside the program: input, environment, or a state that stands in the way. */
export class RedressError extends Error {
  override readonly name = 'RedressError'
  readonly code: ErrorCode
  readonly exitCode: ExitCode
  readonly retryable: boolean
  readonly details: ErrorDetails

  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(KINDS[code].sentence(details), options)
    this.code = code
    this.exitCode = KINDS[code].exit
    this.retryable = KINDS[code].retryable
    this.details = details
  }
}
