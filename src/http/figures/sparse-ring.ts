/*
 * The last samples of a queue: only those in which something happened. In between nothing was counted, and
 * what stood stayed: a queue at rest takes no room and no time.
 *
 *   ticks   3       7   8
 *   values  a       b   c          read for 3…9:  a a₀ a₀ a₀ b c c₀      (₀: rates are zero)
 */

import { queueFields, queueGauges } from './queue-fields.ts'

const width = queueFields.length
const capacityMin = 8

export class SparseRing {
  readonly #max: number
  #ticks = new Uint32Array(capacityMin)
  #values = new Float32Array(capacityMin * width)
  #first = 0
  #count = 0

  /** `max`: samples that are kept. */
  constructor(max: number) {
    this.#max = max
  }

  /** False when nothing happened since the sample before, which then stands for this one, too. */
  differs(values: readonly number[]): boolean {
    if (this.#count === 0) return values.some((value) => value !== 0)
    const from = this.#at(this.#count - 1) * width
    return values.some((value, n) => {
      const before = queueGauges.has(n) ? this.#values[from + n] : 0
      return Math.fround(value) !== before
    })
  }

  push(tick: number, values: readonly number[]): void {
    if (this.#count === this.#ticks.length) this.#grow()
    if (this.#count === this.#ticks.length) {
      this.#first = (this.#first + 1) % this.#ticks.length
      this.#count--
    }
    const at = this.#at(this.#count)
    this.#ticks[at] = tick
    this.#values.set(values, at * width)
    this.#count++
  }

  /** The values at each of these ticks, which rise. */
  read(ticks: readonly number[]): number[][] {
    const found: number[][] = []
    let n = 0
    for (const tick of ticks) {
      while (n < this.#count && (this.#ticks[this.#at(n)] ?? 0) <= tick) n++
      found.push(this.#valuesAt(n - 1, tick))
    }
    return found
  }

  #valuesAt(n: number, tick: number): number[] {
    if (n < 0) return new Array<number>(width).fill(0)
    const at = this.#at(n)
    const values = [...this.#values.subarray(at * width, (at + 1) * width)]
    if (this.#ticks[at] === tick) return values
    return values.map((value, field) => (queueGauges.has(field) ? value : 0))
  }

  #at(n: number): number {
    return (this.#first + n) % this.#ticks.length
  }

  #grow(): void {
    const capacity = Math.min(this.#max, this.#ticks.length * 2)
    if (capacity <= this.#ticks.length) return
    const ticks = new Uint32Array(capacity)
    const values = new Float32Array(capacity * width)
    for (let n = 0; n < this.#count; n++) {
      const at = this.#at(n)
      ticks[n] = this.#ticks[at] ?? 0
      values.set(this.#values.subarray(at * width, (at + 1) * width), n * width)
    }
    this.#ticks = ticks
    this.#values = values
    this.#first = 0
  }
}
