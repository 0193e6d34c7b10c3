/** Contestants take turns, A B C A B C, so that a slow minute of the machine hits them all. */
import type { Outcome } from './task.js'

export interface Contestant {
  readonly name: string
  readonly run: () => Promise<Outcome>
}

/** Medians over the repetitions; the extremes tell how much they are worth. */
export interface Standing {
  readonly name: string
  readonly repeats: number
  /** Lines that were done; less than all where a rival is too slow to be waited for. */
  readonly lines: number
  readonly written: number
  readonly seconds: number
  readonly leastSeconds: number
  readonly mostSeconds: number
  readonly linesPerSecond: number
  readonly nodeCpuMicrosecondsALine: number
  readonly serverCpuMicrosecondsALine: number | null
  readonly walBytesALine: number
  readonly peakRssMb: number
}

export async function contest(
  contestants: readonly Contestant[],
  repeats: number,
  note: (text: string) => void,
): Promise<readonly Standing[]> {
  const outcomes = new Map<string, Outcome[]>(contestants.map((it) => [it.name, []]))
  for (let turn = 1; turn <= repeats; turn += 1) {
    for (const { name, run } of contestants) {
      const outcome = await run()
      outcomes.get(name)?.push(outcome)
      note(`  ${turn}/${repeats} ${name}: ${outcome.usage.seconds.toFixed(2)} s`)
    }
  }
  return contestants.map(({ name }) => standingOf(name, outcomes.get(name) ?? []))
}

export function standingOf(name: string, outcomes: readonly Outcome[]): Standing {
  const lines = outcomes[0]?.lines ?? 0
  const usages = outcomes.map((it) => it.usage)
  const seconds = usages.map((it) => it.seconds)
  const median = medianOf(seconds)
  const server = usages.flatMap((it) => it.serverCpuSeconds ?? [])
  const perLine = (values: readonly number[]): number => medianOf(values) / lines
  return {
    name,
    repeats: outcomes.length,
    lines,
    written: outcomes[0]?.written ?? 0,
    seconds: median,
    leastSeconds: Math.min(...seconds),
    mostSeconds: Math.max(...seconds),
    linesPerSecond: lines / median,
    nodeCpuMicrosecondsALine: perLine(usages.map((it) => it.nodeCpuSeconds)) * 1e6,
    serverCpuMicrosecondsALine: server.length < usages.length ? null : perLine(server) * 1e6,
    walBytesALine: perLine(usages.map((it) => it.walBytes)),
    peakRssMb: medianOf(usages.map((it) => it.peakRssBytes)) / 1e6,
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low = 0, high = 0] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return (low + high) / 2
}
