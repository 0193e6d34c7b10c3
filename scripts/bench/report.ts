/** All that was measured, as one document, and as tables for people. */
import { cpus, loadavg, totalmem } from 'node:os'
import { formatBytes, formatCount } from '../../src/cli/chart.js'
import { table } from '../../src/cli/text-table.js'
import type { FullBench } from './bench-full.js'
import type { ImportBench } from './bench-imports.js'
import type { MemoryBench } from './bench-memory.js'
import type { NoticeBench } from './bench-notices.js'
import type { RefundBench } from './bench-refunds.js'
import type { RunBench } from './bench-runs.js'
import type { ServerFacts } from './bench-server.js'
import type { Standing } from './contest.js'
import type { BenchResult } from './decide.js'

export interface BenchReport {
  readonly startedAt: string
  readonly repeats: number
  readonly machine: Machine
  readonly server: ServerFacts
  readonly runs: readonly RunBench[]
  readonly imports: readonly ImportBench[]
  readonly rules: readonly BenchResult[]
  readonly memory: readonly MemoryBench[]
  readonly refunds: readonly RefundBench[]
  readonly notices: readonly NoticeBench[]
  readonly full: FullBench | null
}

export interface Verdict {
  readonly what: string
  readonly measured: number
  readonly target: number
  readonly is: 'at least' | 'at most'
  readonly unit: string
  readonly met: boolean
}

export interface Machine {
  readonly node: string
  readonly processor: string
  readonly cores: number
  readonly memoryBytes: number
  /** At the start: a busy machine makes poor figures. */
  readonly load: number
}

export function thisMachine(): Machine {
  const processors = cpus()
  return {
    node: process.version,
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    load: loadavg()[0] ?? 0,
  }
}

export function describeReport(report: BenchReport, verdicts: readonly Verdict[]): string {
  const sections = [
    describePlace(report),
    ...report.runs.map((it) =>
      section(
        `Run of a period, ${formatCount(it.lines)} lines in ${it.chunks} chunks, ` +
          `${formatCount(it.postings)} postings; ${it.equalLedgers} ledgers compared, all equal`,
        `${standingsTable(it.standings)}\n\n${describeShapes(it)}`,
      ),
    ),
    ...report.imports.map((it) =>
      section(
        `Import, ${formatCount(it.lines)} lines in ${it.order} order, ${formatBytes(it.fileBytes)}`,
        standingsTable(it.standings),
      ),
    ),
    ...(report.rules.length === 0
      ? []
      : [section('Rules alone, one core', rulesTable(report.rules))]),
    ...report.memory.map((it) =>
      section(`Memory, ${formatCount(it.lines)} lines`, standingsTable(it.stages)),
    ),
    ...report.refunds.map((it) =>
      section(
        `Refunds, ${formatCount(it.terminations)} terminations, ` +
          `${formatCount(it.applications)} applications, ${formatCount(it.transfers)} transfers; ` +
          `${it.equalContents} batches and files compared, all equal`,
        `${standingsTable(it.standings)}\n\n(prepare + export) ÷ (insert … select + copy to ` +
          `file): ${it.priceOfPayout.toFixed(2)} × the time`,
      ),
    ),
    ...report.notices.map(describeNotices),
    ...(report.full === null ? [] : [describeFull(report.full)]),
    ...(verdicts.length === 0 ? [] : [section('Targets', verdictsTable(verdicts))]),
  ]
  return sections.join('\n\n')
}

function describePlace({ machine, server, repeats, startedAt }: BenchReport): string {
  const { settings, checkpoints } = server
  const told = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  return [
    `${startedAt}: medians of ${repeats}; Node.js ${machine.node}, ${machine.cores} × ` +
      `${machine.processor}, ${formatBytes(machine.memoryBytes)}, load ${machine.load.toFixed(2)}`,
    `PostgreSQL ${server.embedded ? '(embedded)' : '(given)'}: ${told.join(', ')}`,
    ...(checkpoints ? [] : ['No checkpoint between repetitions: the login may not ask for one.']),
  ].join('\n')
}

/** Which rows were written: two rivals are measured in both readings of "ready-made rows". */
function describeShapes({ postings, entries }: RunBench): string {
  return [
    `Redress, chunked SQL, raw COPY and the query builder write the same ${formatCount(postings)}`,
    `rows, one a line; 'of entries' write the same content as ${formatCount(entries)} rows, one an`,
    'entry. A target against ready-made rows is told against both.',
  ].join('\n')
}

function section(title: string, body: string): string {
  return `${title}\n\n${body}`
}

function standingsTable(standings: readonly Standing[]): string {
  return table(
    [
      '',
      'seconds',
      'least',
      'most',
      'lines',
      'lines/s',
      'Node µs/line',
      'server µs/line',
      'WAL B/line',
      'peak MB',
    ],
    standings.map((it) => [
      it.name,
      it.seconds.toFixed(2),
      it.leastSeconds.toFixed(2),
      it.mostSeconds.toFixed(2),
      formatCount(it.lines),
      formatCount(it.linesPerSecond),
      it.nodeCpuMicrosecondsALine.toFixed(2),
      it.serverCpuMicrosecondsALine?.toFixed(2) ?? '',
      it.walBytesALine.toFixed(0),
      it.peakRssMb.toFixed(0),
    ]),
  )
}

function rulesTable(rules: readonly BenchResult[]): string {
  return table(
    ['', 'lines/s', 'redress is'],
    rules.map((it) => [it.name, formatCount(it.linesPerSecond), `${formatCount(it.ratio)} ×`]),
  )
}

function describeNotices(it: NoticeBench): string {
  const { configured, measured, withoutLimit } = it.messagesASecond
  return section(
    `Notices, ${formatCount(it.lines)} refundable lines, ${formatCount(it.messages)} reminders; ` +
      `${it.equalOutboxes} outboxes compared, all equal`,
    [
      standingsTable(it.standings),
      `prepare ÷ insert … select: ${it.priceOfPreparing.toFixed(2)} × the time\n` +
        `sent over spool: ${formatCount(measured)} messages/s, ${formatCount(configured)} ` +
        `configured; ${formatCount(withoutLimit)} without a limit`,
    ].join('\n\n'),
  )
}

function describeFull(full: FullBench): string {
  const title =
    `Rehearsal: ${formatCount(full.customers)} customers, ${formatCount(full.lines)} ` +
    `lines, a file of ${formatBytes(full.fileBytes)} made in ${full.generateSeconds.toFixed(1)} s`
  const tables = Object.entries(full.tables).map(([name, bytes]) => [name, formatBytes(bytes)])
  return section(
    title,
    [
      standingsTable(full.stages),
      table(['on disk', ''], [['database', formatBytes(full.databaseBytes)], ...tables]),
    ].join('\n\n'),
  )
}

function verdictsTable(verdicts: readonly Verdict[]): string {
  const figure = (value: number): string =>
    value >= 1_000 ? formatCount(value) : value.toFixed(value < 100 ? 2 : 0)
  return table(
    ['', 'measured', 'target', ''],
    verdicts.map((it) => [
      it.what,
      `${figure(it.measured)} ${it.unit}`,
      `${it.is} ${figure(it.target)}`,
      it.met ? 'met' : 'missed',
    ]),
  )
}
