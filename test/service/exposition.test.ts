/** What /metrics says in Prometheus' format, and that the parser of the tests is a strict one. */
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Metrics } from '../../src/service/metrics.js'
import { byState, oneFigure } from '../../src/service/metrics-source.js'
import type { FigureFamily, MetricsSource } from '../../src/service/metrics-source.js'
import { openExposition } from '../../src/service/prometheus.js'
import { parseExposition, valueIn } from '../support/exposition.js'

const exposition = openExposition()

function sourceOf(name: string, read: MetricsSource['read'], keepMs = 5_000): MetricsSource {
  return { name, keepMs, read }
}

function metricsOf(sources: readonly MetricsSource[], failures: string[] = []): Metrics {
  return new Metrics({
    sources,
    exposition,
    isUp: () => Promise.resolve(true),
    now: () => '2026-02-01T00:00:00.000Z',
    onFailure: (source, error) => failures.push(`${source} ${(error as Error).name}`),
  })
}

describe('an exposition', () => {
  test('says again every figure it is given', async () => {
    const labels = fc.stringMatching(/^[a-z_]{1,12}$/)
    const states = fc.dictionary(labels, fc.double({ noNaN: true, noDefaultInfinity: true }), {
      minKeys: 1,
      maxKeys: 9,
    })
    await fc.assert(
      fc.asyncProperty(states, fc.nat(), async (values, total) => {
        const text = await exposition.textOf([
          byState('redress_a', 'A "quoted" help\nof two lines.', new Map(Object.entries(values))),
          oneFigure('counter', 'redress_b_total', 'B.', total),
        ])
        const families = parseExposition(text)
        for (const [state, value] of Object.entries(values)) {
          expect(valueIn(families, 'redress_a', { state })).toBe(value === 0 ? 0 : value)
        }
        expect(valueIn(families, 'redress_b_total')).toBe(total)
        expect(families.get('redress_b_total')?.type).toBe('counter')
      }),
      { numRuns: 30 },
    )
  })

  test('tells of this process as well, and nothing of a family that is empty', async () => {
    const empty: FigureFamily = { kind: 'gauge', name: 'redress_none', help: 'N.', figures: [] }
    const families = parseExposition(await exposition.textOf([empty]))
    expect(families.has('redress_none')).toBe(false)
    expect(valueIn(families, 'process_resident_memory_bytes')).toBeGreaterThan(1e6)
    expect(families.has('nodejs_eventloop_lag_seconds')).toBe(true)
  })
})

