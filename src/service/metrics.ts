/**
 * Collects the figures of all sources for one scrape. Each is asked by itself and for a limited
 * time: one that is away or refused is told as such, and the others are there all the same.
 */
import { errorCodeOf } from '../db/database.js'
import { KeptAnswer } from './kept-answer.js'
import { assertBounded, oneFigure } from './metrics-source.js'
import type { FigureFamily, MetricsSource } from './metrics-source.js'
import type { Exposition } from './prometheus.js'

export interface MetricsOptions {
  readonly sources: readonly MetricsSource[]
  readonly exposition: Exposition
  /** Whether the database answers. */
  readonly isUp: () => Promise<boolean>
  /** The time as ISO 8601. */
  readonly now: () => string
  /** Told when a source begins to fail. */
  readonly onFailure: (source: string, error: unknown) => void
}

/** Prometheus waits ten seconds if nobody says otherwise. */
const DEADLINE_MS = 2_000
/** A right that is missing does not come by asking, and the server logs each refusal. */
const REFUSED_MS = 600_000
/** insufficient_privilege, undefined_table */
const REFUSALS = ['42501', '42P01']

interface Asked {
  readonly source: MetricsSource
  readonly answer: KeptAnswer<readonly FigureFamily[]>
}

export class Metrics {
  readonly #options: MetricsOptions
  readonly #asked: readonly Asked[]
  readonly #failing = new Set<string>()

  constructor(options: MetricsOptions) {
    this.#options = options
    this.#asked = options.sources.map((source) => ({ source, answer: this.#keep(source) }))
  }

  /** @returns Prometheus' text format, after some two seconds at the most */
  async text(): Promise<string> {
    const [isUp, ...told] = await Promise.all([
      this.#options.isUp(),
      ...this.#asked.map(async ({ source, answer }) => {
        return { name: source.name, answer: await answer.get() }
      }),
    ])
    const families = told.flatMap(({ answer }) => {
      return answer.outcome === 'fetched' ? answer.value : []
    })
    const sourcesUp: FigureFamily = {
      kind: 'gauge',
      name: 'redress_metrics_source_up',
      help: 'Whether the figures of a source are told here.',
      figures: told.map(({ name, answer }) => {
        return { labels: { source: name }, value: Number(answer.outcome === 'fetched') }
      }),
    }
    const up = oneFigure('gauge', 'redress_up', 'Whether the database answers.', Number(isUp))
    return await this.#options.exposition.textOf([up, sourcesUp, ...merged(families)])
  }

  #keep(source: MetricsSource): KeptAnswer<readonly FigureFamily[]> {
    return new KeptAnswer({
      keepMs: source.keepMs,
      staleMs: source.staleMs,
      keepFailureMs: (error) => {
        return REFUSALS.includes(errorCodeOf(error) ?? '') ? REFUSED_MS : source.keepMs
      },
      deadlineMs: DEADLINE_MS,
      fetch: async () => {
        try {
          const families = await source.read(this.#options.now())
          assertBounded(families)
          this.#failing.delete(source.name)
          return families
        } catch (error) {
          if (!this.#failing.has(source.name)) this.#options.onFailure(source.name, error)
          this.#failing.add(source.name)
          throw error
        }
      },
    })
  }
}

/** Several queues tell the same family, each with a label of its own. */
function merged(families: readonly FigureFamily[]): readonly FigureFamily[] {
  const byName = new Map<string, FigureFamily>()
  for (const it of families) {
    const same = byName.get(it.name)
    byName.set(it.name, same ? { ...same, figures: [...same.figures, ...it.figures] } : it)
  }
  return [...byName.values()]
}
