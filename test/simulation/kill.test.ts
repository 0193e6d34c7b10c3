/**
 * Commanders and workers really killed, again and again, in the middle of their chunks: whoever is
 * started next finishes the run, and the ledger is the one of a run that nobody disturbed.
 * REDRESS_SIMULATION_SEED replays the moments of the kills, as far as an operating system lets them
 * be replayed.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CliEnvironment } from '../support/cli.js'
import { chanceOf, simulationSeed } from '../support/processes.js'
import type { Chance } from '../support/processes.js'
import { realRedis } from '../support/redis.js'
import type { RealRedis } from '../support/redis.js'
import { addChoices, populationOf, succeeds, summaryOf, within } from './population.js'
import type { Clone, ExportSummary, Population } from './population.js'
import { Scene } from './victims.js'
import type { Kill, Victim } from './victims.js'

const LINES = 200_000
/** Two hundred chunks: in larger ones the run was over before all had died. */
const CHUNK_LINES = 1_000
const KILLS = 25
/** Two weeks in, so that most choices and applications count. */
const NOW = '2026-02-15T09:00:00+09:00'
const RUN = ['run', '2026-02', '--yes', '--json', '--now', NOW]
const WORKER = ['worker']
/** A commander finds work at once, a worker when it looks around. */
const PATIENCE_MS = 12_000

interface Outcome {
  readonly rootHash: string
  readonly entries: ExportSummary
  readonly codes: GivenCodes
}

interface GivenCodes {
  readonly given: number
  /** Lines that have exactly one code, of the option of their pass and from the pass's run. */
  readonly lines: number
  readonly passes: number
  /** Stands for which code went to which line. */
  readonly digest: string
}

let population: Population
let redis: RealRedis
let undisturbed: Outcome

beforeAll(async () => {
  redis = await realRedis()
  population = await populationOf(LINES, 1, CHUNK_LINES)
  const pool = await addChoices(population, '2026-02', NOW)
  const clone = await population.clone()
  await succeeds(RUN, environmentOf(clone))
  undisturbed = await outcomeOf(clone, 'undisturbed')
  expect(pool).toBeGreaterThan(10_000)
  expect(undisturbed.codes).toMatchObject({ given: pool, lines: pool, passes: pool })
  await clone.drop()
}, 300_000)

afterAll(async () => {
  await population?.drop()
  await redis?.stop()
})

describe.each([
  { backend: 'PostgreSQL', url: () => undefined },
  { backend: 'Redis', url: () => redis.url },
])('a run over $backend whose processes are killed', ({ backend, url }) => {
  it('ends in the same ledger as a run that nobody disturbed', async () => {
    const chance = chanceOf(simulationSeed())
    const clone = await population.clone()
    const environment = environmentOf(clone, url())
    const scene = new Scene(clone.url, environment)
    await scene.open()
    const kills = await besiege(scene, chance)
    const startedAt = performance.now()
    const last = await succeeds(RUN, environment)
    tell(backend, chance, kills, Math.round(performance.now() - startedAt))
    await scene.close()
    expect(kills.length).toBeGreaterThanOrEqual(KILLS)
    expect(last.json).toMatchObject({ state: 'closed', root_hash: undisturbed.rootHash })
    expect(await outcomeOf(clone, `killed-${backend}`)).toEqual(undisturbed)
    await clone.drop()
  }, 300_000)
})

/** Starts processes and kills them until enough have died at work. */
async function besiege(scene: Scene, chance: Chance): Promise<readonly Kill[]> {
  const kills: Kill[] = []
  // The commander makes the run: until it has, a worker has nothing to do.
  await round(scene, chance, ['commander'], kills)
  for (let rounds = 1; kills.length < KILLS && rounds < 2 * KILLS; rounds += 1) {
    const counts = await scene.counts()
    if (counts !== undefined && counts.state !== 'open') break
    const cast = chance.pick([
      ['commander'],
      ['commander', 'worker'],
      ['worker', 'commander'],
      ['worker'],
    ])
    await round(scene, chance, cast, kills)
  }
  return kills
}

