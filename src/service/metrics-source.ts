/** What `/metrics` tells: families of figures, each from a source that is asked by itself. */
import { assert } from '../assert.js'

export interface Figure {
  /** Names and short codes; never data of a person, never an id. */
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface FigureFamily {
  readonly name: string
  readonly help: string
  /** A counter never falls as long as the database is the same. */
  readonly kind: 'counter' | 'gauge'
  readonly figures: readonly Figure[]
}

export interface MetricsSource {
  readonly name: string
  /** How long an answer is good for, in milliseconds: nobody makes the source read more often. */
  readonly keepMs: number
  /** How much longer it is told while the next one takes longer than a scrape may wait. */
  readonly staleMs?: number
  /** @param now the time as ISO 8601, from which ages are counted */
  read(now: string): Promise<readonly FigureFamily[]>
}

/** A family without labels. */
export function oneFigure(
  kind: FigureFamily['kind'],
  name: string,
  help: string,
  value: number,
): FigureFamily {
  return { kind, name, help, figures: [{ labels: {}, value }] }
}

/**
 * A gauge with a figure for each state. Those of `always` that nothing is in are told as 0, so that
 * an alert finds something to compare.
 */
export function byState(
  name: string,
  help: string,
  values: ReadonlyMap<string, number>,
  always: readonly string[] = [],
): FigureFamily {
  const states = [...new Set([...always, ...values.keys()])]
  const figures = states.map((state) => ({ labels: { state }, value: values.get(state) ?? 0 }))
  return { kind: 'gauge', name, help, figures }
}

/** Every label is a column with a check behind it; the longest list has nine values today. */
const MOST_FIGURES = 50
const CODE = /^[A-Za-z0-9_.-]{1,40}$/

/** @throws AssertionFailure for labels that are no codes, or for more of them than are foreseen. */
export function assertBounded(families: readonly FigureFamily[]): void {
  for (const { name, figures } of families) {
    assert(figures.length <= MOST_FIGURES, `at most ${MOST_FIGURES} figures in ${name}`)
    const labels = figures.flatMap((it) => Object.values(it.labels))
    assert(
      labels.every((it) => CODE.test(it)),
      `labels of ${name} that are short codes`,
    )
  }
}
