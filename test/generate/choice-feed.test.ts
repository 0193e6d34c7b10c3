/** The feeds of choices and of voucher codes: their shares, edges and rows, whatever the order. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateSnapshot } from '../../src/generate/generate-snapshot.js'
import type { GenerateOptions, GeneratedSnapshot } from '../../src/generate/generate-snapshot.js'

const LINES = 60_000

let folder: string
let told: GeneratedSnapshot
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'redress-choices-'))
  told = await generate('all', {})
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string): string => join(folder, name)

async function generate(
  name: string,
  options: Partial<GenerateOptions>,
): Promise<GeneratedSnapshot> {
  return await generateSnapshot({
    size: { lines: LINES },
    seed: 42,
    asOf: '2026-01-13',
    badRows: 0,
    order: 'customer',
    out: at(`${name}.csv`),
    choicesOut: at(`${name}-o.csv`),
    vouchersOut: at(`${name}-v.csv`),
    ...options,
  })
}

type Row = Readonly<Record<string, string>>

function rowsOf(name: string): readonly Row[] {
  const [header = '', ...rows] = readFileSync(at(name), 'utf8').trimEnd().split('\n')
  const names = header.split(',')
  return rows.map((row) => {
    const fields = row.split(',')
    expect(fields).toHaveLength(names.length)
    return Object.fromEntries(names.map((it, index) => [it, fields[index] ?? '']))
  })
}

const linesById = (): ReadonlyMap<string, Row> =>
  new Map(rowsOf('all.csv').map((it) => [it['line_id'] ?? '', it]))

/** Of each choice_id the first row. */
function choices(benefit: string): readonly Row[] {
  const first = new Map(
    rowsOf('all-o.csv')
      .toReversed()
      .map((it) => [it['choice_id'], it]),
  )
  return [...first.values()].filter((it) => it['benefit'] === benefit)
}

const shareOf = (rows: readonly Row[], holds: (row: Row) => boolean): number =>
  rows.filter(holds).length / rows.length

