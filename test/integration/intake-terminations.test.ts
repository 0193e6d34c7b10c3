/** Terminated lines into a real database: restated rows, duplicates, and their order. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importTerminationsFile } from '../../src/intake/import-refund-files.js'
import { intakeSetting } from './intake-setting.js'
import type { IntakeSetting } from './intake-setting.js'

let setting: IntakeSetting
beforeAll(async () => {
  setting = await intakeSetting()
})
afterAll(async () => {
  await setting.close()
})

const PLAIN = {
  line_id: '101',
  customer_id: '900',
  customer_kind: 'individual',
  network: 'kt',
  line_kind: 'handset',
  activated_on: '2024-02-29',
  contract_event: '',
  contract_event_on: '',
  terminated_at: '2025-12-31T23:59:59.999999+09:00',
  termination_kind: 'port_out',
  subsidy_clawback_krw: '120000',
  discount_clawback_krw: '0',
  other_charges_krw: '350000',
  paid_krw: '120000',
  already_waived_krw: '0',
  resubscribed_on: '',
  hardship: '',
  hardship_ended_on: '',
  notice_number: '01000001234',
}
type Termination = Partial<Record<keyof typeof PLAIN, string>>
const HEADER = Object.keys(PLAIN).join(',')
const row = (changes: Termination): string => Object.values({ ...PLAIN, ...changes }).join(',')
const text = (...rows: readonly Termination[]): string => [HEADER, ...rows.map(row), ''].join('\n')

async function countsOf(...rows: readonly Termination[]): Promise<readonly number[]> {
  const report = await importTerminationsFile(setting.optionsFor(text(...rows)))
  return [report.read, report.accepted, report.quarantined, report.duplicate]
}
const paidOf = async (lineId: string): Promise<readonly unknown[]> => {
  const rows = await setting.query(
    'select paid_krw from termination where line_id = $1 order by termination_no',
    [lineId],
  )
  return rows.map((it) => it['paid_krw'])
}

test('a termination is stored as it came, with its import', async () => {
  const report = await importTerminationsFile(
    setting.optionsFor(
      text(
        { line_id: '1', contract_event: 'renewal', contract_event_on: '2025-03-04' },
        {
          line_id: '2',
          hardship: 'military',
          hardship_ended_on: '2026-03-10',
          notice_number: '',
          subsidy_clawback_krw: '999999999999',
        },
      ),
    ),
  )
  expect(report).toMatchObject({ read: 2, accepted: 2, quarantined: 0, duplicate: 0 })
  const [first, second] = await setting.query(
    `select *, terminated_at::text as at from termination where import_id = $1
     order by termination_no`,
    [report.importId],
  )
  expect(first).toMatchObject({
    line_id: '1',
    customer_id: '900',
    activated_on: '2024-02-29',
    contract_event: 'renewal',
    contract_event_on: '2025-03-04',
    at: '2025-12-31 14:59:59.999999+00',
    termination_kind: 'port_out',
    subsidy_clawback_krw: '120000',
    other_charges_krw: '350000',
    hardship: null,
    notice_number: '01000001234',
  })
  expect(second).toMatchObject({
    line_id: '2',
    subsidy_clawback_krw: '999999999999',
    hardship: 'military',
    hardship_ended_on: '2026-03-10',
    contract_event: null,
    notice_number: null,
  })
})

test('the same content is a duplicate, however it is written, in any file', async () => {
  const line = { line_id: '3' }
  expect(await countsOf(line, line)).toEqual([2, 1, 0, 1])
  const utc = { ...line, terminated_at: '2025-12-31T14:59:59.999999Z', paid_krw: '0120000' }
  expect(await countsOf(utc, { line_id: '4' })).toEqual([2, 1, 0, 1])
})

test('a row that says something new of its line restates it; earlier ones stay', async () => {
  const paid = (it: string): Termination => ({ line_id: '5', paid_krw: it })
  expect(await countsOf(paid('0'))).toEqual([1, 1, 0, 0])
  expect(await countsOf(paid('0'), paid('50'), paid('50'), paid('0'))).toEqual([4, 2, 0, 2])
  expect(await countsOf(paid('50'))).toEqual([1, 1, 0, 0])
  expect(await paidOf('5')).toEqual(['0', '50', '0', '50'])
})

const OTHER: Termination = {
  customer_id: '901',
  customer_kind: 'corporate',
  network: 'mvno',
  line_kind: 'watch',
  activated_on: '2024-03-01',
  terminated_at: '2025-12-31T23:59:59.999998+09:00',
  termination_kind: 'voluntary',
  subsidy_clawback_krw: '120001',
  discount_clawback_krw: '1',
  other_charges_krw: '350001',
  paid_krw: '120001',
  already_waived_krw: '1',
  resubscribed_on: '2026-01-05',
  notice_number: '',
}
test.each(Object.entries(OTHER))('another %s alone is something new', async (column, value) => {
  const lineId = String(10_000 + Object.keys(OTHER).indexOf(column))
  expect(await countsOf({ line_id: lineId })).toEqual([1, 1, 0, 0])
  expect(await countsOf({ line_id: lineId, [column]: value })).toEqual([1, 1, 0, 0])
  expect(await countsOf({ line_id: lineId, [column]: value }, { line_id: '6' })).toSatisfy(
    ([, , , duplicate]) => duplicate >= 1,
  )
})

test('random files in a row leave the versions that a clerk would have noted', async () => {
  let history = 0
  const drawn = fc.record({ line: fc.integer({ min: 1, max: 3 }), paid: fc.constantFrom(0, 7, 9) })
  const files = fc.array(fc.array(drawn, { minLength: 1, maxLength: 8 }), {
    minLength: 1,
    maxLength: 3,
  })
  await fc.assert(
    fc.asyncProperty(files, async (drafts) => {
      history += 1
      const lineOf = (line: number): string => String(1_000_000 + history * 10 + line)
      const noted = new Map<string, string[]>()
      for (const [file, draft] of drafts.entries()) {
        let accepted = 1
        for (const { line, paid } of draft) {
          const versions = noted.get(lineOf(line)) ?? []
          noted.set(lineOf(line), versions)
          if (versions.at(-1) === String(paid)) continue
          versions.push(String(paid))
          accepted += 1
        }
        const rows = draft.map((it) => ({ line_id: lineOf(it.line), paid_krw: String(it.paid) }))
        // A last row of its own, so that no two files are the same bytes.
        const own = { line_id: lineOf(4), paid_krw: String(file) }
        const read = rows.length + 1
        expect(await countsOf(...rows, own)).toEqual([read, accepted, 0, read - accepted])
      }
      for (const [line, versions] of noted) expect(await paidOf(line)).toEqual(versions)
    }),
    { numRuns: 40 },
  )
})

test('bad rows are refused by column, the others go in', async () => {
  const options = setting.optionsFor(
    text(
      { line_id: '7', subsidy_clawback_krw: '-1' },
      { line_id: '7', contract_event: 'new' },
      { line_id: '7', hardship_ended_on: '2026-03-10' },
      { line_id: '7' },
    ),
  )
  expect(await importTerminationsFile(options)).toMatchObject({ accepted: 1, quarantined: 3 })
  expect(
    await setting.query(
      `select line_no::int, column_name, reason from quarantined_row
       join import using (import_id) where kind = 'terminations' order by line_no`,
    ),
  ).toEqual([
    { line_no: 2, column_name: 'subsidy_clawback_krw', reason: 'NOT_AN_AMOUNT' },
    { line_no: 3, column_name: 'contract_event_on', reason: 'VALUE_MISSING' },
    { line_no: 4, column_name: 'hardship', reason: 'VALUE_MISSING' },
  ])
})

test('two imports at a time do not both take their row for the first', async () => {
  const files = ['', '\n'].map((end) => setting.optionsFor(text({ line_id: '8' }) + end))
  const budget = { rows: 5, percent: 0 }
  const reports = await Promise.all(files.map((it) => importTerminationsFile({ ...it, budget })))
  expect(reports.reduce((sum, it) => sum + it.accepted, 0)).toBe(1)
})

test('an abort leaves nothing and names the command', async () => {
  const rows = Array.from({ length: 20_000 }, (_, it) => ({ line_id: String(500_000 + it) }))
  const options = setting.optionsFor(text(...rows))
  const stop = new AbortController()
  const aborted = importTerminationsFile({
    ...options,
    signal: stop.signal,
    onProgress: () => stop.abort(),
  })
  await expect(aborted).rejects.toMatchObject({
    message: `interrupted; go on with \`redress refunds import-terminations ${options.path}\``,
  })
  expect(await setting.leftovers()).toEqual([])
  expect(await importTerminationsFile(options)).toMatchObject({ accepted: 20_000 })
  expect(await importTerminationsFile(options)).toMatchObject({ already: true })
})
