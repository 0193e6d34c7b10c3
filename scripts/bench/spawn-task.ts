/** Has a task done by a process of its own, so that its processor time and memory are its alone. */
import { fork } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BenchServer } from './bench-server.js'
import type { Order, Outcome, Task } from './task.js'

export interface SpawnOptions {
  readonly server: BenchServer
  /** Folder for profiles of the processor's time; null for none. */
  readonly profiles: string | null
}

/** As scripts/redress starts a command. */
export const HEAP: readonly string[] = ['--max-semi-space-size=2']
let spawned = 0

export async function spawnTask(
  { server, profiles }: SpawnOptions,
  database: string,
  task: Task,
): Promise<Outcome> {
  const { postmaster } = server
  const order: Order = { task, databaseUrl: server.urlOf(database), postmaster }
  spawned += 1
  const name = `${String(spawned).padStart(3, '0')}-${task.kind}.cpuprofile`
  if (profiles !== null) mkdirSync(profiles, { recursive: true })
  const profiling =
    profiles === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`, `--cpu-prof-name=${name}`]
  const child = fork(fileURLToPath(new URL('child.js', import.meta.url)), [JSON.stringify(order)], {
    execArgv: [...HEAP, ...profiling],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  return await new Promise((resolve, reject) => {
    let answer: Outcome | undefined
    child.on('message', (message) => (answer = message as Outcome))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0 && answer !== undefined) resolve(answer)
      else reject(new Error(`${task.kind} ended with ${code ?? signal} and no answer`))
    })
  })
}
