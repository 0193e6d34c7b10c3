/** The Redis that the tests run on is a real one, wherever it comes from. */
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { realRedis } from '../support/redis.js'

async function withClient<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0 })
  client.on('error', () => undefined)
  try {
    return await work(client)
  } finally {
    client.disconnect()
  }
}

test('a real Redis 7 or Valkey 8 answers, keeps what it is given and is emptied', async () => {
  const redis = await realRedis()
  try {
    await withClient(redis.url, async (client) => {
      const version = /^(?:redis|valkey)_version:(\d+)/m.exec(await client.info('server'))?.[1]
      expect(Number(version)).toBeGreaterThanOrEqual(7)
      await client.set('redress:test', 'here')
      expect(await client.get('redress:test')).toBe('here')
      await redis.flushAll()
      expect(await client.get('redress:test')).toBeNull()
    })
  } finally {
    await redis.stop()
  }
  if (process.env['REDIS_URL'] === undefined) {
    await expect(withClient(redis.url, (client) => client.ping())).rejects.toThrow()
  }
}, 60_000)

test('two tests at once have a Redis each', async () => {
  if (process.env['REDIS_URL'] !== undefined) return
  const [one, other] = await Promise.all([realRedis(), realRedis()])
  await withClient(one.url, (client) => client.set('redress:test', 'one'))
  expect(await withClient(other.url, (client) => client.get('redress:test'))).toBeNull()
  await Promise.all([one.stop(), other.stop()])
}, 60_000)
