/** What the demo's chapters find out, and its report tells. */
import type { GeneratedSnapshot } from '../../generate/generate-snapshot.js'
import type { VoucherStock } from '../../intake/vouchers-store.js'
import type { Plan, Run } from '../../runs/run.js'
import type { StageTime } from '../stage-times.js'
import type { DemoDay } from './demo-days.js'
import type { RefundStory } from './refund-figures.js'
import type { YearFigures } from './year-figures.js'

/** A plan that was signed and posted. */
export interface DemoPosting {
  readonly day: DemoDay
  readonly plan: Plan
  readonly run: Run
  /** Who signed it; undefined where it went by itself, within its forecast. */
  readonly signedBy: string | undefined
}

export interface DemoStory {
  readonly maker: string
  readonly colleague: string
  readonly imported: {
    readonly read: number
    readonly accepted: number
    readonly quarantined: number
  }
  readonly forecast: Plan
  /** A share: 0.02 for 2 %. */
  readonly tolerance: number
  /** What the maker was told who signs the own plan. */
  readonly fourEyes: string
  readonly february: DemoPosting
  readonly passes: DemoPosting
  readonly codes: DemoPosting
  readonly march: DemoPosting
  /** Rows of the late files. */
  readonly lateRows: number
  readonly corrections: readonly DemoPosting[]
  readonly stock: readonly VoucherStock[]
  readonly explained: ExplainedLine | undefined
}

/** One line's pass, in sentences. */
export interface ExplainedLine {
  readonly lineId: string
  /** As it could be answered before the codes came. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly afterInKorean: readonly string[]
}

export interface DemoFigures extends DemoStory {
  readonly population: GeneratedSnapshot
  readonly stages: readonly StageTime[]
  readonly verified: boolean
  readonly refunds: RefundStory
  readonly home: string
  readonly year: YearFigures | undefined
}

export function postingsOf(story: DemoStory): readonly DemoPosting[] {
  return [story.february, story.passes, story.codes, story.march, ...story.corrections]
}
