/**
 * Facts of a recipient as the bits of a number: SQL counts how often each combination of them
 * occurs, and the rules are asked once for each combination instead of once a line.
 */
import type { RecipientFacts } from '../rules/notices/audience.js'

/** In the order of their bits, the first being 1. */
export const FACT_BITS = [
  'hasApplied',
  'hasNumber',
  'isOptedOut',
  'isNumberReassigned',
  'isDeceased',
  'isSeized',
  'isPaid',
  'consentsToAdvertising',
] as const satisfies readonly (keyof RecipientFacts)[]

export function factsOf(mask: number): RecipientFacts {
  const facts = FACT_BITS.map((name, bit) => [name, (mask & (1 << bit)) !== 0] as const)
  return Object.fromEntries(facts) as unknown as RecipientFacts
}
