/** A rehearsal on the embedded database, as whole commands: claimed names, holds, forecasts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redress } from '../support/cli.js'
import type { CliDocument, CliResult } from '../support/cli.js'
import { endServer } from '../support/postgres-command.js'
import { AS_OF, complaintOf, HEADER, row } from './setting.js'

const LINES = 2_200
let home: string

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'redress-rehearsal-'))
  const lines = Array.from({ length: LINES }, (_, index) =>
    row({ line_id: `${index + 1}`, customer_id: `${index + 1}` }),
  )
  await ok('kim', 'snapshot', 'import', file('lines.csv', [HEADER, ...lines]), '--as-of', AS_OF)
}, 120_000)

afterAll(async () => {
  await endServer(home)
  rmSync(home, { recursive: true, force: true })
})

function file(name: string, lines: readonly string[]): string {
  const path = join(home, name)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

/** Lines that were terminated on a day, from the first on. */
function gone(count: number, day: string): string {
  const rows = Array.from({ length: count }, (_, index) => `${index + 1},terminated,${day}`)
  return file(`gone-${count}.csv`, ['line_id,status,effective_at', ...rows])
}

async function as(name: string, ...args: readonly string[]): Promise<CliResult> {
  const now = args.includes('--now') ? [] : ['--now', `${periodIn(args)}-01T09:00:00+09:00`]
  return await redress([...args, '--as', name, ...now], { REDRESS_HOME: home })
}

function periodIn(args: readonly string[]): string {
  return args.find((it) => /^2026-\d\d$/.test(it)) ?? '2026-02'
}

async function ok(name: string, ...args: readonly string[]): Promise<CliDocument> {
  const result = await as(name, ...args, '--json')
  expect({
    args,
    exitCode: result.exitCode,
    said: result.exitCode === 0 ? '' : result.stderr,
  }).toEqual({ args, exitCode: 0, said: '' })
  return result.json
}

async function refused(
  exitCode: number,
  name: string,
  ...args: readonly string[]
): Promise<string> {
  const result = await as(name, ...args)
  expect({ args, exitCode: result.exitCode }).toEqual({ args, exitCode })
  return complaintOf(result)
}

describe('a name that is claimed', () => {
  it('is told as one: of who plans, approves and runs', async () => {
    const plan = await as('김철수', 'plan', '2026-02')
    expect(plan.stdout).toContain('made by 김철수 (rehearsal)')
    expect(await refused(4, '김철수', 'approve', '1')).toContain('another person')
    const approved = await as('Lee, back\\slash', 'approve', '1')
    expect(approved.stdout).toContain('approved by Lee, back\\slash (rehearsal); `redress run')
    expect((await as('Lee, back\\slash', 'approve', '1')).stdout).toContain('(rehearsal) already;')
    expect(await refused(4, 'park', 'approve', '1')).toContain(
      'approved by Lee, back\\slash already',
    )
    const run = await as('kim', 'run', '2026-02', '--plan', '1')
    expect(run.stdout).toContain('run by kim (rehearsal)')
    expect(await ok('kim', 'runs', 'list')).toMatchObject([{ state: 'closed' }])
  })

  it('is refused when nobody can have it', async () => {
    expect(await refused(2, ' kim', 'runs', 'list')).toContain('--as')
    expect(await refused(2, 'x'.repeat(65), 'runs', 'list')).toContain('--as')
  })

  it('goes into JSON as not authenticated', async () => {
    expect(await ok('kim', 'plan', '2026-02')).toMatchObject({
      made_by: 'kim',
      authenticated: false,
      forecast: false,
      holds: [],
    })
  })
})

describe('a plan whose figures are off', () => {
  it('is told, with exit 3, and waits for a reason', async () => {
    await ok('kim', 'status', 'import', gone(1_300, '2026-02-10T00:00:00+09:00'))
    const plan = await as('kim', 'plan', '2026-03', '--json')
    expect(plan.exitCode).toBe(3)
    expect(plan.json).toMatchObject({
      holds: [
        { benefit: 'data', figure: 'grants', was: 2_200, is: 900, share: -0.5909 },
        { benefit: 'data', figure: 'quantity' },
        { benefit: 'data', figure: 'refused', was: 0, is: 1_300, share: 1 },
      ],
    })
    const off = 'data grants 900 instead of 2,200 (-59.09 %), previous period'
    expect(complaintOf(plan)).toContain(off)
    const id = plan.json.plan_id
    expect(await refused(3, 'lee', 'approve', id)).toContain(off)
    expect(await refused(2, 'lee', 'approve', id, '--reason', ' ')).toContain('--reason')
    const reason = 'the fleet of a customer was sold'
    expect(await ok('lee', 'approve', id, '--reason', reason)).toMatchObject({ reason })
  })

  it('is run at one go with a reason alone', async () => {
    expect(await refused(3, 'kim', 'run', '2026-03', '--yes')).toContain('held')
    const run = await ok('kim', 'run', '2026-03', '--yes', '--reason', 'the fleet was sold')
    expect(run).toMatchObject({ state: 'closed', authenticated: false })
  })
})

describe('a forecast', () => {
  const BEFORE = ['--now', '2026-03-20T09:00:00+09:00']
  let id: string

  it('is told as one and never run', async () => {
    const plan = await as('kim', 'plan', '2026-04', ...BEFORE)
    expect(plan.stdout).toContain('a forecast: 2026-04 has not begun')
    id = /^plan (\d+)/.exec(plan.stdout)![1]!
    for (const flags of [['--yes'], ['--plan', id]]) {
      const said = await refused(4, 'kim', 'run', '2026-04', ...flags, ...BEFORE)
      expect(said).toMatch(/a forecast.*from 2026-04-01T00:00:00\+09:00 on/)
    }
  })

  it('is approved by another person, with a tolerance', async () => {
    expect(await refused(2, 'lee', 'approve', id)).toContain('--tolerance')
    expect(await refused(2, 'lee', 'approve', id, '--tolerance', '2')).toContain('such as 2%')
    expect(await refused(4, 'kim', 'approve', id, '--tolerance', '2%')).toContain('another person')
    const approved = await as('lee', 'approve', id, '--tolerance', '2%')
    expect(approved.stdout).toContain('goes by itself')
    expect(await refused(4, 'kim', 'run', '2026-04', '--plan', id)).toContain('a forecast')
  })

  it('lets a plan within it go without another word', async () => {
    await ok('kim', 'status', 'import', gone(1_310, '2026-02-11T00:00:00+09:00'))
    const run = await as('kim', 'run', '2026-04', '--json')
    expect(run.stderr).toContain(`every number lies within 2 % of forecast ${id}`)
    expect({ exitCode: run.exitCode, state: run.json }).toMatchObject({
      exitCode: 0,
      state: { state: 'closed' },
    })
  })

  it('stops one outside it, names the numbers, and lets a person decide', async () => {
    const plan = await ok('kim', 'plan', '2026-05', '--now', '2026-04-20T09:00:00+09:00')
    await ok('lee', 'approve', plan.plan_id, '--tolerance', '0.5%')
    await ok('kim', 'status', 'import', gone(1_330, '2026-02-12T00:00:00+09:00'))
    const said = await refused(4, 'kim', 'run', '2026-05')
    expect(said).toContain(`outside 0.5 % of forecast ${plan.plan_id}`)
    expect(said).toContain('data granted 870 instead of 890 (-2.25 %)')
    expect(await ok('kim', 'run', '2026-05', '--yes')).toMatchObject({ state: 'closed' })
  })
})
