/** What a command says: one JSON document on stdout with --json, else text for people. */
import { openProgress } from './progress.js'
import type { Progress, Stage, StageOptions } from './progress.js'

export interface Output {
  readonly json: boolean
  readonly progress: Progress
  /** The result: the document, or the same told to a person on stdout. */
  result(document: unknown, text: () => string): void
  /** A remark on the way; on stderr, not with --quiet. */
  note(text: string): void
}

export function openOutput(options: { json: boolean; quiet: boolean }): Output {
  const { json, quiet } = options
  return {
    json,
    progress: openProgress({ stream: process.stderr, quiet, json }),
    result: (document, text) => {
      process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : `${text()}\n`)
    },
    note: (text) => {
      if (!quiet) process.stderr.write(`${text}\n`)
    },
  }
}

export interface LateStage {
  update(done: number, total: number): void
  finish(summary?: string): void
}

/** A stage whose total is only known once it is under way: shown from then on. */
export function lateStage(progress: Progress, options: Omit<StageOptions, 'total'>): LateStage {
  let stage: Stage | undefined
  return {
    update: (done, total) => {
      stage ??= progress.stage({ ...options, total })
      stage.update(done)
    },
    finish: (summary) => stage?.finish(summary),
  }
}
