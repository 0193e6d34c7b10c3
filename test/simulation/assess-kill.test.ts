/**
 * `refunds assess` killed at seeded moments: nothing of it stays or all, and the command given
 * again ends in the rows of an undisturbed one.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { generateSnapshot } from '../../src/generate/generate-snapshot.js'
import { Random, STREAM } from '../../src/generate/random.js'
import { setting } from '../e2e/setting.js'
import type { Setting } from '../e2e/setting.js'
import { spawnRedress } from '../support/cli.js'

const SEED = Number(process.env['SEED'] ?? 11)
const KILLS = 6
const LINES = 20_000
const ASSESS = ['refunds', 'assess', '--json', '--now', '2026-02-10T09:00:00+09:00']

let undisturbed: Setting
let killed: Setting
beforeAll(async () => {
  undisturbed = await setting()
  killed = await setting()
  const [terminations, applications] = ['terminations.csv', 'applications.csv'].map((name) =>
    join(undisturbed.folder, name),
  ) as [string, string]
  await generateSnapshot({
    size: { lines: 100 },
    seed: SEED,
    asOf: '2026-01-13',
    badRows: 0,
    order: 'customer',
    out: join(undisturbed.folder, 'snapshot.csv'),
    terminationsOut: terminations,
    terminations: LINES,
    applicationsOut: applications,
  })
  for (const world of [undisturbed, killed]) {
    await world.ok('refunds', 'import-terminations', terminations)
    await world.ok('refunds', 'import-applications', applications)
  }
})
afterAll(async () => {
  await undisturbed?.drop()
  await killed?.drop()
})

it(`${KILLS} kills leave what one undisturbed assessment leaves (seed ${SEED})`, async () => {
  const whole = await undisturbed.run(...ASSESS.filter((it) => it !== '--json'))
  expect(whole.exitCode).toBe(0)
  // The first command waits for the build; the second tells how long one takes.
  const { durationMs } = await undisturbed.run(...ASSESS.filter((it) => it !== '--json'))
  const random = new Random(SEED, STREAM.termination)
  let cut = 0
  for (let kill = 0; kill < KILLS; kill += 1) {
    const running = spawnRedress(ASSESS, killed.environment)
    await sleep(Math.round(durationMs * (0.3 + 0.6 * random.unit())))
    const { signal } = await running.kill('SIGKILL')
    if (signal === 'SIGKILL') cut += 1
    const [left] = await killed.query(
      `select (select count(*) from refund_decision)::integer as decisions,
         count(*)::integer as assessments, count(assessment_hash)::integer as finished
       from refund_assessment`,
    )
    expect(left?.['assessments']).toBe(left?.['finished'])
    expect([0, LINES]).toContain(left?.['decisions'])
  }
  expect(cut).toBeGreaterThan(0)
  const again = spawnRedress(ASSESS, killed.environment)
  const { exitCode, json } = await again.ended
  expect(exitCode).toBe(0)
  expect(hashOf(json)).toBe(hashOf(whole.json))
  expect(await exported(killed)).toBe(await exported(undisturbed))
  for (const table of ['refund_decision', 'application_state']) {
    const digest = `select md5(string_agg((to_jsonb(it) - 'assessment_id')::text, ''
      order by to_jsonb(it)->>'line_id', to_jsonb(it)::text)) as digest from ${table} it`
    expect(await killed.query(digest)).toEqual(await undisturbed.query(digest))
  }
})

function hashOf(document: object): unknown {
  return 'assessment_hash' in document ? document.assessment_hash : undefined
}

async function exported(world: Setting): Promise<string> {
  const path = join(world.folder, 'refunds.csv')
  await world.ok('refunds', 'export', '--out', path)
  return readFileSync(path, 'utf8')
}
