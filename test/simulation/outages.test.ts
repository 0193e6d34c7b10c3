/**
 * What happens beside a run: the queue forgets or goes away, PostgreSQL restarts, two operators
 * have the same thought, somebody presses Ctrl-C. Each time the ledger is the undisturbed one.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isOutage } from '../../src/db/database.js'
import { homeAt, readPasswords, readState } from '../../src/db/embedded-home.js'
import { redress } from '../support/cli.js'
import type { CliResult } from '../support/cli.js'
import { endServer } from '../support/postgres-command.js'
import { restartableRedis, until } from '../support/processes.js'
import type { RestartableRedis } from '../support/processes.js'
import {
  AS_OF, NOW, generateFiles, populationOf, succeeds, summaryOf, within,
} from './population.js'
import type { Clone, ExportSummary, Population } from './population.js'
import { Scene } from './victims.js'
import type { Victim } from './victims.js'

const LINES = 60_000
const RUN = ['run', '2026-02', '--yes', '--json', '--now', NOW]
const BACKENDS = [
  { backend: 'PostgreSQL', url: () => undefined },
  { backend: 'Redis', url: () => redis.url },
]

let population: Population
let redis: RestartableRedis
let undisturbed: { readonly rootHash: string, readonly entries: ExportSummary }

beforeAll(async () => {
  redis = await restartableRedis()
  population = await populationOf(LINES, 2)
  const clone = await population.clone()
  const run = await succeeds(RUN, environmentOf(clone))
  undisturbed = { rootHash: run.json.root_hash, entries: await entriesOf(environmentOf(clone)) }
  await clone.drop()
}, 120_000)

afterAll(async () => {
  await population?.drop()
  await redis?.end()
})

function environmentOf(clone: Clone, redisUrl?: string): Environment {
  return { DATABASE_URL: clone.url, REDRESS_HOME: clone.home, REDRESS_LANES: '1',
    ...(redisUrl && { REDIS_URL: redisUrl }) }
}

type Environment = Readonly<Record<string, string | undefined>>

async function entriesOf(environment: Environment): Promise<ExportSummary> {
  const out = join(population.folder, `entries-${Math.random()}.csv`)
  await succeeds(['ledger', 'export', '--out', out], environment)
  const summary = await summaryOf(out)
  rmSync(out)
  return summary
}

async function expectUndisturbed(environment: Environment): Promise<void> {
  const runs = await succeeds(['runs', 'list'], environment)
  expect(runs.json).toMatchObject([{
    run_id: '1', state: 'closed', root_hash: undisturbed.rootHash,
  }])
  expect(await entriesOf(environment)).toEqual(undisturbed.entries)
  expect((await succeeds(['ledger', 'verify', '--replay'], environment)).json).toMatchObject({
    ok: true,
  })
}

/** Hands over a clone, and afterwards expects the undisturbed ledger in it. */
async function onClone(
  url: string | undefined,
  work: (scene: Scene, environment: Environment, clone: Clone) => Promise<void>,
): Promise<void> {
  const clone = await population.clone()
  const environment = environmentOf(clone, url)
  const scene = new Scene(clone.url, environment)
  await scene.open()
  try {
    await work(scene, environment, clone)
    await expectUndisturbed(environmentOf(clone))
  } finally {
    await scene.close()
    await clone.drop()
  }
}

/** Something happens while a third of the chunks is posted, and the process goes on. */
async function whenUnderWay(
  scene: Scene,
  victim: Victim,
  happens: () => unknown,
): Promise<void> {
  await until('some chunks are posted', async () => {
    expect(victim.cli.isRunning(), victim.cli.stderr()).toBe(true)
    return ((await scene.counts())?.posted ?? 0) >= 5
  }, { everyMs: 5 })
  await happens()
  expect((await scene.counts())?.state, 'still under way').toBe('open')
}

function tell(event: string, happenedAt: number): void {
  const ms = Math.round(performance.now() - happenedAt)
  process.stderr.write(`the run ended ${ms} ms after ${event}\n`)
}

async function untilClosed(scene: Scene): Promise<void> {
  await until('the run is closed', async () => (await scene.counts())?.state === 'closed')
}

