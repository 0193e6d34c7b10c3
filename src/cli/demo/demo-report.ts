/**
 * The page that `redress demo` ends with: what happened day by day, what was given, to whom not and
 * why, codes, the correction, one explanation, how fast, what next.
 */
import pc from 'picocolors'
import { BENEFITS } from '../../rules/decision.js'
import type { Benefit } from '../../rules/decision.js'
import { REASONS } from '../../rules/reason-codes.js'
import type { ReasonMigration } from '../../runs/reason-migration.js'
import { addTallies } from '../../runs/tally.js'
import type { BenefitTally, Tallies } from '../../runs/tally.js'
import { barChart, formatCount, formatShare, formatShort } from '../chart.js'
import { WHY } from '../plan-changes.js'
import type { StageTime } from '../stage-times.js'
import { table } from '../text-table.js'
import { shortDay } from './demo-days.js'
import { postingsOf } from './demo-figures.js'
import type { DemoFigures, DemoPosting } from './demo-figures.js'
import { diary, migrated } from './demo-diary.js'
import { refundSections } from './refund-section.js'
import { yearSections } from './year-section.js'

const WIDTH = 96

const NAMES: Readonly<Record<Benefit, string>> = {
  data: 'data',
  roaming_bonus: 'roaming bonus',
  membership: 'membership',
  ott_pass: 'OTT pass',
  insurance: 'insurance',
}

export function demoReport(figures: DemoFigures): string {
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ['What happened', diary(figures)],
    ['What customers hold now, of both months', [holdings(figures)]],
    [
      'Who got nothing, and why (both months, one count a subject and benefit)',
      [refusals(figures)],
    ],
    ['Codes of the passes', [codes(figures)]],
    ...figures.corrections.map(correction),
    ['One line explained', explanation(figures)],
    ...refundSections(figures.refunds, WIDTH),
    ['How fast', [speed(figures.stages)]],
    ...(figures.year === undefined ? [] : yearSections(figures.year)),
    ['What to try next', next(figures.home, figures.explained?.lineId)],
  ]
  return sections.flatMap(([title, lines]) => ['', pc.bold(title), ...lines]).join('\n')
}

/** Grants less reversals of all runs. */
function holdings(figures: DemoFigures): string {
  const sum: Tallies = {}
  for (const { plan } of postingsOf(figures)) addTallies(sum, plan.result?.benefits ?? {})
  return barChart(
    BENEFITS.flatMap((benefit) => {
      const it = sum[benefit]
      if (it === undefined) return []
      const value = it.grants - it.reversals
      return [{ label: NAMES[benefit], value, note: amount(benefit, it) }]
    }),
    { width: WIDTH },
  )
}

function amount(benefit: Benefit, tally: BenefitTally): string {
  // The grant is told in MB of 1,024: so are terabytes and petabytes of it.
  if (benefit === 'data')
    return tally.quantity < 1_024 ** 3
      ? `${(tally.quantity / 1_024 ** 2).toFixed(1)} TB`
      : `${(tally.quantity / 1_024 ** 3).toFixed(1)} PB`
  if (benefit === 'roaming_bonus') return '+50 % each'
  return `${formatCount(tally.quantity)} months`
}

/** As the corrected months have it. */
function refusals({ corrections }: DemoFigures): string {
  const sum: Tallies = {}
  for (const { plan } of corrections) addTallies(sum, plan.result?.benefits ?? {})
  const counts = new Map<string, number>()
  for (const tally of Object.values(sum)) {
    for (const [reason, count] of Object.entries(tally.reasons)) {
      if (REASONS[reason as keyof typeof REASONS].outcome !== 'refused') continue
      counts.set(reason, (counts.get(reason) ?? 0) + count)
    }
  }
  const rows = [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([label, value]) => ({ label, value }))
  return barChart(rows, { width: WIDTH })
}

