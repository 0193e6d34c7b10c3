/**
 * A real Redis for tests: the one of REDIS_URL, else an installed redis-server or valkey-server,
 * else one fetched into .cache with Debian's package tools. Never a stand-in, never a skip.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { projectRoot } from '../../src/config/project-root.js'
import { downloadRedis } from './redis-download.js'
import type { RedisProgram } from './redis-download.js'

export interface RealRedis {
  readonly url: string
  stop(): Promise<void>
  /** Empties it; of a server that was given by REDIS_URL, the chosen database only. */
  flushAll(): Promise<void>
}

export async function realRedis(): Promise<RealRedis> {
  const given = process.env['REDIS_URL']
  if (given !== undefined && given !== '') {
    await ask(given, 'ping')
    return {
      url: given,
      stop: () => Promise.resolve(),
      flushAll: async () => void (await ask(given, 'flushdb')),
    }
  }
  return await startRedis(installedRedis() ?? (await fetchedRedis()))
}

export function installedRedis(): RedisProgram | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const command = ['redis-server', 'valkey-server']
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path))
  return command === undefined ? undefined : { command, libraryPath: '' }
}

export async function startRedis(program: RedisProgram): Promise<RealRedis> {
  for (let tries = 0; tries < 5; tries += 1) {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'redress-redis-')))
    const port = randomInt(15_000, 32_000)
    const server = launch(program, folder, port)
    const url = `redis://127.0.0.1:${port}/0`
    if (await becomesReady(url, folder)) {
      return {
        url,
        stop: () => stop(server, folder),
        flushAll: async () => void (await ask(url, 'flushall')),
      }
    }
    await stop(server, folder)
  }
  throw new Error(`${program.command} does not start`)
}

async function fetchedRedis(): Promise<RedisProgram> {
  try {
    return await downloadRedis(join(projectRoot(), '.cache', 'redis'))
  } catch (error) {
    throw new Error(
      'no Redis for the tests; install one with `apt-get install redis-server` ' +
        '(macOS: `brew install redis`) or set REDIS_URL',
      { cause: error },
    )
  }
}

/**
 * The shell in between waits for the end of its input, which comes even when the test process is
 * killed, and then ends the server.
 */
function launch(program: RedisProgram, folder: string, port: number): ChildProcess {
  const libraries = program.libraryPath === '' ? {} : { LD_LIBRARY_PATH: program.libraryPath }
  return spawn(
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
}

async function stop(server: ChildProcess, folder: string): Promise<void> {
  const ended = new Promise((done) => server.once('exit', done))
  server.stdin?.end()
  if (server.exitCode === null && server.signalCode === null) await ended
  rmSync(folder, { recursive: true, force: true })
}

/** Ours is known by its folder: on a port that was taken, another Redis may answer. */
async function becomesReady(url: string, folder: string): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < 5000; waitedMs += 50) {
    const found = await ask(url, 'config', 'get', 'dir').catch(() => undefined)
    if (found !== undefined) return Array.isArray(found) && found[1] === folder
    await sleep(50)
  }
  return false
}

async function ask(url: string, command: string, ...parts: readonly string[]): Promise<unknown> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 5000,
  })
  // The rejected command tells; unheard, the event would end the test process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await client.call(command, ...parts)
  } finally {
    client.disconnect()
  }
}
