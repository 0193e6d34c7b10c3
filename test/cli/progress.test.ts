/** Progress on a stream that is a terminal, one that is not, and one that nobody wants to hear. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openProgress } from '../../src/cli/progress.js'
import type { ProgressOptions, Stage, StageOptions } from '../../src/cli/progress.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('progress off a terminal', () => {
  it('tells amount, share, rate, time left and workers every three seconds', () => {
    const { stage, written, pass } = open({}, { label: 'plan', workers: () => 2 })
    for (let second = 1; second <= 6; second += 1) {
      stage.update(second * 200_000)
      pass(1_000)
    }
    expect(written()).toBe(
      'plan: 600,000 of 2,000,000 lines (30 %), 200.0 k lines/s, 0:00:07 left, 2 workers\n' +
        'plan: 1,200,000 of 2,000,000 lines (60 %), 200.0 k lines/s, 0:00:04 left, 2 workers\n',
    )
  })

  it('tells of a stage that does not get on', () => {
    const { written, pass } = open({}, {})
    pass(3_100)
    expect(written()).toBe('plan 2026-02: 0 of 2,000,000 lines (0 %)\n')
  })

  it('ends with one line, and with nothing after it', () => {
    const { stage, written, pass } = open({}, {})
    pass(1_000)
    stage.update(2_000_000)
    stage.finish()
    stage.finish()
    stage.update(1)
    pass(10_000)
    expect(written()).toBe('plan 2026-02: 2,000,000 lines in 0:00:01, 2.0 M lines/s\n')
  })

  it('ends with the summary it is given', () => {
    const { stage, written } = open({}, { label: 'import' })
    stage.finish('12 rows')
    expect(written()).toBe('import: 12 rows\n')
  })

  it('counts bytes as bytes and adds what else is known', () => {
    const { stage, written, pass } = open({}, { label: 'import', total: 2e9, unit: 'bytes' })
    stage.update(5e8, '3 rows quarantined')
    pass(3_000)
    expect(written()).toBe(
      'import: 500.0 MB of 2.0 GB (25 %), 166.7 MB/s, 0:00:09 left, 3 rows quarantined\n',
    )
  })

  it('says no share and no time left when nobody knows the total', () => {
    const { stage, written, pass } = open({}, { total: 0 })
    pass(1_000)
    stage.update(5_000)
    pass(2_000)
    expect(written()).toBe('plan 2026-02: 5,000 lines, 1.7 k lines/s\n')
  })

  it('measures a stage that is taken up again from where it was', () => {
    const { stage, written, pass } = open({}, { done: 1_000_000 })
    pass(1_000)
    stage.update(1_100_000)
    stage.finish()
    expect(written()).toContain('100.0 k lines/s')
  })
})

describe('progress on a terminal', () => {
  it('draws one line again and again, cut to the width, and clears it at the end', () => {
    const { stage, written, pass } = open({ stream: { isTTY: true, columns: 60 } }, {})
    pass(1_000)
    stage.update(1_000_000)
    pass(200)
    stage.finish()
    const frames = written().split('\r\u001b[2K').slice(1)
    expect(frames.length).toBeGreaterThan(5)
    expect(frames.every((frame) => frame.length <= 60)).toBe(true)
    expect(frames.some((frame) => frame.includes('████████████░░░░░░░░░░░░'))).toBe(true)
    expect(frames.at(-1)).toBe('plan 2026-02: 1,000,000 lines in 0:00:01, 833.3 k lines/s\n')
  })

  it('draws no bar with --json, since the document may go to the same terminal', () => {
    const { stage, written, pass } = open({ json: true, stream: { isTTY: true } }, {})
    pass(3_000)
    stage.update(1)
    expect(written()).not.toContain('\u001b')
  })

  it('leaves a clean line when a stage is abandoned', () => {
    const { written, pass, progress } = open({ stream: { isTTY: true } }, {})
    progress.stop()
    pass(1_000)
    expect(written().endsWith('\r\u001b[2K')).toBe(true)
  })
})

describe('progress with --quiet', () => {
  it('writes nothing', () => {
    const { stage, written, pass } = open({ quiet: true }, {})
    pass(5_000)
    stage.update(5)
    stage.finish('done')
    expect(written()).toBe('')
  })
})

interface Options extends Partial<Omit<ProgressOptions, 'stream'>> {
  readonly stream?: { readonly isTTY?: boolean; readonly columns?: number }
}

interface Opened {
  readonly progress: ReturnType<typeof openProgress>
  readonly stage: Stage
  readonly written: () => string
  readonly pass: (milliseconds: number) => void
}

function open(options: Options, stage: Partial<StageOptions>): Opened {
  let text = ''
  let elapsed = 0
  const write = (part: string): boolean => {
    text += part
    return true
  }
  const progress = openProgress({
    quiet: false,
    json: false,
    elapsedMs: () => elapsed,
    ...options,
    stream: { write, ...options.stream },
  })
  return {
    progress,
    stage: progress.stage({ label: 'plan 2026-02', total: 2_000_000, unit: 'lines', ...stage }),
    written: () => text,
    pass: (milliseconds) => {
      for (let step = 0; step < milliseconds; step += 100) {
        elapsed += 100
        vi.advanceTimersByTime(100)
      }
    },
  }
}
