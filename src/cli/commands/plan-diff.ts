/** `redress plan diff A B`: whose answer differs between two plans, and why. */
import type { Command } from 'commander'
import { RedressError } from '../../errors.js'
import { comparePlans } from '../../runs/compare-plans.js'
import { readPeriodContext } from '../../runs/period-context.js'
import type { PeriodContext } from '../../runs/period-context.js'
import type { PlanComparison } from '../../runs/reason-migration.js'
import { readPlan } from '../../runs/plan-store.js'
import type { Act } from '../act.js'
import type { Context } from '../context.js'
import { formatCount } from '../chart.js'
import { describeMigrations, WHY } from '../plan-changes.js'
import { table } from '../text-table.js'

const MOST_SAMPLED = 1_000

export function addPlanDiff(plan: Command, act: Act): void {
  plan
    .command('diff <was> <is>')
    .description('whose answer differs between two plans, from what to what, and why')
    .option('--sample <n>', `changed subjects to name, 0 to ${formatCount(MOST_SAMPLED)}`, '20')
    .action(act(diff))
}

async function diff(
  context: Context,
  was: string,
  is: string,
  flags: { readonly sample: string },
): Promise<void> {
  const sample = /^\d{1,4}$/.test(flags.sample) ? Number(flags.sample) : Infinity
  if (sample > MOST_SAMPLED) {
    throw new RedressError('USAGE', {
      problem: `--sample: unusable; expected a number up to ${MOST_SAMPLED}`,
    })
  }
  const [before, after] = [await contextOf(context, was), await contextOf(context, is)]
  const stage = context.out.progress.stage({
    label: `compare plans ${was} and ${is}`,
    total: after.chunks,
    unit: 'chunks',
  })
  const found = await comparePlans(context.pool, before, after, {
    sample,
    signal: context.signal,
    onProgress: (chunks) => stage.update(chunks),
  })
  stage.finish()
  context.out.result(documentOf(before, after, found), () => describe(before, after, found))
}

/** @throws RedressError PLAN_UNKNOWN; PLAN_STALE for one whose making was interrupted. */
async function contextOf({ pool }: Context, planId: string): Promise<PeriodContext> {
  const plan = await readPlan(pool, planId)
  if (plan.state === 'planning') {
    throw new RedressError('PLAN_STALE', { plan: planId, problem: 'its making was interrupted' })
  }
  return await readPeriodContext(pool, planId)
}

function documentOf(was: PeriodContext, is: PeriodContext, found: PlanComparison): object {
  return {
    was: headOf(was),
    is: headOf(is),
    changed: changedOf(found),
    migrations: found.migrations,
    sample: found.sample.map((it) => ({
      line_id: it.lineId ?? null,
      customer_id: it.customerId,
      benefit: it.benefit,
      was: it.was,
      is: it.is,
      why: it.why,
    })),
  }
}

function headOf({ plan }: PeriodContext): object {
  return {
    plan_id: plan.planId,
    programme: plan.programme,
    version: plan.version,
    period: plan.period,
    snapshot_id: plan.snapshotId,
    now: plan.now,
    plan_hash: plan.planHash,
  }
}

function changedOf(found: PlanComparison): number {
  return found.migrations.reduce((sum, it) => sum + it.subjects, 0)
}

function describe(was: PeriodContext, is: PeriodContext, found: PlanComparison): string {
  const changed = changedOf(found)
  const plans =
    `plan ${was.plan.planId} of ${was.plan.period} and plan ${is.plan.planId} of ` +
    `${is.plan.period}`
  if (changed === 0) return `${plans}: every subject is told the same`
  return [
    `${plans}: ${formatCount(changed)} answers differ`,
    ...describeMigrations(found.migrations, 'by reason:'),
    ...(found.sample.length === 0 ? [] : ['', `the first ${found.sample.length}:`]),
    ...(found.sample.length === 0
      ? []
      : [
          table(
            ['line', 'customer', 'benefit', 'was', 'is', 'why'],
            found.sample.map((it) => [
              it.lineId ?? '',
              it.customerId,
              it.benefit,
              it.was,
              it.is,
              WHY[it.why],
            ]),
          ),
        ]),
  ].join('\n')
}
