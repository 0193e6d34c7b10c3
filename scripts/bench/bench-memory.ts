/** How much memory each stage takes of a small and of a large population: it should be the same. */
import { standingOf } from './contest.js'
import type { Standing } from './contest.js'
import type { BenchOptions } from './options.js'
import { importPopulation, makePopulation, planPopulation } from './population.js'
import { spawnTask } from './spawn-task.js'
import type { Outcome, Task } from './task.js'

export const STAGES = ['import', 'plan', 'run'] as const

export interface MemoryBench {
  readonly lines: number
  readonly stages: readonly Standing[]
}

export async function benchMemory(options: BenchOptions, lines: number): Promise<MemoryBench> {
  const { server, note, repeats } = options
  note(`memory: ${lines} lines`)
  const population = await makePopulation({ lines })
  const imported = await importPopulation(options, population)
  const planned = await planPopulation(options, imported)
  const empty = `empty_${lines}`
  await server.create(empty)
  const places: readonly (readonly [string, Task])[] = [
    [empty, { kind: 'import', file: population.snapshot }],
    [imported.database, { kind: 'plan' }],
    [planned.database, { kind: 'run' }],
  ]
  const stages: Standing[] = []
  for (const [template, task] of places) {
    const outcomes: Outcome[] = []
    for (let turn = 0; turn < repeats; turn += 1) {
      outcomes.push(
        await server.onClone(template, async (clone) => await spawnTask(options, clone, task)),
      )
    }
    stages.push(standingOf(task.kind, outcomes))
  }
  for (const it of [planned.database, imported.database, empty]) await server.drop(it)
  return { lines: population.lines, stages }
}
