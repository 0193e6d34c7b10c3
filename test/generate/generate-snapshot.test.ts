/** The generator against a small validator of its own, written from contracts §2.1 and §2.2. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RedressError } from '../../src/errors.js'
import { generateSnapshot } from '../../src/generate/generate-snapshot.js'
import type { GenerateOptions, GeneratedSnapshot } from '../../src/generate/generate-snapshot.js'
import { ROW_ORDERS } from '../../src/generate/row-order.js'
import { quarantinedRows } from './row-validator.js'

const LINES = 60_000

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'redress-generate-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('generateSnapshot', () => {
  it('writes the same bytes for the same options and others for another seed', async () => {
    const hashes: string[] = []
    for (const [name, seed] of [
      ['a', 7],
      ['b', 7],
      ['c', 8],
    ] as const) {
      const extra = {
        statusOut: at(`${name}-s.csv`),
        consentsOut: at(`${name}-c.csv`),
        choicesOut: at(`${name}-o.csv`),
        vouchersOut: at(`${name}-v.csv`),
      }
      await generate(name, { seed, badRows: 0.01, size: { lines: 5_000 }, ...extra })
      const files = ['', '-s', '-c', '-o', '-v'].map((it) => `${name}${it}.csv`)
      hashes.push(files.map((file) => sha256(readFileSync(at(file)))).join(' '))
    }
    expect(hashes[0]).toBe(hashes[1])
    expect(hashes[2]).not.toBe(hashes[0])
  })

  it('has the same rows in every order, sorted by line or mixed when asked to be', async () => {
    const size = { lines: 5_000 }
    for (const order of ROW_ORDERS) await generate(order, { order, size })
    const byCustomer = dataRows('customer')
    const byLine = dataRows('line')
    expect(byLine).toEqual(byCustomer.toSorted((one, other) => idOf(one, 0) - idOf(other, 0)))
    expect(byCustomer.map((row) => idOf(row, 1))).toEqual(
      byCustomer.map((row) => idOf(row, 1)).toSorted((one, other) => one - other),
    )
    expect(dataRows('shuffled').toSorted()).toEqual(byCustomer.toSorted())
    expect(neighbours(dataRows('shuffled'))).toBeLessThan(neighbours(byCustomer) / 20)
  })

  it('packs the file when its name asks for it', async () => {
    await generate('plain', { size: { lines: 1_000 } })
    await generateSnapshot({ ...BASE, size: { lines: 1_000 }, out: at('packed.csv.gz') })
    expect(gunzipSync(readFileSync(at('packed.csv.gz')))).toEqual(readFileSync(at('plain.csv')))
  })

  it('writes rows that are valid but for the bad ones, which are of every kind', async () => {
    const told = await generate('bad', { badRows: 0.01 })
    const rows = dataRows('bad')
    const refused = quarantinedRows(rows, '2026-01-13')
    expect(rows.length).toBe(told.rows)
    expect(told.lines).toBe(LINES)
    expect(refused.size).toBe(told.bad_rows)
    expect(told.bad_rows).toBeGreaterThanOrEqual(0.0095 * LINES)
    expect(Object.keys(told.bad_rows_by_fault).length).toBe(33)
    await generate('good', {})
    const good = new Set(dataRows('good'))
    const accepted = rows.filter((_, index) => !refused.has(index))
    expect(accepted.length).toBe(LINES)
    expect(accepted.every((row) => good.has(row))).toBe(true)
  })

  it('has the shares of the programme', async () => {
    const told = await generate('shares', {})
    expect(quarantinedRows(dataRows('shares'), '2026-01-13').size).toBe(0)
    const { handset, tablet, watch, iot } = told.line_kinds
    // Millions of 17.9 million lines. IoT lines come in few large fleets and so vary most.
    expectShare(handset, 13.6, 0.06)
    expectShare(tablet + watch, 1.4, 0.1)
    expectShare(iot, 2.9, 0.25)
    expectShare(told.prepaid_lines, 0.3, 0.15)
    expectShare(told.suspended_lines, 0.25, 0.15)
    expectShare(told.mvno_lines, 0.54, 0.2)
    const individuals = told.customers - told.corporate_customers
    expect(told.customers_aged_65 / individuals).toBeGreaterThan(0.19)
    expect(told.customers_aged_65 / individuals).toBeLessThan(0.22)
    expect(told.minor_plans_with_consent).toBeLessThan(told.minor_plans)
    expect(told.largest_customer_lines).toBeGreaterThan(100)
    const promotions = dataRows('shares').map((row) => row.split(',')[13] ?? '')
    expect(promotions).toEqual(expect.arrayContaining(['2026-01-31', '2026-02-01']))
  })

  it("changes lines later, some on a month's first second and some a second before", async () => {
    const files = { statusOut: at('later-s.csv'), consentsOut: at('later-c.csv') }
    const told = await generate('later', files)
    const known = new Set(dataRows('later').map((row) => row.split(',')[0]))
    const changes = dataRows('later-s').map((row) => row.split(','))
    expect(changes.every(([line]) => known.has(line))).toBe(true)
    const instants = changes.map(([, , effectiveAt]) => effectiveAt ?? '')
    const instant = /^202[56]-\d\d-\d\dT\d\d:\d\d:\d\d\+09:00$/
    expect(instants.every((text) => instant.test(text))).toBe(true)
    expect(instants).toContain('2026-03-01T00:00:00+09:00')
    expect(instants).toContain('2026-02-28T23:59:59+09:00')
    const terminated = told.status_changes?.['terminated'] ?? 0
    // 1.2 % a month over 6.6 months.
    expect(terminated / LINES).toBeCloseTo(0.076, 2)
    expect(dataRows('later-c').every((row) => /^\d+,2026-0[1-7]-\d\d$/.test(row))).toBe(true)
    expect(told.consents?.['lines']).toBeGreaterThan(0)
  })

  it('shows the same people on a later day, less who left and with who came', async () => {
    const events = { statusOut: at('v1-s.csv') }
    await generate('v1', events)
    const later = await generate('v2', { asOf: '2026-01-31' })
    const day = (text: string | undefined): string => text?.slice(0, 10) ?? ''
    const left = dataRows('v1-s')
      .map((row) => row.split(','))
      .filter(([, status, at]) => status === 'terminated' && day(at) <= '2026-01-31')
      .map(([line]) => line)
    const before = new Set(dataRows('v1').map((row) => row.split(',')[0]))
    const after = new Set(dataRows('v2').map((row) => row.split(',')[0]))
    expect(new Set([...before].filter((line) => !after.has(line)))).toEqual(new Set(left))
    const came = dataRows('v2')
      .map((row) => row.split(','))
      .filter(([line]) => !before.has(line))
    expect(came.length).toBeGreaterThan(100)
    const joined = came.map((it) => it[8] ?? '').toSorted()
    expect(joined[0]! > '2026-01-13' && joined.at(-1)! <= '2026-01-31').toBe(true)
    expect(quarantinedRows(dataRows('v2'), '2026-01-31').size).toBe(0)
    expect(later.lines).toBe(dataRows('v2').length)
  })

  it('takes the number of customers instead of lines', async () => {
    const told = await generate('customers', { size: { customers: 3_000 } })
    expect(told.customers).toBe(3_000)
    expect(new Set(dataRows('customers').map((row) => row.split(',')[1])).size).toBe(3_000)
  })

  it('refuses options out of range and files that cannot be written', async () => {
    const code = async (options: Partial<GenerateOptions>): Promise<unknown> => {
      const error = await generate('refused', options).catch((it: unknown) => it)
      return error instanceof RedressError ? error.code : error
    }
    expect(await code({ size: { lines: 0 } })).toBe('USAGE')
    expect(await code({ badRows: 0.6 })).toBe('USAGE')
    expect(await code({ choiceShare: 1.1 })).toBe('USAGE')
    expect(await code({ voucherCodes: 0.5 })).toBe('USAGE')
    expect(await code({ asOf: '2026-02-30' })).toBe('USAGE')
    expect(await code({ out: join(folder, 'plain.csv', 'x.csv') })).toBe('OUTPUT_UNWRITABLE')
    expect(await code({ out: folder })).toBe('OUTPUT_UNWRITABLE')
  })
})

const BASE = {
  size: { lines: LINES },
  seed: 42,
  asOf: '2026-01-13',
  badRows: 0,
  order: 'customer',
} as const satisfies Partial<GenerateOptions>

function at(name: string): string {
  return join(folder, name)
}

function generate(name: string, options: Partial<GenerateOptions>): Promise<GeneratedSnapshot> {
  return generateSnapshot({ ...BASE, out: at(`${name}.csv`), ...options })
}

function dataRows(name: string): string[] {
  return readFileSync(at(`${name}.csv`), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
}

function expectShare(lines: number, millions: number, tolerance: number): void {
  const expected = (millions / 17.9) * LINES
  expect(Math.abs(lines / expected - 1)).toBeLessThan(tolerance)
}

function idOf(row: string, column: number): number {
  return Number(row.split(',')[column])
}

/** How often a row is followed by another of the same customer. */
function neighbours(rows: readonly string[]): number {
  return rows.filter((row, index) => idOf(row, 1) === idOf(rows[index + 1] ?? '', 1)).length
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
