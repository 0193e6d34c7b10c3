/** The search for personal data finds what it must and nothing else, and is fast. */
import { describe, expect, test } from 'vitest'
import { scanForPersonalData } from '../support/personal-data.js'

const BIRTH = '1961-04-09'
const TELEPHONE = '01023456789'
const RAW = '12,"Kim, Ha-neul",서울'

function linesFound(text: string, values: readonly string[] = [BIRTH, TELEPHONE, RAW]) {
  return scanForPersonalData({ values, texts: [{ name: 'log', text }] }).map((it) => it.line)
}

describe('finds', () => {
  test.each([
    ['a birth date', 'born 1961-04-09.'],
    ['a birth date with a time', '{"at":"1961-04-09T00:00:00Z"}'],
    ['a birth date without hyphens', 'born=19610409'],
    ['a birth date with points', 'born 1961. 04. 09'],
    ['a telephone number', 'call 01023456789'],
    ['a telephone number after a word', 'n01023456789'],
    ['a telephone number with hyphens', 'call 010-2345-6789'],
    ['a telephone number from abroad', 'call +82 10 2345 6789'],
    ['a raw row', `row ${RAW}`],
    ['a raw row in JSON', JSON.stringify({ row: RAW })],
    ['a raw row as bytes of a column', `\\x${Buffer.from(RAW).toString('hex')}`],
  ])('%s', (_, text) => {
    expect(linesFound(`first\n${text}\nlast`)).toEqual([2])
  })

  test('each line once, with the name of its text', () => {
    const texts = [
      { name: 'worker log', text: `${BIRTH} ${BIRTH}\nnothing\n${TELEPHONE}` },
      { name: 'queue', text: 'nothing' },
      { name: 'report', text: BIRTH },
    ]
    expect(scanForPersonalData({ values: [BIRTH, TELEPHONE], texts })).toEqual([
      { name: 'worker log', line: 1 },
      { name: 'worker log', line: 3 },
      { name: 'report', line: 1 },
    ])
  })
})

describe('does not find', () => {
  test.each([
    ['another date', '1961-04-08 1961-04-1'],
    ['the digits inside a longer number', '1010234567890'],
    ['the digits of a date inside a digest', 'a19610409f'],
  ])('%s', (_, text) => {
    expect(linesFound(text)).toEqual([])
  })
})

test('refuses values that occur by chance', () => {
  expect(() => linesFound('', ['12345'])).toThrow(RangeError)
  expect(linesFound('anything', [])).toEqual([])
})

test('walks a megabyte once for 20,000 values', () => {
  const number = (n: number) => `010${String(n * 4_999).padStart(8, '0')}`
  const values = Array.from({ length: 20_000 }, (_, n) => number(n))
  const line = `{"level":30,"run":7,"chunk":123,"digest":"${'0f'.repeat(20)}","line":4711}\n`
  const text = line.repeat(14_000)
  const startedAt = performance.now()
  expect(linesFound(`${text}${values.at(-1)}\n`, values)).toEqual([14_001])
  // A second on a busy machine; 20,000 searches of their own would take half a minute.
  expect(performance.now() - startedAt).toBeLessThan(10_000)
})
