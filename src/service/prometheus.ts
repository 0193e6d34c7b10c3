/** Prometheus' text format, and what its client knows of this process. */
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'
import type { FigureFamily } from './metrics-source.js'

export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

export interface Exposition {
  /** The process's own figures and, in front of them, `families`. */
  textOf(families: readonly FigureFamily[]): Promise<string>
}

/** Watches the event loop and garbage collection from now on, for as long as the process lives. */
export function openExposition(): Exposition {
  const ofProcess = new Registry()
  collectDefaultMetrics({ register: ofProcess, eventLoopMonitoringPrecision: 20 })
  return {
    textOf: async (families) => {
      const own = await textOfFamilies(families)
      return `${own}${await ofProcess.metrics()}`
    },
  }
}

// A registry a time: a label that is no longer told leaves nothing behind.
async function textOfFamilies(families: readonly FigureFamily[]): Promise<string> {
  const registry = new Registry()
  for (const { kind, name, help, figures } of families) {
    // The client would tell 0, without its labels, of a family in which there is nothing.
    if (figures.length === 0) continue
    const labelNames = Object.keys(figures[0]?.labels ?? {})
    const options = { name, help, labelNames, registers: [registry] }
    const metric = kind === 'counter' ? new Counter(options) : new Gauge(options)
    for (const { labels, value } of figures) metric.inc({ ...labels }, value)
  }
  return await registry.metrics()
}
