/**
 * The data folder of the embedded PostgreSQL: made whole or not at all, with passwords of its own,
 * and the ways in which the server's user, who may not be this process's, gets at it.
 */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { RedressError } from '../errors.js'
import type { Binaries } from './embedded-binaries.js'
import {
  assertKnownUser,
  codeOf,
  isReachable,
  readPasswords,
  writePasswords,
} from './embedded-home.js'
import type { EmbeddedHome, ServerUser } from './embedded-home.js'

export interface ServerParts {
  readonly home: EmbeddedHome
  readonly binaries: Binaries
  readonly user: ServerUser | undefined
}

/** Makes the data folder where there is none; an interrupted attempt leaves nothing that counts. */
export function prepareData(parts: ServerParts): void {
  const { home, binaries } = parts
  if (!existsSync(home.data)) {
    rmSync(home.passwords, { force: true })
    createData(parts)
  }
  const found = readFileSync(join(home.data, 'PG_VERSION'), 'utf8').trim()
  if (found !== binaries.majorVersion) {
    throw new RedressError('DATABASE_UNAVAILABLE', {
      problem: `${home.data} was made by PostgreSQL ${found}, this is ${binaries.majorVersion}`,
      expected: 'the version of Redress that made it, or another REDRESS_HOME',
    })
  }
  if (readPasswords(home) === undefined) setPasswords(parts)
}

/** Writes a file that the server reads, into the data folder, as its user's. */
export function writeServerFile(parts: ServerParts, name: string, content: string): void {
  const path = join(parts.home.data, name)
  writeFileSync(path, content, { mode: 0o600 })
  if (parts.user !== undefined) chownSync(path, parts.user.uid, parts.user.gid)
}

/**
 * How to name the data folder to a server that is started inside it. A user without the right to
 * pass through the folders above (/root is closed to all others) still stands in its own working
 * directory, and Linux lets it be opened under this name; PostgreSQL never looks above it.
 */
export function pathForServer(data: string, user: ServerUser | undefined): string {
  return isReachable(join(data, '..'), user, 1) ? data : '/proc/self/cwd'
}

/** Nothing of the caller's environment: it may hold PGDATA, or secrets. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
}

function createData(parts: ServerParts): void {
  const { home, binaries, user } = parts
  assertKnownUser(user)
  for (const name of readdirSync(home.folder)) {
    if (name.startsWith('data-')) rmSync(join(home.folder, name), { recursive: true })
  }
  const draft = join(home.folder, `data-${randomBytes(4).toString('hex')}`)
  mkdirSync(draft, { mode: 0o700 })
  if (user !== undefined) chownSync(draft, user.uid, user.gid)
  const made = spawnSync(
    binaries.initdb,
    [
      '-D',
      pathForServer(draft, user),
      '--username=postgres',
      '--encoding=UTF8',
      '--locale=C',
      // Nobody is let in before pg_hba.conf has been written and passwords have been set.
      '--data-checksums',
      '--auth=reject',
      '--no-instructions',
    ],
    { ...user, cwd: draft, env: serverEnvironment(), encoding: 'utf8' },
  )
  if (made.status !== 0) {
    const reason = made.error === undefined ? lastLine(made.stderr) : codeOf(made.error)
    throw new RedressError('DATABASE_UNAVAILABLE', {
      problem: `initdb failed in ${home.folder} (${reason})`,
      expected: 'room on the disk and the right to write there, or DATABASE_URL',
    })
  }
  renameSync(draft, home.data)
  syncFolder(home.folder)
}

/** In single-user mode, as nobody can log in yet; the file is written last, so a repeat is safe. */
function setPasswords(parts: ServerParts): void {
  const { home, binaries, user } = parts
  const [superuser, application] = [newPassword(), newPassword()]
  const done = spawnSync(
    binaries.postgres,
    [
      '--single',
      '-D',
      pathForServer(home.data, user),
      '-c',
      'log_min_messages=error',
      '-c',
      'password_encryption=scram-sha-256',
      'postgres',
    ],
    {
      ...user,
      cwd: home.data,
      env: serverEnvironment(),
      encoding: 'utf8',
      input: `alter role postgres password '${superuser}'\n`,
    },
  )
  if (done.status !== 0 || /ERROR|FATAL/.test(done.stderr)) {
    const reason = done.error === undefined ? lastLine(done.stderr) : codeOf(done.error)
    throw new RedressError('DATABASE_UNAVAILABLE', {
      problem: `passwords could not be set in ${home.data} (${reason})`,
      expected: 'a data folder that no other server uses',
    })
  }
  writePasswords(home, { superuser, application })
}

function newPassword(): string {
  return randomBytes(24).toString('hex')
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}

/** A renamed folder is on the disk only once its parent is. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  fsyncSync(handle)
  closeSync(handle)
}
