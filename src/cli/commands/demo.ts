/**
 * `redress demo`: a programme from its snapshot to a correction, on a made-up population, in an
 * embedded database of its own. It takes the same functions as the commands do, so what it shows is
 * what an operator will see.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Settings } from '../../config/settings.js'
import { dispenseWithDurability, emptyDatabase } from '../../db/empty-database.js'
import { EXIT, RedressError } from '../../errors.js'
import { PROGRAMMES } from '../../rules/programmes/registry.js'
import { recordPolicies } from '../../runs/approval-store.js'
import { verifyLedger } from '../../runs/verify-ledger.js'
import type { Act } from '../act.js'
import { formatCount } from '../chart.js'
import { withContext } from '../context.js'
import type { Context } from '../context.js'
import { closeYear } from '../demo/close-year.js'
import { filesIn, generateFiles } from '../demo/demo-files.js'
import { postingsOf } from '../demo/demo-figures.js'
import type { DemoFigures, DemoPosting } from '../demo/demo-figures.js'
import { demoReport } from '../demo/demo-report.js'
import { playStory } from '../demo/demo-story.js'
import { refundDocument } from '../demo/refund-section.js'
import { playRefunds } from '../demo/refund-story.js'
import { isGood } from '../demo/year-figures.js'
import type { YearFigures } from '../demo/year-figures.js'
import { yearDocument } from '../demo/year-section.js'
import { playYear } from '../demo/year-story.js'
import { lateStage } from '../output.js'
import { StageTimes } from '../stage-times.js'

interface DemoFlags {
  readonly lines: string
  readonly seed: string
  /** False for --no-year. */
  readonly year: boolean
  readonly yearLines: string
}

/** Names for a story; `--as` and REDRESS_USER go before the first. */
const MAKER = 'kim'
/** Of two schedulers: a lock for each group of tasks, and what each of them works with. */
const YEAR_CONNECTIONS = 32
const COLLEAGUES = ['lee', 'park', 'choi']

export function addDemo(program: Command, act: Act): void {
  program
    .command('demo')
    .description(
      'a made-up carrier: two months planned, posted, corrected, proved; refunds paid; and a year',
    )
    .option('--lines <count>', 'lines to generate', '200000')
    .option('--seed <number>', 'the same seed makes the same population', '1')
    .option('--year-lines <count>', 'lines of the year that is played at the end', '5000')
    .option('--no-year', 'without the year')
    .action(
      act(demo, {
        // Never on somebody's real database or queue, nor beside the data of a rehearsal.
        settings: (it) => ({ ...settingsIn(it, join(it.home, 'demo')), user: it.user ?? MAKER }),
      }),
    )
}

function settingsIn(it: Settings, home: string): Settings {
  return {
    ...it,
    databaseUrl: undefined,
    redisUrl: undefined,
    autoMigrate: true,
    // A lock that a slow machine has lost is told again by the one that takes the work over.
    logLevel: 'error',
    home,
    payoutFolder: undefined,
    gateway: { ...it.gateway, kind: 'spool', spoolFolder: join(home, 'spool') },
  }
}

/** As new, since a second demo tells the same: the same messages would count as taken already. */
async function emptyHome({ pool, settings }: Context): Promise<void> {
  await emptyDatabase(pool)
  await recordPolicies(
    pool,
    PROGRAMMES.flatMap((it) => it.versions),
  )
  for (const folder of ['spool', 'payouts']) {
    await rm(join(settings.home, folder), { recursive: true, force: true })
  }
}