/** All start together and die one after the other, in the order given. */
async function round(
  scene: Scene,
  chance: Chance,
  cast: readonly string[],
  kills: Kill[],
): Promise<void> {
  const lanes = chance.pick(['1', '1', '2'])
  const victims = cast.map((kind) =>
    scene.start(kind, kind === 'worker' ? WORKER : RUN, { REDRESS_LANES: lanes }),
  )
  try {
    for (const victim of victims) {
      const delayMs = chance.next() * (await longestDelay(scene, kills.length))
      const kill = await killInTime(scene, victim, delayMs)
      if (kill !== undefined) kills.push(kill)
    }
  } finally {
    for (const victim of victims) await victim.cli.kill('SIGKILL')
  }
}

async function killInTime(
  scene: Scene,
  victim: Victim,
  delayMs: number,
): Promise<Kill | undefined> {
  try {
    return await scene.kill(victim, delayMs, PATIENCE_MS)
  } catch (error) {
    if (!victim.name.startsWith('worker')) throw error
    return undefined
  }
}

// A chunk takes some 8 ms: the chunks that are left have to last for the kills that are left.
async function longestDelay(scene: Scene, killed: number): Promise<number> {
  const counts = await scene.counts()
  return (8 * (counts?.open ?? 200)) / Math.max(1, KILLS - killed)
}

function environmentOf(clone: Clone, redisUrl?: string): CliEnvironment {
  return {
    DATABASE_URL: clone.url,
    REDRESS_HOME: clone.home,
    ...(redisUrl && { REDIS_URL: redisUrl }),
  }
}

async function outcomeOf(clone: Clone, name: string): Promise<Outcome> {
  const environment = environmentOf(clone)
  const verified = await succeeds(['ledger', 'verify', '--replay'], environment)
  const [run] = verified.json.runs
  expect(verified.json).toMatchObject({
    ok: true,
    replayed: true,
    differences: [],
    runs: [{ run_id: '1' }],
  })
  const runs = await succeeds(['runs', 'list'], environment)
  expect(runs.json).toMatchObject([{ run_id: '1', state: 'closed' }])
  const out = join(population.folder, `${name}.csv`)
  await succeeds(['ledger', 'export', '--out', out], environment)
  const entries = await summaryOf(out)
  expect(entries.repeated).toBe(0)
  return { rootHash: run?.root_hash ?? '', entries, codes: await givenCodes(clone) }
}

async function givenCodes(clone: Clone): Promise<GivenCodes> {
  return await within(clone.url, async (client) => {
    const { rows } = await client.query<GivenCodes>(
      `with pass as (
         select line_id, option, run_id from ledger_entry
         where benefit = 'ott_pass' and entry_type = 'grant'
       )
       select count(*)::int as given,
         (select count(*)::int from pass) as passes,
         (select count(distinct line_id)::int from voucher_issue
            join voucher_code using (code_id) join pass using (line_id, option, run_id)) as lines,
         md5(string_agg(line_id || ' ' || code_id, ' ' order by line_id, code_id)) as digest
       from voucher_issue`,
    )
    return rows[0]!
  })
}

function tell(
  backend: string,
  chance: Chance,
  kills: readonly Kill[],
  finishedAfterMs: number,
): void {
  const inside = kills.filter((it) => it.insideChunk).length
  const workers = kills.filter((it) => it.victim.startsWith('worker')).length
  const slowestMs = Math.max(...kills.map((it) => it.workedAfterMs))
  process.stderr.write(
    `${backend}, seed ${chance.seed}: ${kills.length} kills, ${workers} of them of workers, ` +
      `${inside} inside a chunk's transaction; the next process was inside one within ` +
      `${slowestMs} ms of its start, and the last one ended with the closed run after ` +
      `${finishedAfterMs} ms\n`,
  )
}
