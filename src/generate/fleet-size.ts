/**
 * How many lines a company holds: few have very many (Pareto), the largest bounded by the
 * population.
 */

export interface SizeLaw {
  readonly least: number
  readonly slope: number
  readonly most: number
}

/** The size at a place of the distribution, `place` from 0 up to 1. */
export function sizeOf(law: SizeLaw, place: number): number {
  return Math.floor(Math.min(law.most, law.least * (1 - place) ** (-1 / law.slope)))
}

const STEPS = 100_000

/** The mean of the bounded law; its closed form ignores whole numbers, which matters at size 1. */
export function meanSize(law: SizeLaw): number {
  let sum = 0
  for (let step = 0; step < STEPS; step += 1) sum += sizeOf(law, (step + 0.5) / STEPS)
  return sum / STEPS
}
