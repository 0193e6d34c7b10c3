/** Where no Redis is installed, an ordinary user's tests fetch one without root. */
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { startRedis } from '../support/redis.js'
import { downloadRedis } from '../support/redis-download.js'

// Costs a download of 11 MB, kept for those tests that need one.
test(
  'an ordinary user fetches a Redis without installing anything, two at once fetch it once',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'redress-redis-download-'))
    chmodSync(folder, 0o711)
    try {
      const nobody = { uid: 65534, gid: 65534 }
      const [one, other] = await Promise.all([
        downloadRedis(folder, nobody),
        downloadRedis(folder, nobody),
      ])
      expect(other).toEqual(one)
      expect(statSync(one.command).uid).toBe(65534)
      expect(readdirSync(folder).toSorted()).toEqual(['claims', 'server'])
      const redis = await startRedis(one)
      const client = new Redis(redis.url)
      expect(await client.ping()).toBe('PONG')
      client.disconnect()
      await redis.stop()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
  90_000,
)
