/**
 * The page that `redress demo` ends with: what was given, to whom not and why, how fast, what next.
 */
import pc from 'picocolors'
import type { GeneratedSnapshot } from '../generate/generate-snapshot.js'
import type { Benefit } from '../rules/decision.js'
import { REASONS } from '../rules/reason-codes.js'
import type { Plan, Run } from '../runs/run.js'
import { addTallies } from '../runs/tally.js'
import type { BenefitTally, Tallies } from '../runs/tally.js'
import { barChart, formatCount, formatShort } from './chart.js'
import type { StageTime } from './stage-times.js'
import { table } from './text-table.js'

export interface DemoMonth {
  readonly plan: Plan
  readonly run: Run
}

export interface DemoFigures {
  readonly population: GeneratedSnapshot
  readonly imported: {
    readonly read: number
    readonly accepted: number
    readonly quarantined: number
  }
  readonly months: readonly DemoMonth[]
  readonly stages: readonly StageTime[]
  readonly verified: boolean
  readonly home: string
}

const NAMES: Readonly<Record<Benefit, string>> = {
  data: 'data',
  roaming_bonus: 'roaming bonus',
  membership: 'membership',
  ott_pass: 'OTT pass',
  insurance: 'insurance, 65 and over',
}

export function demoReport(figures: DemoFigures): string {
  return [
    '',
    title('What happened'),
    ...story(figures),
    ...figures.months.flatMap((it) => [
      '',
      title(`${it.plan.period}: granted and refused`),
      month(it),
    ]),
    '',
    title('Who got nothing, and why (both months, one count a subject and benefit)'),
    refusals(figures.months),
    '',
    title('How fast'),
    speed(figures.stages),
    '',
    title('What to try next'),
    ...next(figures.home),
  ].join('\n')
}

function title(text: string): string {
  return pc.bold(text)
}

function story({ population, imported, months, verified }: DemoFigures): readonly string[] {
  const closed = months.filter((it) => it.run.state === 'closed').length
  const entries = months.reduce((sum, it) => sum + (it.plan.result?.entries ?? 0), 0)
  return [
    `${formatCount(imported.read)} rows were read: ${formatCount(imported.accepted)} accepted, ` +
      `${formatCount(imported.quarantined)} quarantined with line, column and reason.`,
    `${formatCount(population.customers)} customers with ${formatCount(population.lines)} ` +
      `lines were frozen and sealed.`,
    `${closed} months were planned, posted and closed: ${formatCount(entries)} ledger ` +
      `entries, each written once.`,
    verified
      ? `${pc.green('✔')} Every entry was read back and every decision made again: the ledger ` +
        `is what the rules say.`
      : `${pc.red('✘')} The ledger and the rules differ: \`redress ledger verify --replay\` ` +
        `names where.`,
  ]
}

function month({ plan, run }: DemoMonth): string {
  const benefits = Object.entries(plan.result?.benefits ?? {}) as [Benefit, BenefitTally][]
  const chart = barChart(
    benefits.map(([benefit, it]) => ({
      label: NAMES[benefit],
      value: it.grants,
      note: amount(benefit, it),
    })),
    { width: 96 },
  )
  const balance = Object.entries(run.balance ?? {}).map(([benefit, it]) => [
    NAMES[benefit as Benefit],
    formatCount(it.subjects),
    formatCount(it.granted),
    formatCount(it.refused),
    it.ok ? 'balances' : 'OFF',
  ])
  return [
    chart,
    '',
    table(['benefit', 'subjects', 'granted', 'refused', 'ledger'], balance),
    `root hash ${run.rootHash ?? '–'}`,
  ].join('\n')
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

function refusals(months: readonly DemoMonth[]): string {
  const sum: Tallies = {}
  for (const it of months) addTallies(sum, it.plan.result?.benefits ?? {})
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
  return barChart(rows, { width: 96 })
}

function speed(stages: readonly StageTime[]): string {
  return table(
    ['stage', 'seconds', 'lines', 'lines a second'],
    stages.map((it) => [
      it.stage,
      it.seconds.toFixed(2),
      formatCount(it.done),
      formatShort(it.done / it.seconds),
    ]),
  )
}

function next(home: string): readonly string[] {
  const redress = `REDRESS_HOME=${quoted(home)} scripts/redress`
  return [
    `  ${redress} runs list`,
    `  ${redress} plan 2026-04`,
    `  ${redress} run 2026-02 --yes                 # closed: writes nothing`,
    `  ${redress} ledger export --period 2026-03 --out march.csv`,
    `  ${redress} quarantine show 1`,
    '  scripts/redress demo --lines 2000000        # ten times the size',
  ]
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
