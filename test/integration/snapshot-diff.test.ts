/** What differs between two snapshots: every kind of difference, and a plain diff as the oracle. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { diffSnapshots } from '../../src/snapshot/diff-snapshots.js'
import type { DiffOptions, SnapshotDiff } from '../../src/snapshot/diff-snapshots.js'
import { LINE_COLUMNS } from '../../src/snapshot/snapshot-diff-store.js'
import type { SealedSnapshot } from '../../src/snapshot/snapshot.js'
import { COMPANY, LedgerSetting, V1_AS_OF, V2_AS_OF } from '../support/builders.js'
import type { RowDraft } from '../support/builders.js'

let setting: LedgerSetting

beforeAll(async () => {
  setting = await LedgerSetting.open()
})
afterAll(async () => {
  await setting.close()
})

const diff = async (
  was: SealedSnapshot,
  is: SealedSnapshot,
  options: DiffOptions = { sample: 20 },
): Promise<SnapshotDiff> => await diffSnapshots(setting.pool, was, is, options)

const NO_COLUMN = Object.fromEntries(LINE_COLUMNS.map((it) => [it, 0]))

describe('one line that differs in one column', () => {
  const plain: RowDraft = { line_id: 7, customer_id: 3, activated_on: '2020-01-01' }
  const event = { contract_event: 'new', contract_event_on: '2025-03-03' }
  let was: SealedSnapshot
  beforeAll(async () => {
    was = await setting.importLines([plain, { line_id: 8, customer_id: 4, ...event }])
  })

  it.each([
    { column: 'customer_id', line: 7, change: { customer_id: 5 }, told: ['3', '5'] },
    { column: 'network', line: 7, change: { network: 'mvno' }, told: ['kt', 'mvno'] },
    { column: 'line_kind', line: 7, change: { line_kind: 'iot' }, told: ['handset', 'iot'] },
    { column: 'payment', line: 7, change: { payment: 'prepaid' }, told: ['postpaid', 'prepaid'] },
    { column: 'status', line: 7, change: { status: 'suspended' }, told: ['active', 'suspended'] },
    {
      column: 'activated_on',
      line: 7,
      change: { activated_on: '2020-01-02' },
      told: ['2020-01-01', '2020-01-02'],
    },
    {
      column: 'contract_event',
      line: 8,
      change: { contract_event: 'renewal' },
      told: ['new', 'renewal'],
    },
    {
      column: 'contract_event_on',
      line: 8,
      change: { contract_event_on: '2025-03-04' },
      told: ['2025-03-03', '2025-03-04'],
    },
    {
      column: 'plan_restriction',
      line: 7,
      change: { plan_restriction: 'minor' },
      told: ['none', 'minor'],
    },
    {
      column: 'guardian_consent_on',
      line: 7,
      change: { guardian_consent_on: '2026-01-02' },
      told: [null, '2026-01-02'],
    },
    {
      column: 'roaming_promotion_ends_on',
      line: 7,
      change: { roaming_promotion_ends_on: '2026-02-02' },
      told: [null, '2026-02-02'],
    },
    { column: 'birth_date', line: 7, change: { birth_date: '1980-05-06' }, told: undefined },
    { column: 'notice_number', line: 7, change: { notice_number: '0101234567' }, told: undefined },
  ])('is counted and told: $column', async ({ column, line, change, told }) => {
    const rows = [plain, { line_id: 8, customer_id: 4, ...event }].map((it) =>
      it.line_id === line ? { ...it, ...change } : it,
    )
    const { lines, sample } = await diff(was, await setting.importLines(rows))
    expect(lines).toEqual({
      added: 0,
      gone: 0,
      changed: 1,
      unchanged: 1,
      columns: { ...NO_COLUMN, [column]: 1 },
    })
    const values = told && { was: told[0], is: told[1] }
    const personal = told === undefined
    expect(sample).toEqual([{ lineId: `${line}`, changes: [{ column, personal, ...values }] }])
  })
})

describe('customers', () => {
  const IDS = [1, 2, 3, 4, 5, 6]
  const rows = IDS.map((id): RowDraft => ({ line_id: id, customer_id: 100 + id }))

  it('are counted once each, however many of their lines say so', async () => {
    const was = await setting.importLines([...rows, { line_id: 11, customer_id: 101 }])
    const is = await setting.importLines([
      { line_id: 1, customer_id: 101, birth_date: '1981-01-01' },
      { line_id: 11, customer_id: 101, birth_date: '1981-01-01' },
      { line_id: 2, customer_id: 102, ...COMPANY },
      { line_id: 3, customer_id: 999 },
      ...rows.slice(4),
      { line_id: 12, customer_id: 998 },
      { line_id: 13, customer_id: 998 },
    ])
    const { lines, customers } = await diff(was, is)
    expect(customers).toEqual({
      added: 2,
      gone: 2,
      changed: 2,
      unchanged: 2,
      columns: { customer_kind: 1, birth_date: 2 },
    })
    expect(lines).toMatchObject({ added: 2, gone: 1, changed: 4, unchanged: 2 })
    expect(lines.columns).toMatchObject({ customer_id: 1, customer_kind: 1, birth_date: 3 })
  })

  it('stay the same when one of their lines goes and another comes', async () => {
    const was = await setting.importLines(rows)
    const is = await setting.importLines([...rows.slice(1), { line_id: 99, customer_id: 101 }])
    const { lines, customers } = await diff(was, is)
    expect(lines).toMatchObject({ added: 1, gone: 1, changed: 0, unchanged: 5 })
    expect(customers).toMatchObject({ added: 0, gone: 0, changed: 0, unchanged: 6 })
  })

  it('all come or all go where one snapshot is empty', async () => {
    const [some, none] = [await setting.importLines(rows), await setting.importLines([])]
    const all = { added: 0, gone: 0, changed: 0, unchanged: 0 }
    const coming = await diff(none, some)
    expect(coming.lines).toMatchObject({ ...all, added: 6 })
    expect(coming.customers).toMatchObject({ ...all, added: 6 })
    const going = await diff(some, none)
    expect(going.lines).toMatchObject({ ...all, gone: 6 })
    expect(going.customers).toMatchObject({ ...all, gone: 6 })
    expect(coming.sample).toEqual([])
  })
})

describe('the sample', () => {
  // The ids are a digit apart in length, so that an order as text would show.
  const rows = Array.from({ length: 1_500 }, (_, index): RowDraft => {
    return { line_id: ((index * 7) % 1_500) + 1, customer_id: 1 }
  })

  it('holds the lowest changed lines in order, as many as asked for', async () => {
    const was = await setting.importLines(rows)
    const is = await setting.importLines(
      rows.map((it) => (Number(it.line_id) % 3 === 0 ? { ...it, status: 'suspended' } : it)),
    )
    const idsOf = async (sample: number): Promise<readonly string[]> =>
      (await diff(was, is, { sample })).sample.map((it) => it.lineId)
    const changed = Array.from({ length: 500 }, (_, index) => `${3 * (index + 1)}`)
    expect(await idsOf(0)).toEqual([])
    expect(await idsOf(1)).toEqual(['3'])
    expect(await idsOf(20)).toEqual(changed.slice(0, 20))
    expect(await idsOf(1_000)).toEqual(changed)
  })

  it('is cut on the way where more changed than is kept', async () => {
    const { was, is } = await largePair()
    const everything = await diff(was, is, { sample: 100_000 })
    expect(everything.lines.changed).toBeGreaterThan(2_000)
    expect(everything.sample.length).toBe(everything.lines.changed)
    const few = await diff(was, is, { sample: 5 })
    expect(few.sample).toEqual(everything.sample.slice(0, 5))
  })
})

let pair: Promise<{ was: SealedSnapshot; is: SealedSnapshot }> | undefined
/** Several chunks each, cut at other customers; half of the lines that both hold differ. */
function largePair(): NonNullable<typeof pair> {
  return (pair ??= (async () => {
    const rows = (from: number, to: number): readonly RowDraft[] =>
      Array.from({ length: to - from }, (_, index) => {
        const id = from + ((index * 11) % (to - from))
        return { line_id: 1 + id, customer_id: 1 + (id % 4_001) }
      })
    const changed = (it: RowDraft): RowDraft => {
      const customer = Number(it.customer_id)
      const moved = Number(it.line_id) % 10 === 0 ? { customer_id: 9_000 - customer } : {}
      const older = customer % 2 === 0 ? { birth_date: '1979-05-05' } : {}
      return { ...it, ...older, ...moved }
    }
    const after = rows(900, 9_000).map(changed)
    return { was: await setting.importLines(rows(0, 7_000)), is: await setting.importLines(after) }
  })())
}

