/** `redress demo` as a whole command: each chapter comes to what it is to show, every time. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { redress } from '../support/cli.js'
import { endServer } from '../support/postgres-command.js'

const tally = z.object({ grants: z.number(), reversals: z.number() })
const document = z.object({
  ok: z.boolean(),
  four_eyes: z.string(),
  explained: z.object({
    before: z.array(z.string()),
    after: z.array(z.string()),
    afterInKorean: z.array(z.string()),
  }),
  refunds: z.object({
    four_eyes: z.string(),
    books_ok: z.boolean(),
    page: z.string(),
    trial_balance: z.record(z.string(), z.number()),
    unclaimed: z.object({ count: z.number(), total_krw: z.number() }),
    overall: z.record(z.string(), z.object({ count: z.number(), totalKrw: z.number() })),
    payouts: z.array(
      z.object({
        date: z.string(),
        batch_hash: z.string(),
        count: z.number(),
        total_krw: z.number(),
        made_by: z.string(),
        signed_by: z.array(z.string()),
        corrections: z.number(),
        retries: z.number(),
        reviews: z.number(),
        answers: z.record(z.string(), z.number()),
      }),
    ),
  }),
  runs: z.array(
    z.object({
      period: z.string(),
      state: z.string(),
      made_by: z.string(),
      signed_by: z.string(),
      root_hash: z.string(),
      benefits: z.record(z.string(), tally),
      codes: z.array(z.object({ option: z.string(), missing: z.number() })),
      migrations: z.array(z.object({ was: z.string(), is: z.string(), subjects: z.number() })),
    }),
  ),
})
type Told = z.infer<typeof document>

const LINES = 4_000
let home: string

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'redress-demo-'))
})
afterAll(async () => {
  await endServer(join(home, 'demo'))
  rmSync(home, { recursive: true, force: true })
})

async function demo(...args: readonly string[]): Promise<Told> {
  const all = ['demo', '--lines', String(LINES), '--json', '--quiet', ...args]
  const result = await redress(all, { REDRESS_HOME: home })
  expect([result.exitCode, result.stderr]).toEqual([0, ''])
  return document.parse(result.json)
}

it('shows a shortage, two people, a correction and an answer, and again the same', async () => {
  const told = await demo()
  expect(told.ok).toBe(true)
  const { runs } = told
  expect(runs.map((it) => `${it.period} ${it.state}`)).toEqual(
    ['02', '02', '02', '03', '02', '03'].map((month) => `2026-${month} closed`),
  )
  expect(runs.map((it) => it.made_by)).toEqual(runs.map(() => 'kim'))
  const signed = runs.map((it) => it.signed_by)
  expect(signed).toEqual(['forecast', 'lee', 'lee', 'lee', 'lee', 'lee'])
  expect(told.four_eyes).toContain('another person')

  const [, passes, codes, , ...corrections] = runs
  const missing = passes?.codes.find((it) => it.option === 'tving')?.missing ?? 0
  expect(missing).toBeGreaterThan(20)
  const waited = codes?.migrations.filter((it) => it.was === 'NO_CODE_LEFT') ?? []
  expect(waited.reduce((sum, it) => sum + it.subjects, 0)).toBe(missing)
  for (const it of corrections) {
    const reversals = Object.values(it.benefits).reduce((sum, of) => sum + of.reversals, 0)
    expect(reversals).toBeGreaterThan(3)
  }
  expect(told.explained.before.join()).toContain('No voucher code was left')
  expect(told.explained.after.join()).not.toContain('not granted')
  expect(told.explained.after.join()).toMatch(/months of (Tving|Disney)/)
  expect(told.explained.afterInKorean.join()).toMatch(/[가-힣]/)

  tellRefunds(told.refunds)

  const again = await demo('--as', 'lee')
  const hashes = (it: Told): readonly string[] => it.refunds.payouts.map((of) => of.batch_hash)
  expect(hashes(again)).toEqual(hashes(told))
  expect(again.runs.map((it) => it.root_hash)).toEqual(runs.map((it) => it.root_hash))
  expect(again.runs[1]).toMatchObject({ made_by: 'lee', signed_by: 'park' })
})

/** Three payouts through a bank that refuses some and answers twice, and books that balance. */
function tellRefunds(it: Told['refunds']): void {
  expect(it.payouts.map((of) => of.date)).toEqual(['2026-01-22', '2026-02-05', '2026-02-19'])
  expect(it.payouts.map((of) => [of.made_by, ...of.signed_by])).toEqual(
    it.payouts.map(() => ['kim', 'lee']),
  )
  expect(it.four_eyes).toContain('another person')
  for (const { answers, count } of it.payouts) {
    const { settled = 0, rejected = 0, repeated = 0, overtaken = 0, unknown = 0 } = answers
    expect(settled + rejected).toBe(count)
    expect(rejected).toBeGreaterThan(0)
    expect(repeated).toBeGreaterThanOrEqual(count)
    expect(overtaken).toBeGreaterThan(0)
    expect(unknown + (answers['wrong_amount'] ?? 0) + (answers['contradicts'] ?? 0)).toBe(0)
  }
  const [first, ...later] = it.payouts
  expect(first?.retries).toBe(0)
  const sum = (of: (payout: (typeof later)[number]) => number): number =>
    later.reduce((total, payout) => total + of(payout), 0)
  expect(sum((of) => of.retries)).toBe(sum((of) => of.corrections + of.reviews))
  expect(sum((of) => of.corrections)).toBeGreaterThan(2)
  expect(sum((of) => of.reviews)).toBeGreaterThan(0)

  const { refund_expense: owed = 0, settled = 0, unclaimed = 0, ...open } = it.trial_balance
  expect(it.books_ok).toBe(true)
  expect(owed + settled + unclaimed).toBe(0)
  expect(owed).toBe(it.overall['owed']?.totalKrw)
  expect(unclaimed).toBe(-it.unclaimed.total_krw)
  expect(Object.values(open)).toEqual([0, 0, 0])
  expect(readFileSync(it.page, 'utf8')).toContain('2026-02-19')
}
