/** What tests of killed processes share: seeded chance, waiting, a server that comes back. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { projectRoot } from '../../src/config/project-root.js'
import { downloadRedis } from './redis-download.js'
import { installedRedis } from './redis.js'

export interface Chance {
  readonly seed: number
  /** At least 0, less than 1. */
  next(): number
  /** One of `choices`. */
  pick<T>(choices: readonly T[]): T
}

/** mulberry32: the same seed gives the same numbers, on any machine. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { seed, next, pick: (choices) => choices[Math.floor(next() * choices.length)]! }
}

/** The seed to replay, or a new one; whoever asks prints it. */
export function simulationSeed(): number {
  const given = process.env['REDRESS_SIMULATION_SEED'] ?? process.env['SIMULATION_SEED'] ?? ''
  return /^\d{1,9}$/.test(given) ? Number(given) : Math.floor(Math.random() * 1e9)
}

/** Asks every `everyMs` until `holds` says something; throws with `what` after `timeoutMs`. */
export async function until<T>(
  what: string,
  holds: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 30_000, everyMs = 25 } = {},
): Promise<T> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const found = await holds()
    if (found !== undefined && found !== false) return found
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await sleep(everyMs)
  }
}

export interface RestartableRedis {
  readonly url: string
  stop(): Promise<void>
  /** On the same port, and empty. */
  start(): Promise<void>
  flushAll(): Promise<void>
  /** Stops it for good. */
  end(): Promise<void>
}

/** A Redis of the test's own: one that was given by REDIS_URL is not a test's to stop. */
export async function restartableRedis(): Promise<RestartableRedis> {
  const program = installedRedis() ?? (await downloadRedis(join(projectRoot(), '.cache', 'redis')))
  const folder = mkdtempSync(join(tmpdir(), 'redress-redis-'))
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}/0`
  const libraries = program.libraryPath === '' ? {} : { LD_LIBRARY_PATH: program.libraryPath }
  let server: ChildProcess | undefined
  const start = async (): Promise<void> => {
    // The shell ends the server when this process is gone, however it went.
    server = spawn(
      'sh',
      [
        '-c',
        '"$@" & server=$!; cat >/dev/null; kill -9 $server; wait',
        'sh',
        program.command,
        '--port',
        `${port}`,
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        '--dir',
        folder,
        '--daemonize',
        'no',
        '--maxmemory-policy',
        'noeviction',
      ],
      { stdio: ['pipe', 'ignore', 'ignore'], env: { ...process.env, ...libraries } },
    )
    await until('Redis answers', () =>
      tellRedis(url, 'ping').then(
        () => true,
        () => false,
      ),
    )
  }
  const stop = async (): Promise<void> => {
    const stopping = server
    server = undefined
    if (stopping === undefined) return
    const ended = new Promise((done) => stopping.once('exit', done))
    stopping.stdin?.end()
    if (stopping.exitCode === null && stopping.signalCode === null) await ended
  }
  const end = async (): Promise<void> => {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  }
  await start()
  return { url, start, stop, end, flushAll: async () => void (await tellRedis(url, 'flushall')) }
}

export async function tellRedis(url: string, command: string): Promise<unknown> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 5_000,
  })
  // The rejected command tells; unheard, the event would end the test process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await client.call(command)
  } finally {
    client.disconnect()
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen({ port: 0, host: '127.0.0.1' }, () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