describe('populations of several chunks', () => {
  it('differ as a plain diff of their rows says, either way round', async () => {
    const { was, is } = await largePair()
    await expectLikeOracle(was, is)
    await expectLikeOracle(is, was)
    expect(Math.min(was.chunks, is.chunks)).toBeGreaterThan(3)
  })

  it('of two days differ by who left and who joined', async () => {
    const was = await setting.importGenerated({ lines: 6_000, seed: 5, asOf: V1_AS_OF })
    const is = await setting.importGenerated({ lines: 6_000, seed: 5, asOf: V2_AS_OF })
    const { lines } = await expectLikeOracle(was, is)
    expect(Math.min(lines.added, lines.gone, lines.unchanged)).toBeGreaterThan(0)
  })

  it('tell how far they are, up to the end, and stop when they are told to', async () => {
    const { was, is } = await largePair()
    const seen = { lines: [] as number[], customers: [] as number[] }
    await diff(was, is, {
      sample: 0,
      onLines: (done) => seen.lines.push(done),
      onCustomers: (done) => seen.customers.push(done),
    })
    for (const [steps, total] of [
      [seen.lines, was.lines],
      [seen.customers, was.customers],
    ] as const) {
      expect(steps).toEqual(steps.toSorted((a, b) => a - b))
      expect(steps.at(-1)).toBe(total)
    }
    for (const when of ['onLines', 'onCustomers'] as const) {
      const abort = new AbortController()
      const options = { sample: 0, signal: abort.signal, [when]: () => abort.abort() }
      await expect(diff(was, is, options)).rejects.toMatchObject({ name: 'AbortError' })
    }
  })
})

