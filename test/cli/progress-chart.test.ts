/** Charts and numbers as people read them. */
import { describe, expect, it } from 'vitest'
import {
  barChart,
  barOf,
  formatBytes,
  formatCount,
  formatDuration,
  formatShare,
  formatShort,
  formatWon,
  widthOf,
} from '../../src/cli/chart.js'

describe('barChart', () => {
  it('lines up labels, bars and values', () => {
    const rows = [
      { label: 'ELIGIBLE', value: 1_200 },
      { label: 'IOT', value: 600, note: 'facts §4' },
      { label: 'MVNO', value: 1 },
      { label: 'PREPAID', value: 0 },
    ]
    expect(barChart(rows, { width: 47 }).split('\n')).toEqual([
      'ELIGIBLE  ████████████████████  1,200',
      'IOT       ██████████              600  facts §4',
      'MVNO      ▏                         1',
      'PREPAID                             0',
    ])
  })

  it('counts Hangul as two columns', () => {
    expect(widthOf('회선 a')).toBe(6)
    const rows = ['회선', 'line'].map((label) => ({ label, value: 2 }))
    const [first = '', second = ''] = barChart(rows).split('\n')
    expect(widthOf(first)).toBe(widthOf(second))
  })

  it('draws nothing of nothing', () => {
    expect(barChart([])).toBe('')
    expect(barChart([{ label: 'a', value: 0 }]).trimEnd()).toMatch(/^a {2,}0$/)
  })
})

describe('barOf', () => {
  it('shows eighths, stays in its width and shows whatever is there', () => {
    expect(barOf(0.5, 10)).toBe('█████')
    expect(barOf(0.3125, 4)).toBe('█▎')
    expect(barOf(2, 4)).toBe('████')
    expect(barOf(1e-9, 4)).toBe('▏')
    expect(barOf(0, 4)).toBe('')
  })
})

describe('numbers', () => {
  it('are grouped, shortened and never rounded up to the whole', () => {
    expect(formatCount(13_643_128)).toBe('13,643,128')
    expect(formatCount(123_456_789_012_345_678n)).toBe('123,456,789,012,345,678')
    expect([0, 999, 1_000, 1_934_567].map(formatShort)).toEqual(['0', '999', '1.0 k', '1.9 M'])
    expect(formatShort(999_950)).toBe('1.0 M')
    expect([512, 14_200_000, 3e9].map(formatBytes)).toEqual(['512 B', '14.2 MB', '3.0 GB'])
    const durations = [400, 61_000, 97_200_000].map(formatDuration)
    expect(durations).toEqual(['0:00:00', '0:01:01', '27:00:00'])
    expect([formatWon(110_000), formatWon(-5n)]).toEqual(['₩110,000', '-₩5'])
    const shares = [0, 1, 3_000, 4_999, 5_000].map((part) => formatShare(part, 5_000))
    expect(shares).toEqual(['0 %', '<1 %', '60 %', '99 %', '100 %'])
    expect(formatShare(0, 0)).toBe('0 %')
  })
})
