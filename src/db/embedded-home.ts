/**
 * What the embedded PostgreSQL keeps under REDRESS_HOME and who owns it: folders, the keeper's
 * state, passwords. Commands and the keeper speak with each other through these files only.
 */
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { RedressError } from '../errors.js'

export interface EmbeddedHome {
  readonly folder: string
  readonly data: string
  readonly clients: string
  readonly keepers: string
  readonly launchers: string
  readonly state: string
  readonly passwords: string
  readonly serverLog: string
  readonly keeperLog: string
}

/** The unprivileged account that PostgreSQL runs as when the command runs as root. */
export interface ServerUser {
  readonly uid: number
  readonly gid: number
}

const markShape = z.object({ pid: z.number(), startedAt: z.string() })
const stateShape = z.object({
  keeper: markShape,
  /** Process ids mean nothing elsewhere: see ownPlace. */
  place: z.string(),
  phase: z.enum(['starting', 'ready', 'stopping', 'stopped', 'failed']),
  /** Kept after a stop: the next start takes the same port again if it is still free. */
  port: z.number().optional(),
  postmaster: markShape.optional(),
  problem: z.string().optional(),
  expected: z.string().optional(),
})
export type KeeperState = z.infer<typeof stateShape>

const passwordShape = z.object({ superuser: z.string().min(1), application: z.string().min(1) })
export type Passwords = Readonly<z.infer<typeof passwordShape>>

/** @throws RedressError DATABASE_UNAVAILABLE when the folders cannot be made. */
export function prepareHome(home: string): EmbeddedHome {
  // As root, PostgreSQL runs as another user, who must pass through on the way to its data.
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700
  try {
    mkdirSync(resolve(home), { recursive: true, mode })
    const it = homeAt(home)
    for (const folder of [it.folder, it.clients, it.keepers, it.launchers]) {
      if (!existsSync(folder)) {
        mkdirSync(folder, { recursive: true, mode })
        giveToOwnerOf(dirname(folder), folder)
      }
    }
    return it
  } catch (error) {
    throw new RedressError(
      'DATABASE_UNAVAILABLE',
      {
        problem: `the folder ${resolve(home)} cannot be used (${codeOf(error)})`,
        expected: 'a REDRESS_HOME that this user may write, or DATABASE_URL',
      },
      { cause: error },
    )
  }
}

export function homeAt(home: string): EmbeddedHome {
  const folder = join(realpathSync(resolve(home)), 'postgres')
  const inside = (name: string): string => join(folder, name)
  return {
    folder,
    data: inside('data'),
    clients: inside('clients'),
    keepers: inside('keepers'),
    launchers: inside('launchers'),
    state: inside('keeper.json'),
    passwords: inside('passwords.json'),
    serverLog: inside('postgres.log'),
    keeperLog: inside('keeper.log'),
  }
}

export function readState(home: EmbeddedHome): KeeperState | undefined {
  return readJson(home.state, stateShape)
}

export function writeState(home: EmbeddedHome, state: KeeperState): void {
  replaceFile(home.state, JSON.stringify(state), 0o644)
}

/** Says that the keeper is still there, to those who cannot see its process. */
export function touchState(home: EmbeddedHome): void {
  const state = readState(home)
  if (state !== undefined) writeState(home, state)
}

/**
 * A home on a volume may be seen from a second host or container, which can neither see nor trust
 * the process ids of the first. Two servers on one data folder would destroy it.
 */
export async function assertNotUsedElsewhere(home: EmbeddedHome): Promise<void> {
  const state = readState(home)
  const ended = state === undefined || state.phase === 'stopped' || state.phase === 'failed'
  if (ended || state.place === ownPlace()) return
  const before = statSync(home.state).mtimeMs
  // Four times as long as a keeper takes between two signs of life.
  await sleep(2000)
  if (statSync(home.state, { throwIfNoEntry: false })?.mtimeMs === before) return
  throw new RedressError('DATABASE_UNAVAILABLE', {
    problem: `${home.folder} is in use from another host or container`,
    expected: 'a REDRESS_HOME for each, or one DATABASE_URL for both',
  })
}

