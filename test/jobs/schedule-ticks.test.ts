/** Clocks that ring over both backends: at their time in Seoul, and only those of the schedule. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/config/project-root.js'
import { openPool } from '../../src/db/database.js'
import {
  jobsDatabaseUrl,
  openJobsBackend,
  prepareJobsSchema,
} from '../../src/jobs/bullmq-backend.js'
import type { JobsBackend } from '../../src/jobs/bullmq-backend.js'
import { openTicks } from '../../src/jobs/bullmq-schedule.js'
import type { Ticks, TicksOptions } from '../../src/jobs/bullmq-schedule.js'
import { KT_2026_SCHEDULE } from '../../src/rules/programmes/kt-2026-schedule.js'
import { allOccurrences } from '../../src/rules/schedule/occurrences.js'
import { tickPatterns } from '../../src/rules/schedule/tick-patterns.js'
import { ScheduleSetting, seoul } from '../integration/schedule-setting.js'
import { testDatabase } from '../support/database.js'
import { realRedis } from '../support/redis.js'
import { buildForProcesses } from './build-for-processes.js'

const SECONDS = '* * * * * *'

interface Place {
  open(name: string): JobsBackend
  close(): Promise<void>
}

const PLACES: readonly (readonly [string, () => Promise<Place>])[] = [
  [
    'Redis',
    async () => {
      const server = await realRedis()
      return {
        open: (name) => openJobsBackend({ redisUrl: server.url }, { name }),
        close: () => server.stop(),
      }
    },
  ],
  [
    'PostgreSQL',
    async () => {
      const database = await testDatabase()
      const pool = openPool({ url: jobsDatabaseUrl(database.url), max: 16, name: 'tick tests' })
      await prepareJobsSchema(pool)
      return {
        open: (name) => openJobsBackend({ pool }, { name }),
        close: async () => {
          await pool.end()
          await database.drop()
        },
      }
    },
  ],
]

describe.each(PLACES)('ticks over %s', (_, openPlace) => {
  let place: Place
  const opened: Ticks[] = []

  beforeAll(async () => {
    place = await openPlace()
  })
  afterAll(async () => {
    await Promise.all(opened.map((it) => it.close()))
    await place.close()
  })

  async function ticks(queue: string, more: Partial<TicksOptions> = {}): Promise<Ticks> {
    const it = await openTicks(place.open(`chunks-${queue}`), {
      programme: 'kt-2026',
      patterns: [SECONDS],
      zone: 'Asia/Seoul',
      name: 'ticking',
      onTick: () => Promise.resolve(),
      onError: () => undefined,
      ...more,
    })
    opened.push(it)
    return it
  }

  it('ring within seconds, and make a scheduler do what is due', async () => {
    const setting = await ScheduleSetting.open()
    try {
      setting.now = seoul('2026-02-11', '05:00')
      const scheduler = setting.scheduler()
      await ticks('due', { onTick: () => scheduler.look() })
      await expect
        .poll(() => setting.performed.length, { timeout: 10_000, interval: 50 })
        .toBeGreaterThan(0)
      await Promise.all(opened.splice(0).map((it) => it.close()))
      await scheduler.settled()
      expect(setting.performed.toSorted()).toEqual([
        'kt-2026/daily_run/2026-02-11',
        'kt-2026/verify/2026-02-11',
      ])
    } finally {
      await setting.close()
    }
  })

  it('of two schedulers ring for one, and for the other when one stops', async () => {
    const rung = [0, 0]
    const each = (index: number) => ({
      name: `scheduler-${index}`,
      onTick: () => {
        rung[index]! += 1
        return Promise.resolve()
      },
    })
    const first = await ticks('two', each(0))
    await ticks('two', each(1))
    await expect
      .poll(() => rung[0]! + rung[1]!, { timeout: 10_000, interval: 50 })
      .toBeGreaterThan(0)
    await first.close()
    const before = rung[1]!
    await expect.poll(() => rung[1], { timeout: 10_000, interval: 50 }).toBeGreaterThan(before)
  })

  it('ring again after others took them away', async () => {
    const first = await ticks('repaired', { patterns: ['0 6 * * *', '0 10 * * *'] })
    await ticks('repaired', { patterns: ['0 6 * * *', '30 8 * * *'] })
    const patterns = async (): Promise<string[]> => {
      return (await first.next()).map((it) => it.pattern).toSorted()
    }
    expect(await patterns()).toEqual(['0 6 * * *', '30 8 * * *'])
    await first.repair()
    expect(await patterns()).toEqual(['0 10 * * *', '0 6 * * *', '30 8 * * *'])
  })

  it('ring at times of Seoul, wherever the host stands, and at none of before', async () => {
    const old = await ticks('changed', { patterns: ['7 7 7 7 *', '0 10 * * *'] })
    await old.close()
    const patterns = tickPatterns(KT_2026_SCHEDULE)
    const zone = process.env['TZ']
    process.env['TZ'] = 'America/New_York'
    expect(new Date(2026, 0, 1).getTimezoneOffset()).toBe(300)
    const next = await (await ticks('changed', { patterns })).next()
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
    expect(next.map((it) => it.pattern).toSorted()).toEqual([...patterns].toSorted())
    for (const { pattern, at } of next) {
      const [minute, hour] = pattern.split(' ').map(Number)
      const there = new Date(Date.parse(at) + 9 * 3_600_000)
      expect([there.getUTCMinutes(), there.getUTCHours()]).toEqual([minute, hour])
    }
  })
})

describe('a host that stands elsewhere', () => {
  it.each(['America/New_York', 'Australia/Lord_Howe'])(
    'in %s, with daylight saving time, has the same occurrences',
    async (zone) => {
      buildForProcesses()
      const rules = join(projectRoot(), 'dist', 'src', 'rules')
      const script = `
        const { allOccurrences } = await import('${rules}/schedule/occurrences.js')
        const { KT_2026_SCHEDULE } = await import('${rules}/programmes/kt-2026-schedule.js')
        const offsetIn = (month) => new Date(2026, month, 1).getTimezoneOffset()
        console.log(offsetIn(0), offsetIn(6))
        console.log(JSON.stringify(allOccurrences(KT_2026_SCHEDULE)))`
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--input-type=module', '--eval', script],
        { env: { ...process.env, TZ: zone }, maxBuffer: 10_000_000 },
      )
      const [offsets = '', told = ''] = stdout.split('\n')
      const [winter, summer] = offsets.split(' ')
      expect(winter).not.toBe(summer)
      expect(JSON.parse(told)).toEqual(allOccurrences(KT_2026_SCHEDULE))
    },
  )
})
