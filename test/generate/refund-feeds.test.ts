/** The feeds of terminations and applications: their shares, edges and rows (A40, A41). */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateSnapshot } from '../../src/generate/generate-snapshot.js'
import type { GenerateOptions, GeneratedSnapshot } from '../../src/generate/generate-snapshot.js'

const LEFT = 40_000

let folder: string
let told: GeneratedSnapshot
let terminations: readonly Row[]
let applications: readonly Row[]
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'redress-refunds-'))
  told = await generate('all', {})
  terminations = rowsOf('all-t.csv')
  applications = rowsOf('all-a.csv')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string): string => join(folder, name)

async function generate(
  name: string,
  options: Partial<GenerateOptions>,
): Promise<GeneratedSnapshot> {
  return await generateSnapshot({
    size: { lines: 2_000 },
    seed: 42,
    asOf: '2026-01-13',
    badRows: 0,
    order: 'customer',
    out: at(`${name}.csv`),
    terminationsOut: at(`${name}-t.csv`),
    terminations: LEFT,
    applicationsOut: at(`${name}-a.csv`),
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

const shareOf = (rows: readonly Row[], holds: (row: Row) => boolean): number =>
  rows.filter(holds).length / rows.length
const penaltyOf = (it: Row): number =>
  Number(it['subsidy_clawback_krw']) + Number(it['discount_clawback_krw'])
/** Of each line the first row. */
const lines = (): readonly Row[] => terminations.slice(0, LEFT)
const dayOf = (it: Row, column: string): string => it[column]!.slice(0, 10)

describe('both feeds', () => {
  it('are the same for the same seed, and others for another one', async () => {
    await generate('again', {})
    await generate('other', { seed: 43 })
    for (const feed of ['t', 'a']) {
      const bytes = readFileSync(at(`all-${feed}.csv`))
      expect(readFileSync(at(`again-${feed}.csv`)).equals(bytes)).toBe(true)
      expect(readFileSync(at(`other-${feed}.csv`)).equals(bytes)).toBe(false)
    }
  })

  it('are written alone, as many as the population is large when not told', async () => {
    const few = await generate('few', {
      terminations: undefined,
      applicationsOut: undefined,
      size: { lines: 17_900 },
    })
    expect(few.terminations).toMatchObject({ lines: 660 })
    expect(few.applications).toBeNull()
    const alone = await generate('alone', { terminationsOut: undefined })
    expect(alone.terminations).toBeNull()
    expect(readFileSync(at('alone-a.csv')).equals(readFileSync(at('all-a.csv')))).toBe(true)
  })

  it('name no line of the population', () => {
    const population = new Set(rowsOf('all.csv').map((it) => it['line_id']))
    expect(terminations.some((it) => population.has(it['line_id']))).toBe(false)
  })
})

describe('the feed of terminations', () => {
  it('has each line once, and then what is told of some again', () => {
    expect(new Set(lines().map((it) => it['line_id'])).size).toBe(LEFT)
    expect(terminations.length).toBe(told.terminations?.['rows'])
    const first = new Map(lines().map((it) => [it['line_id'], it]))
    for (const row of terminations.slice(LEFT)) {
      const was = first.get(row['line_id'])!
      expect({ ...row, paid_krw: was['paid_krw'] }).toEqual(was)
      expect(Number(row['paid_krw'])).toBeGreaterThanOrEqual(Number(was['paid_krw']))
    }
    expect(told.terminations?.['restated']).toBeGreaterThan(100)
  })

  it('has penalties as A40 says', () => {
    const penalties = lines()
      .map(penaltyOf)
      .filter((it) => it > 0)
      .toSorted((a, b) => a - b)
    expect(penalties.length / LEFT).toBeCloseTo(0.55, 1)
    expect(penalties[Math.floor(penalties.length / 2)]! / 110_000).toBeCloseTo(1, 1)
    const sum = penalties.reduce((all, it) => all + it, 0)
    expect(sum / penalties.length / 150_000).toBeCloseTo(1, 1)
    expect(penalties.at(-1)).toBeLessThanOrEqual(900_000)
  })

  it('has 31 of 66 in the fourteen days, a third of these on the last two', () => {
    const inWaiver = lines().filter((it) => {
      const day = dayOf(it, 'terminated_at')
      return day >= '2025-12-31' && day <= '2026-01-13'
    })
    expect(inWaiver.length / LEFT).toBeCloseTo(31 / 66, 1)
    const isLast = (it: Row): boolean => dayOf(it, 'terminated_at') >= '2026-01-12'
    expect(shareOf(inWaiver, isLast)).toBeCloseTo(1 / 3, 1)
  })

  it.each([
    ['of budget operators', (it: Row) => it['network'] === 'mvno'],
    ['of things', (it: Row) => it['line_kind'] === 'iot'],
    ['of companies', (it: Row) => it['customer_kind'] === 'corporate'],
    ['ended ex officio', (it: Row) => it['termination_kind'] === 'ex_officio'],
    ['begun after the base day', (it: Row) => it['activated_on']! > '2025-08-31'],
    ['renewed after the base day', (it: Row) => it['contract_event_on']! > '2025-08-31'],
    ['taken up again', (it: Row) => it['resubscribed_on'] !== ''],
    ['ended too early', (it: Row) => it['terminated_at']! < '2025-09-01'],
    [
      'ended late for a hardship',
      (it: Row) => {
        return it['terminated_at']! > '2026-01-14' && it['hardship'] !== ''
      },
    ],
    ['at the end of the first group', (it: Row) => it['terminated_at']!.includes('12-31T23:59:59')],
    ['unpaid', (it: Row) => penaltyOf(it) > 0 && it['paid_krw'] === '0'],
    [
      'paid in part',
      (it: Row) => {
        return it['paid_krw'] !== '0' && Number(it['paid_krw']) < penaltyOf(it)
      },
    ],
    ['paid twice', (it: Row) => Number(it['paid_krw']) > penaltyOf(it)],
    ['waived before', (it: Row) => it['already_waived_krw'] !== '0'],
  ])('has lines %s', (_, holds) => {
    const share = shareOf(lines(), holds)
    expect(share).toBeGreaterThan(0.0002)
    expect(share).toBeLessThan(0.12)
  })
})

describe('the feed of applications', () => {
  const firsts = (): readonly Row[] => {
    const found = new Map<string, Row>()
    for (const it of applications) {
      if (!found.has(it['application_id']!)) found.set(it['application_id']!, it)
    }
    return [...found.values()]
  }

  it('has four fifths of those who left, half of them in the first five days', () => {
    const applied = firsts().filter((it) => it['application_id']!.endsWith('-1'))
    expect(applied.length / LEFT).toBeCloseTo(0.8, 1)
    const isSoon = (it: Row): boolean => dayOf(it, 'applied_at') <= '2026-01-18'
    expect(shareOf(applied, isSoon)).toBeCloseTo(0.5, 1)
    expect(applied.length).toBe(told.applications?.['lines'])
  })

  it('has accounts of 10 to 14 digits that no bank gives, of known banks', () => {
    for (const it of applications) {
      expect(it['account_number']!.replaceAll('-', '')).toMatch(/^0000\d{6,10}$/)
      expect(it['bank_code']).toMatch(/^\d{3}$/)
      expect(it['account_holder']!.length).toBeGreaterThan(1)
    }
  })

  it.each([
    ['twice for a line', (it: Row) => it['application_id']!.endsWith('-2')],
    ['too early', (it: Row) => it['applied_at']! < '2026-01-14T09'],
    ['too late', (it: Row) => it['applied_at']! > '2026-01-31T22:00:00'],
    ['of another holder', (it: Row) => it['holder_check'] === 'mismatch'],
    ['not checked yet', (it: Row) => it['holder_check'] === 'unchecked'],
    ['withdrawn', (it: Row) => it['withdrawn_at'] !== ''],
  ])('has some %s', (_, holds) => {
    const share = shareOf(firsts(), holds)
    expect(share).toBeGreaterThan(0.001)
    expect(share).toBeLessThan(0.07)
  })

  it('tells of each application again only what the import takes', () => {
    const first = new Map(firsts().map((it) => [it['application_id'], it]))
    const again = applications.slice(first.size)
    expect(again.length).toBeGreaterThan(500)
    for (const row of again) {
      const was = first.get(row['application_id'])!
      const changed = Object.keys(row).filter((it) => row[it] !== was[it])
      const isWithdrawal = changed.join() === 'withdrawn_at' && was['withdrawn_at'] === ''
      expect(isWithdrawal || changed.every((it) => /^(bank|account|holder)_/.test(it))).toBe(true)
    }
  })

  it('names some lines that nobody knows', () => {
    const known = new Set(lines().map((it) => it['line_id']))
    const unknown = new Set(applications.map((it) => it['line_id']).filter((it) => !known.has(it)))
    expect(unknown.size).toBe(told.applications?.['unknown_lines'])
    expect(unknown.size).toBeGreaterThan(20)
  })
})
