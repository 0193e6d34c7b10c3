/** One line's refund as `explain` and `refunds show` tell it. */
import type { StatedApplication } from '../rules/refunds/application-state.js'
import { REFUND_REASONS } from '../rules/refunds/refund-reasons.js'
import { tellApplication, tellRefund } from '../rules/refunds/tell-refund.js'
import type { Language } from '../rules/tell-explanation.js'
import type { RefundLine } from '../refunds/tell-refund-line.js'
import { table } from './text-table.js'

export function refundDocument(line: RefundLine, language: Language | undefined): object {
  const { explanation, programmeVersion } = line
  const { recorded, reviews } = line.case
  return {
    programme_version: programmeVersion,
    decision: explanation?.decision ?? null,
    reason: explanation?.reason ?? null,
    amount_krw: explanation?.amountKrw ?? null,
    all_reasons: explanation?.allReasons ?? [],
    passed_over: explanation?.passedOver ?? [],
    facts_used: explanation?.factsUsed ?? {},
    rule_source: explanation?.sources ?? [],
    remedies: explanation?.remedies ?? [],
    accounts: explanation?.accounts ?? [],
    // As it was last assessed; other than the above where something came in since.
    recorded: recorded && {
      decision: recorded.decision,
      reason: recorded.reason,
      amount_krw: recorded.amountKrw,
    },
    reviews: reviews.map((it) => ({
      kind: it.kind,
      exclusion: it.exclusion,
      outcome: it.outcome,
      application_id: it.applicationId,
      approved_at: it.approvedAt,
    })),
    applications: line.states.map((it) => applicationDocument(line, it, language)),
    ...(language === undefined || explanation === null
      ? {}
      : { told: tellRefund(explanation, language) }),
  }
}

function applicationDocument(
  { case: { applications }, payoutStates }: RefundLine,
  it: StatedApplication,
  language: Language | undefined,
): object {
  const known = applications.find(({ applicationId }) => applicationId === it.applicationId)
  return {
    application_id: it.applicationId,
    applied_at: known?.appliedAt ?? null,
    application_state: it.state,
    payout_on: it.payoutOn,
    payout_state: payoutStates.get(it.applicationId) ?? null,
    recorded_state: known?.recorded?.state ?? null,
    ...(language === undefined ? {} : { told: tellApplication(it, language) }),
  }
}

/** To be read out. */
export function refundSentences(line: RefundLine, language: Language): string {
  const refund = line.explanation === null ? [] : tellRefund(line.explanation, language)
  const applications = line.states.map((it) => tellApplication(it, language))
  return [refund, ...applications]
    .filter((it) => it.length > 0)
    .map((it) => `  ${it.join(' ')}`)
    .join('\n')
}

export function describeRefund({ lineId, explanation, states, payoutStates }: RefundLine): string {
  const text = [
    explanation === null
      ? `line ${lineId}: no termination is known`
      : `line ${lineId}: ${explanation.decision}, KRW ${explanation.amountKrw}`,
  ]
  if (explanation !== null) {
    const sources = explanation.sources.join(', ')
    const rows = explanation.allReasons.map((it) => [it, REFUND_REASONS[it].en])
    text.push('', table(['reason', 'which means'], rows), `by ${sources}`)
  }
  if (states.length > 0) {
    const rows = states.map((it) => [
      it.applicationId,
      it.state,
      it.payoutOn ?? '',
      payoutStates.get(it.applicationId) ?? '',
    ])
    text.push('', table(['application', 'state', 'payout on', 'payout'], rows))
  }
  return text.join('\n')
}
