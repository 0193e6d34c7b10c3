/** `redress explain LINE_ID`: why a line gets, or does not get, each benefit in each period. */
import type { Command } from 'commander'
import { RedressError } from '../../errors.js'
import { versionName } from '../../rules/programme.js'
import { REASONS } from '../../rules/reason-codes.js'
import { explainPeriods } from '../../runs/explain-line.js'
import type { ExplainedPeriod } from '../../runs/explain-line.js'
import type { Context } from '../context.js'
import type { Act } from '../act.js'
import { table } from '../text-table.js'
import { refuseUnknownPeriod, snapshotFor, versionOf, withPlanOptions } from './plans.js'
import type { PlanFlags } from './plans.js'

export function addExplain(program: Command, act: Act): void {
  withPlanOptions(
    program.command('explain <line-id>').description('why a line gets, or does not get, a benefit'),
  )
    .option('--period <period>', 'of one period; all when not given')
    .action(act(explain))
}

async function explain(
  context: Context,
  lineId: string,
  flags: PlanFlags & { period?: string },
): Promise<void> {
  const version = versionOf(flags.programme)
  if (flags.period !== undefined) refuseUnknownPeriod(version, flags.period)
  if (!/^[1-9]\d{0,17}$/.test(lineId)) {
    throw new RedressError('LINE_UNKNOWN', { line: 'given', programme: versionName(version) })
  }
  const snapshot = await snapshotFor(context, version, flags.snapshot)
  const periods = flags.period === undefined ? version.periods : [flags.period]
  const explained = await explainPeriods(context.pool, {
    version,
    snapshot,
    lineId,
    periods,
    asKnownAt: context.clock.now(),
  })
  context.out.result(documentOf(lineId, explained), () => describe(lineId, explained))
}

function documentOf(lineId: string, explained: readonly ExplainedPeriod[]): object {
  return {
    line_id: lineId,
    periods: explained.flatMap((it) =>
      it.explanations.map((told) => ({
        period: it.period,
        benefit: told.benefit,
        outcome: told.outcome,
        reason: told.reason,
        all_reasons: told.allReasons,
        facts_used: told.factsUsed,
        rule_source: told.sources,
        programme_version: versionName(it.version),
        snapshot_id: it.snapshotId,
        run_id: it.runId ?? null,
        entries: it.entries.filter((entry) => entry.benefit === told.benefit),
      })),
    ),
    refund: {},
  }
}

function describe(lineId: string, explained: readonly ExplainedPeriod[]): string {
  const rows = explained.flatMap((it) =>
    it.explanations
      .filter((told) => told.outcome !== 'not_due')
      .map((told) => [
        it.period,
        told.benefit,
        told.outcome,
        told.allReasons.join(' '),
        told.sources.join(', '),
        told.reason === null ? '' : REASONS[told.reason].en,
      ]),
  )
  return [
    `line ${lineId}`,
    '',
    table(['period', 'benefit', 'outcome', 'reasons', 'source', 'which means'], rows),
  ].join('\n')
}
