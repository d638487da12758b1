/*
 * The one timer of the figures: samples once a second, then tells those who look.
 */

import type { Clock, Timer } from '../../clock.ts'
import { FiguresHistory, type Sampled } from './figures-history.ts'

const everyMs = 1_000

export interface SamplerParts {
  readonly engine: Sampled
  readonly clock: Clock
  readonly onProblem: (error: unknown) => void
}

export class Sampler {
  readonly history: FiguresHistory
  readonly #parts: SamplerParts
  readonly #watchers = new Set<() => void>()
  #timer: Timer | undefined
  #nextAtMs: number

  constructor(parts: SamplerParts) {
    this.#parts = parts
    this.history = new FiguresHistory(parts.engine)
    this.#nextAtMs = parts.clock.monotonicMs()
    this.#await()
  }

  /** Called after each sample. Returns how to stop. */
  watch(sampled: () => void): () => void {
    this.#watchers.add(sampled)
    return () => this.#watchers.delete(sampled)
  }

  close(): void {
    this.#timer?.cancel()
    this.#watchers.clear()
  }

  /** Samples drift by no more than the timer is late once. */
  #await(): void {
    const { clock } = this.#parts
    const nowMs = clock.monotonicMs()
    this.#nextAtMs = Math.max(this.#nextAtMs + everyMs, nowMs)
    this.#timer = clock.after(this.#nextAtMs - nowMs, () => {
      this.sample()
      this.#await()
    })
  }

  sample(): void {
    try {
      this.history.sample()
      for (const watcher of [...this.#watchers]) watcher()
    } catch (error) {
      this.#parts.onProblem(error)
    }
  }
}
