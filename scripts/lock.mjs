// One at a time: commands started at once must not install or build the same checkout twice.
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

// A holder touches its lock every second, so that a lock left behind by a kill is known by its age
// where the process number says nothing, as in another container on the same volume.
const HEARTBEAT_MS = 1_000
const ABANDONED_AFTER_MS = 15_000
const POLL_MS = 50

/** Runs `work` while no other process does so under the same lock file. */
export async function withLock(path, work) {
  const own = `${hostname()} ${process.pid}`
  mkdirSync(dirname(path), { recursive: true })
  while (!take(path, own)) {
    removeAbandoned(path)
    await sleep(POLL_MS)
  }
  const heartbeat = setInterval(() => touch(path), HEARTBEAT_MS)
  try {
    return await work()
  } finally {
    clearInterval(heartbeat)
    if (read(path) === own) rmSync(path, { force: true })
  }
}

export function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code !== 'ESRCH'
  }
}

function take(path, own) {
  try {
    writeFileSync(path, own, { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

// Two that find the same abandoned lock in the same instant may end up working at once. A build
// stands that, as each of its files appears in one step; an installation would be repeated.
function removeAbandoned(path) {
  const holder = read(path)
  if (holder === undefined) return
  const [host, pid] = holder.split(' ')
  const dead = host === hostname() && pid !== undefined && !isAlive(Number(pid))
  const touchedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
  if (!dead && Date.now() - touchedAt < ABANDONED_AFTER_MS) return
  if (read(path) === holder) rmSync(path, { force: true })
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function touch(path) {
  try {
    utimesSync(path, new Date(), new Date())
  } catch {
    // Taken away by one that thought it abandoned; the work goes on.
  }
}
