/** `redress explain LINE_ID`: why a line gets, or does not get, each benefit in each period. */
import type { Command } from 'commander'
import { parseInstant } from '../../config/clock.js'
import { RedressError } from '../../errors.js'
import type { Benefit } from '../../rules/decision.js'
import type { Explanation } from '../../rules/explain.js'
import { versionName } from '../../rules/programme.js'
import type { ProgrammeVersion } from '../../rules/programme.js'
import { REASONS } from '../../rules/reason-codes.js'
import { tellExplanation } from '../../rules/tell-explanation.js'
import type { Language } from '../../rules/tell-explanation.js'
import { tellRefundLine } from '../../refunds/tell-refund-line.js'
import type { RefundLine } from '../../refunds/tell-refund-line.js'
import { logAccess } from '../../runs/access-log-store.js'
import { explainPeriods } from '../../runs/explain-line.js'
import type { ExplainedPeriod } from '../../runs/explain-line.js'
import type { Context } from '../context.js'
import type { Act } from '../act.js'
import { describeRefund, refundDocument, refundSentences } from '../refund-document.js'
import { languageOf, purposeOf } from '../refund-flags.js'
import { table } from '../text-table.js'
import { refuseUnknownPeriod, snapshotFor, versionOf, withPlanOptions } from './plans.js'
import type { PlanFlags } from './plans.js'

interface ExplainFlags extends PlanFlags {
  readonly period?: string
  readonly lang?: string
  readonly asKnownAt?: string
  readonly why: string
}

export function addExplain(program: Command, act: Act): void {
  withPlanOptions(
    program.command('explain <line-id>').description('why a line gets, or does not get, a benefit'),
  )
    .option('--period <period>', 'of one period; all when not given')
    .option('--lang <language>', 'as sentences to read out: ko or en')
    .option('--as-known-at <instant>', 'as it could be answered then; ISO 8601 with offset')
    .option('--why <text>', 'what it is asked for; kept in the access log', 'not stated')
    .action(act(explain))
}

async function explain(context: Context, lineId: string, flags: ExplainFlags): Promise<void> {
  const version = versionOf(flags.programme)
  if (flags.period !== undefined) refuseUnknownPeriod(version, flags.period)
  if (!/^[1-9]\d{0,17}$/.test(lineId)) {
    throw new RedressError('LINE_UNKNOWN', { line: 'given', programme: versionName(version) })
  }
  const language = languageOf(flags.lang)
  const asKnownAt =
    flags.asKnownAt === undefined
      ? context.clock.now()
      : parseInstant(flags.asKnownAt, '--as-known-at')
  await logAccess(context.pool, {
    at: context.clock.now(),
    lineId,
    purpose: purposeOf(flags.why),
    command: 'explain',
  })
  const refund =
    version.refunds === undefined
      ? undefined
      : await tellRefundLine(context.pool, {
          version,
          lineId,
          now: asKnownAt,
          knownAt: flags.asKnownAt === undefined ? undefined : asKnownAt,
        })
  const explained = await benefitsOf(context, flags, { version, lineId, asKnownAt, refund })
  context.out.result(documentOf(lineId, explained, refund, language), () =>
    language === undefined
      ? describe(lineId, explained, refund)
      : sentences(explained, refund, language),
  )
}

interface Asked {
  readonly version: ProgrammeVersion
  readonly lineId: string
  readonly asKnownAt: string
  readonly refund: RefundLine | undefined
}

/** None of a line that no snapshot holds, since it had left before, but that refunds know. */
async function benefitsOf(
  context: Context,
  flags: ExplainFlags,
  { version, lineId, asKnownAt, refund }: Asked,
): Promise<readonly ExplainedPeriod[]> {
  try {
    return await explainPeriods(context.pool, {
      version,
      snapshot: await snapshotFor(context, version, flags.snapshot),
      lineId,
      periods: flags.period === undefined ? version.periods : [flags.period],
      asKnownAt,
    })
  } catch (error) {
    const isUnknown = error instanceof RedressError && NOT_IN_SERVICE.includes(error.code)
    if (refund === undefined || flags.snapshot !== undefined || !isUnknown) throw error
    return []
  }
}

const NOT_IN_SERVICE: readonly string[] = ['LINE_UNKNOWN', 'SNAPSHOT_UNKNOWN']

interface Told {
  readonly it: ExplainedPeriod
  readonly benefit: Benefit
  /** Undefined where the run's snapshot does not hold the line. */
  readonly told: Explanation | undefined
}

function eachBenefit(explained: readonly ExplainedPeriod[]): readonly Told[] {
  return explained.flatMap<Told>((it) =>
    it.explanations.length > 0
      ? it.explanations.map((told) => ({ it, benefit: told.benefit, told }))
      : (Object.keys(it.version.benefits) as Benefit[]).map((benefit) => ({
          it,
          benefit,
          told: undefined,
        })),
  )
}

function documentOf(
  lineId: string,
  explained: readonly ExplainedPeriod[],
  refund: RefundLine | undefined,
  language: Language | undefined,
): object {
  return {
    line_id: lineId,
    periods: eachBenefit(explained).map(({ it, benefit, told }) => ({
      period: it.period,
      benefit,
      outcome: told?.outcome ?? 'refused',
      reason: told === undefined ? 'NOT_IN_SNAPSHOT' : told.reason,
      all_reasons: told?.allReasons ?? ['NOT_IN_SNAPSHOT'],
      facts_used: told?.factsUsed ?? {},
      rule_source: told?.sources ?? [],
      remedies: (told?.remedies ?? []).map(({ reason, remedy }) => ({ reason, remedy })),
      due_periods: told?.duePeriods ?? [],
      programme_version: versionName(it.version),
      snapshot_id: it.snapshotId,
      run_id: it.runId ?? null,
      entries: it.entries.filter((entry) => entry.benefit === benefit),
      ...(language === undefined || told === undefined
        ? {}
        : { told: tellExplanation(it.period, told, language) }),
    })),
    refund: refund === undefined ? {} : refundDocument(refund, language),
  }
}

/** A paragraph a period; what is not due is left out, unless nothing is. */
function sentences(
  explained: readonly ExplainedPeriod[],
  refund: RefundLine | undefined,
  language: Language,
): string {
  const ofRefund = refund === undefined ? [] : [refundSentences(refund, language)]
  return explained
    .map((it) => {
      const due = it.explanations.filter((told) => told.outcome !== 'not_due')
      const shown = due.length > 0 ? due : it.explanations
      const lines =
        shown.length > 0
          ? shown.map((told) => tellExplanation(it.period, told, language).join(' '))
          : [REASONS.NOT_IN_SNAPSHOT[language]]
      return [`${it.period}`, ...lines.map((line) => `  ${line}`)].join('\n')
    })
    .concat(ofRefund)
    .join('\n\n')
}

function describe(
  lineId: string,
  explained: readonly ExplainedPeriod[],
  refund: RefundLine | undefined,
): string {
  const rows = eachBenefit(explained)
    .filter(({ told }) => told?.outcome !== 'not_due')
    .map(({ it, benefit, told }) => [
      it.period,
      benefit,
      told?.outcome ?? 'refused',
      (told?.allReasons ?? ['NOT_IN_SNAPSHOT']).join(' '),
      (told?.sources ?? []).join(', '),
      REASONS[told?.reason ?? 'NOT_IN_SNAPSHOT'].en,
    ])
  return [
    `line ${lineId}`,
    '',
    table(['period', 'benefit', 'outcome', 'reasons', 'source', 'which means'], rows),
    ...(refund === undefined ? [] : ['', 'refund', describeRefund(refund)]),
  ].join('\n')
}