async function expectClosed(ended: Promise<CliResult>, withinMs: number): Promise<void> {
  const result = await Promise.race([ended, sleep(withinMs, undefined, { ref: false })])
  if (result === undefined) throw new Error(`not closed within ${withinMs} ms`)
  expect(result.exitCode, result.stderr).toBe(0)
  expect(result.json).toMatchObject({ state: 'closed', root_hash: undisturbed.rootHash })
}

// A commanding process takes its chunks from PostgreSQL; here all depends on messages.
describe('Redis, with a worker that works alone,', () => {
  it('is emptied in the middle of a run, and the run completes by itself', () =>
    onClone(redis.url, async (scene, environment) => {
      await succeeds([...RUN, '--detach'], environment)
      const worker = scene.start('worker', ['worker'])
      await whenUnderWay(scene, worker, () => redis.flushAll())
      const emptiedAt = performance.now()
      await untilClosed(scene)
      tell('Redis was emptied', emptiedAt)
      expect((await worker.cli.kill('SIGTERM')).exitCode).toBe(0)
    }), 60_000)

  it('is emptied in the middle of a run, and `runs resume` completes it beside the worker', () =>
    onClone(redis.url, async (scene, environment) => {
      await succeeds([...RUN, '--detach'], environment)
      const worker = scene.start('worker', ['worker'])
      await whenUnderWay(scene, worker, () => redis.flushAll())
      await expectClosed(redress(['runs', 'resume', '1', '--json'], environment), 30_000)
      expect((await worker.cli.kill('SIGTERM')).exitCode).toBe(0)
    }), 60_000)

  it('is stopped and started in the middle of a run, and the run completes by itself', () =>
    onClone(redis.url, async (scene, environment) => {
      await succeeds([...RUN, '--detach'], environment)
      const worker = scene.start('worker', ['worker'])
      await whenUnderWay(scene, worker, () => redis.stop())
      await sleep(1_000)
      await redis.start()
      const startedAt = performance.now()
      await untilClosed(scene)
      tell('Redis was back', startedAt)
      expect((await worker.cli.kill('SIGTERM')).exitCode).toBe(0)
    }), 60_000)
})

describe('Redis, away when a run starts,', () => {
  it('fails what leaves the work to others with one line, and no run that works itself', () =>
    onClone(redis.url, async (_, environment) => {
      await redis.stop()
      const detached = await redress([...RUN, '--detach'], environment)
      const alone = await redress(RUN, environment)
      await redis.start()
      expect(detached.exitCode).toBe(1)
      expect(detached.stderr).toMatch(/^redress: queue: .*; expected a Redis .* that answers$/m)
      await expectClosed(Promise.resolve(alone), 1)
      expect(alone.json).toMatchObject({ run_id: '1' })
    }), 60_000)
})

describe.each(BACKENDS)('a run over $backend', ({ url }) => {
  it('that two operators start at once is one run', () => onClone(url(), async (scene) => {
    const operators = [scene.start('operator', RUN), scene.start('operator', RUN)]
    const ended = await Promise.all(operators.map((it) => it.cli.ended))
    for (const it of ended) {
      expect(it.exitCode, it.stderr).toBe(0)
      expect(it.json).toMatchObject({
        run_id: '1', state: 'closed', root_hash: undisturbed.rootHash,
      })
    }
  }), 60_000)

  it('with --detach is worked on and closed by two workers', () =>
    onClone(url(), async (scene, environment) => {
      const workers = [scene.start('worker', ['worker']), scene.start('worker', ['worker'])]
      for (const { cli } of workers) {
        await until('a worker is ready', () => /takes 1 chunks/.test(cli.stderr()))
      }
      const detached = await succeeds([...RUN, '--detach'], environment)
      expect(detached.json).toMatchObject({ run_id: '1', state: 'open', root_hash: null })
      await untilClosed(scene)
      const shown = await succeeds(['runs', 'show', '1'], environment)
      expect(shown.json).toMatchObject({ state: 'closed', lines_posted: LINES, chunks_open: 0 })
      for (const it of workers) expect((await it.cli.kill('SIGTERM')).exitCode).toBe(0)
      expect(await scene.workers()).toHaveLength(2)
    }), 60_000)

  it('that is interrupted by Ctrl-C stops after the chunks at hand and tells how to go on', () =>
    onClone(url(), async (scene, environment) => {
      const commander = scene.start('commander', RUN)
      await whenUnderWay(scene, commander, () => commander.cli.process.kill('SIGINT'))
      const stopped = await commander.cli.ended
      expect(stopped.exitCode).toBe(1)
      expect(stopped.stdout).toBe('')
      const told = stopped.stderr.trimEnd().split('\n').at(-1)
      expect(told).toBe('redress: run 1: interrupted; go on with `redress runs resume 1`')
      expect(await scene.counts()).toMatchObject({ state: 'open' })
      await expectClosed(redress(['runs', 'resume', '1', '--json'], environment), 30_000)
    }), 60_000)

  it('loses a worker to SIGTERM, which finishes its chunk first, and goes on with another', () =>
    onClone(url(), async (scene, environment) => {
      await succeeds([...RUN, '--detach'], environment)
      const first = scene.start('worker', ['worker'])
      await whenUnderWay(scene, first, () => undefined)
      const stopped = await first.cli.kill('SIGTERM')
      expect(stopped.exitCode).toBe(0)
      scene.start('worker', ['worker'])
      await untilClosed(scene)
    }), 60_000)
})

