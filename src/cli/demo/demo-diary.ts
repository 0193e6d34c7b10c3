/** The demo's story, day by day, with its numbers. */
import pc from 'picocolors'
import type { ReasonMigration } from '../../runs/reason-migration.js'
import type { BenefitTally } from '../../runs/tally.js'
import { percentOf } from '../../runs/approval-policy.js'
import { formatCount } from '../chart.js'
import { shortDay } from './demo-days.js'
import type { DemoDay } from './demo-days.js'
import { postingsOf } from './demo-figures.js'
import type { DemoFigures, DemoPosting } from './demo-figures.js'

export function diary(figures: DemoFigures): readonly string[] {
  return [
    ...beginning(figures),
    ...passes(figures),
    ...day('march', [`March, signed by ${figures.march.signedBy}: ${entries(figures.march)}`]),
    ...correction(figures),
    '',
    ...proof(figures),
  ]
}

function day(of: DemoDay, lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => `${index === 0 ? pc.cyan(shortDay(of)) : '     '}  ${line}`)
}

function beginning(figures: DemoFigures): readonly string[] {
  const { imported, population, forecast, tolerance, february, maker, colleague } = figures
  const within = percentOf(tolerance)
  return [
    ...day('sealed', [
      `${formatCount(imported.read)} rows read, ${formatCount(imported.quarantined)} of them ` +
        `quarantined; ${formatCount(population.customers)} customers with ` +
        `${formatCount(imported.accepted)} lines sealed`,
    ]),
    ...day('forecast', [
      `${maker} forecasts February: ${formatCount(forecast.result?.entries ?? 0)} entries; ` +
        `${colleague} signs, with a tolerance of ${within}`,
    ]),
    ...day('february', [
      february.signedBy === undefined
        ? `every number within ${within} of the forecast, so February goes by itself: ` +
          entries(february)
        : `a number is more than ${within} off the forecast, so ${february.signedBy} signs: ` +
          entries(february),
    ]),
  ]
}

function passes(figures: DemoFigures): readonly string[] {
  const { maker, fourEyes, passes: first, codes } = figures
  const demand = (first.plan.result?.codes ?? []).map(
    (it) => `${formatCount(it.wanted)} of ${it.option}, ${formatCount(it.missing)} codes missing`,
  )
  const later = migrated(codes, (it) => it.was === 'NO_CODE_LEFT' && it.is.startsWith('CHOSEN'))
  const served = later.reduce((sum, it) => sum + it.subjects, 0)
  return [
    ...day('passes', [
      `passes wanted, by the plan alone: ${demand.join('; ')}`,
      `${maker} tries to sign the own plan: ${pc.red(fourEyes)}`,
      `${first.signedBy} signs: ${entries(first)}`,
    ]),
    ...day('codes', [
      `codes come in; ${formatCount(served)} of those who waited get theirs, by the time of ` +
        `their choice: ${entries(codes)}`,
    ]),
  ]
}

function correction({ corrections, lateRows }: DemoFigures): readonly string[] {
  const told = corrections.map(({ plan }) => {
    const tallies = Object.values(plan.result?.benefits ?? {})
    const sum = (of: (it: BenefitTally) => number): string =>
      formatCount(tallies.reduce((total, it) => total + of(it), 0))
    const reversals = sum((it) => it.reversals)
    return `${plan.period} again: ${reversals} reversals, ${sum((it) => it.grants)} new grants`
  })
  const late = `${formatCount(lateRows)} status changes and withdrawals come late`
  return day('correction', [late, ...told])
}

function proof({ verified, ...story }: DemoFigures): readonly string[] {
  const postings = postingsOf(story)
  const closed = postings.filter((it) => it.run.state === 'closed').length
  const written = postings.reduce((sum, it) => sum + (it.plan.result?.entries ?? 0), 0)
  return [
    `${pc.green('✔')} ${closed} of ${postings.length} runs closed: ${formatCount(written)} ` +
      `ledger entries, each written once; what each run held balances.`,
    verified
      ? `${pc.green('✔')} Every entry was read back and every decision made again: the ledger ` +
        `is what the rules say.`
      : `${pc.red('✘')} The ledger and the rules differ: \`redress ledger verify --replay\` ` +
        `names where.`,
  ]
}

function entries({ plan }: DemoPosting): string {
  return `${formatCount(plan.result?.entries ?? 0)} entries`
}

/** Answers that a posted plan changed. */
export function migrated(
  { plan }: DemoPosting,
  which: (it: ReasonMigration) => boolean,
): readonly ReasonMigration[] {
  return (plan.result?.migrations ?? []).filter(which)
}