describe('the feed of choices', () => {
  it('is the same whatever the order of the snapshot', async () => {
    await generate('mixed', { order: 'shuffled' })
    expect(readFileSync(at('mixed-o.csv')).equals(readFileSync(at('all-o.csv')))).toBe(true)
    expect(readFileSync(at('mixed-v.csv')).equals(readFileSync(at('all-v.csv')))).toBe(true)
  })

  it('has passes of the share of handset lines asked for, and few of other lines', async () => {
    const lines = linesById()
    const eligible = (it: Row): boolean => it['line_kind'] === 'handset' && it['network'] === 'kt'
    const handsets = [...lines.values()].filter(eligible).length
    const choosing = new Set(choices('ott_pass').map((it) => it['line_id'] ?? ''))
    const kinds = [...choosing].map((it) => lines.get(it) ?? {})
    expect(kinds.filter(eligible).length / handsets).toBeCloseTo(0.3, 1)
    expect(kinds.filter((it) => !eligible(it)).length).toBeGreaterThan(10)
    expect(choosing.size).toBe(told.choices?.['lines_choosing'])
    const fewer = await generate('fewer', { choiceShare: 0.1 })
    expect((fewer.choices?.['lines_choosing'] ?? 0) / handsets).toBeCloseTo(0.1, 1)
  })

  it('has applications of a tenth of the customers under 65, some minors without consent', () => {
    const lines = [...linesById().values()]
    const customers = new Map(lines.map((it) => [it['customer_id'] ?? '', it]))
    const young = [...customers.values()].filter((it) => (it['birth_date'] ?? '') > '1961-02-01')
    const byLine = new Map(lines.map((it) => [it['line_id'] ?? '', it]))
    const applications = choices('insurance').map((it) => ({
      ...byLine.get(it['line_id']!),
      ...it,
    }))
    const applying = new Set(applications.map((it: Row) => it['customer_id']))
    const share = young.filter((it) => applying.has(it['customer_id'])).length / young.length
    expect(share).toBeGreaterThan(0.09)
    expect(share).toBeLessThan(0.11)
    expect(applications.length).toBeGreaterThan(applying.size)
    const children = applications.filter((it: Row) => (it['birth_date'] ?? '') > '2012-08-31')
    const consents = new Set(children.map((it: Row) => it['guardian_consent']))
    expect(consents).toEqual(new Set(['', 'true', 'false']))
  })

  it('comes mostly in the first two weeks, with the edges of the window and of months', () => {
    const passes = choices('ott_pass')
    const early = (it: Row): boolean => (it['chosen_at'] ?? '') < '2026-02-15'
    expect(shareOf(passes, early)).toBeGreaterThan(0.55)
    expect(shareOf(passes, early)).toBeLessThan(0.75)
    const instants = new Set(passes.map((it) => it['chosen_at']))
    for (const edge of [
      '2026-01-31T23:59:59',
      '2026-02-01T00:00:00',
      '2026-03-01T00:00:00',
      '2026-02-28T23:59:59',
      '2026-07-31T23:59:59',
      '2026-08-01T00:00:00',
    ])
      expect(instants).toContain(`${edge}+09:00`)
    expect(told.choices?.['outside_window']).toBeGreaterThan(50)
  })

  it('has rows as contracts want them, and restated ones that only withdraw or repeat', () => {
    const rows = rowsOf('all-o.csv')
    const instant = /^2026-\d\d-\d\dT\d\d:\d\d:\d\d\+09:00$/
    const first = new Map<string, Row>()
    const again = { withdrawn: 0, repeated: 0 }
    for (const row of rows) {
      const { choice_id: id = '', withdrawn_at: withdrawn = '' } = row
      expect(id.length).toBeLessThanOrEqual(64)
      expect(row['chosen_at']).toMatch(instant)
      if (withdrawn !== '') expect(withdrawn > (row['chosen_at'] ?? '')).toBe(true)
      expect(row['benefit'] === 'ott_pass').toBe(row['option'] !== '')
      const known = first.get(id)
      if (known === undefined) first.set(id, row)
      else {
        expect({ ...row, withdrawn_at: '' }).toEqual(known)
        if (withdrawn === '') again.repeated += 1
        else again.withdrawn += 1
      }
    }
    expect(rows.length).toBe(told.choices?.['rows'])
    expect(again.repeated).toBe(told.choices?.['repeated'])
    const atOnce = [...first.values()].filter((it) => it['withdrawn_at'] !== '').length
    expect(again.withdrawn + atOnce).toBe(told.choices?.['withdrawn'])
    expect(Math.min(again.withdrawn, atOnce, again.repeated)).toBeGreaterThan(0)
  })
})

describe('the feed of voucher codes', () => {
  it('has as many codes as asked for, each once, some of which expire early', async () => {
    await generate('codes', { voucherCodes: 20_000, size: { lines: 100 } })
    const codes = rowsOf('codes-v.csv')
    expect(codes).toHaveLength(20_000)
    expect(new Set(codes.map((it) => it['code'])).size).toBe(20_000)
    expect(
      codes.every((it) => /^[2-9A-HJ-NP-Z]{4}(-[2-9A-HJ-NP-Z]{4}){3}$/.test(it['code']!)),
    ).toBe(true)
    expect(shareOf(codes, (it) => it['option'] === 'tving')).toBeCloseTo(0.6, 1)
    expect(shareOf(codes, (it) => it['expires_on']! < '2026-08-01')).toBeCloseTo(0.03, 2)
  })

  it('has some more than are asked for when no number is given, and none for none', async () => {
    expect(told.vouchers?.['codes']).toBe(LINES * 0.3)
    expect(told.vouchers?.['codes']).toBeGreaterThan(told.choices?.['lines_choosing'] ?? Infinity)
    const none = await generate('none', { voucherCodes: 0, size: { lines: 100 } })
    expect(none.vouchers).toMatchObject({ codes: 0 })
    expect(rowsOf('none-v.csv')).toEqual([])
  })
})