describe('Ctrl-C', () => {
  const INTERRUPTED = /^redress: interrupted; go on with `redress .+`$/

  it.each([
    { what: 'a plan', args: ['plan', '2026-02', '--json', '--now', NOW] },
    { what: 'the planning of a run', args: RUN },
  ])('in the middle of $what ends with 1 and one line that tells how to go on', ({ args }) =>
    onClone(undefined, async (scene, environment) => {
      const planner = scene.start('planner', args)
      const isPlanning = async (): Promise<boolean> => (await scene.planStates()).length > 0
      await until('it is planning', isPlanning, { everyMs: 2 })
      expectTold(await planner.cli.kill('SIGINT'))
      await expectClosed(redress(RUN, environment), 30_000)
    }), 60_000)

  it('in the middle of `ledger verify` ends with 1 and one line that tells how to go on', () =>
    onClone(undefined, async (scene, environment) => {
      await succeeds(RUN, environment)
      const verifier = scene.start('verifier', ['ledger', 'verify', '--replay', '--json'])
      await until('it reads', () => scene.isAt(verifier, 'copy ('), { everyMs: 2 })
      expectTold(await verifier.cli.kill('SIGINT'))
    }), 60_000)

  function expectTold(stopped: CliResult): void {
    expect(stopped.exitCode).toBe(1)
    expect(stopped.stderr).not.toMatch(/^\s+at /m)
    expect(stopped.stderr.trimEnd().split('\n').at(-1)).toMatch(INTERRUPTED)
  }
})

describe('a command that is killed', () => {
  it('in the middle of planning leaves nothing that stands in the way of the next plan', () =>
    onClone(undefined, async (scene, environment) => {
      const expected = await succeeds(['plan', '2026-02', '--now', NOW], environment)
      const planner = scene.start('planner', ['plan', '2026-02', '--json', '--now', NOW])
      const isPlanning = async (): Promise<boolean> =>
        (await scene.planStates()).includes('planning')
      await until('it is planning', isPlanning, { everyMs: 2 })
      expect((await planner.cli.kill('SIGKILL')).signal).toBe('SIGKILL')
      expect(await scene.planStates()).toEqual(['planned', 'planning'])
      const again = await succeeds(['plan', '2026-02', '--now', NOW], environment)
      expect(again.json.plan_hash).toBe(expected.json.plan_hash)
      const refused = await redress(['run', '2026-02', '--plan', '2'], environment)
      expect(refused.exitCode).toBe(4)
      expect(refused.stderr).toContain('its making was interrupted')
      await expectClosed(redress(RUN, environment), 30_000)
    }), 60_000)

  it('in the middle of an import leaves neither rows nor tables once it is repeated', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'redress-import-'))
    const files = await generateFiles(folder, LINES, 3)
    const clone = await population.clone()
    const scene = new Scene(clone.url, environmentOf(clone))
    await scene.open()
    const args = ['snapshot', 'import', files.snapshot, '--as-of', AS_OF, '--json']
    try {
      for (const phase of ['copy snapshot_line', 'build_line_key', 'from snapshot_line_']) {
        const importer = scene.start('importer', args)
        await until(`it is at «${phase}»`, () => scene.isAt(importer, phase), { everyMs: 2 })
        expect((await importer.cli.kill('SIGKILL')).signal).toBe('SIGKILL')
      }
      const again = await redress(args, environmentOf(clone))
      expect(again.exitCode, again.stderr).toBe(0)
      expect(again.json).toMatchObject({
        read: LINES, accepted: LINES, quarantined: 0, already: false,
      })
      const left = await leftOf(clone)
      expect(left).toEqual({ states: ['accepted'], tables: 2, snapshots: 2, lines: 2 * LINES })
    } finally {
      await scene.close()
      await clone.drop()
      rmSync(folder, { recursive: true, force: true })
    }
  }, 60_000)
})

