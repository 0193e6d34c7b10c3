/**
 * START HERE: the figures that count. Redress beside its rivals, each in a process of its own, on
 * one PostgreSQL; medians, tables on stdout and all figures as JSON in bench-output.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemClock } from '../src/config/clock.js'
import { projectRoot } from '../src/config/project-root.js'
import { EXIT, RedressError } from '../src/errors.js'
import { benchFull } from './bench/bench-full.js'
import { benchImports, FILE_ORDERS } from './bench/bench-imports.js'
import { benchMemory } from './bench/bench-memory.js'
import { benchNotices } from './bench/bench-notices.js'
import { benchRefunds } from './bench/bench-refunds.js'
import { benchRuns } from './bench/bench-runs.js'
import { BenchServer } from './bench/bench-server.js'
import { benchDecide } from './bench/decide.js'
import { readArguments, USAGE } from './bench/options.js'
import type { Arguments, BenchOptions } from './bench/options.js'
import { clearWork } from './bench/population.js'
import { describeReport, thisMachine } from './bench/report.js'
import type { BenchReport } from './bench/report.js'
import { verdictsOf } from './bench/verdicts.js'

async function main(): Promise<void> {
  const args = readArguments(process.argv.slice(2))
  if (args === 'help') {
    process.stdout.write(USAGE)
    return
  }
  const startedAt = systemClock().now()
  const folder = join(projectRoot(), 'bench-output')
  const stamp = startedAt.slice(0, 19).replaceAll(':', '')
  const databaseUrl = process.env['BENCH_DATABASE_URL']
  const server = await BenchServer.open(databaseUrl === '' ? undefined : databaseUrl)
  try {
    const report = await measureAll(args, startedAt, {
      server,
      repeats: args.repeats,
      profiles: args.profile ? join(folder, 'profiles', stamp) : null,
      note: (text) => process.stderr.write(`${text}\n`),
    })
    const verdicts = verdictsOf(report)
    const out = args.out ?? join(folder, `${stamp}.json`)
    mkdirSync(dirname(out), { recursive: true })
    writeFileSync(out, `${JSON.stringify({ ...report, verdicts }, null, 2)}\n`)
    process.stdout.write(`${describeReport(report, verdicts)}\n\nAll figures: ${out}\n`)
  } finally {
    await server.close()
    clearWork()
  }
}

/** A tenth of the largest size, as 200,000 are of 2,000,000. */
const MEMORY_SHARE = 10

async function measureAll(
  args: Arguments,
  startedAt: string,
  options: BenchOptions,
): Promise<BenchReport> {
  const { lines: sizes, parts, customers, repeats, terminations } = args
  const machine = thisMachine()
  const largest = sizes.at(-1) ?? 0
  const has = (part: Arguments['parts'][number]): boolean => parts.includes(part)
  // First, before the disk and the processor are warm from all else.
  const rules = has('rules') ? await benchDecide() : []
  const runs = await inTurn(has('run') ? sizes : [], (lines) => benchRuns(options, lines))
  const files = sizes.flatMap((lines) => FILE_ORDERS.map((order) => ({ lines, order })))
  const imports = await inTurn(has('import') ? files : [], ({ lines, order }) =>
    benchImports(options, lines, order),
  )
  const small = Math.ceil(largest / MEMORY_SHARE)
  const memory = await inTurn(has('memory') ? [small, largest] : [], (lines) =>
    benchMemory(options, lines),
  )
  const left = has('refunds') ? terminations : []
  const refunds = await inTurn(left, (count) => {
    const applications = count === terminations.at(-1) ? args.applications : null
    return benchRefunds(options, { terminations: count, applications })
  })
  const notices = await inTurn(has('notices') ? args.audience : [], (audience) =>
    benchNotices(options, audience),
  )
  const full = has('full') ? await benchFull(options, customers) : null
  const server = options.server.facts
  const told = { startedAt, repeats, machine, server }
  return { ...told, runs, imports, rules, memory, refunds, notices, full }
}

async function inTurn<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  for (const item of items) results.push(await work(item))
  return results
}

try {
  await main()
} catch (error) {
  const wrongOption = error instanceof TypeError && 'code' in error
  const told = error instanceof RedressError || wrongOption ? error.message : String(error)
  process.stderr.write(`bench: ${told}\n`)
  const exitCode = error instanceof RedressError ? error.exitCode : EXIT.failed
  process.exitCode = wrongOption ? EXIT.refused : exitCode
}
