/** The bench in small: that it runs, compares its ledgers and tells all. No time is asserted. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BenchReport, Verdict } from '../../scripts/bench/report.js'
import { ROOM } from '../../scripts/bench/spawn-task.js'
import { projectRoot } from '../../src/config/project-root.js'
import { testDatabase } from '../support/database.js'
import type { TestDatabase } from '../support/database.js'

const LINES = 5_000
const TERMINATIONS = 1_000
const AUDIENCE = 400
const folder = mkdtempSync(join(tmpdir(), 'redress-bench-'))
let database: TestDatabase
type Report = BenchReport & { readonly verdicts: readonly Verdict[] }
let report: Report
let tables = ''

beforeAll(async () => {
  database = await testDatabase()
  const told = bench('all', '--lines', String(LINES))
  tables = told.tables
  report = told.report
}, 240_000)

afterAll(async () => {
  await database.drop()
  rmSync(folder, { recursive: true, force: true })
})

/** One after the other: benches of one server would drop each other's databases. */
function bench(name: string, ...options: readonly string[]): { tables: string; report: Report } {
  const out = join(folder, `${name}.json`)
  const script = join(projectRoot(), 'dist', 'scripts', 'bench-run.js')
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [script, ...options, '--repeats', '1', '--out', out],
    { env: { ...process.env, BENCH_DATABASE_URL: database.url }, encoding: 'utf8' },
  )
  expect(stderr).not.toContain('bench:')
  expect(status).toBe(0)
  return { tables: stdout, report: JSON.parse(readFileSync(out, 'utf8')) as Report }
}

test('every contestant ran and every ledger was compared with the first', () => {
  const [run] = report.runs
  expect(report.runs).toHaveLength(1)
  expect(run).toMatchObject({ lines: LINES, equalLedgers: 4 })
  expect(run?.postings).toBeGreaterThan(LINES / 2)
  expect(run?.ledgerHash).toMatch(/^-?\d+$/)
  expect(run?.standings.map((it) => it.name)).toEqual([
    'redress plan',
    'redress run',
    'chunked SQL',
    'raw COPY',
    'query builder',
    'raw COPY of entries',
    'query builder of entries',
  ])
  for (const it of run?.standings.slice(1, 4) ?? []) expect(it.written).toBe(run?.postings)
  expect(run?.standings[5]?.written).toBe(run?.entries)
  expect(run?.entries).toBeGreaterThan(run?.postings ?? Infinity)
})

test('a target against ready-made rows is told in both readings', () => {
  for (const rival of ['raw COPY', 'query builder']) {
    for (const rows of ['the same rows', 'a row an entry']) {
      expect(tables).toContain(`run ÷ ${rival}, ${rows}, 5,000 lines`)
    }
  }
})

test('both orders of a file were imported by both', () => {
  expect(report.imports.map((it) => it.order)).toEqual(['customer', 'shuffled'])
  for (const { standings } of report.imports) {
    expect(standings.slice(0, 2).map((it) => it.name)).toEqual(['redress import', 'plain COPY'])
    for (const it of standings) expect(it).toMatchObject({ lines: LINES, written: LINES })
  }
})

test('rules and memory were measured', () => {
  expect(report.rules).toHaveLength(3)
  expect(report.memory.map((it) => it.lines)).toEqual([LINES / 10, LINES])
  for (const { stages } of report.memory) {
    expect(stages.map((it) => it.name)).toEqual(['import', 'plan', 'run'])
    for (const it of stages) expect(it.peakRssMb).toBeGreaterThan(10)
  }
})

test('what is measured is started as the command is', () => {
  const command = readFileSync(join(projectRoot(), 'scripts', 'redress'), 'utf8')
  expect(command).toContain(`\nroom=${ROOM.little}\n`)
  expect(command).toMatch(new RegExp(`plan \\| run .*\\) room=${ROOM.usual} ;;`))
  expect(command).toContain('exec node --max-semi-space-size="$room" "$root/dist/redress/main.js"')
})

test('the server is durable, and says so', () => {
  expect(report.server.settings).toMatchObject({ fsync: 'on', synchronous_commit: 'on' })
  expect(tables).toContain('fsync=on')
})

test('each target is told with its figure, met or missed', () => {
  expect(report.verdicts.length).toBeGreaterThanOrEqual(12)
  for (const { what, measured } of report.verdicts) {
    expect(Number.isFinite(measured)).toBe(true)
    expect(tables).toContain(what)
  }
})

test('refunds go all the way, and pay what plain SQL pays', () => {
  const applications = TERMINATIONS / 4
  const size = ['--terminations', String(TERMINATIONS), '--applications', String(applications)]
  const told = bench('refunds', 'refunds', ...size)
  expect(told.report.runs).toHaveLength(0)
  expect(told.report.refunds).toHaveLength(1)
  const [made] = told.report.refunds
  // The last applicant may apply twice.
  expect([applications, applications + 1]).toContain(made?.applications)
  expect(made).toMatchObject({ terminations: TERMINATIONS, equalContents: 4 })
  const { transfers = 0, standings = [], priceOfPayout } = made ?? {}
  expect(transfers).toBeGreaterThan(applications * 0.8)
  expect(transfers).toBeLessThan(applications)
  expect(standings.map((it) => [it.name, it.lines])).toEqual([
    ['assess', TERMINATIONS],
    ['insert … select', transfers],
    ['prepare', transfers],
    ['approve', transfers],
    ['copy to file', transfers],
    ['export', transfers],
    ['import-status', transfers],
    ['reconcile', transfers],
  ])
  expect(priceOfPayout).toBeGreaterThan(0)
  expect(told.tables).toContain('(prepare + export) ÷ (insert … select + copy to file)')
  expect(told.tables).toContain('assess, 1,000 terminations')
})

test('reminders are prepared as plain SQL prepares them, and all of them are sent', () => {
  const told = bench('notices', 'notices', '--audience', String(AUDIENCE))
  expect(told.report.runs).toHaveLength(0)
  const [made] = told.report.notices
  expect(made).toMatchObject({ audience: AUDIENCE, equalOutboxes: 2 })
  const { messages = 0, standings = [], messagesASecond: rates } = made ?? {}
  // Most of the fifth that was added have applied, but not all.
  expect(messages).toBeGreaterThanOrEqual(AUDIENCE)
  expect(messages).toBeLessThan(made?.lines ?? 0)
  expect(standings.map((it) => [it.name, it.lines])).toEqual([
    ['prepare reminders', messages],
    ['insert … select', messages],
    ['send reminders', messages],
    ['send without limit', messages],
  ])
  // Who applied after the audience was drawn up is not sent to.
  const [prepared, plain, sent, unlimited] = standings.map((it) => it.written)
  expect([prepared, plain, unlimited]).toEqual([messages, messages, sent])
  expect(sent).toBeGreaterThanOrEqual(AUDIENCE)
  expect(rates?.configured).toBe(2_000)
  expect(rates?.measured).toBeGreaterThan(0)
  expect(told.tables).toContain('prepare ÷ insert … select')
  expect(told.tables).toContain('2,000 configured')
  expect(told.tables).toContain('prepare reminders, 400 reminders')
})
