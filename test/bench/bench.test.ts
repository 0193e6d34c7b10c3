/** The bench in small: that it runs, compares its ledgers and tells all. No time is asserted. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BenchReport, Verdict } from '../../scripts/bench/report.js'
import { projectRoot } from '../../src/config/project-root.js'
import { testDatabase } from '../support/database.js'
import type { TestDatabase } from '../support/database.js'

const LINES = 5_000
const folder = mkdtempSync(join(tmpdir(), 'redress-bench-'))
let database: TestDatabase
let report: BenchReport & { readonly verdicts: readonly Verdict[] }
let tables = ''

beforeAll(async () => {
  database = await testDatabase()
  const out = join(folder, 'bench.json')
  const bench = join(projectRoot(), 'dist', 'scripts', 'bench-run.js')
  const told = spawnSync(
    process.execPath,
    [bench, '--lines', String(LINES), '--repeats', '1', '--out', out],
    { env: { ...process.env, BENCH_DATABASE_URL: database.url }, encoding: 'utf8' },
  )
  expect(told.stderr).not.toContain('bench:')
  expect(told.status).toBe(0)
  tables = told.stdout
  report = JSON.parse(readFileSync(out, 'utf8'))
}, 240_000)

afterAll(async () => {
  await database.drop()
  rmSync(folder, { recursive: true, force: true })
})

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
