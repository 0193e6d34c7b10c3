/**
 * The embedded PostgreSQL under other users and in closed folders. Only root can change to other
 * users, so these tests run where the suite runs as root, as in most containers.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { projectRoot } from '../../src/config/project-root.js'
import { homeAt, readState } from '../../src/db/embedded-home.js'
import {
  checkoutCopy,
  endServer,
  openFolder,
  removeLinks,
  startCommand,
} from '../support/postgres-command.js'
import type { CommandOptions, Reply } from '../support/postgres-command.js'

const NOBODY = { uid: 65534, gid: 65534 }
const folder = openFolder()
const homes: string[] = []
const cachesBefore = caches()

beforeAll(() => {
  const built = spawnSync(process.execPath, [join(projectRoot(), 'scripts', 'build.mjs')])
  expect(built.stderr.toString()).toBe('')
}, 60_000)

afterAll(async () => {
  await Promise.all(homes.map((it) => endServer(it)))
  for (const cache of caches()) {
    if (!cachesBefore.includes(cache)) rmSync(cache, { recursive: true, force: true })
  }
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

function caches(): readonly string[] {
  return ['/var/cache', tmpdir()]
    .filter((it) => existsSync(it))
    .flatMap((parent) =>
      readdirSync(parent)
        .filter((name) => name.startsWith('redress-postgres-') && !name.includes('-test-'))
        .map((name) => join(parent, name)),
    )
}

async function startIn(options: CommandOptions): Promise<Reply> {
  homes.push(options.home)
  const it = startCommand(options)
  const reply = await it.started
  await it.kill()
  return reply
}

function serverOf(home: string): { readonly uid: number; readonly program: string } {
  const pid = readState(homeAt(home))?.postmaster?.pid ?? 0
  return { uid: statSync(`/proc/${pid}`).uid, program: readlinkSync(`/proc/${pid}/exe`) }
}

function folderOf(user: typeof NOBODY, name: string): string {
  const path = join(folder, name)
  mkdirSync(path, { mode: 0o700 })
  chownSync(path, user.uid, user.gid)
  return path
}

describe('as root', () => {
  test('an ordinary user runs it, links or not, and root joins in as that user', async () => {
    const root = checkoutCopy(folder)
    const links = removeLinks(root)
    const temporary = folderOf(NOBODY, 'temporary')
    const home = join(folderOf(NOBODY, 'own'), '.redress')

    // The links are missing and the package is root's: the files are copied for this user.
    const reply = await startIn({ root, home, user: NOBODY, temporary })
    expect(reply).toEqual({ url: expect.stringContaining('postgres://redress:') })
    expect(serverOf(home)).toEqual({ uid: 65534, program: expect.stringContaining(temporary) })
    expect(links.filter((it) => existsSync(it))).toEqual([])

    await endServer(home)
    expect(await startIn({ root, home })).toEqual(reply)
    expect(serverOf(home).uid).toBe(65534)
    expect(
      links.filter((it) => !existsSync(it)),
      'root may make them',
    ).toEqual([])
    await endServer(home)
    expect(await startIn({ root, home, user: NOBODY, temporary })).toEqual(reply)
  }, 60_000)

  test('closed folders around the checkout and the home do not stop root', async () => {
    const closed = join(folder, 'closed')
    mkdirSync(closed, { mode: 0o700 })
    const root = checkoutCopy(closed)
    const home = join(closed, 'work', '.redress')
    const reply = await startIn({ root, home })
    expect(reply.problem).toBeUndefined()
    const server = serverOf(home)
    expect(server.uid).not.toBe(0)
    expect(server.program.startsWith(closed)).toBe(false)
    expect(statSync(join(server.program, '..', '..', '..')).uid, 'only root may change it').toBe(0)

    await endServer(home)
    // A cleaner of old files took one away: it is put back.
    rmSync(join(server.program, '..', 'initdb'))
    expect(await startIn({ root, home })).toEqual(reply)
    expect(existsSync(join(server.program, '..', 'initdb'))).toBe(true)
  }, 60_000)

  test('a cache folder that somebody else prepared is not used', async () => {
    const root = join(folder, 'checkout')
    removeLinks(root)
    const temporary = join(folder, 'open')
    mkdirSync(temporary)
    chmodSync(temporary, 0o1777)
    const name = readdirSync(join(folder, 'temporary'))[0] ?? ''
    expect(name).toMatch(/^redress-postgres-/)
    const planted = join(temporary, name)
    mkdirSync(planted)
    const home = join(folderOf(NOBODY, 'careful'), '.redress')
    const reply = await startIn({ root, home, user: NOBODY, temporary })
    expect(reply.problem).toContain(`${planted} belongs to somebody else`)
  }, 60_000)

  test('a user without an entry in /etc/passwd is told what to do', async () => {
    const stranger = { uid: 54_321, gid: 54_321 }
    const home = join(folderOf(stranger, 'stranger'), '.redress')
    const root = join(folder, 'checkout')
    const temporary = folderOf(stranger, 'stranger-temporary')
    const { problem } = await startIn({ root, home, user: stranger, temporary })
    expect(problem).toContain('user id 54321 has no entry in /etc/passwd')
    expect(problem).toContain('redress:x:54321:54321::/nonexistent:/bin/false')
    expect(problem).toContain('DATABASE_URL')
  }, 60_000)

  test('a home that belongs to another user is refused with its name', async () => {
    const home = join(folder, 'roots')
    mkdirSync(home, { mode: 0o755 })
    const root = join(folder, 'checkout')
    const { problem } = await startIn({ root, home, user: NOBODY })
    expect(problem).toContain(`the folder ${home} cannot be used (EACCES)`)
  }, 60_000)
})
