// Before the tests that use services: a real Redis starts, or the line that installs it is told.
// Fetched here, it is fetched once; without it the other services are still tested, and each test
// that needs Redis fails by its name with the same line.
import { realRedis } from '../test/support/redis.ts'

export async function setup() {
  try {
    const redis = await realRedis()
    await redis.stop()
  } catch (error) {
    process.stderr.write(`\n${error.message}\n\n`)
  }
}
