/** A snapshot file into a real database: counts, quarantine, repeated lines, conflicts, seal. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importSnapshotFile } from '../../src/intake/import-snapshot-file.js'
import { quarantinePlace } from '../../src/intake/quarantine.js'
import { quarantineReport, readQuarantined } from '../../src/intake/quarantine-store.js'
import { AS_OF, snapshotRow, snapshotText } from '../intake/snapshot-text.js'
import { intakeSetting } from './intake-setting.js'
import type { IntakeSetting } from './intake-setting.js'

let setting: IntakeSetting
beforeAll(async () => {
  setting = await intakeSetting()
})
afterAll(async () => {
  await setting.close()
})

test('a file becomes a sealed snapshot, row by row as it stands', async () => {
  const report = await importSnapshotFile({
    ...setting.optionsFor(snapshotText(5_000)),
    asOf: AS_OF,
  })
  expect(report).toMatchObject({
    already: false,
    read: 5_000,
    accepted: 5_000,
    quarantined: 0,
    duplicate: 0,
  })
  expect(report.snapshot).toMatchObject({ asOf: AS_OF, lines: 5_000, customers: 2_500 })
  const [first] = await setting.query(
    'select * from snapshot_line where snapshot_id = $1 and line_id = 1000',
    [report.snapshot.snapshotId],
  )
  expect(first).toEqual({
    line_id: '1000',
    customer_id: '10',
    customer_kind: 'individual',
    birth_date: '1987-06-05',
    network: 'kt',
    line_kind: 'handset',
    payment: 'postpaid',
    status: 'active',
    activated_on: '2024-02-29',
    contract_event: null,
    contract_event_on: null,
    plan_restriction: 'none',
    guardian_consent_on: null,
    roaming_promotion_ends_on: null,
    notice_number: '01099887766',
    row_no: 1,
    snapshot_id: report.snapshot.snapshotId,
  })
  const [counted] = await setting.query(
    `select count(distinct row_no)::int as rows, max(row_no) as last
     from snapshot_line where snapshot_id = $1`,
    [report.snapshot.snapshotId],
  )
  expect(counted).toEqual({ rows: 5_000, last: 5_000 })
})

test('the same bytes again change nothing and say so, whatever the file is called', async () => {
  const options = {
    ...setting.optionsFor(snapshotText(10, [snapshotRow({ line_id: 'x' })])),
    asOf: AS_OF,
  }
  const first = await importSnapshotFile(options)
  const copy = setting.optionsFor(readFileSync(options.path), 'other-name.csv')
  const again = await importSnapshotFile({ ...copy, asOf: AS_OF })
  expect(again).toEqual({ ...first, already: true })
  const otherDay = await importSnapshotFile({ ...options, asOf: '2026-01-31' })
  expect(otherDay).toMatchObject({ already: false, read: 11, accepted: 10 })
  expect(otherDay.snapshot.snapshotId).not.toBe(first.snapshot.snapshotId)
})

test('of two imports of one file at a time one is accepted and the other says so', async () => {
  const options = { ...setting.optionsFor(snapshotText(3_000)), asOf: AS_OF }
  const reports = await Promise.all([importSnapshotFile(options), importSnapshotFile(options)])
  expect(reports.filter((it) => it.already)).toHaveLength(1)
  expect(reports[0].snapshot).toEqual(reports[1].snapshot)
  expect(await setting.leftovers()).toEqual([])
})

test('a quarantined row opens with the data key, in its place', async () => {
  const bad = snapshotRow({ line_id: '', customer_id: '"9\n9"' })
  const options = setting.optionsFor(snapshotText(2, [bad, snapshotRow({ line_id: '1000' })]))
  const { importId } = await importSnapshotFile({ ...options, asOf: AS_OF })
  const rows = await readQuarantined(setting.pool, importId)
  expect(rows.map((it) => it.lineNo)).toEqual([4, 6])
  const opened = rows.map((it) =>
    setting.cipher.open(it.rawSealed, quarantinePlace(importId, it.lineNo)).toString(),
  )
  expect(opened).toEqual([bad, snapshotRow({ line_id: '1000' })])
})

test('many faults, repeated lines and conflicts are all counted and reported', async () => {
  const text = snapshotText(2_000, [
    ...Array.from({ length: 3_000 }, () => snapshotRow({ birth_date: '1987-02-30' })),
    ...Array.from({ length: 1_500 }, (_, it) =>
      snapshotRow({ line_id: String(1_000 + it), customer_id: '5' }),
    ),
    snapshotRow({ line_id: '7', customer_id: '10', birth_date: '1990-01-01' }),
  ])
  const options = { ...setting.optionsFor(text), asOf: AS_OF, budget: { rows: 0, percent: 100 } }
  const report = await importSnapshotFile(options)
  expect(report).toMatchObject({ read: 6_501, accepted: 1_998, quarantined: 4_503 })
  expect(report.snapshot).toMatchObject({ lines: 1_998, customers: 999 })
  const { reasons, rows, quarantined } = await quarantineReport(setting.pool, report.importId, 3)
  expect(quarantined).toBe(4_503)
  expect(reasons.map((it) => [it.column, it.reason, it.count])).toEqual([
    ['birth_date', 'NOT_A_DATE', 3_000],
    ['line_id', 'DUPLICATE_LINE', 1_500],
    ['customer_id', 'CUSTOMER_CONFLICT', 3],
  ])
  expect(rows.map((it) => it.lineNo)).toEqual([2, 3, 2_002])
})

test('a held import keeps its report and nothing else; a repeat replaces the report', async () => {
  const bad = Array.from({ length: 11 }, () => snapshotRow({ network: 'skt' }))
  const options = { ...setting.optionsFor(snapshotText(50, bad)), asOf: AS_OF }
  const held = { code: 'QUARANTINE_BUDGET', exitCode: 3 }
  await expect(importSnapshotFile(options)).rejects.toMatchObject(held)
  await expect(importSnapshotFile(options)).rejects.toMatchObject(held)
  const states = `select state, rows_read::int as read, rows_accepted::int as accepted,
    rows_quarantined::int as quarantined from import where file_name = $1`
  expect(await setting.query(states, [options.path])).toEqual([
    { state: 'held', read: 61, accepted: 0, quarantined: 11 },
  ])
  expect(await setting.leftovers()).toEqual([])
  const report = await importSnapshotFile({ ...options, budget: { rows: 11, percent: 0 } })
  expect(report).toMatchObject({ already: false, accepted: 50, quarantined: 11 })
  expect(await setting.query(states, [options.path])).toEqual([
    { state: 'accepted', read: 61, accepted: 50, quarantined: 11 },
  ])
})

test('progress tells bytes and rows, up to the end', async () => {
  const options = setting.optionsFor(snapshotText(9_000))
  const seen: { bytesRead: number; bytesTotal: number; rows: number }[] = []
  const sealed: number[] = []
  await importSnapshotFile({
    ...options,
    asOf: AS_OF,
    onProgress: (it) => seen.push(it),
    onSealProgress: (done) => sealed.push(done),
  })
  const { length } = readFileSync(options.path)
  expect(seen.at(-1)).toEqual({ bytesRead: length, bytesTotal: length, rows: 9_000 })
  expect(seen.length).toBeGreaterThan(2)
  expect(sealed.at(-1)).toBe(9_000)
})
