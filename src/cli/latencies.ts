/** Durations of one kind of work, and what they come to. */
export class Latencies {
  readonly #ms: number[] = []
  readonly #startedAtMs = performance.now()
  #seconds: number | undefined

  add(ms: number): void {
    this.#ms.push(ms)
  }

  /** No more come: the rate is over the time until now. */
  end(): this {
    this.#seconds = (performance.now() - this.#startedAtMs) / 1_000
    this.#ms.sort((a, b) => a - b)
    return this
  }

  get count(): number {
    return this.#ms.length
  }

  get perSecond(): number {
    return this.count / (this.#seconds ?? Number.NaN)
  }

  /** The duration that this part of them did not exceed; 0.5 is the median. */
  quantile(part: number): number {
    const at = Math.min(this.count - 1, Math.floor(part * this.count))
    return this.#ms[at] ?? Number.NaN
  }
}