async function demo(context: Context, flags: DemoFlags): Promise<number> {
  const lines = wholeNumber('--lines', flags.lines, 1_000, 20_000_000)
  const seed = wholeNumber('--seed', flags.seed, 0, 4_294_967_295)
  const yearLines = wholeNumber('--year-lines', flags.yearLines, 1_000, 1_000_000)
  const { home } = context.settings
  context.out.note(
    `A made-up carrier of ${formatCount(lines)} lines, in an embedded database of its own ` +
      `(${home}).\n`,
  )
  await emptyHome(context)
  const times = new StageTimes()
  const files = filesIn(home)
  context.out.note(`generate the files in ${files.folder}`)
  const population = await times.measure('generate', lines, () =>
    generateFiles(files, { lines, seed }),
  )
  const [first = '', other = ''] = COLLEAGUES.filter((it) => it !== context.actor)
  const colleague = { name: first, pool: context.poolOf(first) }
  const scene = { context, times, files, colleague }
  const story = await playStory(scene)
  const runs = postingsOf(story)
  context.out.note('read every entry back and make every decision again')
  const verified = await times.measure('verify with replay', lines * runs.length, () =>
    verify(context),
  )
  const second = { name: other, pool: context.poolOf(other) }
  const refunds = await playRefunds(scene, { seed, second })
  const year = flags.year
    ? await playOwnYear(context, first, { lines: yearLines, seed })
    : undefined
  const ok =
    verified &&
    refunds.books.ok &&
    runs.every((it) => it.run.state === 'closed') &&
    (year === undefined || isGood(year))
  const figures = { ...story, population, stages: times.stages, verified, refunds, home, year }
  context.out.result(documentOf(ok, figures), () => demoReport(figures))
  return ok ? EXIT.done : EXIT.held
}

/** In a database of its own, so that what there is to look at afterwards is one story. */
async function playOwnYear(
  { settings, options, out, signal }: Context,
  colleague: string,
  size: { readonly lines: number; readonly seed: number },
): Promise<YearFigures> {
  const home = join(settings.home, 'year')
  out.note(`\nA whole year, on ${formatCount(size.lines)} other lines (${home}).\n`)
  const parts = { options, out, signal, settings: settingsIn(settings, home) }
  await withContext(parts, async (context) => {
    await emptyHome(context)
    await dispenseWithDurability(context.pool)
  })
  return await withContext({ ...parts, connections: YEAR_CONNECTIONS }, async (context) => {
    const startedAt = performance.now()
    const person = { name: colleague, pool: context.poolOf(colleague) }
    const played = await playYear(context, { ...size, colleague: person })
    const seconds = (performance.now() - startedAt) / 1_000
    return await closeYear(context, played, { lines: size.lines, seconds })
  })
}

function documentOf(ok: boolean, figures: DemoFigures): object {
  const { population, imported, stages, fourEyes, stock, explained } = figures
  return {
    ok,
    population,
    imported,
    forecast: { plan_id: figures.forecast.planId, tolerance: figures.tolerance },
    four_eyes: fourEyes,
    runs: postingsOf(figures).map(runDocument),
    vouchers: stock,
    explained,
    refunds: refundDocument(figures.refunds),
    year: figures.year === undefined ? null : yearDocument(figures.year),
    stages,
  }
}

function runDocument({ plan, run, signedBy }: DemoPosting): object {
  return {
    run_id: run.runId,
    plan_id: plan.planId,
    period: plan.period,
    now: plan.now,
    state: run.state,
    made_by: plan.madeBy,
    signed_by: signedBy ?? 'forecast',
    root_hash: run.rootHash,
    balance: run.balance,
    benefits: plan.result?.benefits,
    codes: plan.result?.codes,
    migrations: plan.result?.migrations,
  }
}

async function verify(context: Context): Promise<boolean> {
  const stage = lateStage(context.out.progress, { label: 'verify and replay', unit: 'chunks' })
  const runs = await verifyLedger(context.pool, {
    replay: true,
    lanes: context.settings.lanes,
    signal: context.signal,
    onProgress: stage.update,
  })
  stage.finish()
  return runs.every((it) => it.differences.length === 0)
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : -1
  if (number >= least && number <= most) return number
  throw new RedressError('USAGE', {
    problem: `${name}: unusable; expected a number from ${least} to ${most}`,
  })
}
