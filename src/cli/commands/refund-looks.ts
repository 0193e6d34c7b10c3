/** `redress refunds show` and `estimate`: one line's refund; each look is logged. */
import type { Command } from 'commander'
import { RedressError } from '../../errors.js'
import { estimateRefund } from '../../refunds/estimate-refund.js'
import type { ContractTold, RefundEstimate } from '../../refunds/estimate-refund.js'
import { lineReviews } from '../../refunds/judge-refund-case.js'
import { missingTermination } from '../../refunds/missing-termination.js'
import { refundTermsOf } from '../../refunds/refund-terms-of.js'
import { tellRefundLine } from '../../refunds/tell-refund-line.js'
import type { RefundLine } from '../../refunds/tell-refund-line.js'
import { REFUND_REASONS } from '../../rules/refunds/refund-reasons.js'
import { logAccess } from '../../runs/access-log-store.js'
import type { Act } from '../act.js'
import { formatCount } from '../chart.js'
import type { Context } from '../context.js'
import { describeRefund, refundDocument, refundSentences } from '../refund-document.js'
import type { LookFlags } from '../refund-flags.js'
import {
  dateOf,
  formed,
  languageOf,
  lineIdOf,
  oneOf,
  purposeOf,
  withLook,
  wonOf,
} from '../refund-flags.js'
import { versionOf } from './plans.js'

interface EstimateFlags extends LookFlags {
  readonly contractStart?: string
  readonly contractMonths: string
  readonly suspendedDays: string
  readonly subsidy: string
  readonly discounts?: string
  readonly form: string
}

export function addRefundLooks(refunds: Command, act: Act): void {
  withLook(
    refunds
      .command('show <line-id>')
      .description("a line's decision with all reasons, and its applications, as known now"),
  ).action(act(show))
  withLook(
    refunds
      .command('estimate <line-id>')
      .description('what can be expected; by the formula where nothing was billed yet'),
  )
    .option('--contract-start <date>', 'of the contract that ended: to estimate by the formula')
    .option('--contract-months <n>', '12 or 24', '24')
    .option('--suspended-days <n>', 'days of the contract on which the line was suspended', '0')
    .option('--subsidy <won>', 'device subsidy received', '0')
    .option('--discounts <won,…>', 'plan discounts received, month by month, or their sum')
    .option('--form <form>', 'of the discount: linear or stepped', 'linear')
    .action(act(estimate))
}

async function show(context: Context, text: string, flags: LookFlags): Promise<void> {
  const language = languageOf(flags.lang)
  const line = await look(context, text, flags, 'refunds show')
  context.out.result({ line_id: line.lineId, ...refundDocument(line, language) }, () =>
    language === undefined ? describeRefund(line) : refundSentences(line, language),
  )
}

async function estimate(context: Context, text: string, flags: EstimateFlags): Promise<void> {
  const language = languageOf(flags.lang)
  const contract = contractOf(flags)
  const line = await look(context, text, flags, 'refunds estimate')
  const { termination, reviews } = line.case
  const version = versionOf(flags.programme)
  if (termination === null) {
    const asked = { version, lineId: line.lineId, now: context.clock.now() }
    throw await missingTermination(context.pool, asked)
  }
  const terms = refundTermsOf(version)
  const it = estimateRefund(terms, termination, lineReviews(reviews), contract)
  context.out.result(
    { line_id: line.lineId, ...estimateDocument(it), refund: refundDocument(line, language) },
    () => describe(line, it),
  )
}

/** @throws RedressError REFUND_LINE_UNKNOWN, NOT_TERMINATED */
async function look(
  context: Context,
  text: string,
  flags: LookFlags,
  command: string,
): Promise<RefundLine> {
  const [lineId, purpose, version] = [
    lineIdOf(text),
    purposeOf(flags.why),
    versionOf(flags.programme),
  ]
  const now = context.clock.now()
  await logAccess(context.pool, { at: now, lineId, purpose, command })
  const line = await tellRefundLine(context.pool, { version, lineId, now })
  if (line === undefined) throw await missingTermination(context.pool, { version, lineId, now })
  return line
}

function contractOf(flags: EstimateFlags): ContractTold | null {
  const subsidyKrw = wonOf('--subsidy', flags.subsidy)
  const discountsKrw = (flags.discounts?.split(',') ?? []).map((it) => wonOf('--discounts', it))
  const discountForm = oneOf('--form', flags.form, ['linear', 'stepped'])
  const months = oneOf('--contract-months', flags.contractMonths, ['12', '24'])
  const suspended = formed('--suspended-days', flags.suspendedDays, /^\d{1,4}$/, 'a number of days')
  if (flags.contractStart === undefined) {
    if (subsidyKrw === 0 && discountsKrw.length === 0) return null
    throw new RedressError('USAGE', {
      problem: '--contract-start: missing; expected the day on which the contract began',
    })
  }
  if (discountsKrw.length > 24) {
    throw new RedressError('USAGE', { problem: '--discounts: too many; expected up to 24 months' })
  }
  return {
    startedOn: dateOf('--contract-start', flags.contractStart),
    months: months === '12' ? 12 : 24,
    suspendedDays: Number(suspended),
    subsidyKrw,
    discountsKrw,
    discountForm,
  }
}

function estimateDocument(it: RefundEstimate): object {
  return {
    eligible: it.expected.decision === 'refundable',
    decision: it.decision.decision,
    reason: it.decision.reason,
    amount_krw: it.decision.amountKrw,
    expected_decision: it.expected.decision,
    expected_reason: it.expected.reason,
    expected_krw: it.expected.amountKrw,
    basis: it.basis,
    billed_krw: it.billedKrw,
    estimate: it.estimate && {
      subsidy_clawback_krw: it.estimate.subsidyKrw,
      discount_clawback_krw: it.estimate.discountKrw,
      total_krw: it.estimate.subsidyKrw + it.estimate.discountKrw,
    },
    differs_from_bill: it.isFarFromBill,
  }
}

const BASES: Readonly<Record<RefundEstimate['basis'], string>> = {
  bill: 'by the bill',
  estimate: 'by the formula, nothing was billed yet',
  none: 'nothing was billed yet; --contract-start and what was received give an estimate',
}

function describe(line: RefundLine, it: RefundEstimate): string {
  const { expected, isFarFromBill } = it
  return [
    describeRefund(line),
    '',
    `expected: ${expected.decision}, KRW ${formatCount(expected.amountKrw)}, ${BASES[it.basis]}`,
    REFUND_REASONS[expected.reason].en,
    ...(isFarFromBill === true ? ['the bill is far from the estimate: worth a look'] : []),
  ].join('\n')
}