describe('any two snapshots', () => {
  // One birth date and kind a customer, or the import would quarantine it.
  const population = fc.record({
    kinds: fc.array(fc.constantFrom('a', 'b', 'corporate'), { minLength: 6, maxLength: 6 }),
    lines: fc.uniqueArray(
      fc.record({
        line_id: fc.integer({ min: 1, max: 12 }),
        customer: fc.integer({ min: 0, max: 5 }),
        status: fc.constantFrom('active', 'suspended'),
        notice_number: fc.constantFrom('', '0101234567', '0101234568'),
        guardian_consent_on: fc.constantFrom('', '2026-01-01'),
      }),
      { selector: (it) => it.line_id, maxLength: 12 },
    ),
  })
  const identities = {
    a: { birth_date: '1970-01-01' },
    b: { birth_date: '1970-01-02' },
    corporate: COMPANY,
  }

  it('differ as a plain diff of their rows says', async () => {
    const rowsOf = ({
      kinds,
      lines,
    }: typeof population extends fc.Arbitrary<infer T> ? T : never) =>
      lines.map(({ customer, ...it }) => ({
        ...it,
        customer_id: customer + 1,
        ...identities[kinds[customer] as keyof typeof identities],
      }))
    await fc.assert(
      fc.asyncProperty(population, population, async (before, after) => {
        const was = await setting.importLines(rowsOf(before))
        const is = await setting.importLines(rowsOf(after))
        await expectLikeOracle(was, is)
      }),
      { numRuns: 40 },
    )
  })
})

type Row = Readonly<Record<string, unknown>>

async function rowsOf(it: SealedSnapshot): Promise<ReadonlyMap<string, Row>> {
  const rows = await setting.query<Row & { line_id: string }>(
    `select to_jsonb(line) as row, line_id from snapshot_line line where snapshot_id = $1`,
    [it.snapshotId],
  )
  return new Map(rows.map((line) => [line.line_id, line['row'] as Row]))
}

/** Compares with maps of all rows; returns what it was compared with. */
async function expectLikeOracle(was: SealedSnapshot, is: SealedSnapshot): Promise<SnapshotDiff> {
  const [before, after] = [await rowsOf(was), await rowsOf(is)]
  const columns: Record<string, number> = { ...NO_COLUMN }
  const changed = [...before].filter(([lineId, row]) => {
    const other = after.get(lineId)
    const differing = other ? LINE_COLUMNS.filter((it) => row[it] !== other[it]) : []
    for (const it of differing) columns[it]! += 1
    return differing.length > 0
  })
  const gone = [...before.keys()].filter((it) => !after.has(it)).length
  const found = await diff(was, is, { sample: 7 })
  expect(found.lines).toEqual({
    added: [...after.keys()].filter((it) => !before.has(it)).length,
    gone,
    changed: changed.length,
    unchanged: before.size - gone - changed.length,
    columns,
  })
  expect(found.customers).toEqual(customersOf(before, after))
  const lowest = changed.map(([lineId]) => BigInt(lineId)).toSorted((a, b) => (a < b ? -1 : 1))
  expect(found.sample.map((it) => it.lineId)).toEqual(lowest.slice(0, 7).map(String))
  return found
}

function customersOf(before: ReadonlyMap<string, Row>, after: ReadonlyMap<string, Row>): object {
  const listed = (rows: ReadonlyMap<string, Row>) =>
    new Map([...rows.values()].map((it) => [it['customer_id'], it]))
  const [was, is] = [listed(before), listed(after)]
  const both = [...was].filter(([id]) => is.has(id))
  const differing = (...columns: readonly string[]): number =>
    both.filter(([id, row]) => columns.some((it) => row[it] !== is.get(id)?.[it])).length
  const changed = differing('customer_kind', 'birth_date')
  return {
    added: [...is.keys()].filter((it) => !was.has(it)).length,
    gone: was.size - both.length,
    changed,
    unchanged: both.length - changed,
    columns: {
      customer_kind: differing('customer_kind'),
      birth_date: differing('birth_date'),
    },
  }
}
