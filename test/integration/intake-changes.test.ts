/** Status changes and consents into a real database: what counts as duplicate, in which order. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importConsentsFile, importStatusFile } from '../../src/intake/import-staged-file.js'
import { quarantineReport } from '../../src/intake/quarantine-store.js'
import { intakeSetting } from './intake-setting.js'
import type { IntakeSetting } from './intake-setting.js'

let setting: IntakeSetting
beforeAll(async () => {
  setting = await intakeSetting()
})
afterAll(async () => {
  await setting.close()
})

const at = '2026-02-01T09:00:00+09:00'
const statuses = (...rows: string[]): string =>
  ['line_id,status,effective_at', ...rows, ''].join('\n')
const consents = (...rows: string[]): string =>
  ['guardian_consent_on,line_id', ...rows, ''].join('\n')
const importStatuses = async (...rows: string[]): Promise<unknown> => {
  const { read, accepted, quarantined, duplicate } = await importStatusFile(
    setting.optionsFor(statuses(...rows)),
  )
  return [read, accepted, quarantined, duplicate]
}
const changesOf = async (lineId: number): Promise<readonly unknown[]> => {
  const rows = await setting.query(
    'select status::text from status_change where line_id = $1 order by effective_at, sequence_no',
    [lineId],
  )
  return rows.map((it) => it['status'])
}

test('a row that says what counts already is a duplicate, in its file or a later one', async () => {
  expect(await importStatuses(`1,suspended,${at}`, `1,suspended,2026-02-01T00:00:00Z`)).toEqual([
    2, 1, 0, 1,
  ])
  expect(await importStatuses(`1,suspended,${at}`)).toEqual([1, 0, 0, 1])
  expect(await importStatuses(`1,active,${at}`, `1,suspended,${at}`, `1,suspended,${at}`)).toEqual([
    3, 2, 0, 1,
  ])
  expect(await changesOf(1)).toEqual(['suspended', 'active', 'suspended'])
})

test('of two rows at an instant the lower one counts, by line and instant', async () => {
  const rows = Array.from({ length: 3_000 }, (_, it) => [
    `${100 + it},suspended,${at}`,
    `${100 + it},terminated,${at}`,
    `${100 + it},active,2026-03-01T00:00:00Z`,
  ]).flat()
  expect(await importStatuses(...rows)).toEqual([9_000, 9_000, 0, 0])
  expect(await changesOf(100)).toEqual(['suspended', 'terminated', 'active'])
  const [order] = await setting.query(
    `with numbered as (
       select sequence_no, row_number() over (order by line_id, effective_at, status) as place
       from status_change where line_id >= 100)
     select count(distinct sequence_no - place)::int as shifts from numbered`,
  )
  expect(order).toEqual({ shifts: 1 })
})

test('bad rows are quarantined, lines that nobody knows are accepted', async () => {
  const options = setting.optionsFor(
    statuses(
      `999999999999999999,terminated,${at}`,
      `5,gone,${at}`,
      '5,active,2026-02-30T00:00:00Z',
      '5,active',
    ),
  )
  const report = await importStatusFile(options)
  expect(report).toMatchObject({ read: 4, accepted: 1, quarantined: 3, duplicate: 0 })
  const { rows } = await quarantineReport(setting.pool, report.importId)
  expect(rows).toEqual([
    {
      lineNo: 3,
      column: 'status',
      reason: 'NOT_IN_LIST',
      expected: 'active or suspended or terminated',
    },
    {
      lineNo: 4,
      column: 'effective_at',
      reason: 'NOT_AN_INSTANT',
      expected: 'an instant with offset like 2026-01-14T09:00:00+09:00',
    },
    { lineNo: 5, column: null, reason: 'FIELD_COUNT', expected: '3 fields, as the header has' },
  ])
  expect(await importStatusFile(options)).toEqual({ ...report, already: true })
})

test('over the budget nothing of the file is stored', async () => {
  const options = setting.optionsFor(
    statuses(`77,active,${at}`, ...Array.from({ length: 11 }, () => 'x,y,z')),
  )
  await expect(importStatusFile(options)).rejects.toMatchObject({
    code: 'QUARANTINE_BUDGET',
    exitCode: 3,
  })
  expect(await changesOf(77)).toEqual([])
  expect(await setting.leftovers()).toEqual([])
})

test('a consent that is known is a duplicate; another day of the same line is not', async () => {
  const first = await importConsentsFile(
    setting.optionsFor(consents('2026-02-01,1', '2026-02-01,1', '2026-02-03,1')),
  )
  expect(first).toMatchObject({ read: 3, accepted: 2, quarantined: 0, duplicate: 1 })
  const second = await importConsentsFile(
    setting.optionsFor(consents('2026-02-03,1', '2026-02-01,2', ',2')),
  )
  expect(second).toMatchObject({ read: 3, accepted: 1, quarantined: 1, duplicate: 1 })
  expect(
    await setting.query('select line_id, guardian_consent_on from guardian_consent order by 1, 2'),
  ).toEqual([
    { line_id: '1', guardian_consent_on: '2026-02-01' },
    { line_id: '1', guardian_consent_on: '2026-02-03' },
    { line_id: '2', guardian_consent_on: '2026-02-01' },
  ])
})

test('two imports at a time do not both store the same row', async () => {
  const files = ['', ' '].map((it) =>
    setting.optionsFor(statuses(`4321,active,${at}`, `x${it},active,${at}`)),
  )
  const reports = await Promise.all(files.map(importStatusFile))
  expect(reports.reduce((sum, it) => sum + it.accepted, 0)).toBe(1)
  expect(await changesOf(4_321)).toEqual(['active'])
})
