/*
 * Who is woken at a time of his own, if he is still here then. Nearly nobody is: so there is one timer, for
 * the earliest, and no order. When it rings all are looked through.
 */

import type { Clock, Timer } from '../../../clock.ts'

export interface WakesParts<T> {
  readonly clock: Clock
  readonly nowMs: () => number
  readonly wake: (one: T) => void
}

export class Wakes<T> {
  readonly #parts: WakesParts<T>
  /** Wall ms. */
  readonly #times = new Map<T, number>()
  #timer: Timer | undefined
  #timerAtMs = Number.POSITIVE_INFINITY

  constructor(parts: WakesParts<T>) {
    this.#parts = parts
  }

  /** In the place of an earlier time. */
  add(one: T, atMs: number): void {
    if (atMs === Number.POSITIVE_INFINITY) {
      this.#times.delete(one)
      return
    }
    this.#times.set(one, atMs)
    if (atMs < this.#timerAtMs) this.#ringAt(atMs)
  }

  delete(one: T): void {
    this.#times.delete(one)
  }

  end(): void {
    this.#times.clear()
    this.#timer?.cancel()
  }

  #ringAt(atMs: number): void {
    const { clock, nowMs } = this.#parts
    this.#timer?.cancel()
    this.#timerAtMs = atMs
    this.#timer = clock.after(atMs - nowMs(), () => this.#ring())
  }

  #ring(): void {
    this.#timer = undefined
    this.#timerAtMs = Number.POSITIVE_INFINITY
    const nowMs = this.#parts.nowMs()
    const due: T[] = []
    let earliestMs = Number.POSITIVE_INFINITY
    for (const [one, atMs] of this.#times) {
      if (atMs <= nowMs) due.push(one)
      else if (atMs < earliestMs) earliestMs = atMs
    }
    if (earliestMs < this.#timerAtMs) this.#ringAt(earliestMs)
    // Whoever is woken may end another one.
    for (const one of due) if (this.#times.delete(one)) this.#parts.wake(one)
  }
}