/** Where this process's pid is valid: the host, and on Linux the container. */
export function ownPlace(): string {
  const container = process.platform === 'linux' ? readlinkSync('/proc/self/ns/pid') : ''
  return `${hostname()} ${container}`
}

export function readPasswords(home: EmbeddedHome): Passwords | undefined {
  return readJson(home.passwords, passwordShape)
}

export function writePasswords(home: EmbeddedHome, passwords: Passwords): void {
  replaceFile(home.passwords, JSON.stringify(passwords), 0o600)
}

/**
 * Whom PostgreSQL, which refuses to run as root, is to run as: the owner of the data, else of the
 * home, else nobody. Undefined means this process's own user.
 */
export function serverUserOf(home: EmbeddedHome): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  if (process.platform !== 'linux') {
    throw new RedressError('DATABASE_UNAVAILABLE', {
      problem: 'PostgreSQL does not run as root',
      expected: 'another user, or DATABASE_URL',
    })
  }
  const ofData = statSync(home.data, { throwIfNoEntry: false })
  if (ofData !== undefined) return { uid: ofData.uid, gid: ofData.gid }
  const ofHome = statSync(dirname(home.folder))
  if (ofHome.uid !== 0 && hasName(ofHome.uid)) return { uid: ofHome.uid, gid: ofHome.gid }
  const nobody = passwdEntries().find(([name]) => name === 'nobody')
  return { uid: Number(nobody?.[2] ?? 65534), gid: Number(nobody?.[3] ?? 65534) }
}

/** initdb looks its user up by name and gives up without one; the server itself would not care. */
export function assertKnownUser(user: ServerUser | undefined): void {
  const uid = user?.uid ?? process.getuid?.()
  if (user === undefined ? hasOwnName() : hasName(user.uid)) return
  throw new RedressError('DATABASE_UNAVAILABLE', {
    problem: `user id ${uid} has no entry in /etc/passwd, and PostgreSQL's initdb needs one`,
    expected:
      `an entry such as \`redress:x:${uid}:${uid}::/nonexistent:/bin/false\`, ` +
      'another user, or DATABASE_URL',
  })
}

/**
 * Whether `user` may pass through every folder on the way to `path`, and has the rights `needed`
 * on it: 5 to read and enter or run, 1 to enter only.
 */
export function isReachable(path: string, user: ServerUser | undefined, needed: 1 | 5): boolean {
  if (user === undefined) return true
  const real = realpathSync(path)
  for (let at = real; ; at = dirname(at)) {
    const { uid, gid, mode } = statSync(at)
    const bits = uid === user.uid ? mode >> 6 : gid === user.gid ? mode >> 3 : mode
    const wanted = at === real ? needed : 1
    if ((bits & wanted) !== wanted) return false
    if (at === dirname(at)) return true
  }
}

export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).message
}

/** What root writes into another user's home stays that user's, or the user is locked out later. */
export function giveToOwnerOf(folder: string, path: string): void {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = statSync(folder)
  chownSync(path, uid, gid)
}

function replaceFile(path: string, content: string, mode: number): void {
  const draft = `${path}.${randomBytes(4).toString('hex')}`
  writeFileSync(draft, content, { mode })
  giveToOwnerOf(dirname(path), draft)
  renameSync(draft, path)
}

function readJson<T>(path: string, shape: z.ZodType<T>): T | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new RedressError(
      'DATABASE_UNAVAILABLE',
      {
        problem: `${path} cannot be read (${codeOf(error)})`,
        expected: 'the user that this REDRESS_HOME belongs to, or root',
      },
      { cause: error },
    )
  }
  try {
    return shape.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

function passwdEntries(): readonly (readonly string[])[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((entry) => entry.split(':'))
}

function hasName(uid: number): boolean {
  return passwdEntries().some((entry) => Number(entry[2]) === uid)
}

/** Asks the system, which may know users that /etc/passwd does not list. */
function hasOwnName(): boolean {
  try {
    return userInfo().username !== ''
  } catch {
    return false
  }
}