describe('metrics', () => {
  test('of a source that fails are missing, and the others are there', async () => {
    const failures: string[] = []
    const metrics = metricsOf(
      [
        sourceOf('good', () => Promise.resolve([oneFigure('gauge', 'redress_a', 'A.', 7)])),
        sourceOf('bad', () => Promise.reject(new TypeError('secret'))),
      ],
      failures,
    )
    const text = await metrics.text()
    const families = parseExposition(text)
    expect(valueIn(families, 'redress_a')).toBe(7)
    expect(valueIn(families, 'redress_metrics_source_up', { source: 'good' })).toBe(1)
    expect(valueIn(families, 'redress_metrics_source_up', { source: 'bad' })).toBe(0)
    expect(failures).toEqual(['bad TypeError'])
    expect(text).not.toContain('secret')
  })

  test('of a source that never answers are missing within two seconds', async () => {
    const metrics = metricsOf([sourceOf('slow', () => new Promise(() => undefined))])
    const startedAt = performance.now()
    const families = parseExposition(await metrics.text())
    expect(performance.now() - startedAt).toBeLessThan(3_000)
    expect(valueIn(families, 'redress_metrics_source_up', { source: 'slow' })).toBe(0)
    await metrics.text()
    expect(performance.now() - startedAt).toBeLessThan(3_500)
  })

  test('are read once, however many scrapes come', async () => {
    let reads = 0
    const source = sourceOf('counted', () => {
      reads += 1
      return Promise.resolve([oneFigure('gauge', 'redress_a', 'A.', reads)])
    })
    const metrics = metricsOf([source])
    await Promise.all(Array.from({ length: 20 }, () => metrics.text()))
    await metrics.text()
    expect(reads).toBe(1)
  })

  test('of an answer that is late are those before, for a while', async () => {
    let reads = 0
    const read = (): Promise<readonly FigureFamily[]> => {
      reads += 1
      if (reads > 1) return new Promise(() => undefined)
      return Promise.resolve([oneFigure('gauge', 'redress_a', 'A.', 7)])
    }
    const metrics = metricsOf([{ ...sourceOf('slow', read, 0), staleMs: 2_500 }])
    const told = async () => valueIn(parseExposition(await metrics.text()), 'redress_a')
    expect([await told(), await told(), reads]).toEqual([7, 7, 2])
    await sleep(1_000)
    expect(await told()).toBeUndefined()
  })

  test('of a missing right are not asked for again soon', async () => {
    let reads = 0
    const source = sourceOf(
      'refused',
      () => {
        reads += 1
        return Promise.reject(Object.assign(new Error('no'), { code: '42501' }))
      },
      0,
    )
    const metrics = metricsOf([source])
    await metrics.text()
    await metrics.text()
    expect(reads).toBe(1)
  })

  test('of two queues are one family', async () => {
    const queue = (name: string): MetricsSource => {
      const figures = [{ labels: { queue: name }, value: name.length }]
      const family: FigureFamily = { kind: 'gauge', name: 'redress_q', help: 'Q.', figures }
      return sourceOf(name, () => Promise.resolve([family]))
    }
    const families = parseExposition(await metricsOf([queue('a'), queue('bb')]).text())
    expect(valueIn(families, 'redress_q', { queue: 'a' })).toBe(1)
    expect(valueIn(families, 'redress_q', { queue: 'bb' })).toBe(2)
  })

  test.each([
    ['a label that is no code', [{ labels: { state: '010 2345 6789' }, value: 1 }]],
    [
      'labels without end',
      Array.from({ length: 51 }, (_, n) => ({ labels: { state: `s${n}` }, value: 1 })),
    ],
  ])('refuse %s', async (_, figures) => {
    const family: FigureFamily = { kind: 'gauge', name: 'redress_a', help: 'A.', figures }
    const failures: string[] = []
    const text = await metricsOf(
      [sourceOf('odd', () => Promise.resolve([family]))],
      failures,
    ).text()
    expect(text).not.toContain('redress_a')
    expect(failures).toEqual(['odd AssertionFailure'])
  })
})

describe('the parser of the tests', () => {
  const head = '# HELP a A.\n# TYPE a gauge\n'

  test('reads what the specification allows', () => {
    const text = `${head}a{b="x\\"\\\\\\n,}",c="d"} +Inf\na -1.5e3\n`
    expect(parseExposition(text).get('a')?.samples).toEqual([
      { labels: { b: 'x"\\\n,}', c: 'd' }, value: Infinity },
      { labels: {}, value: -1_500 },
    ])
  })

  test.each([
    ['no line end', `${head}a 1`],
    ['a sample without a family', 'a 1\n'],
    ['a sample without a type', '# HELP a A.\na 1\n'],
    ['a sample of another family', `${head}b 1\n`],
    ['a family in two places', `${head}a 1\n# HELP b B.\n# TYPE b gauge\nb 1\n# HELP a A.\n`],
    ['a family without help', '# TYPE a gauge\na 1\n'],
    ['the same sample twice', `${head}a{b="c"} 1\na{b="c"} 2\n`],
    ['a label without quotes', `${head}a{b=c} 1\n`],
    ['an unescaped quote', `${head}a{b="c"d"} 1\n`],
    ['text instead of a number', `${head}a one\n`],
    ['a counter below 0', '# HELP a A.\n# TYPE a counter\na -1\n'],
    ['an unknown type', '# HELP a A.\n# TYPE a number\na 1\n'],
    ['a stray comment', `${head}a 1\n# hello\n`],
  ])('refuses %s', (_, text) => {
    expect(() => parseExposition(text)).toThrow()
  })
})
