/** The figures that were promised, and whether they were met. Nothing fails when they are not. */
import {
  CHUNKED_SQL,
  PLAN,
  QUERY_BUILDER,
  QUERY_BUILDER_OF_ENTRIES,
  RAW_COPY,
  RAW_COPY_OF_ENTRIES,
  RUN,
} from './bench-runs.js'
import { IMPORT, PLAIN_COPY } from './bench-imports.js'
import type { MemoryBench } from './bench-memory.js'
import { PLAIN_NOTICES, PREPARE_NOTICES } from './bench-notices.js'
import type { NoticeBench } from './bench-notices.js'
import { EXPORT, PLAIN_PAYOUT, PREPARE } from './bench-refunds.js'
import type { RefundBench } from './bench-refunds.js'
import type { Standing } from './contest.js'
import type { BenchReport, Verdict } from './report.js'

export function verdictsOf(report: BenchReport): readonly Verdict[] {
  return [
    ...report.runs.flatMap(({ lines, standings }) => runVerdicts(lines, standings)),
    ...rateVerdicts(report),
    ...memoryVerdicts(report.memory),
    ...report.refunds.flatMap(refundVerdicts),
    ...memoryVerdicts(
      report.refunds.map(({ terminations: lines, standings }) => {
        return { lines, stages: standings.filter(({ name }) => !PLAIN_PAYOUT.includes(name)) }
      }),
    ),
    ...report.notices.flatMap(noticeVerdicts),
    ...memoryVerdicts(
      report.notices.map(({ audience: lines, standings }) => {
        return { lines, stages: standings.filter(({ name }) => name !== PLAIN_NOTICES) }
      }),
    ),
    ...report.imports.flatMap(({ lines, order, standings }) =>
      compare(
        `import ÷ plain COPY, ${size(lines)} lines in ${order} order`,
        0.8,
        standings,
        IMPORT,
        PLAIN_COPY,
      ),
    ),
    ...report.rules
      .filter((it) => it.ratio === 1)
      .map((it) => atLeast('rules alone', 5e6, it.linesPerSecond, 'lines/s')),
  ]
}

function runVerdicts(lines: number, standings: readonly Standing[]): readonly Verdict[] {
  const run = standings.find((it) => it.name === RUN)
  const at = `${size(lines)} lines`
  return [
    ...compare(`run ÷ chunked SQL, ${at}`, 1, standings, RUN, CHUNKED_SQL),
    ...compare(`run ÷ raw COPY, the same rows, ${at}`, 0.8, standings, RUN, RAW_COPY),
    ...compare(`run ÷ raw COPY, a row an entry, ${at}`, 0.8, standings, RUN, RAW_COPY_OF_ENTRIES),
    ...compare(`run ÷ query builder, the same rows, ${at}`, 10, standings, RUN, QUERY_BUILDER),
    ...compare(
      `run ÷ query builder, a row an entry, ${at}`,
      10,
      standings,
      RUN,
      QUERY_BUILDER_OF_ENTRIES,
    ),
    ...compare(`plan ÷ run, ${at}`, 2, standings, PLAN, RUN),
    ...(run === undefined
      ? []
      : [
          atMost(
            `run: Node's processor time a line, ${at}`,
            1.5,
            run.nodeCpuMicrosecondsALine,
            'µs',
          ),
          atMost(`run: peak memory, ${at}`, 200, run.peakRssMb, 'MB'),
        ]),
  ]
}

function rateVerdicts({ runs }: BenchReport): readonly Verdict[] {
  const [small, large] = [runs[0], runs.at(-1)].map((it) => ({
    lines: it?.lines ?? 0,
    rate: it?.standings.find((standing) => standing.name === RUN)?.linesPerSecond,
  }))
  if (small?.rate === undefined || large?.rate === undefined || runs.length < 2) return []
  const what = `run: rate at ${size(large.lines)} ÷ at ${size(small.lines)} lines`
  return [atLeast(what, 0.9, large.rate / small.rate, '×')]
}

/** As many as left; how long more of them take was never promised. */
const MOST_TERMINATIONS = 660_000

/** A minute each; what they cost beside plain SQL is told with their table: it has no target. */
function refundVerdicts({ terminations, standings }: RefundBench): readonly Verdict[] {
  if (terminations > MOST_TERMINATIONS) return []
  return standings
    .filter(({ name }) => ['assess', PREPARE, EXPORT].includes(name))
    .map(({ name, seconds }) => {
      return atMost(`${name}, ${size(terminations)} terminations`, 60, seconds, 's')
    })
}

/** As many as have not applied by the first round. */
const MOST_REMINDERS = 150_000
/** In less time than that the first and the last second weigh too much. */
const LEAST_SECONDS = 5

function noticeVerdicts({ audience, standings, messagesASecond }: NoticeBench): readonly Verdict[] {
  const { configured, measured } = messagesASecond
  const prepare = standings.find(({ name }) => name === PREPARE_NOTICES)
  const at = `${size(audience)} reminders`
  const isMinute = prepare !== undefined && audience <= MOST_REMINDERS
  const isLong = audience / configured >= LEAST_SECONDS
  return [
    ...(isMinute ? [atMost(`${PREPARE_NOTICES}, ${at}`, 60, prepare.seconds, 's')] : []),
    ...(isLong
      ? [
          atLeast(`rate of sending ÷ configured, ${at}`, 0.95, measured / configured, '×'),
          atMost(`rate of sending ÷ configured, ${at}`, 1.02, measured / configured, '×'),
        ]
      : []),
  ]
}

function memoryVerdicts(memory: readonly MemoryBench[]): readonly Verdict[] {
  const [small, large] = [memory[0], memory.at(-1)]
  if (small === undefined || large === undefined || memory.length < 2) return []
  return large.stages.flatMap(({ name, peakRssMb }) => {
    const before = small.stages.find((it) => it.name === name)?.peakRssMb
    const what = `${name}: memory at ${size(large.lines)} ÷ at ${size(small.lines)} lines`
    return before === undefined ? [] : [atMost(what, 1.1, peakRssMb / before, '×')]
  })
}

/** By how many lines a second. */
function compare(
  what: string,
  target: number,
  standings: readonly Standing[],
  own: string,
  rival: string,
): readonly Verdict[] {
  const [mine, theirs] = [own, rival].map((name) => standings.find((it) => it.name === name))
  if (mine === undefined || theirs === undefined) return []
  return [atLeast(what, target, mine.linesPerSecond / theirs.linesPerSecond, '×')]
}

function atLeast(what: string, target: number, measured: number, unit: string): Verdict {
  return { what, measured, target, is: 'at least', unit, met: measured >= target }
}

function atMost(what: string, target: number, measured: number, unit: string): Verdict {
  return { what, measured, target, is: 'at most', unit, met: measured <= target }
}

function size(lines: number): string {
  return lines.toLocaleString('en-US')
}
