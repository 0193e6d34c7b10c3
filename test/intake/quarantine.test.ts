/** How many rows may be refused, and what a budget on the command line may say. */
import { expect, test } from 'vitest'
import { DEFAULT_BUDGET, parseBudget, rowsAllowed } from '../../src/intake/quarantine.js'

test.each([
  [0, 10],
  [9_999, 10],
  [10_000, 10],
  [11_000, 11],
  [11_999, 11],
  [13_500_000, 13_500],
])('of %i rows the default allows %i to be quarantined', (read, allowed) => {
  expect(rowsAllowed(DEFAULT_BUDGET, read)).toBe(allowed)
})

test.each([
  ['0', 1_000_000, 0],
  ['250', 1_000, 250],
  ['0%', 1_000, 0],
  ['0.1%', 3_000, 3],
  ['12.5%', 80, 10],
  ['100%', 80, 80],
])('--max-quarantine %s of %i rows allows %i', (text, read, allowed) => {
  expect(rowsAllowed(parseBudget(text), read)).toBe(allowed)
})

test.each(['', 'x', '-1', '1.5', '101%', '1e3', '5 %', '%', '0x10', '٣'])(
  '--max-quarantine %j is refused',
  (text) => {
    expect(() => parseBudget(text)).toThrow('expected N or N%')
  },
)
