/**
 * Seeded random numbers. A stream is told by seed, purpose and index, so that any customer or line
 * can be drawn on its own, in any order, and one more draw here never moves the numbers there.
 */

/** What a stream is for: draws for one purpose do not disturb another's. */
export const STREAM = {
  population: 1,
  timeline: 2,
  consent: 3,
  shuffle: 4,
  identity: 5,
  stale: 6,
  choice: 7,
  application: 8,
  voucher: 9,
  termination: 10,
  refundApplication: 11,
  bank: 12,
} as const
export type Stream = (typeof STREAM)[keyof typeof STREAM]

const TWO_32 = 4_294_967_296

/**
 * xoroshiro64**: 64 bits of state, since among 14 million streams of 32 bits 23,000 would be twins.
 */
export class Random {
  readonly #seed: number
  #first = 1
  #second = 0

  constructor(seed: number, stream: Stream) {
    this.#seed = mix(seed ^ Math.imul(stream, 0x9e3779b1))
  }

  /** Starts the stream of `index` from its beginning. */
  restart(index: number): void {
    const low = index >>> 0
    const high = Math.floor(index / TWO_32)
    this.#first = mix(this.#seed ^ mix(low + 0x7f4a7c15))
    // The generator stands still in the state (0, 0).
    this.#second = mix(this.#first + Math.imul(high + 1, 0x85ebca6b) + low) | 1
  }

  /** An integer from 0 to 2^32 - 1. */
  next(): number {
    const first = this.#first
    const second = this.#second ^ first
    this.#first = rotate(first, 26) ^ second ^ (second << 9)
    this.#second = rotate(second, 13)
    return Math.imul(rotate(Math.imul(first, 0x9e3779bb), 5), 5) >>> 0
  }

  /** A number from 0 up to, but not including, 1. */
  unit(): number {
    return this.next() / TWO_32
  }

  /** An integer from 0 to `limit` - 1, for limits up to 2^32. */
  below(limit: number): number {
    return Math.floor(this.unit() * limit)
  }

  /** An integer from `first` to `last`, both included. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1)
  }

  chance(probability: number): boolean {
    return this.unit() < probability
  }
}

const HALF_BITS = 19
const HALF = 1 << HALF_BITS
/** The numbers that `permute` maps onto each other: 0 to 2^38 - 1. */
export const PERMUTED = HALF * HALF

/**
 * Maps `index` to a number of the same range, each to another one: four Feistel rounds over two
 * halves of 19 bits. Unique ids come out of it without remembering those already used.
 */
export function permute(index: number, seed: number): number {
  let left = Math.floor(index / HALF)
  let right = index % HALF
  for (let round = 0; round < 4; round += 1) {
    const next = left ^ (mix(right + Math.imul(seed + round, 0x9e3779b1)) & (HALF - 1))
    left = right
    right = next
  }
  return left * HALF + right
}

/** The finaliser of MurmurHash3: every bit of the input moves every bit of the output. */
export function mix(value: number): number {
  let it = value
  it = Math.imul(it ^ (it >>> 16), 0x85ebca6b)
  it = Math.imul(it ^ (it >>> 13), 0xc2b2ae35)
  return it ^ (it >>> 16)
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}
