/**
 * Kannel's bearerbox and smsbox, bound to an SMSC by SMPP: real ones, fetched into .cache with
 * Debian's package tools where none are installed, and run from a folder without any rights.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { projectRoot } from '../../src/config/project-root.js'
import { downloadPackage } from './debian-download.js'
import type { UnpackedPrograms } from './debian-download.js'

export interface Kannel {
  /** Of the service `sendsms`. */
  readonly url: string
  readonly user: string
  readonly password: string
  /** The access log and the others, as far as they are written. */
  logs(): string
  /** The smsbox alone. */
  stopSmsbox(): Promise<void>
  stop(): Promise<void>
}

const PROGRAMS = ['bearerbox', 'smsbox']

export async function startKannel(smscPort: number): Promise<Kannel> {
  const programs = installed() ?? (await fetched())
  const folder = mkdtempSync(join(tmpdir(), 'redress-kannel-'))
  const [admin = 0, box = 0, sendsms = 0] = await freePorts(3)
  writeFileSync(join(folder, 'kannel.conf'), configuration({ smscPort, admin, box, sendsms }))
  const [bearerbox, smsbox] = programs.commands.map((it) => () => run(it, programs, folder))
  const started = [bearerbox?.()]
  await answering(box, () => logsIn(folder))
  started.push(smsbox?.())
  await answering(sendsms, () => logsIn(folder))
  return {
    url: `http://127.0.0.1:${sendsms}/cgi-bin/sendsms`,
    user: 'redress',
    password: 'sendsms-password',
    logs: () => logsIn(folder),
    stopSmsbox: async () => await stop(started[1]),
    stop: async () => {
      for (const it of started.toReversed()) await stop(it)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function installed(): UnpackedPrograms | undefined {
  const commands = PROGRAMS.map((name) => `/usr/sbin/${name}`)
  return commands.every((it) => existsSync(it)) ? { commands, libraryPath: '' } : undefined
}

async function fetched(): Promise<UnpackedPrograms> {
  const programs = PROGRAMS.map((name) => [`usr/sbin/${name}`])
  return await downloadPackage(join(projectRoot(), '.cache', 'kannel'), {
    names: ['kannel'],
    programs,
  })
}

function configuration(ports: Record<'smscPort' | 'admin' | 'box' | 'sendsms', number>): string {
  return `group = core
admin-port = ${ports.admin}
admin-password = admin-password
admin-interface = 127.0.0.1
smsbox-port = ${ports.box}
box-allow-ip = 127.0.0.1
dlr-storage = internal
store-type = file
store-location = kannel.store

group = smsc
smsc = smpp
host = 127.0.0.1
port = ${ports.smscPort}
transceiver-mode = true
smsc-username = kannel
smsc-password = secret
system-type = ""
msg-id-type = 0x00
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = ${ports.sendsms}
sendsms-interface = 127.0.0.1
http-request-retry = 5
http-queue-delay = 1

group = sendsms-user
username = redress
password = sendsms-password
concatenation = true
max-messages = 40

group = sms-service
keyword = default
text = ""
`
}

/** The shell in between ends the program when the test process does, even when that is killed. */
function run(command: string, { libraryPath }: UnpackedPrograms, folder: string): ChildProcess {
  const log = openSync(join(folder, 'kannel.log'), 'a', 0o600)
  return spawn(
    'sh',
    ['-c', '"$@" & box=$!; cat >/dev/null; kill $box; wait', 'sh', command, 'kannel.conf'],
    {
      cwd: folder,
      stdio: ['pipe', log, log],
      env: { ...process.env, ...(libraryPath && { LD_LIBRARY_PATH: libraryPath }) },
    },
  )
}

async function stop(started: ChildProcess | undefined): Promise<void> {
  if (started === undefined || started.exitCode !== null || started.signalCode !== null) return
  const ended = new Promise((done) => started.once('exit', done))
  started.stdin?.end()
  await ended
}

function logsIn(folder: string): string {
  const path = join(folder, 'kannel.log')
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

async function answering(port: number, logs: () => string): Promise<void> {
  for (let waitedMs = 0; waitedMs < 20_000; waitedMs += 50) {
    const isThere = await new Promise<boolean>((tell) => {
      const socket = connect(port, '127.0.0.1', () => tell(true))
      socket.on('error', () => tell(false))
      socket.on('connect', () => socket.destroy())
    })
    if (isThere) return
    await sleep(50)
  }
  throw new Error(`Kannel does not start: ${logs().slice(-2000)}`)
}

/** Of the system, all different; another process would have to be very quick to take one. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
      return server
    }),
  )
  const ports = servers.map((it) => (it.address() as AddressInfo).port)
  await Promise.all(servers.map((it) => new Promise((done) => it.close(done))))
  return ports
}
