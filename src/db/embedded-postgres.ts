/**
 * A PostgreSQL for those who have none: started on demand under REDRESS_HOME from the binaries
 * that npm brought, shared by all commands of that home, stopped soon after the last one ends.
 */
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { projectRoot } from '../config/project-root.js'
import { RedressError } from '../errors.js'
import {
  assertNotUsedElsewhere,
  codeOf,
  giveToOwnerOf,
  prepareHome,
  readPasswords,
  readState,
} from './embedded-home.js'
import type { EmbeddedHome, KeeperState } from './embedded-home.js'
import { claim, isLiving, register } from './process-mark.js'

export interface EmbeddedPostgres {
  /** postgres://redress:…@127.0.0.1:port/redress; a restart keeps the port if it is still free. */
  readonly url: string
  /** Starts the server again if it has gone, and returns its url. */
  ensureRunning(): Promise<string>
  /** Says that this command no longer needs the server; a process that ends need not say so. */
  release(): Promise<void>
}

export interface EmbeddedPostgresOptions {
  readonly home: string
  readonly log?: (line: string) => void
}

// Far above the usual 2 s: after a crash there may be 8 GB of write-ahead log to replay.
const START_LIMIT_MS = 15 * 60_000
const ANSWER_LIMIT_MS = 60_000
const LAUNCH_LIMIT = 5

/** @throws RedressError DATABASE_UNAVAILABLE with what stands in the way. */
export async function useEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => undefined)
  const registration = register(prepareHome(options.home).clients)
  const ensureRunning = async (): Promise<string> => {
    const home = prepareHome(options.home)
    registration.renew()
    return urlOf(home, await reachServer(home, log))
  }
  try {
    let url = await ensureRunning()
    return {
      get url() {
        return url
      },
      ensureRunning: async () => (url = await ensureRunning()),
      release: async () => registration.release(),
    }
  } catch (error) {
    registration.release()
    throw error
  }
}

/** Waits until the server of this home answers, and starts its keeper as often as it takes. */
async function reachServer(home: EmbeddedHome, log: (line: string) => void): Promise<number> {
  await assertNotUsedElsewhere(home)
  const earlier = readState(home)
  const startedAt = performance.now()
  let launches = 0
  let readySince: number | undefined
  for (;;) {
    const state = readState(home)
    const waitedMs = performance.now() - startedAt
    const kept = state !== undefined && isLiving(state.keeper)
    if (kept && state.phase === 'ready' && state.postmaster !== undefined) {
      readySince ??= waitedMs
      if (isLiving(state.postmaster) && (await answers(home, state.port ?? 0)))
        return state.port ?? 0
    }
    if (state?.phase === 'failed' && !sameKeeper(state, earlier)) throw failureOf(home, state)
    if (waitedMs > START_LIMIT_MS || waitedMs - (readySince ?? waitedMs) > ANSWER_LIMIT_MS) {
      throw failureOf(home, { problem: 'the embedded PostgreSQL does not answer' })
    }
    if (!kept && (await launchKeeper(home, log))) launches += 1
    if (launches > LAUNCH_LIMIT) {
      throw failureOf(home, { problem: 'the keeper of the embedded PostgreSQL ended early' })
    }
    await sleep(randomInt(20, 80))
  }
}

/** @returns false when another command is about to start one. */
async function launchKeeper(home: EmbeddedHome, log: (line: string) => void): Promise<boolean> {
  const program = join(projectRoot(), 'dist', 'src', 'db', 'embedded-postgres-keeper.js')
  if (!existsSync(program)) {
    throw new RedressError('DATABASE_UNAVAILABLE', {
      problem: `${program} is missing`,
      expected: '`npm run build` first',
    })
  }
  const launching = claim(home.launchers)
  if (launching === undefined) return false
  try {
    const current = readState(home)
    if (current !== undefined && isLiving(current.keeper)) return false
    log(`starting an embedded PostgreSQL in ${home.folder}`)
    const output = openSync(home.keeperLog, 'w', 0o600)
    giveToOwnerOf(home.folder, home.keeperLog)
    const keeper = spawn(process.execPath, [program, join(home.folder, '..')], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', output, output],
      // It outlives the command and needs none of its secrets.
      env: { PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'], LC_ALL: 'C' },
    })
    closeSync(output)
    let failed = false
    keeper.on('error', () => (failed = true))
    keeper.unref()
    for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 20) {
      const ended = failed || keeper.exitCode !== null || keeper.signalCode !== null
      if (ended || readState(home)?.keeper.pid === keeper.pid) break
      await sleep(20)
    }
    return true
  } finally {
    launching.release()
  }
}

async function answers(home: EmbeddedHome, port: number): Promise<boolean> {
  const client = new pg.Client({
    connectionString: urlOf(home, port),
    connectionTimeoutMillis: 10_000,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.end()
    return true
  } catch (error) {
    // 53300: all 60 connections are in use, which is an answer too.
    return codeOf(error) === '53300'
  }
}

function urlOf(home: EmbeddedHome, port: number): string {
  return `postgres://redress:${readPasswords(home)?.application ?? ''}@127.0.0.1:${port}/redress`
}

function sameKeeper(state: KeeperState, other: KeeperState | undefined): boolean {
  return state.keeper.pid === other?.keeper.pid && state.keeper.startedAt === other.keeper.startedAt
}

function failureOf(
  home: EmbeddedHome,
  { problem, expected }: Pick<KeeperState, 'problem' | 'expected'>,
): RedressError {
  return new RedressError('DATABASE_UNAVAILABLE', {
    problem: problem ?? 'the embedded PostgreSQL did not start',
    expected: expected ?? `a look at ${home.keeperLog} and ${home.serverLog}, or DATABASE_URL`,
  })
}
