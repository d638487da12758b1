/*
 * Randomness from a seed: the same seed gives the same numbers on every machine and version.
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, passes its test suite,
 * four additions and shifts a number. Not for secrets.
 */

export interface RandomSource {
  /** At least 0, below 1. */
  unit(): number
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number
  /** A whole number, both ends included. */
  between(low: number, high: number): number
  /** True with the given probability. */
  chance(probability: number): boolean
  pick<T>(choices: readonly T[]): T
  /** One of the keys, as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K
  /** 16 bits, as id sources want them. */
  bits16(): number
  /** An independent source: drawing from one does not change the other. */
  fork(): RandomSource
}

/**
 * A deterministic source of randomness.
 *
 * @example
 * const random = randomSource(42)
 * random.between(1, 6) // the same dice on every run
 */
export function randomSource(seed: number): RandomSource {
  const word = sfc32(seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0)
  const unit = () => word() / 2 ** 32
  const below = (limit: number) => Math.floor(unit() * limit)
  return {
    unit,
    below,
    between: (low, high) => low + below(high - low + 1),
    chance: (probability) => unit() < probability,
    pick: <T>(choices: readonly T[]) => choices[below(choices.length)] as T,
    weighted: (weights) => weightedKey(weights, unit()),
    bits16: () => word() >>> 16,
    fork: () => randomSource(word() * 2 ** 20 + (word() >>> 12)),
  }
}

function weightedKey<K extends string>(weights: Readonly<Record<K, number>>, unit: number): K {
  const keys = Object.keys(weights) as K[]
  let left = unit * keys.reduce((sum, key) => sum + weights[key], 0)
  for (const key of keys) {
    left -= weights[key]
    if (left < 0) return key
  }
  return keys.findLast((key) => weights[key] > 0) as K
}

function sfc32(seedLow: number, seedHigh: number): () => number {
  let a = seedLow
  let b = seedHigh
  let c = 0x9e3779b9
  let counter = 1
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return sum >>> 0
  }
  // Seeds that differ in one bit give unlike numbers only after the state has been stirred.
  for (let n = 0; n < 15; n++) next()
  return next
}
