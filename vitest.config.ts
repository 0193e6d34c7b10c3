/** Which tests run together, and how long they may take; `npm test` runs them in this order. */
import { existsSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const SERVICES = ['integration', 'jobs', 'gateways', 'e2e', 'bench'].map((name) => `test/${name}/**/*.test.ts`)
/**
 * Only root can become somebody else; what these tests do as an ordinary user is what the other
 * tests do when an ordinary user runs them. `npm test` says so when it leaves them out.
 */
const IS_ROOT = process.getuid?.() === 0 && process.platform === 'linux'
const ROOT_ALONE = IS_ROOT ? [] : ['test/**/*-as-root.test.ts']
const DEBIAN_ALONE = existsSync('/usr/bin/apt-get')
  ? []
  : ['test/**/redis-download-*.test.ts', 'test/**/kannel-download*.test.ts']
const SIMULATION = ['test/simulation/**/*.test.ts']

export default defineConfig({
  test: {
    // A folder with no tests would otherwise pass unseen.
    passWithNoTests: false,
    // Also on a developer's machine: a test left alone on purpose hides all others.
    allowOnly: false,
    // Two cores are the measure: PostgreSQL and Redis of the services need theirs as well.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: [...SERVICES, ...SIMULATION],
          globalSetup: ['scripts/test-setup.mjs'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'services',
          include: SERVICES,
          exclude: [...ROOT_ALONE, ...DEBIAN_ALONE],
          globalSetup: ['scripts/test-setup.mjs', 'scripts/test-redis.mjs'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'simulation',
          include: SIMULATION,
          globalSetup: ['scripts/test-setup.mjs'],
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
