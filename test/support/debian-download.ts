/**
 * Programs fetched with Debian's own tools and unpacked into a folder: nothing is installed, no
 * rights are needed, and the system's package lists stay as they are.
 */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { claim } from '../../src/db/process-mark.js'

export interface DebianPackage {
  /** The first of them that there is. */
  readonly names: readonly string[]
  /** Paths in it, of each program one that has to be there. */
  readonly programs: readonly (readonly string[])[]
}

export interface UnpackedPrograms {
  /** One of each program, in their order. */
  readonly commands: readonly string[]
  /** Where the libraries that came along lie. */
  readonly libraryPath: string
}

export interface OrdinaryUser {
  readonly uid: number
  readonly gid: number
}

/** @param user runs apt as this user instead of the process's own. */
export async function downloadPackage(
  folder: string,
  wanted: DebianPackage,
  user?: OrdinaryUser,
): Promise<UnpackedPrograms> {
  const claims = join(folder, 'claims')
  mkdirSync(claims, { recursive: true })
  // A download takes 6 s; 240 tries of 500 ms let several slow ones go first.
  for (let tries = 0; tries < 240; tries += 1) {
    const ready = unpackedIn(join(folder, 'server'), wanted)
    if (ready !== undefined) return ready
    const claimed = claim(claims)
    if (claimed === undefined) {
      await sleep(300 + Math.random() * 400)
      continue
    }
    try {
      fetchInto(folder, wanted, user)
    } finally {
      claimed.release()
    }
  }
  throw new Error(`another process has been fetching ${wanted.names[0]} for two minutes`)
}

function fetchInto(folder: string, wanted: DebianPackage, user: OrdinaryUser | undefined): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith('draft-')) rmSync(join(folder, name), { recursive: true, force: true })
  }
  const draft = join(folder, `draft-${randomBytes(4).toString('hex')}`)
  const folders = ['', 'state', 'lists/partial', 'cache/archives/partial', 'packages', 'server']
  for (const name of folders) {
    const path = join(draft, name)
    mkdirSync(path, { recursive: true })
    for (let at = path; user !== undefined && at !== folder; at = dirname(at)) {
      chownSync(at, user.uid, user.gid)
    }
  }
  const run = (command: string, ...parts: readonly string[]): string => {
    const done = spawnSync(command, parts, {
      ...user,
      cwd: join(draft, 'packages'),
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    })
    if (done.status === 0) return done.stdout
    throw new Error(`${command} failed: ${done.stderr ?? done.error?.message}`)
  }
  const apt = (...parts: readonly string[]): string =>
    run('apt-get', ...privateState(draft), ...parts)

  apt('-q', 'update')
  apt('-q', 'download', ...packagesNeeded(apt, wanted.names))
  const server = join(draft, 'server')
  for (const file of readdirSync(join(draft, 'packages'))) run('dpkg-deb', '-x', file, server)
  if (unpackedIn(server, wanted) === undefined) {
    throw new Error(`the packages hold none of ${wanted.programs.flat().join(', ')}`)
  }
  rmSync(join(folder, 'server'), { recursive: true, force: true })
  renameSync(server, join(folder, 'server'))
  rmSync(draft, { recursive: true, force: true })
}

/** Lists, caches and locks of our own; only what is installed is read from the system. */
function privateState(draft: string): readonly string[] {
  return [
    `Dir::State=${join(draft, 'state')}`,
    `Dir::State::lists=${join(draft, 'lists')}`,
    'Dir::State::status=/var/lib/dpkg/status',
    `Dir::Cache=${join(draft, 'cache')}`,
    'Debug::NoLocking=1',
    // As root, apt would change to a user who may not be able to enter the folder.
    'APT::Sandbox::User=root',
  ].flatMap((setting) => ['-o', setting])
}

/** What an installation would add to this system: the package and the libraries it lacks. */
function packagesNeeded(
  apt: (...parts: readonly string[]) => string,
  names: readonly string[],
): readonly string[] {
  let problem: unknown
  for (const name of names) {
    try {
      const plan = apt('--simulate', '--no-install-recommends', 'install', name)
      return [...plan.matchAll(/^Inst (\S+)/gm)].map((it) => it[1] ?? '')
    } catch (error) {
      problem = error
    }
  }
  throw problem
}

function unpackedIn(folder: string, wanted: DebianPackage): UnpackedPrograms | undefined {
  const found = wanted.programs.map((paths) => {
    return paths.map((path) => join(folder, path)).find((path) => existsSync(path))
  })
  const commands = found.filter((it) => it !== undefined)
  if (commands.length < found.length) return undefined
  const libraries = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.so(\.\d+)*$/.test(name))
    .map((name) => dirname(join(folder, name)))
  return { commands, libraryPath: [...new Set(libraries)].join(':') }
}
