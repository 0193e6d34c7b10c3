/** `redress plan`; and how a plan is told to people. */
import type { Command } from 'commander'
import { RedressError } from '../../errors.js'
import { findVersion, PROGRAMMES } from '../../rules/programmes/registry.js'
import { versionName } from '../../rules/programme.js'
import type { ProgrammeVersion } from '../../rules/programme.js'
import type { Benefit } from '../../rules/decision.js'
import { changeFromPrevious, planPeriod } from '../../runs/plan-period.js'
import type { PeriodChange } from '../../runs/plan-period.js'
import { isForecast, tellOff } from '../../runs/approval-policy.js'
import { refuseHeld } from '../../runs/approve-plan.js'
import type { Plan } from '../../runs/run.js'
import { newestSnapshotOf, readSnapshot } from '../../snapshot/snapshot-store.js'
import type { SealedSnapshot } from '../../snapshot/snapshot.js'
import { formatCount } from '../chart.js'
import type { Context } from '../context.js'
import type { Act } from '../act.js'
import { describeCodes, describeMigrations } from '../plan-changes.js'
import { table } from '../text-table.js'
import { addPlanDiff } from './plan-diff.js'
import { snapshotIdOf } from './snapshots.js'

export interface PlanFlags {
  readonly programme: string
  readonly snapshot?: string
}

export function addPlans(program: Command, act: Act): void {
  const command = program
    .command('plan <period>')
    .description('decide a whole period and post nothing; before it has begun, a forecast')
  withPlanOptions(command).action(act(plan))
  addPlanDiff(command, act)
}

export function withPlanOptions(command: Command): Command {
  return command
    .option('--programme <name>', 'programme and version', 'kt-2026@1')
    .option('--snapshot <id>', "the newest of the version's base date when not given")
}

/** @throws RedressError PLAN_HELD once it has been told, where figures are off */
async function plan(context: Context, period: string, flags: PlanFlags): Promise<void> {
  const made = await makePlan(context, period, flags)
  const change = await changeFromPrevious(context.pool, made)
  const { authenticated } = context
  context.out.result({ ...planDocument(made, change), authenticated }, () =>
    describePlan(made, change, authenticated),
  )
  refuseHeld(made, undefined)
}

/**
 * @throws RedressError PROGRAMME_UNKNOWN, PERIOD_UNKNOWN, SNAPSHOT_UNKNOWN and those of planPeriod
 */
export async function makePlan(context: Context, period: string, flags: PlanFlags): Promise<Plan> {
  const version = versionOf(flags.programme)
  refuseUnknownPeriod(version, period)
  const snapshot = await snapshotFor(context, version, flags.snapshot)
  const stage = context.out.progress.stage({
    label: `plan ${period}`,
    total: snapshot.lines,
    unit: 'lines',
    workers: () => 1,
  })
  const made = await planPeriod(context.pool, {
    version,
    period,
    snapshot,
    now: context.clock.now(),
    lanes: context.settings.lanes,
    signal: context.signal,
    onProgress: (lines) => stage.update(lines),
  })
  stage.finish()
  return made
}

export function versionOf(name: string): ProgrammeVersion {
  const version = findVersion(name)
  if (version !== undefined) return version
  throw new RedressError('PROGRAMME_UNKNOWN', {
    programme: name,
    expected: PROGRAMMES.flatMap((it) => it.versions.map(versionName)).join(', '),
  })
}

/** Before anything is asked of the database: a wrong period is wrong usage. */
export function refuseUnknownPeriod(version: ProgrammeVersion, period: string): void {
  if (version.periods.includes(period)) return
  throw new RedressError('PERIOD_UNKNOWN', {
    period,
    programme: versionName(version),
    expected: version.periods.join(', '),
  })
}

export async function snapshotFor(
  context: Context,
  version: ProgrammeVersion,
  id: string | undefined,
): Promise<SealedSnapshot> {
  if (id !== undefined) return await readSnapshot(context.pool, snapshotIdOf(id))
  const newest = await newestSnapshotOf(context.pool, version.baseDate)
  if (newest !== undefined) return newest
  throw new RedressError('SNAPSHOT_UNKNOWN', {
    snapshot: `of ${version.baseDate}`,
    expected: `\`redress snapshot import FILE --as-of ${version.baseDate}\` first`,
  })
}

function planDocument(made: Plan, change: PeriodChange): object {
  return {
    plan_id: made.planId,
    plan_hash: made.planHash,
    programme: made.programme,
    version: made.version,
    period: made.period,
    snapshot_id: made.snapshotId,
    lines: made.result?.lines,
    customers: made.result?.customers,
    benefits: made.result?.benefits,
    change_from_previous: change,
    holds: made.holds,
    forecast: isForecast(made.period, made.now),
    made_by: made.madeBy,
    entries: made.result?.entries,
    chunks: made.result?.chunks,
    now: made.now,
    codes: made.result?.codes ?? [],
    migrations: made.result?.migrations ?? [],
  }
}

export function describePlan(made: Plan, change: PeriodChange, authenticated: boolean): string {
  const benefits = Object.entries(made.result?.benefits ?? {})
  const reasons = benefits.flatMap(([benefit, it]) =>
    Object.entries(it.reasons)
      .toSorted(([, a], [, b]) => b - a)
      .map(([reason, count]) => [benefit, reason, formatCount(count)]),
  )
  return [
    `plan ${made.planId} of ${made.programme}@${made.version} for ${made.period}: ` +
      `${formatCount(made.result?.lines ?? 0)} lines of ` +
      `${formatCount(made.result?.customers ?? 0)} customers, ` +
      `${formatCount(made.result?.entries ?? 0)} entries`,
    `plan hash ${made.planHash ?? ''}`,
    `made by ${personNamed(made.madeBy, authenticated)}`,
    ...(isForecast(made.period, made.now) ? [describeForecast(made)] : []),
    '',
    table(
      [
        'benefit',
        'grants',
        'reversals',
        'unchanged',
        'refused',
        'quantity',
        'grants ±',
        'refused ±',
      ],
      benefits.map(([benefit, it]) => [
        benefit,
        formatCount(it.grants),
        formatCount(it.reversals),
        formatCount(it.unchanged),
        formatCount(it.refused),
        formatCount(it.quantity),
        signed(change[benefit as Benefit]?.grants),
        signed(change[benefit as Benefit]?.refused),
      ]),
    ),
    '',
    table(['benefit', 'reason', 'subjects'], reasons),
    ...describeCodes(made.result?.codes ?? []),
    ...describeMigrations(
      made.result?.migrations ?? [],
      `answers that changed since ${made.period} was last run:`,
    ),
    ...(made.holds.length === 0 ? [] : ['', 'figures that are off:']),
    ...made.holds.map((it) => `${tellOff(it)}, ${it.against}`),
  ].join('\n')
}

function signed(count: number | undefined): string {
  if (count === undefined) return ''
  return count > 0 ? `+${formatCount(count)}` : formatCount(count)
}

/** A name that was merely claimed is told as such. */
export function personNamed(name: string, authenticated: boolean): string {
  return authenticated ? name : `${name} (rehearsal)`
}

function describeForecast(made: Plan): string {
  return (
    `a forecast: ${made.period} has not begun. \`redress approve ${made.planId} --tolerance 2%\` ` +
    `lets a later plan that lies within it go by itself`
  )
}
