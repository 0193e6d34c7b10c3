/** How long each stage of a longer job took, and how much it did meanwhile. */

export interface StageTime {
  readonly stage: string
  readonly seconds: number
  readonly done: number
}

export class StageTimes {
  readonly stages: StageTime[] = []

  /** `done` is what the stage works through, or how to tell it from the result. */
  async measure<T>(
    stage: string,
    done: number | ((result: T) => number),
    work: () => Promise<T>,
  ): Promise<T> {
    const startedAt = performance.now()
    const result = await work()
    const seconds = (performance.now() - startedAt) / 1_000
    this.stages.push({ stage, seconds, done: typeof done === 'number' ? done : done(result) })
    return result
  }
}
