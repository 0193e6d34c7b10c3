/**
 * One PostgreSQL server process: started on a free loopback port, found again when it outlived
 * its keeper, and stopped. Only the keeper calls this.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { RedressError } from '../errors.js'
import { pathForServer, serverEnvironment, writeServerFile } from './embedded-data.js'
import type { ServerParts } from './embedded-data.js'
import { codeOf, giveToOwnerOf, readPasswords } from './embedded-home.js'
import { HOST_RULES, serverConfiguration } from './embedded-settings.js'
import { isLiving, markOf } from './process-mark.js'
import type { ProcessMark } from './process-mark.js'

export interface RunningServer {
  readonly postmaster: ProcessMark
  readonly port: number
}

const LOG_LIMIT_BYTES = 10 * 1024 * 1024

/** @param preferredPort the port of the last time, so that a restart does not move the server. */
export async function startServer(
  parts: ServerParts,
  preferredPort: number | undefined,
): Promise<RunningServer> {
  let port = await freePort(preferredPort)
  // 40 tries of 250 ms: processes of a killed postmaster need a moment to let go of its memory.
  for (let tries = 1; ; tries += 1) {
    writeServerFile(parts, 'postgresql.conf', serverConfiguration(port))
    writeServerFile(parts, 'pg_hba.conf', HOST_RULES)
    const { server, log } = await attemptStart(parts, port)
    if (server !== undefined) return server
    const portTaken = /could not bind|Address already in use/.test(log)
    const stillHeld = /shared memory block|lock file/.test(log)
    if (tries >= 40 || !(portTaken || stillHeld)) {
      throw new RedressError('DATABASE_UNAVAILABLE', {
        problem: `PostgreSQL did not start (${log.trim().split('\n').at(-1)})`,
        expected: `a repair of what ${parts.home.serverLog} says, or DATABASE_URL`,
      })
    }
    if (portTaken) port = await freePort(undefined)
    else await sleep(250)
  }
}

/** A server of this data folder that is running although its keeper is gone. */
export async function findSurvivor(parts: ServerParts): Promise<RunningServer | undefined> {
  const file = join(parts.home.data, 'postmaster.pid')
  if (!existsSync(file)) return undefined
  const [pid, , , port] = readFileSync(file, 'utf8').split('\n')
  const postmaster = markOf(Number(pid))
  if (postmaster === undefined || !worksIn(postmaster.pid, parts.home.data)) {
    // PostgreSQL takes any living process with this pid for its own and would refuse to start.
    rmSync(file, { force: true })
    return undefined
  }
  const survivor = { postmaster, port: Number(port) }
  const adoptable = readPasswords(parts.home) !== undefined
  if (adoptable && (await becomesReady(parts, survivor))) return survivor
  await stopServer(postmaster)
  return undefined
}

/** The application's role and database; repeated at each start, as a first one may break off. */
export async function provision(parts: ServerParts, port: number): Promise<void> {
  const client = superuserClient(parts, port)
  await client.connect()
  try {
    const role = await client.query(`select 1 from pg_roles where rolname = 'redress'`)
    const password = client.escapeLiteral(readPasswords(parts.home)?.application ?? '')
    await client.query(
      `${role.rowCount === 0 ? 'create' : 'alter'} role redress
       login nosuperuser createdb createrole password ${password}`,
    )
    const database = await client.query(`select 1 from pg_database where datname = 'redress'`)
    if (database.rowCount === 0) await client.query('create database redress owner redress')
  } finally {
    await client.end()
  }
}

/**
 * A fast shutdown writes a checkpoint. A disk that needs longer than 4.5 s for up to 1 GB gets an
 * immediate one: nothing committed is lost, the next start replays the log instead.
 */
export async function stopServer(postmaster: ProcessMark): Promise<void> {
  for (const [signal, waitMs] of [
    ['SIGINT', 4500],
    ['SIGQUIT', 10_000],
  ] as const) {
    if (!isLiving(postmaster)) return
    process.kill(postmaster.pid, signal)
    for (let waited = 0; waited < waitMs && isLiving(postmaster); waited += 50) await sleep(50)
  }
}

interface Attempt {
  readonly server: RunningServer | undefined
  /** What the server wrote while it tried. */
  readonly log: string
}

async function attemptStart(parts: ServerParts, port: number): Promise<Attempt> {
  const { home, binaries, user } = parts
  const log = openLog(parts)
  const child = spawn(binaries.postgres, ['-D', pathForServer(home.data, user)], {
    ...user,
    cwd: home.data,
    env: serverEnvironment(),
    stdio: ['ignore', log.handle, log.handle],
  })
  closeSync(log.handle)
  let failure = ''
  child.on('error', (error) => (failure = codeOf(error)))
  const postmaster = child.pid === undefined ? undefined : markOf(child.pid)
  const server = postmaster === undefined ? undefined : { postmaster, port }
  const ready = server !== undefined && (await becomesReady(parts, server, child))
  const written = readFileSync(home.serverLog).subarray(log.offset).toString('utf8')
  return { server: ready ? server : undefined, log: written + failure }
}

/** Recovery after a crash may have 8 GB of log to replay, so nothing but its end is a failure. */
async function becomesReady(
  parts: ServerParts,
  { postmaster, port }: RunningServer,
  child?: ChildProcess,
): Promise<boolean> {
  for (;;) {
    const ended = child !== undefined && (child.exitCode !== null || child.signalCode !== null)
    if (ended || !isLiving(postmaster)) return false
    const client = superuserClient(parts, port)
    try {
      await client.connect()
      await client.end()
      return true
    } catch (error) {
      // Starting up, or not listening yet; anything else will not change by waiting.
      if (!['57P03', 'ECONNREFUSED', 'ECONNRESET'].includes(codeOf(error))) return false
      await sleep(50)
    }
  }
}

function superuserClient(parts: ServerParts, port: number): pg.Client {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password: readPasswords(parts.home)?.superuser ?? '',
    database: 'postgres',
    connectionTimeoutMillis: 10_000,
  })
  // A connection cut by a shutdown is reported by the query; unheard, it would end the keeper.
  client.on('error', () => undefined)
  return client
}

function openLog({ home }: ServerParts): { readonly handle: number; readonly offset: number } {
  const size = statSync(home.serverLog, { throwIfNoEntry: false })?.size ?? 0
  const fresh = size > LOG_LIMIT_BYTES
  const handle = openSync(home.serverLog, fresh ? 'w' : 'a', 0o600)
  giveToOwnerOf(home.folder, home.serverLog)
  return { handle, offset: fresh ? 0 : size }
}

/** PostgreSQL works in its data folder; where that cannot be seen, a login will have to tell. */
function worksIn(pid: number, data: string): boolean {
  if (process.platform !== 'linux') return true
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data)
  } catch {
    return false
  }
}

/** Below the range from which systems take ports for outgoing connections (32,768 on Linux). */
async function freePort(preferred: number | undefined): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred
  for (let tries = 0; tries < 200; tries += 1) {
    const port = randomInt(15_000, 32_000)
    if (await isFree(port)) return port
  }
  throw new RedressError('DATABASE_UNAVAILABLE', {
    problem: '200 random ports of 127.0.0.1 were all taken',
    expected: 'a loopback interface with free ports',
  })
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const probe = createServer()
    probe.once('error', () => done(false))
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => done(true)))
  })
}
