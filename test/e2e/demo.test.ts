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
    rounds: z.array(
      z.object({
        round: z.number(),
        audience: z.number(),
        suppressed: z.record(z.string(), z.number()),
        queued: z.number(),
        messages: z.number(),
        sent: z.number(),
        suppressed_at_send: z.record(z.string(), z.number()),
        held_for_quiet_hours: z.number(),
        effect: z.object({ applied_within_24h: z.number(), applied_within_72h: z.number() }),
      }),
    ),
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
const counted = z.object({ count: z.number(), totalKrw: z.number() })
const year = z.object({
  ok: z.boolean(),
  errors: z.array(z.string()),
  schedulers: z.number(),
  done_by_scheduler: z.array(z.number()),
  doubled: z.number(),
  tasks: z.array(
    z.object({
      task: z.string(),
      due: z.number(),
      done: z.number(),
      merged: z.number(),
      skipped: z.number(),
      missed: z.number(),
      open: z.number(),
      waited: z.number(),
      longest_wait_minutes: z.number(),
    }),
  ),
  outage: z.object({
    missed: z.number(),
    by_task: z.record(z.string(), z.number()),
    run: z.number(),
    merged: z.number(),
    skipped: z.number(),
  }),
  months: z.array(z.object({ period: z.string(), runs: z.number(), granted: z.number() })),
  payouts: z.array(z.object({ date: z.string(), due: counted, paid: counted, bounced: counted })),
  campaigns: z.array(
    z.object({ campaign: z.string(), round: z.number().nullable(), sent: z.number() }),
  ),
  sent: z.number(),
  spooled: z.number(),
  books_ok: z.boolean(),
  verified: z.boolean(),
})
type Told = z.infer<typeof document>

const LINES = 4_000
let home: string

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'redress-demo-'))
})
afterAll(async () => {
  await endServer(join(home, 'demo', 'year'))
  await endServer(join(home, 'demo'))
  rmSync(home, { recursive: true, force: true })
})

async function demo(...args: readonly string[]): Promise<Told> {
  return document.parse(await demoDocument(...args))
}

async function demoDocument(...args: readonly string[]): Promise<unknown> {
  const all = ['demo', '--lines', String(LINES), '--json', '--quiet', ...args]
  const result = await redress(all, { REDRESS_HOME: home })
  expect([result.exitCode, result.stderr]).toEqual([0, ''])
  return result.json
}

it('shows a shortage, two people, a correction and an answer, and again the same', async () => {
  const told = await demo('--no-year')
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
  tellRounds(told.refunds.rounds)

  const again = await demo('--as', 'lee', '--no-year')
  expect(again.refunds.rounds).toEqual(told.refunds.rounds)
  const hashes = (it: Told): readonly string[] => it.refunds.payouts.map((of) => of.batch_hash)
  expect(hashes(again)).toEqual(hashes(told))
  expect(again.runs.map((it) => it.root_hash)).toEqual(runs.map((it) => it.root_hash))
  expect(again.runs[1]).toMatchObject({ made_by: 'lee', signed_by: 'park' })
})

it('ends with a year that two schedulers play, and nothing is lost or doubled', async () => {
  const told = z
    .object({ year })
    .parse(await demoDocument('--lines', '1000', '--year-lines', '1000')).year
  expect([told.ok, told.errors, told.doubled]).toEqual([true, [], 0])
  expect(told.books_ok && told.verified).toBe(true)
  const byTask = Object.fromEntries(told.tasks.map((it) => [it.task, it]))
  for (const it of told.tasks) {
    expect([it.task, it.open, it.done + it.merged + it.skipped]).toEqual([it.task, 0, it.due])
  }
  expect(byTask['run']).toMatchObject({ due: 6, done: 6, missed: 1 })
  expect(byTask['forecast']).toMatchObject({ due: 6, done: 5, skipped: 1, waited: 5 })
  expect(byTask['reminder_send']).toMatchObject({ due: 3, done: 3 })
  expect(byTask['payout_export']?.done).toBe(8)

  expect(told.outage).toMatchObject({ run: 2, skipped: 1, by_task: { verify: 40, run: 1 } })
  expect(told.outage.missed).toBe(told.outage.run + told.outage.skipped + told.outage.merged)
  expect(told.months.map((it) => it.period)).toHaveLength(6)
  expect(told.months.every((it) => it.granted > 0)).toBe(true)
  expect(told.payouts.slice(0, 3).map((it) => it.date)).toEqual(payoutDates)
  const paid = told.payouts.every((it) => it.due.count === it.paid.count + it.bounced.count)
  expect(paid).toBe(true)

  expect(told.sent).toBe(told.spooled)
  const sent = told.campaigns.filter((it) => it.sent > 0).map((it) => it.campaign)
  expect(new Set(sent).size).toBe(7)
  expect(told.done_by_scheduler.every((it) => it > 20)).toBe(true)
})

const payoutDates = ['2026-01-22', '2026-02-05', '2026-02-19']

/** Three rounds: who applied in between is not sent to, and one is held until the morning. */
function tellRounds(rounds: Told['refunds']['rounds']): void {
  expect(rounds.map((it) => it.round)).toEqual([1, 2, 3])
  for (const it of rounds) {
    const suppressed = Object.values(it.suppressed).reduce((sum, n) => sum + n, 0)
    expect(it.queued + suppressed).toBe(it.audience)
    const late = Object.values(it.suppressed_at_send).reduce((sum, n) => sum + n, 0)
    expect(it.sent + late).toBe(it.messages)
    expect(it.effect.applied_within_72h).toBeGreaterThan(it.effect.applied_within_24h)
  }
  const applied = rounds.map((it) => it.suppressed['APPLIED'] ?? 0)
  expect(applied).toEqual(applied.toSorted((a, b) => a - b))
  expect(rounds.some((it) => (it.suppressed_at_send['APPLIED'] ?? 0) > 0)).toBe(true)
  expect(rounds.map((it) => it.held_for_quiet_hours > 0)).toEqual([false, true, false])
}

/** Three payouts through a bank that refuses some and answers twice, and books that balance. */
function tellRefunds(it: Told['refunds']): void {
  expect(it.payouts.map((of) => of.date)).toEqual(payoutDates)
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
