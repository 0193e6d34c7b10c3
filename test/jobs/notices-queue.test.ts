/** The queue of notices on both backends: ids alone, and no faster than the gateway wants. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPool } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import {
  jobsDatabaseUrl,
  openJobsBackend,
  prepareJobsSchema,
} from '../../src/jobs/bullmq-backend.js'
import type { JobsBackend } from '../../src/jobs/bullmq-backend.js'
import {
  noticesQueueName,
  openNoticesQueue,
  openNoticesWorker,
} from '../../src/jobs/bullmq-notices.js'
import type { MessageRange } from '../../src/reminders/sending-store.js'
import { paceOf } from '../../src/reminders/sending-terms.js'
import { testDatabase } from '../support/database.js'
import type { TestDatabase } from '../support/database.js'
import { until } from '../support/processes.js'
import { realRedis } from '../support/redis.js'
import type { RealRedis } from '../support/redis.js'

const ranges = (count: number): MessageRange[] =>
  Array.from({ length: count }, (_, at) => ({
    roundId: '7',
    from: `${at * 20 + 1}`,
    to: `${at * 20 + 20}`,
  }))

function queueSuite(name: string, backendOf: () => JobsBackend): void {
  describe(`notices over ${name}`, () => {
    test('are handed over as ids, at the rate of the gateway over all processes', async () => {
      const backend = backendOf()
      const queue = await openNoticesQueue(backend, 'smpp')
      const seen: { readonly range: MessageRange; readonly at: number }[] = []
      await queue.ring(ranges(15), 1)
      await queue.ring(ranges(15), 1)
      expect(await queue.depth()).toEqual({ waiting: 15, active: 0, delayed: 0 })
      // A hundred a second are five pieces of twenty.
      expect(paceOf(100)).toEqual({ size: 20, max: 5 })
      const options = {
        gateway: 'smpp',
        messagesASecond: 100,
        concurrency: 2,
        handle: (range: MessageRange) => {
          seen.push({ range, at: performance.now() })
          return Promise.resolve()
        },
        onError: (error: unknown) => {
          throw error
        },
      }
      const workers = await Promise.all(
        ['one', 'two'].map((it) => openNoticesWorker(backend, { ...options, name: it })),
      )
      try {
        await until('all pieces', () => seen.length === 15)
      } finally {
        await Promise.all(workers.map((it) => it.close()))
        await queue.close()
      }
      const froms = seen.map((it) => Number(it.range.from)).toSorted((one, other) => one - other)
      expect(froms).toEqual(ranges(15).map((it) => Number(it.from)))
      // Five at once, then five in each of the next two seconds.
      const seconds = (seen.at(-1)!.at - seen[0]!.at) / 1_000
      expect(seconds).toBeGreaterThan(1.5)
    }, 30_000)

    test('that fail come again', async () => {
      const queue = await openNoticesQueue(backendOf(), 'http')
      let tries = 0
      await queue.ring(ranges(1), 1)
      const worker = await openNoticesWorker(backendOf(), {
        gateway: 'http',
        messagesASecond: 100,
        concurrency: 1,
        name: 'one',
        handle: () => {
          tries += 1
          return tries === 1 ? Promise.reject(new Error('010-1234-5678')) : Promise.resolve()
        },
        onError: () => undefined,
      })
      await until('a second try', () => tries === 2)
      await until('an empty queue', async () => {
        const { waiting, active, delayed } = await queue.depth()
        return waiting + active + delayed === 0
      })
      await worker.close()
      await queue.close()
      await sleep(10)
    }, 30_000)
  })
}

let redis: RealRedis
let database: TestDatabase
let pool: Pool
beforeAll(async () => {
  redis = await realRedis()
  database = await testDatabase()
  const admin = openPool({ url: database.url, max: 1, name: 'jobs admin' })
  await prepareJobsSchema(admin)
  await admin.end()
  pool = openPool({ url: jobsDatabaseUrl(database.url), max: 10, name: 'notices queue test' })
}, 120_000)
afterAll(async () => {
  await pool.end()
  await database.drop()
  await redis.stop()
})

queueSuite('Redis', () => openJobsBackend({ redisUrl: redis.url }, { name: 'chunks-test' }))
queueSuite('PostgreSQL', () => openJobsBackend({ pool }))

test('each gateway has a queue of its own, beside that of the chunks', () => {
  const backend = openJobsBackend({ pool }, { name: 'chunks-0a1b' })
  expect(noticesQueueName(backend, 'spool')).toBe('notices-spool-0a1b')
})
