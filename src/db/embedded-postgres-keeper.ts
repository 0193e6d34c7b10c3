/**
 * The keeper: a process of its own that owns the embedded PostgreSQL of one home. It starts or
 * adopts the server, watches the marks of the commands that use it, and stops it soon after the
 * last of them has ended, however that happened. Argument: the home.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { RedressError } from '../errors.js'
import { findBinaries } from './embedded-binaries.js'
import { prepareData } from './embedded-data.js'
import type { ServerParts } from './embedded-data.js'
import { startGuard } from './embedded-guard.js'
import {
  codeOf,
  homeAt,
  ownPlace,
  readState,
  serverUserOf,
  touchState,
  writeState,
} from './embedded-home.js'
import type { EmbeddedHome, KeeperState } from './embedded-home.js'
import { findSurvivor, provision, startServer, stopServer } from './embedded-server.js'
import type { RunningServer } from './embedded-server.js'
import { claim, isLiving, livingIn, markOf } from './process-mark.js'
import type { ProcessMark } from './process-mark.js'

// Detection 0.5 s, patience 3 s and a shutdown of at most 4.5 s stay below the promised 10 s.
const POLL_MS = 500
const IDLE_POLLS = 6

let stopRequested = false
process.on('SIGTERM', () => (stopRequested = true))
// An interrupt in a terminal is meant for the command, a closed terminal for nobody here.
process.on('SIGINT', () => undefined)
process.on('SIGHUP', () => undefined)

await keep(homeAt(process.argv[2] ?? ''))

async function keep(home: EmbeddedHome): Promise<void> {
  const self = markOf(process.pid)
  const claimed = claim(home.keepers)
  if (self === undefined || claimed === undefined) return
  const own = { keeper: self, place: ownPlace() }
  let port = readState(home)?.port
  let server: RunningServer | undefined
  let dismissGuard: (() => void) | undefined
  let ending: Pick<KeeperState, 'phase' | 'problem' | 'expected'> = { phase: 'stopped' }
  try {
    writeState(home, { ...own, phase: 'starting', port })
    server = await serve(home, port)
    port = server.port
    const state = { ...own, port, postmaster: server.postmaster }
    writeState(home, { ...state, phase: 'ready' })
    dismissGuard = startGuard(home, server.postmaster)
    await watch(home, server, (phase) => writeState(home, { ...state, phase }))
  } catch (error) {
    ending = { phase: 'failed', ...failure(error) }
  }
  if (server !== undefined) await stopServer(server.postmaster)
  dismissGuard?.()
  // The home may have been removed, and even made anew by others, while the server ran.
  if (isOurs(home)) writeState(home, { ...own, port, ...ending })
  claimed.release()
}

async function serve(home: EmbeddedHome, port: number | undefined): Promise<RunningServer> {
  const user = serverUserOf(home)
  const parts: ServerParts = { home, user, binaries: findBinaries(user) }
  const server = (await findSurvivor(parts)) ?? (await startAnew(parts, port))
  try {
    // A survivor's keeper may have been killed before it came to this.
    await provision(parts, server.port)
    return server
  } catch (error) {
    await stopServer(server.postmaster)
    throw error
  }
}

async function startAnew(parts: ServerParts, port: number | undefined): Promise<RunningServer> {
  prepareData(parts)
  return await startServer(parts, port)
}

/**
 * Ends when nobody needs the server any more, when it has died, or when its home was removed. A
 * command marks itself first and reads the phase second; the keeper writes the phase first and
 * reads the marks second, so neither can overlook the other.
 */
async function watch(
  home: EmbeddedHome,
  { postmaster }: RunningServer,
  announce: (phase: KeeperState['phase']) => void,
): Promise<void> {
  for (let idle = 0; isLiving(postmaster) && isOurs(home); await sleep(POLL_MS)) {
    touchState(home)
    idle = livingIn(home.clients).length > 0 ? 0 : idle + 1
    if (idle <= IDLE_POLLS && !stopRequested) continue
    announce('stopping')
    if (stopRequested || livingIn(home.clients).length === 0) return
    announce('ready')
    idle = 0
  }
}

function isOurs(home: EmbeddedHome): boolean {
  const keeper: ProcessMark | undefined = readState(home)?.keeper
  return keeper?.pid === process.pid
}

function failure(error: unknown): Pick<KeeperState, 'problem' | 'expected'> {
  if (error instanceof RedressError) {
    return { problem: `${error.details['problem']}`, expected: `${error.details['expected']}` }
  }
  return { problem: `PostgreSQL could not be started (${codeOf(error)})`, expected: 'DATABASE_URL' }
}
