/*
 * How long things took lately: counts by size, each size 1/16 wider than the one before.
 *
 *   µs   0 … 15 one by one │ 16 sizes from 16 to 31 │ 16 from 32 to 63 │ …   up to half an hour
 *   time  [10 s][10 s][10 s][10 s][10 s][10 s]     the oldest makes room for the next
 *
 * Adding is a few machine instructions and allocates nothing; percentiles are upper bounds.
 */

import type { TimeFigures, TimeTotals } from './figures-port.ts'

const steps = 16
const sizes = 28 * steps
const spanMs = 10_000
const spans = 6
const longestUs = 2 ** 31 - 1

export class TimeHistogram {
  readonly #counts = new Uint32Array(sizes * spans)
  readonly #maxUs = new Float64Array(spans)
  /** By size, since the start. */
  readonly #totals = new Float64Array(sizes)
  #sumMs = 0
  #span = 0
  #spanEndsMs = Number.NEGATIVE_INFINITY

  add(tookMs: number, nowMs: number): void {
    if (nowMs >= this.#spanEndsMs) this.#turn(nowMs)
    const us = Math.min(Math.max(0, tookMs * 1_000), longestUs) | 0
    const size = sizeOf(us)
    const at = this.#span * sizes + size
    this.#totals[size] = (this.#totals[size] as number) + 1
    this.#sumMs += us / 1_000
    this.#counts[at] = (this.#counts[at] as number) + 1
    if (us > (this.#maxUs[this.#span] as number)) this.#maxUs[this.#span] = us
  }

  figures(nowMs: number): TimeFigures {
    if (nowMs >= this.#spanEndsMs) this.#turn(nowMs)
    const sums = new Float64Array(sizes)
    let count = 0
    for (let at = 0; at < this.#counts.length; at++) {
      const one = this.#counts[at] as number
      if (one === 0) continue
      sums[at % sizes] = (sums[at % sizes] as number) + one
      count += one
    }
    const maxMs = Math.max(...this.#maxUs) / 1_000
    const part = (share: number): number => Math.min(maxMs, percentile(sums, count * share))
    return { count, p50Ms: part(0.5), p99Ms: part(0.99), maxMs, overMs: spanMs * spans }
  }

  /** Since the start: how many took up to each of these, which rise. */
  totals(upToMs: readonly number[]): TimeTotals {
    let seen = 0
    let size = 0
    const upTo = upToMs.map((ms) => {
      while (size < sizes && upperMs(size) <= ms) seen += this.#totals[size++] as number
      return seen
    })
    while (size < sizes) seen += this.#totals[size++] as number
    return { upTo, count: seen, sumMs: this.#sumMs }
  }

  /** On to the span of that time; those that were passed over are empty. */
  #turn(nowMs: number): void {
    const passed = Math.floor((nowMs - this.#spanEndsMs) / spanMs) + 1
    for (let n = 0; n < Math.min(passed, spans); n++) {
      this.#span = (this.#span + 1) % spans
      this.#counts.fill(0, this.#span * sizes, (this.#span + 1) * sizes)
      this.#maxUs[this.#span] = 0
    }
    this.#spanEndsMs = (Math.floor(nowMs / spanMs) + 1) * spanMs
  }
}

function sizeOf(us: number): number {
  if (us < steps) return us
  const power = 31 - Math.clz32(us)
  return (power - 3) * steps + ((us >>> (power - 4)) & (steps - 1))
}

/** The longest that is of that size, in ms. */
function upperMs(size: number): number {
  if (size < steps) return size / 1_000
  const power = Math.floor(size / steps) + 3
  return ((steps + (size % steps) + 1) * 2 ** (power - 4) - 1) / 1_000
}

function percentile(sums: Float64Array, wanted: number): number {
  let seen = 0
  for (let size = 0; size < sizes; size++) {
    seen += sums[size] as number
    if (seen > 0 && seen >= wanted) return upperMs(size)
  }
  return 0
}
