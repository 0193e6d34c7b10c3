/**
 * `refunds assess`: the rules over every line with a termination or an application. One stream of
 * cases goes by; what differs from what was recorded is staged on the way and recorded at the end,
 * in one transaction: a kill at any moment leaves nothing, and the same command does it all.
 */
import { cancellable } from '../db/cancellable.js'
import { CopyIn, copyText } from '../db/copy.js'
import { withTransaction } from '../db/database.js'
import type { Pool, Tx } from '../db/database.js'
import type { ProgrammeVersion } from '../rules/programme.js'
import { refundRulesVersion } from '../rules/refunds/refund-terms.js'
import type { RefundTerms } from '../rules/refunds/refund-terms.js'
import * as store from './assessment-store.js'
import { AssessmentTally } from './assessment-tally.js'
import type { AssessmentResult } from './assessment-tally.js'
import { judgeRefundCase } from './judge-refund-case.js'
import type { JudgedCase } from './judge-refund-case.js'
import type { RefundCase } from './refund-case.js'
import {
  countLines,
  readingAtOneMoment,
  readRefundCases,
  readRefundInputs,
} from './refund-case-store.js'
import { refundTermsOf } from './refund-terms-of.js'
import { refuseOtherRefundProgramme } from './one-refund-programme.js'

export interface AssessOptions {
  readonly pool: Pool
  readonly version: ProgrammeVersion
  /** ISO 8601 instant. */
  readonly now: string
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
  /** What else becomes true with the assessment, such as its entries in the books. */
  readonly together?: ((tx: Tx, assessmentId: string) => Promise<void>) | undefined
}

export interface Assessment extends AssessmentResult {
  readonly assessmentId: string
  /** Rows recorded: what differs from what was recorded before. */
  readonly changed: { readonly decisions: number; readonly states: number }
  /** Hex. */
  readonly hash: string
}

/** @throws RedressError PROGRAMME_WITHOUT_REFUNDS, OTHER_REFUND_PROGRAMME */
export async function assessRefunds(options: AssessOptions): Promise<Assessment> {
  const { pool, version, now, signal } = options
  const terms = refundTermsOf(version)
  return await withTransaction(
    pool,
    async (tx) =>
      await cancellable(pool, tx.client, signal, async () => {
        await store.lockAssessments(tx)
        await refuseOtherRefundProgramme(tx.client, version)
        return await readingAtOneMoment(pool, signal, async (reader) => {
          const inputs = await readRefundInputs(reader)
          const { programme, version: number } = version
          const basis = {
            programme,
            version: number,
            now,
            inputs,
            rulesVersion: refundRulesVersion,
          }
          const assessmentId = await store.insertAssessment(tx, basis)
          const tally = new AssessmentTally([programme, number, now, refundRulesVersion])
          const cases = readRefundCases(reader, { inputs, zone: version.zone })
          await judgeAll(tx, cases, tally, terms, { ...options, lines: await countLines(reader) })
          const changed = await store.recordChanges(tx, assessmentId)
          const [result, hash] = [tally.result(), tally.digest()]
          await store.finishAssessment(tx, assessmentId, { ...result, changed }, hash)
          await options.together?.(tx, assessmentId)
          return { ...result, assessmentId, changed, hash: hash.toString('hex') }
        })
      }),
  )
}

async function judgeAll(
  tx: Tx,
  cases: AsyncIterable<readonly RefundCase[]>,
  tally: AssessmentTally,
  terms: RefundTerms,
  { now, signal, onProgress, lines }: AssessOptions & { readonly lines: number },
): Promise<void> {
  await store.stageChanges(tx)
  const staged = new CopyIn(tx.client, store.COPY_CHANGES)
  try {
    for await (const batch of cases) {
      signal?.throwIfAborted()
      let rows = ''
      for (const it of batch) {
        const judged = judgeRefundCase(terms, it, now)
        tally.add(it, judged)
        rows += changesOf(it, judged)
      }
      if (rows !== '') await staged.write(Buffer.from(rows))
      onProgress?.(tally.lines, lines)
    }
    await staged.finish()
  } catch (error) {
    staged.abort()
    throw error
  }
}

const NO_DECISION = '\\N\t\\N\t\\N\t\\N'
const NO_STATE = '\\N\t\\N\t\\N\t\\N'

/** Rows of COPY's text format, each of what is not as it was recorded. */
function changesOf({ lineId, recorded, applications }: RefundCase, judged: JudgedCase): string {
  const { refund, states } = judged
  let rows = ''
  if (
    refund !== null &&
    (recorded === null ||
      refund.decision !== recorded.decision ||
      refund.reason !== recorded.reason ||
      refund.amountKrw !== recorded.amountKrw)
  ) {
    const decisionNo = (recorded?.decisionNo ?? 0) + 1
    const { decision, reason, amountKrw } = refund
    rows += `${lineId}\t${decisionNo}\t${decision}\t${reason}\t${amountKrw}\t${NO_STATE}\n`
  }
  states.forEach(({ applicationId, state, payoutOn }, index) => {
    const last = applications[index]?.recorded ?? null
    if (last !== null && last.state === state && last.payoutOn === payoutOn) return
    const id = copyText(applicationId)
    const stateNo = (last?.stateNo ?? 0) + 1
    rows += `${lineId}\t${NO_DECISION}\t${id}\t${stateNo}\t${state}\t${copyText(payoutOn)}\n`
  })
  return rows
}
