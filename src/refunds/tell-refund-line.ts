/** All that can be said of one line's refund, worked out from what is known now, or was then. */
import type { Pool } from '../db/database.js'
import { versionName } from '../rules/programme.js'
import type { ProgrammeVersion } from '../rules/programme.js'
import type { StatedApplication } from '../rules/refunds/application-state.js'
import { explainRefund } from '../rules/refunds/explain-refund.js'
import type { RefundExplanation } from '../rules/refunds/explain-refund.js'
import { microsOf } from '../rules/refunds/instant.js'
import { judgeRefundCase, lineReviews } from './judge-refund-case.js'
import { refuseOtherRefundProgramme } from './one-refund-programme.js'
import type { RefundCase } from './refund-case.js'
import { readingAtOneMoment, readRefundCases, readRefundInputs } from './refund-case-store.js'
import { readPayoutStates } from './payout-state-store.js'
import { refundTermsOf } from './refund-terms-of.js'

export interface RefundLineRequest {
  readonly version: ProgrammeVersion
  readonly lineId: string
  /** ISO 8601 instant. */
  readonly now: string
  /** What came in or was approved later is left out; ISO 8601 instant. */
  readonly knownAt?: string | undefined
}

export interface RefundLine {
  readonly lineId: string
  readonly programmeVersion: string
  readonly case: RefundCase
  /** Null where no termination of the line is known. */
  readonly explanation: RefundExplanation | null
  readonly states: readonly StatedApplication[]
  /** By application id; none where nothing is to be paid. */
  readonly payoutStates: ReadonlyMap<string, string>
}

/**
 * Undefined where neither a termination nor an application of the line is known.
 * @throws RedressError PROGRAMME_WITHOUT_REFUNDS, OTHER_REFUND_PROGRAMME
 */
export async function tellRefundLine(
  pool: Pool,
  { version, lineId, now, knownAt }: RefundLineRequest,
): Promise<RefundLine | undefined> {
  const terms = refundTermsOf(version)
  return await readingAtOneMoment(pool, undefined, async (client) => {
    await refuseOtherRefundProgramme(client, version)
    const inputs = await readRefundInputs(client, knownAt)
    let found: RefundCase | undefined
    for await (const [it] of readRefundCases(client, { inputs, zone: version.zone, lineId })) {
      found = it
    }
    if (found === undefined) return undefined
    const reviews = found.reviews.filter(
      (it) => knownAt === undefined || microsOf(it.approvedAt) <= microsOf(knownAt),
    )
    const known = { ...found, reviews }
    const { termination } = known
    return {
      lineId,
      programmeVersion: versionName(version),
      case: known,
      explanation: termination && explainRefund(terms, termination, lineReviews(reviews)),
      states: judgeRefundCase(terms, known, now).states,
      payoutStates: await readPayoutStates(client, lineId),
    }
  })
}