async function leftOf(clone: Clone): Promise<object> {
  return await within(clone.url, async (client) => {
    const { rows } = await client.query<object>(
      `select array(select distinct state from import) as states,
         (select count(*)::int from pg_tables where tablename ~ '^snapshot_line_') as tables,
         (select count(*)::int from snapshot) as snapshots,
         (select count(*)::int from snapshot_line) as lines`)
    return rows[0] ?? {}
  })
}

describe('the embedded PostgreSQL', () => {
  let home: string
  let environment: Environment

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'redress-outage-'))
    environment = { REDRESS_HOME: home, REDRESS_LANES: '1' }
    const { files } = population
    await succeeds(['snapshot', 'import', files.snapshot, '--as-of', AS_OF], environment)
    await succeeds(['status', 'import', files.status], environment)
    await succeeds(['consents', 'import', files.consents], environment)
  }, 120_000)

  afterAll(async () => {
    await endServer(home)
    rmSync(home, { recursive: true, force: true })
  })

  it.each([
    { how: 'stopped', signal: 'SIGINT', period: '2026-02' },
    { how: 'killed', signal: 'SIGKILL', period: '2026-03' },
  ] as const)('is $how in the middle of a run, comes back, and the run completes', async (it) => {
    const { signal, period } = it
    const now = `${period}-01T09:00:00+09:00`
    const args = ['run', period, '--yes', '--json', '--now', now]
    const commander = redress(args, environment, { timeoutMs: 90_000 })
    const url = await urlOf(home)
    const isUnderWay = async (): Promise<boolean> => await postedIn(url, period) >= 3
    await until('some chunks are posted', isUnderWay, { everyMs: 5 })
    const postmaster = readState(homeAt(home))?.postmaster
    expect(postmaster).toBeDefined()
    process.kill(postmaster!.pid, signal)
    const stoppedAt = performance.now()
    const first = await commander
    tell(`PostgreSQL got ${signal}`, stoppedAt)
    const last = first.exitCode === 0 ? first : await redress(args, environment)
    expect(last.exitCode, first.stderr + last.stderr).toBe(0)
    expect(last.json).toMatchObject({ state: 'closed' })
    if (period === '2026-02') expect(last.json).toMatchObject({ root_hash: undisturbed.rootHash })
    expect((await succeeds(['ledger', 'verify', '--replay'], environment)).json).toMatchObject({
      ok: true,
    })
  }, 120_000)
})

async function urlOf(home: string): Promise<string> {
  return await until('the server is ready', async () => {
    const state = readState(homeAt(home))
    if (state?.phase !== 'ready') return undefined
    const password = readPasswords(homeAt(home))?.application
    return `postgres://redress:${password}@127.0.0.1:${state.port}/redress`
  })
}

/** Of a server that is just stopping, whose commands ended before, there is nothing to be told. */
async function postedIn(url: string, period: string): Promise<number> {
  const asked = within(url, async (client) => {
    const { rows } = await client.query<{ posted: number }>(
      `select count(*)::int as posted from run_chunk join run using (run_id)
       where period = $1 and run_chunk.state = 'posted'`, [period])
    return rows[0]?.posted ?? 0
  })
  return await asked.catch((error: unknown) => {
    if (isOutage(error)) return 0
    throw error
  })
}