function codes(figures: DemoFigures): string {
  const { passes, stock } = figures
  const wanted = passes.plan.result?.codes ?? []
  const later = migrated(figures.codes, (it) => it.was === 'NO_CODE_LEFT')
  return table(
    [
      'option',
      `wanted ${shortDay('passes')}`,
      'given',
      'missing',
      `given later, ${shortDay('codes')}`,
      'imported',
      'left now',
    ],
    wanted.map(({ option, wanted: count, missing }) => {
      const served = later.filter((it) => it.is === `CHOSEN ${option}`)
      const ofOption = stock.find((it) => it.option === option)
      return [
        option,
        formatCount(count),
        formatCount(count - missing),
        formatCount(missing),
        formatCount(served.reduce((sum, it) => sum + it.subjects, 0)),
        formatCount(ofOption?.imported ?? 0),
        formatCount(ofOption?.left ?? 0),
      ]
    }),
  )
}

/** A correction has a dozen kinds of changes, of which the rare ones tell little. */
const MOST_MIGRATIONS = 9

function correction({ plan, run }: DemoPosting): readonly [string, readonly string[]] {
  const all = (plan.result?.migrations ?? []).toSorted((a, b) => b.subjects - a.subjects)
  const shown = all.slice(0, MOST_MIGRATIONS)
  const rest = all.slice(MOST_MIGRATIONS).reduce((sum, it) => sum + it.subjects, 0)
  const row = (it: ReasonMigration): readonly string[] => [
    NAMES[it.benefit],
    it.was,
    it.is,
    WHY[it.why],
    formatCount(it.subjects),
  ]
  return [
    `${plan.period} corrected, in run ${run.runId}: who is told otherwise, and why`,
    [
      table(['benefit', 'was', 'is', 'why', 'subjects'], shown.map(row)),
      ...(rest === 0 ? [] : [`and ${formatCount(rest)} more of other kinds`]),
    ],
  ]
}

function explanation({ explained }: DemoFigures): readonly string[] {
  if (explained === undefined) return ['every line that chose a pass got its code at once']
  const { lineId, before, after, afterInKorean } = explained
  return [
    `Has line ${lineId} got an OTT pass, and why?`,
    `asked on ${shortDay('passes')}`,
    ...before.map(indented),
    `asked on ${shortDay('correction')}`,
    ...after.map(indented),
    ...afterInKorean.map(indented),
    'Each look is in the access log: who, when, which line, why.',
  ]
}

function indented(line: string): string {
  return `  ${line}`
}

/** Stages of one name are told together. */
function speed(stages: readonly StageTime[]): string {
  const names = [...new Set(stages.map((it) => it.stage))]
  const whole = stages.reduce((sum, it) => sum + it.seconds, 0)
  return table(
    ['stage', 'times', 'seconds', 'of all', 'lines or rows', 'a second'],
    names.map((name) => {
      const same = stages.filter((it) => it.stage === name)
      const seconds = same.reduce((sum, it) => sum + it.seconds, 0)
      const done = same.reduce((sum, it) => sum + it.done, 0)
      return [
        name,
        String(same.length),
        seconds.toFixed(2),
        formatShare(seconds, whole),
        formatCount(done),
        formatShort(done / seconds),
      ]
    }),
  )
}

function next(home: string, lineId: string | undefined): readonly string[] {
  const april = '--now 2026-04-01T00:10:00+09:00'
  return [
    `  export REDRESS_HOME=${quoted(home)}`,
    '  scripts/redress runs list',
    ...(lineId === undefined
      ? []
      : [`  scripts/redress explain ${lineId} --lang ko --why "curiosity"`]),
    '  scripts/redress run 2026-03 --yes --now 2026-03-10T09:00:00+09:00   # writes nothing',
    `  scripts/redress status import ${quoted(home)}/files/status-later.csv`,
    `  scripts/redress choices import ${quoted(home)}/files/choices-later.csv`,
    `  scripts/redress run 2026-04 --yes ${april}`,
    '  scripts/redress vouchers show',
    '  scripts/redress access-log list',
    '  scripts/redress payouts show 1',
    '  scripts/redress payouts reconcile all',
    '  scripts/redress ledger export --period 2026-03 --out march.csv',
    '  scripts/redress demo --lines 2000000   # ten times the size',
  ]
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
