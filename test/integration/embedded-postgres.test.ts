/** The embedded PostgreSQL: shared, stopped, and found again after anything was killed. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { projectRoot } from '../../src/config/project-root.js'
import { homeAt, prepareHome, readState } from '../../src/db/embedded-home.js'
import { isLiving, markOf } from '../../src/db/process-mark.js'
import { endServer, openFolder, startCommand } from '../support/postgres-command.js'
import type { Command } from '../support/postgres-command.js'

const folder = openFolder()
const homes: string[] = []
const commands: Command[] = []

beforeAll(() => {
  const built = spawnSync(process.execPath, [join(projectRoot(), 'scripts', 'build.mjs')])
  expect(built.stderr.toString()).toBe('')
}, 60_000)

afterAll(async () => {
  await Promise.all(commands.map((it) => it.kill()))
  await Promise.all(homes.map((it) => endServer(it)))
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

function newHome(name: string): string {
  const home = join(folder, name)
  homes.push(home)
  return home
}

function command(home: string): Command {
  const it = startCommand({ home })
  commands.push(it)
  return it
}

async function urlOf(it: Command): Promise<string> {
  const reply = await it.started
  expect(reply.problem).toBeUndefined()
  return reply.url ?? ''
}

async function query(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

test.concurrent(
  'six commands share a server, which stops within 10 s of their death',
  async () => {
    const home = newHome('shared')
    const six = [1, 2, 3, 4, 5, 6].map(() => command(home))
    const urls = await Promise.all(six.map(urlOf))
    expect(new Set(urls).size).toBe(1)
    const state = readState(homeAt(home))
    if (state?.postmaster === undefined) throw new Error('no state of a running server')
    if (process.getuid?.() === 0) expect(statSync(`/proc/${state.postmaster.pid}`).uid).not.toBe(0)

    await Promise.all(six.slice(1).map((it) => it.kill()))
    await sleep(5000)
    expect(isLiving(state.postmaster), 'one command is still running').toBe(true)

    const killedAt = performance.now()
    await six[0]?.kill()
    while (isLiving(state.postmaster) || isLiving(state.keeper)) {
      expect(performance.now() - killedAt).toBeLessThan(10_000)
      await sleep(50)
    }
    expect(existsSync(join(homeAt(home).data, 'postmaster.pid'))).toBe(false)

    const again = await urlOf(command(home))
    expect(again, 'the port stays the same').toBe(urls[0])
  },
  60_000,
)

test.concurrent(
  'it is durable, asks for a password and keeps values out of its log',
  async () => {
    const home = newHome('settings')
    const url = await urlOf(command(home))
    const rows = await query(
      url,
      `
    select name, setting from pg_settings
    where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'wal_level',
      'server_encoding', 'listen_addresses', 'TimeZone', 'jit')`,
    )
    expect(Object.fromEntries(rows.map((it) => [it['name'], it['setting']]))).toEqual({
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
      data_checksums: 'on',
      wal_level: 'minimal',
      server_encoding: 'UTF8',
      listen_addresses: '127.0.0.1',
      TimeZone: 'UTC',
      jit: 'off',
    })
    const [who] = await query(
      url,
      `
    select rolname, rolsuper, rolcreatedb, rolcreaterole, datcollate,
      pg_get_userbyid(datdba) as owner
    from pg_roles, pg_database where rolname = current_user and datname = current_database()`,
    )
    expect(who).toEqual({
      rolname: 'redress',
      rolsuper: false,
      rolcreatedb: true,
      rolcreaterole: true,
      datcollate: 'C',
      owner: 'redress',
    })
    await expect(query(url.replace(/:[0-9a-f]+@/, ':wrong@'), 'select 1')).rejects.toThrow(
      'password',
    )
    expect(statSync(homeAt(home).passwords).mode & 0o777).toBe(0o600)

    await query(url, 'create table person (number text primary key)')
    await query(url, `insert into person values ('01012345678')`)
    await expect(query(url, `insert into person values ('01012345678')`)).rejects.toThrow(
      'duplicate',
    )
    await expect(query(url, `select '1950-13-77'::date`)).rejects.toThrow('out of range')
    const log = readFileSync(homeAt(home).serverLog, 'utf8')
    expect(log).toContain('ready to accept connections')
    expect(log).not.toMatch(/01012345678|1950-13-77|insert/)
  },
  60_000,
)

test.concurrent(
  'a killed keeper is replaced and the server goes on without a break',
  async () => {
    const home = newHome('keeper')
    const running = command(home)
    const url = await urlOf(running)
    const before = readState(homeAt(home))
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    process.kill(before?.keeper.pid ?? 0, 'SIGKILL')

    expect(await urlOf(command(home))).toBe(url)
    const after = readState(homeAt(home))
    expect(after?.postmaster).toEqual(before?.postmaster)
    expect(after?.keeper).not.toEqual(before?.keeper)
    expect((await client.query('select 1')).rowCount).toBe(1)
    await client.end()
  },
  60_000,
)

test.concurrent(
  'a killed server comes back on its port for new and running commands',
  async () => {
    const home = newHome('postmaster')
    const running = command(home)
    const url = await urlOf(running)
    await query(url, 'create table kept as select 7 as number')
    for (const next of [() => running.ensure(), () => command(home).started]) {
      const before = readState(homeAt(home))
      process.kill(before?.postmaster?.pid ?? 0, 'SIGKILL')
      expect(await next()).toEqual({ url })
      expect(readState(homeAt(home))?.postmaster).not.toEqual(before?.postmaster)
      expect(await query(url, 'select number from kept')).toEqual([{ number: 7 }])
    }
  },
  60_000,
)

test.concurrent(
  'commands and keeper killed together do not leave a server behind',
  async () => {
    const home = newHome('orphan')
    const only = command(home)
    await urlOf(only)
    const state = readState(homeAt(home))
    process.kill(state?.keeper.pid ?? 0, 'SIGKILL')
    await only.kill()
    const killedAt = performance.now()
    while (state?.postmaster && isLiving(state.postmaster)) {
      expect(performance.now() - killedAt).toBeLessThan(10_000)
      await sleep(50)
    }
  },
  60_000,
)

test.concurrent(
  'keeper and server killed together are started again',
  async () => {
    const home = newHome('both')
    const running = command(home)
    const url = await urlOf(running)
    const before = readState(homeAt(home))
    process.kill(before?.keeper.pid ?? 0, 'SIGKILL')
    process.kill(before?.postmaster?.pid ?? 0, 'SIGKILL')
    expect(await running.ensure()).toEqual({ url })
  },
  60_000,
)

test.concurrent(
  'marks of killed processes lock nobody out, nor do reused pids',
  async () => {
    const home = newHome('stale')
    const { launchers, keepers, clients, data } = prepareHome(home)
    const ended = spawnSync(process.execPath, ['--version']).pid
    const reused = `${process.pid}-${Number(markOf(process.pid)?.startedAt ?? 0) + 1}`
    for (const where of [launchers, keepers, clients]) {
      writeFileSync(join(where, `${ended}-12345-0a0b0c0d`), '')
      if (process.platform === 'linux') writeFileSync(join(where, `${reused}-0a0b0c0d`), '')
    }
    const first = command(home)
    const url = await urlOf(first)

    // A lock file of PostgreSQL's own that names a living process which is no PostgreSQL.
    await first.kill()
    await endServer(home)
    const lines = [process.pid, data, 1, new URL(url).port, '', '127.0.0.1', '', 'ready']
    if (process.platform === 'linux') writeFileSync(join(data, 'postmaster.pid'), lines.join('\n'))
    expect(await urlOf(command(home))).toBe(url)
  },
  60_000,
)

test.concurrent(
  'a command that is killed during the start leaves nothing in the way',
  async () => {
    const home = newHome('interrupted')
    for (const delayMs of [100, 300, 600]) {
      const killed = command(home)
      await sleep(delayMs)
      await killed.kill()
      const keeper = existsSync(home) ? readState(homeAt(home))?.keeper : undefined
      if (keeper !== undefined && isLiving(keeper)) process.kill(keeper.pid, 'SIGKILL')
    }
    const url = await urlOf(command(home))
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
  },
  60_000,
)

test.concurrent(
  'a taken port is not waited for',
  async () => {
    const home = newHome('taken')
    const first = command(home)
    const port = Number(new URL(await urlOf(first)).port)
    await first.kill()
    await endServer(home)
    const squatter = createServer().listen(port, '127.0.0.1')
    const url = await urlOf(command(home))
    expect(Number(new URL(url).port)).not.toBe(port)
    squatter.close()
  },
  60_000,
)

test.concurrent(
  'a home that is removed takes its running server along',
  async () => {
    const home = newHome('removed')
    await urlOf(command(home))
    const state = readState(homeAt(home))
    rmSync(home, { recursive: true, force: true })
    const removedAt = performance.now()
    while (state && isLiving(state.keeper) && performance.now() - removedAt < 10_000)
      await sleep(50)
    expect(state && isLiving(state.keeper)).toBe(false)
    expect(state?.postmaster && isLiving(state.postmaster)).toBe(false)
  },
  60_000,
)
