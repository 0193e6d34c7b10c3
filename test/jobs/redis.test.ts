/** The jobs suite over a real Redis. */
import { Redis } from 'ioredis'
import { openJobsBackend } from '../../src/jobs/bullmq-backend.js'
import { buildForProcesses } from './build-for-processes.js'
import { realRedis } from '../support/redis.js'
import { jobsSuite } from './jobs-suite.js'

jobsSuite('Redis', async () => {
  buildForProcesses()
  const server = await realRedis()
  const admin = new Redis(server.url, { maxRetriesPerRequest: null })
  admin.on('error', () => undefined)
  return {
    open: (name) => openJobsBackend({ redisUrl: server.url }, { name }),
    processArguments: ['redis', server.url],
    dump: () => dump(admin),
    empty: () => server.flushAll(),
    cutConnections: async () => {
      await admin.call('client', 'kill', 'type', 'normal', 'skipme', 'yes')
    },
    close: async () => {
      admin.disconnect()
      await server.stop()
    },
  }
})

async function dump(redis: Redis): Promise<string> {
  const parts: string[] = []
  for (const key of await redis.keys('*')) {
    parts.push(key, JSON.stringify(await valueOf(redis, key)))
  }
  return parts.join('\n').replaceAll('\\"', '"')
}

async function valueOf(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'string':
      return await redis.get(key)
    case 'hash':
      return await redis.hgetall(key)
    case 'list':
      return await redis.lrange(key, 0, -1)
    case 'set':
      return await redis.smembers(key)
    case 'zset':
      return await redis.zrange(key, '0', '-1')
    case 'stream':
      return await redis.xrange(key, '-', '+')
    default:
      return null
  }
}
