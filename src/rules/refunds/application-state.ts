/**
 * What became of the applications for one line, and when each is paid (contracts §3). At most one
 * of a line is accepted or held: the earliest that counts.
 */
import type { IsoDate } from '../case.js'
import { dayOfInstant, microsOf } from './instant.js'
import { exceptionPayoutDate, nextPayoutDate, payoutDate } from './payout-date.js'
import type { RefundDecision } from './refund-decision.js'
import type { ApplicationState } from './refund-reasons.js'
import type { RefundTerms } from './refund-terms.js'
import type { HolderCheck } from './termination.js'

/** As it was last told (contracts §2.6). Instants are ISO 8601 with an offset. */
export interface RefundApplication {
  readonly applicationId: string
  readonly appliedAt: string
  readonly holderCheck: HolderCheck
  readonly withdrawnAt: string | null
  /** Of the batch that holds it; null where none does, or the transfer has come back. */
  readonly batchApprovedAt: string | null
  /** When a person accepted that it came late (A2). */
  readonly lateAcceptedAt?: string | null
  /** When a person lifted the hold, or an account came in whose holder fits (A3). */
  readonly holdLiftedAt?: string | null
  /** When an account came in for a transfer that had come back (A3). */
  readonly correctedAt?: string | null
}

/** What the state of its applications depends on in the line itself. */
export interface RefundLine {
  readonly refund: RefundDecision
  /** In the programme's zone. */
  readonly terminatedOn: IsoDate
  /** When a hardship was granted or an exclusion waived; of several, the last. */
  readonly reviewGrantedAt: string | null
}

export interface StatedApplication {
  readonly applicationId: string
  readonly state: ApplicationState
  /** Null unless accepted, and where no payout date is left (A3: unclaimed). */
  readonly payoutOn: IsoDate | null
}

/**
 * One answer for each application, in the order of `applications`, which decides nothing. `line` is
 * null where no termination of the line is known; `now` is an instant.
 */
export function applicationStates(
  terms: RefundTerms,
  line: RefundLine | null,
  applications: readonly RefundApplication[],
  now: string,
): readonly StatedApplication[] {
  const own = applications.map((it) => ownState(terms, line, it, now))
  const counting = earliestValid(applications, own)
  return applications.map((it, index) => {
    const { applicationId } = it
    const state = own[index] ?? (index === counting ? validState(terms, it) : 'duplicate')
    const isPaid = line !== null && state === 'accepted'
    return { applicationId, state, payoutOn: isPaid ? payoutOn(terms, line, it) : null }
  })
}

/** What does not depend on the other applications; null where it is valid so far. */
function ownState(
  terms: RefundTerms,
  line: RefundLine | null,
  application: RefundApplication,
  now: string,
): ApplicationState | null {
  if (isWithdrawn(application, now)) return 'withdrawn'
  const { opensMicros, closesMicros } = deadlinesOf(terms)
  const appliedMicros = microsOf(application.appliedAt)
  if (appliedMicros < opensMicros) return 'early'
  const isAcceptedLate = (application.lateAcceptedAt ?? null) !== null
  if (appliedMicros > closesMicros && !isAcceptedLate) return 'late'
  if (line === null) return 'unknown_line'
  return line.refund.decision === 'refundable' ? null : 'not_refundable'
}

/** Once its batch is approved the money is on its way, and a withdrawal has no effect. */
function isWithdrawn({ withdrawnAt, batchApprovedAt }: RefundApplication, now: string): boolean {
  if (withdrawnAt === null) return false
  const withdrawnMicros = microsOf(withdrawnAt)
  if (withdrawnMicros >= microsOf(now)) return false
  return batchApprovedAt === null || withdrawnMicros < microsOf(batchApprovedAt)
}

interface Deadlines {
  readonly opensMicros: number
  readonly closesMicros: number
}

/** Reading an instant takes longer than all the rest of a state, so deadlines are read once. */
const deadlines = new WeakMap<RefundTerms, Deadlines>()

function deadlinesOf(terms: RefundTerms): Deadlines {
  let known = deadlines.get(terms)
  if (known === undefined) {
    const { opensAt, closesAt } = terms.applications
    known = { opensMicros: microsOf(opensAt.value), closesMicros: microsOf(closesAt.value) }
    deadlines.set(terms, known)
  }
  return known
}

/** Its index, -1 where there is none; a held one is valid and keeps the later ones out. */
function earliestValid(
  applications: readonly RefundApplication[],
  own: readonly (ApplicationState | null)[],
): number {
  let earliest = -1
  applications.forEach((it, index) => {
    if (own[index] !== null) return
    const other = applications[earliest]
    if (other === undefined || isBefore(it, other)) earliest = index
  })
  return earliest
}

function isBefore(a: RefundApplication, b: RefundApplication): boolean {
  const apart = microsOf(a.appliedAt) - microsOf(b.appliedAt)
  return apart === 0 ? a.applicationId < b.applicationId : apart < 0
}

function validState(
  { applications: { payableChecks } }: RefundTerms,
  { holderCheck, holdLiftedAt = null }: RefundApplication,
): 'held' | 'accepted' {
  return holdLiftedAt !== null || payableChecks.value.includes(holderCheck) ? 'accepted' : 'held'
}

/** By the matrix, but not before all was settled that kept the application from it (A3, A4). */
function payoutOn(
  terms: RefundTerms,
  { terminatedOn, reviewGrantedAt }: RefundLine,
  application: RefundApplication,
): IsoDate | null {
  const { lateAcceptedAt = null, holdLiftedAt = null, correctedAt = null } = application
  const appliedOn = dayOfInstant(application.appliedAt)
  const settledOn = lastDay(appliedOn, [reviewGrantedAt, lateAcceptedAt, holdLiftedAt])
  const byMatrix = payoutDate(terms, terminatedOn, appliedOn)
  const firstDate =
    byMatrix === null
      ? exceptionPayoutDate(terms, settledOn)
      : notBefore(terms, byMatrix, settledOn)
  if (firstDate === null || correctedAt === null) return firstDate
  return notBefore(terms, firstDate, dayOfInstant(correctedAt))
}

/** The date itself, or the next payout date after what was settled only on or after it. */
function notBefore(terms: RefundTerms, date: IsoDate, settledOn: IsoDate): IsoDate | null {
  return settledOn < date ? date : nextPayoutDate(terms, settledOn)
}

function lastDay(first: IsoDate, instants: readonly (string | null)[]): IsoDate {
  let last = first
  for (const instant of instants) {
    if (instant === null) continue
    const day = dayOfInstant(instant)
    if (day > last) last = day
  }
  return last
}
