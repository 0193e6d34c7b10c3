/** `redress demo` as a whole command: each chapter comes to what it is to show, every time. */
import { mkdtempSync, rmSync } from 'node:fs'
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

  const again = await demo('--as', 'lee')
  expect(again.runs.map((it) => it.root_hash)).toEqual(runs.map((it) => it.root_hash))
  expect(again.runs[1]).toMatchObject({ made_by: 'lee', signed_by: 'park' })
})
