/**
 * The command `redress` as its users start it: a process of its own, with nothing of this process's
 * environment but what a test hands it. Runs from dist, which is brought up to date first.
 */
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { projectRoot } from '../../src/config/project-root.js'
import type { Benefit } from '../../src/rules/decision.js'

export interface CliResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly pid: number
  readonly durationMs: number
  /** All of stdout as one JSON document; throws when it is anything else. */
  readonly json: CliDocument
}

/** What tests read of the documents one by one; which of it is there depends on the command. */
export interface CliDocument {
  readonly plan_id: string
  readonly plan_hash: string
  readonly run_id: string
  readonly root_hash: string
  readonly import_id: string
  readonly snapshot_id: number
  readonly content_hash: string
  readonly period: string
  readonly ok: boolean
  readonly differences: readonly string[]
  readonly change_from_previous: object
  readonly benefits: Readonly<Record<Benefit, object>>
  readonly balance: Readonly<Record<Benefit, { readonly granted: number }>>
  readonly runs: readonly CliDocument[]
}

export interface CliOptions {
  readonly cwd?: string
  /** After so long it is killed, and the test fails with what it said until then. */
  readonly timeoutMs?: number
}

export interface RunningCli {
  readonly process: ChildProcess
  readonly pid: number
  readonly ended: Promise<CliResult>
  readonly stdout: () => string
  readonly stderr: () => string
  readonly isRunning: () => boolean
  /** Returns what it came to. */
  kill(signal: NodeJS.Signals): Promise<CliResult>
}

export type CliEnvironment = Readonly<Record<string, string | undefined>>

const TIMEOUT_MS = 120_000

/** A whole command, from its start to its end. */
export async function redress(
  args: readonly string[],
  environment: CliEnvironment = {},
  options: CliOptions = {},
): Promise<CliResult> {
  const running = spawnRedress(args, environment, options)
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  let late = false
  const timer = setTimeout(() => {
    late = true
    running.process.kill('SIGKILL')
  }, timeoutMs)
  const result = await running.ended
  clearTimeout(timer)
  if (!late) return result
  throw new Error(`redress ${args.join(' ')}: not within ${timeoutMs} ms\n${result.stderr}`)
}

/** A command that a test will stop, kill or wait for itself. */
export function spawnRedress(
  args: readonly string[],
  environment: CliEnvironment = {},
  options: CliOptions = {},
): RunningCli {
  buildOnce()
  const startedAt = performance.now()
  const main = join(projectRoot(), 'dist', 'redress', 'main.js')
  const child = spawn(process.execPath, [main, ...args], {
    cwd: options.cwd ?? '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      TMPDIR: process.env['TMPDIR'],
      HOME: process.env['HOME'],
      ...environment,
    },
  })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (part: string) => (said[name] += part))
  }
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode, signal) => {
      const durationMs = Math.round(performance.now() - startedAt)
      resolve({
        exitCode,
        signal,
        ...said,
        pid: child.pid ?? 0,
        durationMs,
        get json() {
          return documentIn(said.stdout, args)
        },
      })
    })
  })
  return {
    process: child,
    pid: child.pid ?? 0,
    ended,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    kill: async (signal) => {
      child.kill(signal)
      return await ended
    },
  }
}

function documentIn(stdout: string, args: readonly string[]): CliDocument {
  try {
    return JSON.parse(stdout) as CliDocument
  } catch {
    const start = stdout.slice(0, 200)
    throw new Error(`redress ${args.join(' ')}: stdout is not one JSON document but «${start}»`)
  }
}

let isBuilt = false

/** Does nothing when dist is up to date. */
function buildOnce(): void {
  if (isBuilt) return
  const script = join(projectRoot(), 'scripts', 'build.mjs')
  const built = spawnSync(process.execPath, [script], { encoding: 'utf8' })
  if (built.status !== 0) throw new Error(`the build failed: ${built.stderr}`)
  isBuilt = true
}
