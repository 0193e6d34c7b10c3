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

/** Started with more room for new objects, as scripts/redress does; rivals are given the same. */
const ROOMY: readonly Task['kind'][] = ['plan', 'run', 'chunked_sql', 'raw_copy', 'query_builder']
/** In MB, as scripts/redress says it. */
export const ROOM = { little: 2, usual: 16 } as const
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
  const room = ROOMY.includes(task.kind) ? ROOM.usual : ROOM.little
  const child = fork(fileURLToPath(new URL('child.js', import.meta.url)), [JSON.stringify(order)], {
    execArgv: [`--max-semi-space-size=${room}`, ...profiling],
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
